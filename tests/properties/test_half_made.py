"""Creations whose apply is killed between their calls: what nothing shows is finished by the next run, or told."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import pytest

from tests.properties.creations import CREATIONS, Venture, about_to_create, told
from tests.properties.effort import sweeping, versions
from tests.properties.test_kills import apply_words, launched, struck
from tests.properties.turn import DONE

EVERY = ("2022-01a", "2024-08a", "2026-07a")


def killed(venture: Venture, number: int) -> None:
    """Kill an apply when a write arrives, or once it took effect: the server carries it out in both cases."""
    venture.begin(f"killed {number}")
    code, said = struck(venture.town, number, signal.SIGKILL, before=number % 2 == 0, words=apply_words(workers=1))
    assert code == -signal.SIGKILL, said


def chosen(venture: Venture, salt: str) -> list[int]:
    """Every write when sweeping; else one."""
    every = range(1, venture.writes + 1)
    return list(every) if sweeping() else [Random(venture.town.simulator.version + salt).choice(every)]


@pytest.mark.parametrize("version", EVERY)
def test_on_the_same_machine_all_that_was_not_sent_is_told_and_can_be_sent(version: str) -> None:
    with about_to_create(version, in_git=False) as venture:
        found = set()
        for number in chosen(venture, "journal"):
            killed(venture, number)
            found |= venture.is_finished_as_told()
        assert found


@pytest.mark.parametrize("version", versions(*EVERY, few=("2026-07a",)))
def test_on_another_machine_that_has_fetched_what_began_it_is_finished_or_told(version: str) -> None:
    with about_to_create(version, in_git=True) as venture:
        for number in chosen(venture, "fetched"):
            killed(venture, number)
            venture.moves_to(f"elsewhere {number}")
            assert all("mailbox/ben" not in each for each in venture.is_finished_as_told())


@pytest.mark.parametrize("version", versions(*EVERY, few=("2022-01a",)))
def test_on_another_machine_that_knows_only_what_was_applied_it_is_finished_or_told(version: str) -> None:
    with about_to_create(version, in_git=True) as venture:
        for number in chosen(venture, "gone"):
            killed(venture, number)
            venture.moves_to(f"elsewhere {number}")
            venture.forgets("refs/reconciler/attempted")
            assert all("mailbox/ben" not in each for each in venture.is_finished_as_told())


@pytest.mark.parametrize("version", versions(*EVERY, few=("2026-07a",)))
def test_whoever_is_killed_while_reading_has_done_nothing_and_while_proving_it_all(version: str) -> None:
    with about_to_create(version, in_git=False) as venture:
        for moment, said in ((2, False), (venture.requests, True)):
            venture.begin(f"before request {moment}")
            process = launched(venture.town, apply_words(workers=1))
            venture.town.simulator.interrupt((moment, process.kill))
            with process:
                process.communicate(timeout=60)
            assert process.returncode == -signal.SIGKILL
            assert bool(venture.town.simulator.writes) is said
            planned = venture.town.plans()
            assert ("last-apply-unfinished" in planned.out) is said
            assert venture.is_finished_as_told() == set()


def test_a_password_that_was_being_changed_is_told_of(tmp_path: Path) -> None:
    with about_to_create("2026-07a", in_git=False) as venture:
        venture.begin("rotated")
        assert venture.town.applies().code == DONE
        given = {"generate": True, "deliver": ["tee", str(tmp_path / "given")]}
        people = [{**each, "initial": {"password": given}} for each in CREATIONS["mailboxes"]]
        venture.town.declares({**CREATIONS, "mailboxes": people})
        words = (*apply_words(workers=1), "--resend", "mailbox/b*#password")
        code, said = struck(venture.town, 1, signal.SIGKILL, before=True, words=words)
        assert (code, (tmp_path / "given").exists()) == (-signal.SIGKILL, True), said
        planned = venture.town.plans()
        assert told(planned.out) == {"mailbox/ben@acme.example#password"}
        again = venture.town.applies("--resend", "mailbox/ben@acme.example#password")
        assert again.code == DONE, again.out + again.err
        assert told(venture.town.plans().out) == set()
