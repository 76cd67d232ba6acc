"""When a step happens: its stage and its kind, as one number; and what is carried out beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.model.address import Address
from reconciler.model.operation import Operation
from reconciler.spec.kind import Kind
from reconciler.spec.step import Stage

_BAND: Final = 1000
_WITHIN_A_KIND: Final = (Stage.CREATE, Stage.FOLLOW, Stage.UPDATE)


def phase_of(stage: Stage, rank: int) -> int:
    """The phase of a step; operations of a lower phase are finished before those of a higher one start.

    In words: limits rise, uses shrink, addresses are given up; then kind by kind, what others need first: create,
    complete, change; then deletions in reverse; then limits fall.

    Args:
        rank: the kind's place in creation order.
    """
    if stage in _WITHIN_A_KIND:
        return _BAND * Stage.CREATE + 10 * rank + _WITHIN_A_KIND.index(stage)
    if stage is Stage.FREE:
        return _BAND * (Stage.SHRINK + 1) - 1 - rank
    if stage is Stage.DELETE:
        return _BAND * (Stage.DELETE + 1) - 1 - rank
    return _BAND * stage + rank


def stage_of(phase: int) -> Stage:
    """About when a phase is: those in which room is made are `FREE`, `GROW` or `SHRINK`, all in between `CREATE` on."""
    return Stage(min(phase // _BAND, Stage.LOWER))


def ranks(kinds: Mapping[str, Kind]) -> Mapping[str, int]:
    """Each kind's place in creation order."""
    return {name: place for place, name in enumerate(kinds)}


def levels(operations: Iterable[Operation]) -> list[list[Operation]]:
    """Part operations into lists that are carried out one after another.

    A phase is a list, unless some of its operations need others of it: those of the same change, or what they require.
    """
    found: list[list[Operation]] = []
    by_phase: dict[int, list[Operation]] = {}
    for operation in operations:
        by_phase.setdefault(operation.phase, []).append(operation)
    for _, phase in sorted(by_phase.items()):
        level_of: dict[Address, int] = {}
        parts: list[list[Operation]] = []
        for operation in phase:
            needed = (*operation.changes, *operation.requires)
            level = max((level_of[address] + 1 for address in needed if address in level_of), default=0)
            parts += [[]] if level == len(parts) else []
            parts[level].append(operation)
            level_of.update(dict.fromkeys(operation.changes, level))
        found += parts
    return found
