"""Faults while somebody else changes the server, before and after the plan was looked at, up to the last read."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.bystanders import rows_of
from tests.properties.conftest import TurnOf
from tests.properties.effort import examples, versions
from tests.properties.schedules import schedules
from tests.properties.test_strangers import ENDS, MEDDLINGS, PENDING
from tests.properties.town import ALLOWING_ALL
from tests.properties.turn import DENIED, DONE, Turn

UNDOING = ("makes", "deletes", "gives the number", "redirects")
"""What somebody does may be undone by what they do next."""


class Storm(NamedTuple):
    """What happens in one apply.

    Attributes:
        meddlings: what somebody does, and before which call.
        faults: what goes wrong besides.
        kept: a plan is made first, which is carried out then.
    """

    meddlings: list[tuple[str, int]]
    faults: list[str]
    seed: int
    workers: int
    kept: bool


def storms() -> st.SearchStrategy[Storm]:
    """One or two of somebody's doings, mostly with faults."""
    meddlings = st.lists(st.tuples(st.sampled_from(sorted(MEDDLINGS)), st.integers(1, 80)), min_size=1, max_size=2)
    calm: list[str] = []
    faults = st.one_of(st.just(calm), schedules())
    return st.builds(Storm, meddlings, faults, st.integers(0, 999), st.sampled_from((1, 4)), st.booleans())


def weathered(turn: Turn, storm: Storm) -> None:
    """Make the change in a storm; see that nothing of anybody is lost, and that the next apply gets there."""
    town = turn.town
    turn.begin()
    if storm.kept:
        assert town.person.types("plan", "mail.yaml", "--out", "plan.json", *ALLOWING_ALL).code == DONE
    answers: dict[str, Any] = {}

    def doing(name: str) -> Any:
        return lambda: answers.update({name: MEDDLINGS[name].does(town.person)})

    town.simulator.interrupt(*((moment, doing(name)) for name, moment in storm.meddlings))
    town.suffers(*storm.faults, seed=storm.seed)
    words = ("plan.json", "mail.yaml") if storm.kept else ("mail.yaml", "--auto-approve", *ALLOWING_ALL)
    ended = town.person.types("apply", *words, "--format", "json", "--parallelism", str(storm.workers))
    town.suffers()
    looked_at = all(town.simulator.looked_at(moment) for _, moment in storm.meddlings)
    town.simulator.interrupt()
    told = f"{storm} on {town.simulator.version}\n{ended.out[-4000:]}\n{ended.err}"
    assert ended.code in (*ENDS, DENIED), told
    order = [name for name, _ in sorted(storm.meddlings, key=lambda each: each[1])]
    theirs = [
        MEDDLINGS[name].theirs
        for place, name in enumerate(order)
        if any(entry["type"] == "success" for entry in answers.get(name, ()))
        if not any(later.startswith(UNDOING) for later in order[place + 1 :])
    ]
    assert all(each in str(town.memory()) for each in theirs), told
    assert rows_of(town) == turn.theirs, told
    if looked_at:
        _is_true(turn, ended.out, storm, told)
    if town.plans().code in (DONE, PENDING):
        again = town.applies()
        assert again.code == DONE, f"{told}\n{again.out}\n{again.err}"
        town.rests()
        assert all(each in str(town.memory()) for each in theirs), told
    assert rows_of(town) == turn.theirs, told


def test_somebody_s_doing_lasts_though_the_server_lies_about_the_call_after_it(turn_of: TurnOf) -> None:
    doing = ("gives somebody who is to be edited POP3 no more", 5)
    weathered(turn_of("2022-01a"), Storm([doing], ["pretended"], seed=0, workers=1, kept=False))


def _is_true(turn: Turn, out: str, storm: Storm, told: str) -> None:
    """What was told done is not planned again; nobody came after the last write, when it is looked at."""
    report: Any = json.loads(out.splitlines()[-1]) if out else {"type": "nothing"}
    planned = turn.town.plans("--format", "json")
    misled = any(fault.startswith("pretended") for fault in storm.faults)
    if report["type"] != "report" or planned.code not in (DONE, PENDING) or misled:
        return
    pending = {each["address"] for each in planned.document["changes"]}
    done = {each["address"] for each in report["changes"] if each["outcome"] == "done"}
    assert not (done & pending) - {each["address"] for each in report["leftovers"]}, told


@pytest.mark.parametrize("version", versions("2022-01a", "2024-08a", "2026-07a", few=("2022-01a",)))
def test_faults_and_somebody_else_at_once_are_weathered(turn_of: TurnOf, version: str) -> None:
    turn = turn_of(version)

    @examples(4, many=250)
    @given(storm=storms())
    def every(storm: Storm) -> None:
        weathered(turn, storm)

    every()
