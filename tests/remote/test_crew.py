"""Errands of a reading: beside each other, no more than so many, and nobody is left behind."""

import threading
from itertools import count

import pytest

from reconciler.remote.crew import Crew


class Counter:
    """Counts who is inside at once."""

    def __init__(self) -> None:
        self.inside = self.most = self.came = 0
        self._lock = threading.Lock()

    def visit(self, until: threading.Event | None = None) -> int:
        with self._lock:
            self.inside += 1
            self.came += 1
            self.most = max(self.most, self.inside)
            number = self.came
        if until is not None:
            assert until.wait(10)
        with self._lock:
            self.inside -= 1
        return number


def test_each_errand_brings_what_it_was_sent_for() -> None:
    with Crew(3) as crew:
        errands = [crew.send(lambda number=number: number * number) for number in range(200)]  # type: ignore[misc]
        assert [errand.result() for errand in errands] == [number * number for number in range(200)]
        assert errands[7].result() == 49, "it may be asked again"


@pytest.mark.parametrize("most", [1, 2, 5])
def test_no_more_are_under_way_than_allowed_and_as_many_as_that_are(most: int) -> None:
    counter, full = Counter(), threading.Barrier(most + 1)

    def visit() -> None:
        if counter.visit() <= most:
            full.wait(10)

    inside = Counter()
    opened = threading.Event()
    with Crew(most) as crew:
        for _ in range(most):
            crew.send(visit)
        full.wait(10)  # all of them are there at once
        errands = [crew.send(lambda: inside.visit(opened)) for _ in range(4 * most)]
        opened.set()
        for errand in errands:
            errand.result()
    assert inside.most <= most


def test_they_are_done_in_the_order_in_which_they_were_asked_for() -> None:
    done: list[int] = []
    with Crew(1) as crew:
        errands = [crew.send(lambda number=number: done.append(number)) for number in range(50)]  # type: ignore[misc]
        errands[-1].result()
    assert done == list(range(50))


def test_the_first_failure_is_the_one_that_is_told_and_what_has_not_begun_is_never_done() -> None:
    counter, told = Counter(), threading.Event()

    def fail() -> None:
        assert told.wait(10)
        raise LookupError("first")

    with Crew(1) as crew:
        failing = crew.send(fail)
        later = [crew.send(counter.visit) for _ in range(20)]
        told.set()
        for errand in (*later, failing, crew.send(counter.visit)):
            with pytest.raises(LookupError, match="first"):
                errand.result()
    assert counter.came == 0


def test_of_two_failures_the_earlier_one_is_told_by_both() -> None:
    both, second = threading.Barrier(2), threading.Event()

    def fail_first() -> None:
        both.wait(10)
        raise LookupError("first")

    def fail_second() -> None:
        both.wait(10)
        assert second.wait(10)
        raise LookupError("second")

    with Crew(2) as crew:
        first, last = crew.send(fail_first), crew.send(fail_second)
        with pytest.raises(LookupError, match="first"):
            first.result()
        second.set()
        with pytest.raises(LookupError, match="first"):
            last.result()


def test_whoever_leaves_early_waits_for_what_is_under_way_and_forgets_the_rest() -> None:
    counter, begun, opened = Counter(), threading.Event(), threading.Event()

    def linger() -> None:
        begun.set()
        counter.visit(opened)

    def leave() -> None:
        with Crew(1) as crew:
            crew.send(linger)
            for _ in range(20):
                crew.send(counter.visit)
            assert begun.wait(10)
            threading.Timer(0.05, opened.set).start()
            raise KeyError("something else went wrong")

    with pytest.raises(KeyError):
        leave()
    assert (counter.came, counter.inside) == (1, 0)


def test_no_thread_is_left_behind() -> None:
    before = set(threading.enumerate())
    with Crew(4) as crew:
        for _ in range(3):
            for errand in [crew.send(count().__next__) for _ in range(30)]:
                errand.result()
    assert set(threading.enumerate()) <= before
