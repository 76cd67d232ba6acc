"""How a kept plan stands to the server as it is now: what is to be done, is done already, or is not as it was.

The kept plan decides what may be done; what is done comes from a fresh plan. So a file that somebody wrote into brings
about nothing but what the manifests ask for, or a plan made with other flags would hold: the terms stand in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.operation import Operation
from reconciler.model.resource import Observed
from reconciler.model.state import LiveState
from reconciler.planning import digest
from reconciler.records import record
from reconciler.spec.amounts import UNLIMITED
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import Owner


@record(frozen=True, slots=True)
class Moved:
    """A change that is not what was reviewed any more.

    Attributes:
        why: a clause, such as ``it is gone``.
    """

    address: Address
    why: str


@record(frozen=True, slots=True)
class Standing:
    """How a kept plan stands.

    Attributes:
        todo: what is to be done, as planned afresh.
        done: what is so already.
        moved: what is neither as it was nor as it was to be.
        beyond: what the manifests ask for and the kept plan does not hold.
    """

    todo: tuple[Change, ...]
    done: tuple[Address, ...]
    moved: tuple[Moved, ...]
    beyond: tuple[Address, ...]


def standing(
    kinds: Mapping[str, Kind],
    kept: Sequence[Change],
    fresh: Sequence[Change],
    live: LiveState,
    *,
    as_kept: Callable[[Change], Change],
) -> Standing:
    """Compare a kept plan's changes with those of a plan made now, of the same declarations.

    Args:
        kinds: every kind.
        kept: the changes that were reviewed.
        fresh: the changes planned now.
        live: what was read for these.
        as_kept: what a change is once it was kept and read again.
    """
    now = {change.address: change for change in fresh}
    todo: list[Change] = []
    done: list[Address] = []
    moved: list[Moved] = []
    for reviewed in kept:
        change = now.get(reviewed.address)
        if change is None:
            why = _why_not_done(reviewed, live)
        else:
            why = _why_other(kinds[change.address.kind], reviewed, as_kept(change), live)
        if why:
            moved.append(Moved(reviewed.address, why))
        elif change is None:
            done.append(reviewed.address)
        else:
            todo.append(change)
    reviewed_addresses = {change.address for change in kept}
    beyond = tuple(address for address in now if address not in reviewed_addresses)
    return Standing(tuple(todo), tuple(done), tuple(moved), beyond)


def _why_not_done(reviewed: Change, live: LiveState) -> str:
    """Why a change that is not planned any more is not done already; empty when it is."""
    there = live.get(reviewed.address) is not None or not live.was_read(reviewed.address.kind)
    if reviewed.action is Action.DELETE:
        return "it is there, and nothing says any more that it is to be deleted" if there else ""
    return "" if there else "it is not there, and nothing says any more that it is to be"


def _why_other(kind: Kind, reviewed: Change, change: Change, live: LiveState) -> str:
    """Why what is planned now is not what was reviewed, or the rest of it; empty when it is."""
    if reviewed.action is Action.CREATE and change.action is Action.UPDATE:
        observed = live.get(change.address)
        unfinished = observed is not None and all(_is_unset(kind.fields[each.name], observed) for each in change.fields)
        return (
            _why_other_fields(kind, reviewed, change) if unfinished else "somebody has created it since, and otherwise"
        )
    if reviewed.action is not change.action:
        return {
            Action.CREATE: "it is gone",
            Action.DELETE: "it is to be deleted now",
            Action.UPDATE: "it was to be " + {Action.DELETE: "deleted", Action.MOVE: "moved"}.get(reviewed.action, ""),
            Action.MOVE: "it is to be moved now",
        }[change.action]
    if reviewed.moved_from != change.moved_from:
        return f"it was to be moved from {reviewed.moved_from}"
    observed = live.get(change.moved_from or change.address)
    names = [each.name for each in reviewed.fields]
    if observed is not None and digest.of_record(kind, observed, names) != reviewed.precondition:
        return "it was changed on the server since"
    return _why_other_fields(kind, reviewed, change)


def _is_unset(field: Field, observed: Observed) -> bool:
    """Whether a field of something new waits for a call of its own: not always taken by add, and as add leaves it.

    What users choose themselves has some value from the beginning, which is nobody's wish.
    """
    value = observed.values.get(field.name)
    untouched = not value or value in (NONE, UNLIMITED, field.mark.default, field.mark.absent)
    follows = not field.mark.add or field.mark.added_since is not None
    return follows and (untouched or field.mark.owner is Owner.USER)


def _why_other_fields(kind: Kind, reviewed: Change, change: Change) -> str:
    """Why the fields a change sets are not among those that were reviewed; those that are done already are missing."""
    known: dict[str, FieldChange] = {each.name: each for each in reviewed.fields}
    for each in change.fields:
        if each.name not in known:
            return f"`{each.name}` is to be changed too by now, which the plan does not hold"
        if reviewed.action is not Action.CREATE and not _on_the_way(kind.fields[each.name], known[each.name], each):
            return f"`{each.name}` was changed on the server since"
        if known[each.name].after != each.after:
            return f"`{each.name}` is not to become what the plan says"
    return ""


def _on_the_way(field: Field, reviewed: FieldChange, now: FieldChange) -> bool:
    """Whether a field is as it was; or, where its elements go and come by calls of their own, somewhere between."""
    if now.before == reviewed.before:
        return True
    values = (reviewed.before, now.before, reviewed.after)
    if field.mark.elements is None or not all(isinstance(each, tuple) for each in values):
        return False
    before, there, after = (set(each) if isinstance(each, tuple) else set() for each in values)
    return before & after <= there <= before | after


def dependents(operations: Sequence[Operation], held_back: Collection[Address]) -> dict[Address, Address]:
    """What cannot be done because something is held back: each such change with what it needs.

    Args:
        operations: what all changes come down to, those held back included.
        held_back: the changes that are not carried out.
    """
    needs: dict[Address, set[Address]] = {}
    for operation in operations:
        for number, address in enumerate(operation.changes):
            own = operation.requires_of[number] if operation.requires_of else operation.requires
            needs.setdefault(address, set()).update(own)
    found: dict[Address, Address] = {}
    while True:
        gone = {*held_back, *found}
        more = {
            address: min(needed & gone) for address, needed in needs.items() if address not in gone and needed & gone
        }
        if not more:
            return found
        found |= more
