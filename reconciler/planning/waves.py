"""Which changes go first: as many as one run carries out, or those of a domain that is tried before the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change
from reconciler.model.focus import means
from reconciler.model.operation import Operation
from reconciler.model.state import LiveState
from reconciler.planning.future import future_of
from reconciler.planning.order import stage_of
from reconciler.planning.room import Room
from reconciler.spec.kind import Kind
from reconciler.spec.step import Stage

_ROOM: Final = "room in"
"""Stands in place of a kind for the room in something, which is no change."""


def first_of(
    kinds: Mapping[str, Kind],
    changes: Sequence[Change],
    operations: Sequence[Operation],
    live: LiveState,
    *,
    most: int,
) -> frozenset[Address]:
    """The changes to carry out when there may be only so many: in the order of their calls, with what they need.

    There are more only where the first one cannot be done without. What reading does not show goes last and all at
    once: until a revision is remembered as applied every run plans it anew, so that parts of it would never end.

    Args:
        operations: what the changes come down to, in order.
    """
    blind = {change.address for change in changes if _is_blind(change)}
    if len(blind) == len(changes):
        return frozenset(blind)
    needs = _needs(kinds, changes, operations, live)
    in_order = (address for operation in operations for address in operation.changes)
    chosen: set[Address] = set()
    seen: set[Address] = set()
    for address in dict.fromkeys((*in_order, *(change.address for change in changes))):
        if len(chosen) >= most:
            break
        if address in blind:
            continue
        reached = _with_needs((address,), needs, beyond=seen)
        more = _changes_in(reached)
        if not chosen or len(chosen) + len(more) <= most:
            chosen |= more
            seen |= reached
    return frozenset(chosen)


def _is_blind(change: Change) -> bool:
    """Whether nothing of an update can be seen to be done already."""
    return change.action is Action.UPDATE and all(each.before is Absent.NOT_READABLE for each in change.fields)


def canaries(
    kinds: Mapping[str, Kind],
    changes: Sequence[Change],
    operations: Sequence[Operation],
    live: LiveState,
    *,
    domains: Collection[str],
) -> frozenset[Address]:
    """The changes of some domains, with what they need."""
    own = [
        change.address
        for change in changes
        if any(means(each, _domain(kinds[change.address.kind], change, live) or "") for each in domains)
    ]
    return frozenset(_changes_in(_with_needs(own, _needs(kinds, changes, operations, live))))


def _needs(
    kinds: Mapping[str, Kind], changes: Sequence[Change], operations: Sequence[Operation], live: LiveState
) -> dict[Address, set[Address]]:
    """What each change cannot go without; an address is not given up in one wave to be taken in another."""
    needs: dict[Address, set[Address]] = {change.address: set() for change in changes}
    for operation in operations:
        for number, address in enumerate(operation.changes):
            needs[address] |= operation.requires_of[number] if operation.requires_of else operation.requires
    actions = {change.address: change.action for change in changes}
    for address, needed in list(needs.items()):
        for giver in needed:
            if actions.get(giver) is Action.DELETE and actions[address] is not Action.DELETE:
                needs[giver].add(address)
    stages: dict[Address, set[Stage]] = {change.address: set() for change in changes}
    for operation in operations:
        for address in operation.changes:
            stages[address].add(stage_of(operation.phase))
    for address, needed in (*_for_room(kinds, changes, live, stages), *_for_names(changes, stages)):
        needs.setdefault(address, set()).update(needed)
    return needs


def _for_names(
    changes: Sequence[Change], stages: Mapping[Address, Collection[Stage]]
) -> Iterator[tuple[Address, set[Address]]]:
    """What is created by the same plan and must be there before it is named."""
    created = {change.address.key.lower(): change.address for change in changes if change.action is Action.CREATE}
    for change in changes:
        if Stage.CONNECT in stages[change.address]:
            values = (each if isinstance(each, tuple) else (each,) for each in change.after.values())
            names = (each.lower() for listed in values for each in listed if isinstance(each, str))
            yield change.address, {created[each] for each in names if each in created} - {change.address}


def _for_room(
    kinds: Mapping[str, Kind],
    changes: Sequence[Change],
    live: LiveState,
    stages: Mapping[Address, Collection[Stage]],
) -> Iterator[tuple[Address, set[Address]]]:
    """What must be done before there is room, and before room can be taken away.

    What is created may need all that gives room to it: that is said once, of what stands for the room.
    """
    room = Room(kinds, changes, live, future_of(kinds, changes, live))
    inside: dict[Address, list[Change]] = {}
    for change in changes:
        container = room.container_of(change)
        if container is not None:
            inside.setdefault(container, []).append(change)
    for container, users in inside.items():
        early = {each.address for each in users if min(stages[each.address], default=Stage.LOWER) <= Stage.SHRINK}
        raised = {container} if Stage.GROW in stages.get(container, ()) else set()
        making_room = Address(_ROOM, str(container))
        yield making_room, early
        for each in users:
            if each.action is not Action.DELETE:
                yield each.address, raised | ({making_room} if each.action is Action.CREATE else set())
        if Stage.LOWER in stages.get(container, ()):
            yield container, {each.address for each in users if each.action is not Action.CREATE}


def _with_needs(
    addresses: Collection[Address], needs: Mapping[Address, set[Address]], *, beyond: Collection[Address] = ()
) -> set[Address]:
    """Some changes and all they need, with what stands for room.

    Args:
        beyond: what is there already, with all that it needs.
    """
    found: set[Address] = set()
    to_see = [*addresses]
    while to_see:
        address = to_see.pop()
        if address in needs and address not in found and address not in beyond:
            found.add(address)
            to_see += needs[address]
    return found


def _changes_in(reached: Collection[Address]) -> set[Address]:
    return {address for address in reached if address.kind != _ROOM}


def _domain(kind: Kind, change: Change, live: LiveState) -> str | None:
    observed = live.get(change.moved_from or change.address)
    return kind.domain_of({**(observed.values if observed is not None else {}), **change.after})
