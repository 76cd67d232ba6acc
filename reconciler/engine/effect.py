"""Whether a call took, from what reading its resource again shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from typing import Any

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change
from reconciler.model.operation import HandleOf, Operation, Verb
from reconciler.model.resource import Observed
from reconciler.model.secret import Resolve, Secret, SecretSource
from reconciler.model.state import LiveState
from reconciler.spec.kind import Field, Kind


class Took(Enum):
    """What reading again says of a call. UNTOLD: nothing it set can be read."""

    ALL = "all"
    SOME = "some"
    NONE = "none"
    UNTOLD = "untold"


def took(
    kind: Kind,
    operation: Operation,
    change: Change,
    seen: LiveState,
    resolve: Resolve | None = None,
    *,
    refused: bool = False,
) -> Took:
    """Tell whether an operation took for one of its changes.

    Args:
        seen: what is there now; the kind of the change was read.
        resolve: finds a secret's text, where the server shows what it has; None leaves secrets uncompared.
        refused: the server would not add or rename it: what is there now is somebody else's, or of an apply that was
            killed, and only as good as added where everything that was wanted can be seen in it.
    """
    now = seen.get(change.address)
    if kind.routes.adds(operation):
        if refused:
            return Took.ALL if now is not None and _is_as_wanted(kind, operation, change, now, resolve) else Took.NONE
        return Took.NONE if now is None else Took.ALL
    if kind.routes.deletes(operation):
        return Took.NONE if _is_there(operation, change, now) else Took.ALL
    if renames(operation, change):
        left = change.moved_from is not None and seen.get(change.moved_from) is None
        found = _of([now is not None, left])
        return Took.NONE if refused and found is Took.SOME else found
    if now is None:
        return Took.NONE
    return _of(_answers(kind, operation, change, now, resolve))


def renames(operation: Operation, change: Change) -> bool:
    """Whether an operation is what gives a resource its new name."""
    return change.action is Action.MOVE and not operation.fields


def strangers(kind: Kind, before: LiveState, seen: LiveState, expected: Collection[Address]) -> tuple[str, ...]:
    """Rows that are new and that nothing explains, of a kind whose keys the server does not keep unique.

    While there are any, an add of unknown outcome may have made one of them, and is not repeated.

    Args:
        before: what was there before the run.
        expected: the addresses that the run creates.

    Returns:
        Their handles.
    """
    if kind.unique:
        return ()
    known = {each.handle for found in before.of(kind.name).values() for each in (found, *found.twins)}
    new = (each for found in seen.of(kind.name).values() for each in (found, *found.twins))
    return tuple(each.handle for each in new if each.handle not in known and each.address not in expected)


def surplus(kind: Kind, before: LiveState, seen: LiveState, created: Collection[Address]) -> tuple[Address, ...]:
    """What a run created and somebody else too meanwhile, or a proxy that repeated the call: rows nobody asked for.

    Only kinds whose keys the server does not keep unique have any.

    Args:
        before: what was there before the run.
        created: the addresses that the run created, all of this kind.

    Returns:
        The addresses of those that the run created.
    """
    rows, nobodys = seen.of(kind.name), frozenset(strangers(kind, before, seen, created))
    new = (each.address for each in rows.values() if each.handle in nobodys) if nobodys else ()
    shared = {first for address in new for first in _firsts(address) if first in rows}
    return tuple(address for address in sorted(created) if not shared.isdisjoint(_firsts(address)))


def _firsts(address: Address) -> tuple[str, ...]:
    """The keys that the first row may have of those that an address is among: `#` may be part of a key, too."""
    first, _, number = address.key.rpartition("#")
    return (address.key, first) if number.isdigit() else (address.key,)


def _is_as_wanted(kind: Kind, operation: Operation, change: Change, now: Observed, resolve: Resolve | None) -> bool:
    sets = [each for each in change.fields if not operation.fields or each.name in operation.fields]
    told = all(each.name in kind.fields and each.name in now.values for each in sets)
    hidden = any(isinstance(each.after, SecretSource) for each in sets)
    return told and not hidden and all(_answers(kind, operation, change, now, resolve))


def _is_there(operation: Operation, change: Change, now: Observed | None) -> bool:
    """Whether what was to be deleted is there: that very row, where several have one key."""
    if now is None:
        return False
    item = operation.items[operation.changes.index(change.address)] if operation.items else None
    if item is None or isinstance(item, HandleOf):
        return True
    return str(item) in {each.handle for each in (now, *now.twins)}


def _of(answers: Iterable[bool]) -> Took:
    found = list(answers)
    if not found:
        return Took.UNTOLD
    if all(found):
        return Took.ALL
    return Took.SOME if any(found) else Took.NONE


def _answers(
    kind: Kind, operation: Operation, change: Change, now: Observed, resolve: Resolve | None
) -> Iterable[bool]:
    """For everything the operation set that can be read: whether it is so."""
    for each in change.fields:
        field = kind.fields.get(each.name)
        if field is None or each.name not in now.values or (operation.fields and each.name not in operation.fields):
            continue
        live = now.values[each.name]
        if isinstance(each.after, SecretSource) and isinstance(live, Secret) and resolve is not None:
            yield field.codec.same(resolve(each.after, change.address), live)
        elif isinstance(each.after, Absent | Secret | SecretSource):
            continue
        elif field.mark.elements is not None and operation.verb is Verb.DELETE:
            yield from _removals(operation, live, now.rows.get(each.name, {}))
        elif field.mark.elements is not None:
            yield from _additions(field, operation, each.after, live)
        else:
            yield field.codec.same(live, each.after)


def _removals(operation: Operation, live: tuple[str, ...], rows: Mapping[str, str]) -> Iterable[bool]:
    """Elements are deleted by what they are, or by the id of their row."""
    present = {element.lower() for element in live} | set(rows.values())
    return (str(item).lower() not in present for item in operation.items)


def _additions(field: Field, operation: Operation, wanted: Any, live: tuple[str, ...]) -> Iterable[bool]:
    """Of the elements that are to be there, those this operation speaks of; all of them where it names none."""
    spoken = {str(text) for text in _texts(operation.attributes)}
    own = [one for one in wanted if any(str(wire) in spoken for wire in _texts(field.codec.encode((one,))))]
    missing = {*field.codec.without(own or wanted, live)}
    return (one not in missing for one in own or wanted)


def _texts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    else:
        yield value
