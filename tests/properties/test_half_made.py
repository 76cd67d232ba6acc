"""Creations whose apply is killed between their calls: what nothing shows is finished by the next run, or told."""

from __future__ import annotations

import signal
from random import Random

import pytest

from tests.properties.creations import Venture, about_to_create
from tests.properties.effort import sweeping, versions
from tests.properties.test_kills import apply_words, struck

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
