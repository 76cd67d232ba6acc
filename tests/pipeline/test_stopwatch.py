from __future__ import annotations

from collections.abc import Callable

from reconciler.pipeline.stopwatch import Stopwatch


def ticking(*seconds: float) -> Callable[[], float]:
    times = iter(seconds)
    return lambda: next(times)


def test_a_stage_within_another_is_not_counted_twice() -> None:
    watch = Stopwatch(ticking(0, 1, 4, 10))
    with watch.stage("reading"), watch.stage("comparing"):
        pass
    assert watch.seconds == {"reading": 7, "comparing": 3}
    assert list(watch.seconds) == ["reading", "comparing"], "in the order in which they began"


def test_a_part_is_counted_in_its_stage_and_in_none_where_there_is_none() -> None:
    watch = Stopwatch(ticking(0, 2, 5, 6, 7, 8))
    with watch.stage("reading"), watch.part("waiting"):
        pass
    with watch.part("waiting"):
        pass
    assert watch.seconds == {"reading": 6, "reading: waiting": 3}


def test_a_stage_that_comes_again_adds_up() -> None:
    watch = Stopwatch(ticking(0, 2, 5, 6))
    for _ in range(2):
        with watch.stage("comparing"):
            pass
    assert watch.seconds == {"comparing": 3}
