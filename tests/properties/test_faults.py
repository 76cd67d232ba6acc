"""Whatever goes wrong with whichever call, a report is true, nothing else is touched, and the next apply gets there."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.conftest import TurnOf
from tests.properties.effort import examples, sweeping
from tests.properties.schedules import KINDS, schedules
from tests.properties.turn import Turn

LYING_READS = (
    *(f"stale:get:{number}" for number in range(1, 40)),
    "stale:get:10%",
    "stale:get:50%",
    *(f"short:get/{route}:{number}" for route in ("domain", "alias", "mailbox", "bcc") for number in (1, 2, 3)),
    "short:get/alias:50%",
)
"""Lists of what the server keeps apart by name; of equal relayhosts there may be several."""
VERSIONS = ("2022-01a", "2024-08a", "2026-07a")


def chosen(turn: Turn, few: int) -> list[str]:
    """Every kind of fault at every call when sweeping; else a few."""
    places = [f"write:{number}" for number in range(1, turn.writes + 1)]
    places += [f"get:{number}" for number in range(1, turn.reads + 1)]
    every = [f"{kind}:{place}" for kind in KINDS for place in places]
    return every if sweeping() else Random(turn.town.simulator.version).sample(every, few)


@pytest.mark.parametrize("version", VERSIONS)
def test_one_fault_at_whichever_call_is_told_truly_and_overcome(turn_of: TurnOf, version: str) -> None:
    turn = turn_of(version)
    for fault in chosen(turn, few=5):
        turn.disturbed(fault)


@pytest.mark.parametrize("fault", ["twice:edit", "twice:delete"])
def test_edits_and_deletions_that_a_proxy_repeats_are_done(turn_of: TurnOf, fault: str) -> None:
    report = turn_of("2026-07a").disturbed(fault)
    assert {each["outcome"] for each in report["changes"]} == {"done"}


@pytest.mark.parametrize("version", VERSIONS)
def test_many_faults_at_once_are_told_truly_and_overcome(turn_of: TurnOf, version: str) -> None:
    turn = turn_of(version)

    @examples(2, many=400)
    @given(faults=schedules(), seed=st.integers(0, 999), workers=st.sampled_from((1, 4)))
    def every(faults: list[str], seed: int, workers: int) -> None:
        turn.disturbed(*faults, seed=seed, workers=workers)

    every()


@pytest.mark.parametrize("version", VERSIONS)
def test_reads_that_lag_or_miss_a_row_do_no_lasting_harm(turn_of: TurnOf, version: str) -> None:
    turn = turn_of(version)

    @examples(2, many=100)
    @given(lies=st.lists(st.sampled_from(LYING_READS), min_size=1, max_size=3, unique=True), seed=st.integers(0, 99))
    def every(lies: list[str], seed: int) -> None:
        turn.misled(*lies, seed=seed)

    every()
