"""When a step happens: its stage and its kind, as one number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
