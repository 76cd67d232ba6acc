"""Gathering operations into as few calls as the server takes, so that these calls do not wait for each other.

A call has the domains of all its items for itself while it runs. So calls that share no domain come first, and where
the calls of several groups would follow each other because all are of the same domains, each group is parted by domain.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapreplace
from operator import itemgetter
from typing import Any, Final

from reconciler.model.address import Address
from reconciler.model.operation import Operation, Verb
from reconciler.model.secret import SecretSource, SourceKind
from reconciler.planning.order import levels
from reconciler.records import record, replace

CHUNK: Final = 100
"""The most items one call carries: enough to save nearly all round trips, few enough to see progress and to retry."""

NAMES: Final = 20
"""The most resources one call adds: most of what a call costs by itself is saved, and one takes half a second."""

_CALL: Final = 0.5
"""What a call costs by itself, in items: about so much of editing or deleting one (2026-07a, measured)."""

_AT_ONCE: Final = 4
"""How many calls are taken to be under way at once."""

_BEARABLE: Final = 1.1
"""How much longer than without waiting for each other calls may take before a group of them is parted by domain."""

_WORTH_MORE_CALLS: Final = 25
"""How much longer at least, in items, before it is parted: half a second or more of a real server's."""

_LEAST: Final = 2
"""How many items each part of a group has at least, on average: alike edits are not sent one by one."""

_SEPARATOR: Final = re.compile("[ ,;\n]")

Lane = str
Key = Any
Group = Mapping[Lane, int]  # in each lane, in their order, how many operations there are that are alike
Parts = Mapping[Lane, int]


@record(frozen=True, slots=True)
class Single:
    """An operation of one change, and whether it may be gathered with its like.

    Attributes:
        joined_by: of an add, the attribute that may name several.
    """

    operation: Operation
    alone: bool
    joined_by: str = ""


def gather(singles: Iterable[Single]) -> list[Operation]:
    """Put equal edits, and deletions by one route, into one call each, in chunks; then sort by phase.

    No call comes before another one that the same change needs first. What is in a chunk is of as few lanes as can be.
    """
    singles = sorted(singles, key=_lane)
    keys = [_alike(single) for single in singles]
    parts = _parted(singles, keys)
    groups: list[list[Operation]] = []
    open_group: dict[Any, int] = {}
    last_of: dict[tuple[Address, int], int] = {}  # of a change, in each phase: between phases, these put all in order
    for single, alike in zip(singles, keys, strict=True):
        operation = single.operation
        here = operation.changes[0], operation.phase
        key = None if alike is None else (alike, parts.get(alike, {}).get(_lane(single)))
        if key is None:
            place = None
        else:
            place = open_group.get(key)
            if place is None or place < last_of.get(here, -1) or len(groups[place]) == _most(operation):
                place = None
                open_group[key] = len(groups)
        if place is None:
            place = len(groups)
            groups.append([])
        groups[place].append(_named(operation, single.joined_by))
        last_of[here] = place
    return [operation for level in levels(map(_together, groups)) for operation in _side_by_side(level)]


def _lane(single: Single) -> Lane:
    return min(single.operation.lanes, default="")


def _freeze(value: Any) -> Any:
    if isinstance(value, str):  # as most are; asking whether it is a mapping takes longer
        return type(value).__name__, value
    if isinstance(value, Mapping):
        return tuple(sorted((name, _freeze(each)) for name, each in value.items()))
    if isinstance(value, list | tuple):
        return tuple(_freeze(each) for each in value)
    return (type(value).__name__, value)


def _has_its_own_secret(value: Any) -> bool:
    """Whether a secret in it is another one for each resource, though its source reads the same."""
    if isinstance(value, str):  # as above
        return False
    if isinstance(value, SecretSource):
        return value.kind in (SourceKind.GENERATE, SourceKind.HASH_TABLE)
    if isinstance(value, Mapping):
        return any(map(_has_its_own_secret, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_its_own_secret, value))


def _alike(single: Single) -> Key:
    """What operations have in common that one call can carry; None for one that is sent by itself."""
    operation = single.operation
    rest = operation.attributes
    if operation.verb is Verb.ADD:
        name = rest.get(single.joined_by)
        if not isinstance(name, str) or _SEPARATOR.search(name):
            return None
        rest = {each: value for each, value in rest.items() if each != single.joined_by}
    elif single.alone:
        return None
    if _has_its_own_secret(rest):
        return None
    lanes = operation.lanes if operation.verb is Verb.ADD else ()
    judged_by = (operation.successes, operation.optional, operation.unclear, operation.passing)
    return (operation.verb, operation.route, operation.phase, judged_by, lanes, _freeze(rest))


def _most(operation: Operation) -> int:
    return NAMES if operation.verb is Verb.ADD else CHUNK


def _named(operation: Operation, joined_by: str) -> Operation:
    """An add that may be joined by others, with its name apart."""
    name = operation.attributes.get(joined_by) if operation.verb is Verb.ADD else None
    return operation if not isinstance(name, str) else replace(operation, joined_by=joined_by, names=(name,))


def _together(operations: Sequence[Operation]) -> Operation:
    first = operations[0]
    if len(operations) == 1:
        return replace(first, joined_by="", names=()) if first.names else first
    names = tuple(name for each in operations for name in each.names)
    same = all(each.requires == first.requires for each in operations)
    return replace(
        first,
        changes=tuple(change for each in operations for change in each.changes),
        names=names,
        attributes={**first.attributes, first.joined_by: ",".join(names)} if names else first.attributes,
        items=tuple(item for each in operations for item in each.items),
        lanes=frozenset().union(*(each.lanes for each in operations)),
        requires=frozenset().union(*(each.requires for each in operations)),
        requires_of=() if same else tuple(each.requires for each in operations),
        fields=frozenset().union(*(each.fields for each in operations)),
    )


def _side_by_side(operations: Sequence[Operation]) -> Iterator[Operation]:
    """Put calls of several lanes first, and of these as many first as share none with each other, and so on.

    Chunks of one group share the lane of their border with the next one: in that order each would wait for another.

    Args:
        operations: those that need nothing of each other.
    """
    taken: dict[Lane, int] = defaultdict(int)
    turns: dict[int, list[Operation]] = defaultdict(list)
    for operation in operations:
        if len(operation.lanes) > 1:
            others = 0
            for lane in operation.lanes:
                others |= taken[lane]
            turn = ~others & (others + 1)  # the lowest bit that is not set: the first turn in which none is taken
            for lane in operation.lanes:
                taken[lane] |= turn
            turns[turn].append(operation)
    for _, beside in sorted(turns.items()):
        yield from beside
    yield from (operation for operation in operations if len(operation.lanes) < 2)  # noqa: PLR2004


def _parted(singles: Sequence[Single], keys: Sequence[Key]) -> Mapping[Key, Parts]:
    """For each group of which calls would wait for calls of the same domains, in which part of it each lane is."""
    alike: dict[int, dict[Key, dict[Lane, int]]] = defaultdict(dict)
    others: dict[int, list[Group]] = defaultdict(list)
    one_of: dict[Lane, Group] = {}
    for single, key in zip(singles, keys, strict=True):
        phase, lane = single.operation.phase, _lane(single)
        if key is None:
            others[phase].append(one_of.setdefault(lane, {lane: 1}))
        else:
            group = alike[phase].setdefault(key, {})
            group[lane] = group.get(lane, 0) + 1
    found: dict[Key, Parts] = {}
    for phase, groups in alike.items():
        wide = [key for key, group in groups.items() if len(group) > 1]
        parts = _parts_of([*groups.values(), *others[phase]]) if wide else {}
        for key in wide:
            found[key] = parts if parts and _is_worth_parting(groups[key], parts) else _whole_lanes(groups[key])
    return found


def _whole_lanes(group: Group) -> Parts:
    """Part a group of several chunks, so that few chunks share a lane; nothing where that would take more chunks."""
    chunks = _chunks(group)
    parts = chunks
    while parts > 1:
        found = _shared_out([group], parts)
        if sum(map(_chunks, _by_part([group], found))) == chunks:
            return found
        parts //= 2
    return {}


def _chunks(group: Group) -> int:
    return -(-sum(group.values()) // CHUNK)


def _parts_of(groups: Sequence[Group]) -> Parts:
    """Share out the lanes of a phase, each to a part, by which its groups are parted; nothing where none has to wait.

    There are as few parts as will do, for each makes more calls.
    """
    costs = [cost for group in groups for _, cost in _calls(group)]
    by_itself = max(sum(costs) / _AT_ONCE, *costs)
    bearable = max(by_itself * _BEARABLE, by_itself + _WORTH_MORE_CALLS)
    lane, waiting = _longest_wait(groups)
    if sum(lane in group for group in groups) == 1:
        return {}
    found: Parts = {}
    for parts in range(2, _AT_ONCE + 1):
        if waiting <= bearable:
            break
        shared = _shared_out(groups, parts)
        _, then = _longest_wait(_by_part(groups, shared))
        if then * _BEARABLE < waiting:
            found, waiting = shared, then
    return found


def _longest_wait(groups: Iterable[Group]) -> tuple[Lane, float]:
    """Of the lane that is needed longest, what the calls that need it cost: these follow each other."""
    found: dict[Lane, float] = defaultdict(float)
    for group in groups:
        for lanes, cost in _calls(group):
            for lane in lanes:
                found[lane] += cost
    return max(found.items(), key=itemgetter(1))


def _calls(group: Group) -> Iterator[tuple[Sequence[Lane], float]]:
    """The chunks a group becomes: of which lanes each is, and what it costs."""
    lanes: list[Lane] = []
    room = CHUNK
    for lane, items in group.items():
        left = items
        while left:
            if not room:
                yield lanes, _CALL + CHUNK
                lanes, room = [], CHUNK
            taken = min(left, room)
            lanes.append(lane)
            left -= taken
            room -= taken
    yield lanes, _CALL + CHUNK - room


def _shared_out(groups: Iterable[Group], parts: int) -> Parts:
    """Give each lane to one of so many parts, the fullest first, so that there is about as much in each part."""
    items: dict[Lane, int] = defaultdict(int)
    for group in groups:
        for lane, here in group.items():
            items[lane] += here
    found: dict[Lane, int] = {}
    filled = [(0, part) for part in range(parts)]
    for lane in sorted(items, key=lambda each: (-items[each], each)):
        weight, found[lane] = filled[0]
        heapreplace(filled, (weight + items[lane], found[lane]))
    return found


def _is_worth_parting(group: Group, parts: Parts) -> bool:
    return sum(group.values()) >= _LEAST * len(set(parts.values()))


def _by_part(groups: Iterable[Group], parts: Parts) -> Iterator[Group]:
    for group in groups:
        if not _is_worth_parting(group, parts):
            yield group
            continue
        shares: dict[int, dict[Lane, int]] = defaultdict(dict)
        for lane, items in group.items():
            shares[parts[lane]][lane] = items
        yield from shares.values()
