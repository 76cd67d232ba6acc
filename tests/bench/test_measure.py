"""What is made of the runs of a command."""

from __future__ import annotations

from tests.bench.measure import Run, Runs


def runs(*turns: tuple[float, ...]) -> Runs:
    """Runs that took so many seconds."""
    return Runs(tuple(tuple(Run(seconds, seconds, 1.0, "", "") for seconds in turn) for turn in turns))


def test_what_slows_a_whole_turn_changes_no_ratio() -> None:
    ours, theirs = runs((1.0, 1.2, 0.9), (3.0, 3.1, 2.0), (1.0, 0.9, 1.1)), runs((8.0,), (24.0,), (8.0,))

    assert theirs.times(ours) == 8.0


def test_a_turn_in_which_only_one_was_slowed_does_not_count() -> None:
    ours, theirs = runs((1.0,), (9.0,), (1.0,)), runs((8.0,), (8.0,), (7.0,))

    assert theirs.times(ours) == 7.0
