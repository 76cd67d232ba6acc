"""Changes of many in many domains, alike and not, while things go wrong: what is told is so, and it ends well."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.crowds import Change, Reach, changed, crowd_changes, founding
from tests.properties.effort import examples, versions
from tests.properties.schedules import schedules
from tests.properties.test_kills import apply_words, begun, gets_there, struck
from tests.properties.town import ALLOWING_ALL, WHY_NOT
from tests.properties.turn import Turn, before_a_change
from tests.properties.wishes import Manifest

TurnTo = Callable[[Manifest], Turn]
Crowds = Callable[[str, bool], TurnTo]

INTERRUPTED = 130
REFUSED = "access_denied"
RENAMING_SINCE = "2024-11"
EVERYWHERE = Reach(first=0, domains=10, every=1, from_=0)
MANY = Change(
    [("no IMAP", EVERYWHERE), ("aliases off", EVERYWHERE), ("people come", EVERYWHERE), ("aliases go", EVERYWHERE)],
    tight=False,
)
"""Two groups of more than a call carries, and two that make and take room."""


class Weather(NamedTuple):
    """What goes wrong.

    Attributes:
        refused: the share of all items that the server refuses, in tenths.
        most: how many changes may fail.
    """

    faults: list[str]
    seed: int
    workers: int
    refused: int
    most: int


def weathers() -> st.SearchStrategy[Weather]:
    """Faults, refusals, and limits of what may fail."""
    workers = st.sampled_from((1, 4))
    return st.builds(Weather, schedules(), st.integers(0, 999), workers, st.integers(1, 10), st.integers(0, 12))


@pytest.fixture(scope="module")
def crowds() -> Iterator[Crowds]:
    """Give the crowd on a server of a version, with room for more or without, made once."""
    made: dict[tuple[str, bool], TurnTo] = {}
    with ExitStack() as stack:

        def give(version: str, tight: bool) -> TurnTo:
            if (version, tight) not in made:
                founded = before_a_change(version, founding().manifest(tight=tight))
                made[version, tight] = stack.enter_context(founded)
            return made[version, tight]

        yield give


@pytest.fixture(scope="module")
def of_many(crowds: Crowds) -> Turn:
    """A change of many at once."""
    return crowds("2026-07a", False)(changed(MANY))


def turned(turn_to: TurnTo, change: Change) -> Turn | None:
    """Make a change where the server takes it; None where the plan says that it would not."""
    try:
        return turn_to(changed(change))
    except AssertionError as error:
        if set(re.findall(r"error\[([a-z-]+)\]", str(error))) & WHY_NOT:
            return None
        raise


def of_their_own(report: Any) -> list[Any]:
    """The changes of a report that the server refused, not those that were held back for others."""
    return [each for each in report["changes"] if any(REFUSED in message for message in each["messages"])]


@pytest.mark.parametrize(
    ("version", "tight"),
    [
        (version, tight)
        for version in versions("2022-01a", "2024-08a", "2026-07a", few=("2026-07a",))
        for tight in (0, 1)
    ],
)
def test_many_changes_through_faults_are_told_one_by_one_and_brought_to_their_end(
    crowds: Crowds, version: str, tight: int
) -> None:
    turn_to = crowds(version, bool(tight))

    @examples(1, many=80)
    @given(change=crowd_changes(renaming=version >= RENAMING_SINCE), weather=weathers())
    def every(change: Change, weather: Weather) -> None:
        turn = turned(turn_to, change._replace(tight=bool(tight)))
        if turn is None:
            return
        turn.town.rests()
        turn.disturbed(*weather.faults, seed=weather.seed, workers=weather.workers)
        limit = f"--max-failures={weather.most}"
        report = turn.disturbed(f"refused={weather.refused / 10}:write", workers=weather.workers, words=(limit,))
        assert len(of_their_own(report)) <= weather.most + 1
        assert report["stopped"] is not None or len(of_their_own(report)) <= weather.most

    every()


@pytest.mark.parametrize("fault", ["half:edit/mailbox:1", "torn=60:edit/alias:2"])
def test_of_a_call_that_fails_half_way_each_change_is_told_as_it_is(of_many: Turn, fault: str) -> None:
    report = of_many.disturbed(fault, workers=4)
    assert {each["outcome"] for each in report["changes"]} == {"done"}


def test_what_the_server_refuses_of_many_has_failed_and_the_rest_is_done(of_many: Turn) -> None:
    report = of_many.disturbed("refused=0.1:edit/mailbox", workers=4)
    refused = of_their_own(report)
    assert 0 < len(refused) < 30
    assert {each["outcome"] for each in refused} == {"failed"}
    assert {each["outcome"] for each in report["changes"] if each not in refused} == {"done"}


def test_ctrl_c_among_many_leaves_what_the_next_apply_does(of_many: Turn) -> None:
    turn = of_many
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have it ignored in the background
    begun(turn, "crowd")
    code, said = struck(turn.town, turn.writes // 2, signal.SIGINT, before=True, words=apply_words(4))
    assert (code, len(turn.town.simulator.writes) < turn.writes) == (INTERRUPTED, True), said
    gets_there(turn, "mail.yaml", "--auto-approve", *ALLOWING_ALL)
