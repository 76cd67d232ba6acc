"""An apply that is killed at any moment, or told to stop: the next one says what was in flight, and gets there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.acceptance.person import KEY
from tests.properties.bystanders import rows_of
from tests.properties.company import AFTER, BEFORE
from tests.properties.conftest import TurnOf
from tests.properties.effort import sweeping, versions
from tests.properties.town import ALLOWING_ALL, Town
from tests.properties.turn import DONE, INCOMPLETE, Turn, shape, visible
from tests.properties.wishes import removals

ROOT = Path(__file__).parents[2]
INTERRUPTED = 130
SECONDS_TO_HEAR = 0.5
UNFINISHED = "last-apply-unfinished"


@pytest.fixture(autouse=True)
def _heard() -> None:
    """Have programs hear Ctrl-C also where the tests run in the background of a shell, which makes it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def launched(town: Town, words: tuple[str, ...]) -> subprocess.Popen[str]:
    """Begin a command in a process of its own."""
    environ = {**os.environ, **town.person.environ, "MAILCOW_URL": town.person.url, "MAILCOW_API_KEY": KEY}
    return subprocess.Popen(
        [sys.executable, "-m", "reconciler", *words],
        cwd=town.person.folder,
        env={**environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def struck(town: Town, number: int, *signals: int, before: bool, words: tuple[str, ...]) -> tuple[int, str]:
    """Run a command in a process of its own, which gets signals when a write arrives or when it took effect.

    Args:
        number: which write.
        before: when it arrives.

    Returns:
        How the process ended, and what it said.
    """
    process = launched(town, words)

    def strike(arrived: int) -> None:
        if arrived == number:
            for each in signals:
                process.send_signal(each)
            if signal.SIGKILL in signals:
                with suppress(ChildProcessError):  # somebody else has heard of its end
                    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            else:
                time.sleep(SECONDS_TO_HEAR)

    town.simulator.arriving, town.simulator.answering = (strike, None) if before else (None, strike)
    del town.simulator.requests[:]
    with process:
        said, _ = process.communicate(timeout=60)
    town.simulator.arriving = town.simulator.answering = None
    return process.returncode, said


def apply_words(workers: int) -> tuple[str, ...]:
    """An apply of the manifests."""
    return ("apply", "mail.yaml", "--auto-approve", "--parallelism", str(workers), *ALLOWING_ALL)


def gets_there(turn: Turn, *words: str) -> str:
    """The next apply gets there, and there is nothing left to do after it; gives what it said about the last one."""
    rest = turn.town.person.types("apply", *words)
    assert rest.code == DONE, rest.out + rest.err
    assert shape(visible(turn.town)) == shape(turn.after)
    assert rows_of(turn.town) == turn.theirs
    turn.town.rests()
    return rest.err


def begun(turn: Turn, name: str) -> None:
    """Put the company back, with journals of its own for each try."""
    turn.begin()
    turn.town.person.environ["XDG_STATE_HOME"] = str(turn.town.person.folder / "state" / name)


def chosen(turn: Turn, few: int, salt: str) -> list[int]:
    """Every write when sweeping; else some."""
    every = range(1, turn.writes + 1)
    return list(every) if sweeping() else Random(turn.town.simulator.version + salt).sample(every, few)


@pytest.mark.parametrize(("version", "before"), [("2022-01a", True), ("2026-07a", False)])
def test_an_apply_that_is_killed_in_the_midst_of_a_call_is_gone_on_with(
    turn_of: TurnOf, version: str, before: bool
) -> None:
    turn = turn_of(version)
    for number in chosen(turn, few=1, salt="kill"):
        begun(turn, f"kill {number}")
        code, _ = struck(turn.town, number, signal.SIGKILL, before=before, words=apply_words(1 + 3 * (number % 2)))
        assert code == -signal.SIGKILL
        in_flight = turn.town.simulator.writes[number - 1]
        told = gets_there(turn, "mail.yaml", "--auto-approve", *ALLOWING_ALL)
        assert UNFINISHED in told
        assert in_flight in told.partition("in flight:")[2], told


@pytest.mark.parametrize(("version", "sent"), [("2022-01a", signal.SIGTERM), ("2026-07a", signal.SIGINT)])
def test_an_apply_that_is_told_to_stop_finishes_what_is_in_flight_and_is_gone_on_with(
    turn_of: TurnOf, version: str, sent: int
) -> None:
    turn = turn_of(version)
    for number in chosen(turn, few=1, salt="stop"):
        begun(turn, f"stop {number}")
        code, said = struck(turn.town, number, sent, before=True, words=apply_words(workers=1))
        last = number == turn.writes
        assert (code, len(turn.town.simulator.writes)) == (DONE if last else INTERRUPTED, number), said
        told = gets_there(turn, "mail.yaml", "--auto-approve", *ALLOWING_ALL)
        assert UNFINISHED not in told


def test_a_kept_plan_that_was_killed_half_way_is_finished_by_carrying_it_out_again(turn_of: TurnOf) -> None:
    turn = turn_of("2026-07a")
    for number in chosen(turn, few=1, salt="plan"):
        begun(turn, f"plan {number}")
        kept = turn.town.person.types("plan", "mail.yaml", "--out", "plan.json", *ALLOWING_ALL)
        assert kept.code == DONE, kept.err
        words = ("apply", "plan.json", "mail.yaml", "--parallelism", "1")
        code, _ = struck(turn.town, number, signal.SIGKILL, before=number % 2 == 0, words=words)
        assert code == -signal.SIGKILL
        assert UNFINISHED in gets_there(turn, "plan.json", "mail.yaml")


@pytest.mark.parametrize("version", versions("2022-01a", "2026-07a", few=("2026-07a",)))
def test_after_a_killed_apply_something_else_may_be_declared_or_go_wrong(turn_of: TurnOf, version: str) -> None:
    turn = turn_of(version)
    declared = {plural: entries for plural, entries in AFTER.items() if plural != "removed"}
    back = {**BEFORE, "removed": removals(declared, BEFORE)}
    for number in chosen(turn, few=1, salt="else"):
        begun(turn, f"else {number}")
        code, _ = struck(turn.town, number, signal.SIGKILL, before=number % 2 == 0, words=apply_words(workers=4))
        assert code == -signal.SIGKILL
        turn.town.suffers(f"reset-after:write:{number % 7 + 1}", f"status=502:get:{number % 5 + 1}")
        turn.town.declares(back)
        assert turn.town.applies().code in (DONE, INCOMPLETE)
        turn.town.suffers()
        turn.town.converges_to(back)
        assert rows_of(turn.town) == turn.theirs


def test_a_second_ctrl_c_ends_at_once_and_the_next_apply_gets_there(turn_of: TurnOf) -> None:
    turn = turn_of("2026-07a")
    begun(turn, "twice")
    code, _ = struck(turn.town, 4, signal.SIGINT, signal.SIGINT, before=True, words=apply_words(workers=4))
    assert code in (INTERRUPTED, -signal.SIGINT)
    gets_there(turn, "mail.yaml", "--auto-approve", *ALLOWING_ALL)
