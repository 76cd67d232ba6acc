"""As many requests at once as the server bears: a model of a server, whose clock is ours."""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from reconciler.api import Client, ServerAccess, Timing
from reconciler.api.exchange import Received
from reconciler.api.pace import Pace

CALL = "post add/alias"


def requests(
    pace: Pace, count: int, *, workers: int, takes: Callable[[float, int], float], callers: int = 16
) -> tuple[float, list[int]]:
    """Send requests, as many at once as are let through, to a server with so many workers.

    Args:
        takes: (the time, how many are under way) -> the seconds a worker needs for the next one.

    Returns:
        The seconds it took, and the limit after each answer.
    """
    now, sent = 0.0, 0
    limits: list[int] = []
    waiting: deque[tuple[int, float]] = deque()
    working: list[tuple[float, int, float]] = []
    while len(limits) < count:
        while sent < count and len(waiting) + len(working) < min(pace.limit, callers):
            waiting.append((pace.enter(), now))
            sent += 1
        while waiting and len(working) < workers:
            entered, began = waiting.popleft()
            heapq.heappush(working, (now + takes(now, len(waiting) + len(working) + 1), entered, began))
        now, entered, began = heapq.heappop(working)
        pace.leave(entered, CALL, size=500, seconds=now - began)
        limits.append(pace.limit)
    return now, limits


def test_a_server_with_room_is_asked_as_much_as_was_asked_for() -> None:
    seconds, limits = requests(Pace(16), 1_000, workers=16, takes=lambda _now, _under_way: 0.02)
    assert set(limits) == {16}
    assert seconds == pytest.approx(1_000 / 16 * 0.02, rel=0.02)


def test_where_calls_only_wait_for_each_other_fewer_are_let_through_and_nothing_is_lost() -> None:
    seconds, limits = requests(Pace(64), 2_000, workers=4, takes=lambda _now, _under_way: 0.05, callers=64)
    assert limits[-1] < 24
    assert min(limits) >= 4
    assert seconds == pytest.approx(2_000 / 4 * 0.05, rel=0.05)


def test_a_server_that_slows_down_under_load_fares_better() -> None:
    def thrashing(_now: float, under_way: int) -> float:
        return float(0.05 * max(1, under_way / 4) ** 1.5)

    freely, _ = requests(Pace(16), 2_000, workers=4, takes=lambda _now, _under: 0.05 * 4**1.5)
    paced, limits = requests(Pace(16), 2_000, workers=4, takes=thrashing)
    assert paced < 0.5 * freely
    assert min(limits) < 9


def test_after_a_bad_time_it_creeps_up_again() -> None:
    seconds, limits = requests(Pace(16), 3_000, workers=16, takes=lambda now, _under_way: 0.5 if 1 < now < 4 else 0.02)
    assert min(limits) <= 4
    assert limits[-1] == 16
    steps = [after - before for before, after in pairwise(limits)]
    assert max(steps) == 1, "one more at a time"
    assert seconds < 12


def test_calls_that_grow_slower_by_themselves_do_not_stay_alone_for_ever() -> None:
    _, limits = requests(Pace(8), 3_000, workers=8, takes=lambda now, _under_way: 0.02 if now < 0.5 else 0.3)
    assert min(limits) < 8
    assert limits[-1] == 8


def test_calls_of_another_kind_or_size_are_not_compared() -> None:
    pace = Pace(8)
    for number in range(200):
        pace.leave(pace.enter(), "get mailbox", size=100, seconds=0.01)
        pace.leave(pace.enter(), "get mailbox", size=100_000, seconds=2.0)
        pace.leave(pace.enter(), f"get kind{number % 7}", size=100, seconds=1.0)
    assert pace.least == 8


def test_small_differences_do_not_matter_where_calls_are_quick() -> None:
    pace = Pace(8)
    for _ in range(200):
        pace.leave(pace.enter(), CALL, seconds=0.001)
        pace.leave(pace.enter(), CALL, seconds=0.09)
    assert pace.least == 8


def test_a_refusal_halves_at_once_and_those_under_way_with_it_do_not_count_again() -> None:
    pace = Pace(16)
    under_way = [pace.enter() for _ in range(16)]
    for entered in under_way:
        pace.leave(entered, CALL, seconds=None, refused=True)
    assert pace.limit == 8
    pace.leave(pace.enter(), CALL, seconds=None, refused=True)
    assert (pace.limit, pace.least) == (4, 4)
    for _ in range(5):
        pace.leave(pace.enter(), CALL, seconds=None, refused=True)
    assert pace.limit == 1


def test_what_failed_for_another_reason_says_nothing_about_the_pace() -> None:
    pace = Pace(4)
    for _ in range(20):
        pace.leave(pace.enter(), CALL, seconds=None)
    assert (pace.limit, pace.least) == (4, 4)


def test_never_more_are_under_way_than_let_through() -> None:
    pace = Pace(3)
    lock, together = threading.Lock(), threading.Barrier(3)
    under_way = most = 0

    def ask(_number: int) -> None:
        nonlocal under_way, most
        entered = pace.enter()
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait(60)
        with lock:
            under_way -= 1
        pace.leave(entered, CALL, seconds=0.001)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(ask, range(198)))
    assert most == 3


class Busy:
    """A server that answers every call with one status."""

    def __init__(self, status: int) -> None:
        self._status = status

    def exchange(self, *_: object, **_more: object) -> Received:
        return Received(self._status, {"content-type": "application/json"}, b'[{"type":"success","msg":"x"}]', 40)

    def close(self) -> None:
        pass

    def prepare(self) -> None:
        pass

    def rest(self) -> None:
        pass


@pytest.mark.parametrize(("status", "least"), [(429, 1), (503, 1), (500, 4), (200, 4)])
def test_the_client_lets_fewer_through_when_the_server_says_it_is_busy(status: int, least: int) -> None:
    access = ServerAccess(origin="http://127.0.0.1:1", key="K", parallelism=4)
    client = Client(access, timing=Timing(lambda: 0.0, lambda _seconds: None), transport=Busy(status))
    for _ in range(5):
        client.post("add", "alias", body={})
    assert client.pace.least == least


def test_the_client_lets_fewer_through_when_calls_take_far_longer_than_they_did_and_more_when_they_do_not() -> None:
    clock = takes = 0.0

    class Labouring(Busy):
        def exchange(self, *_: object, **_more: object) -> Received:
            nonlocal clock
            clock += takes
            return super().exchange()

    access = ServerAccess(origin="http://127.0.0.1:1", key="K", parallelism=8)
    client = Client(access, timing=Timing(lambda: clock, lambda _seconds: None), transport=Labouring(200))
    limits: list[int] = []
    for seconds in (0.02,) * 8 + (0.5,) * 5 + (0.03,) * 32:
        takes = seconds
        client.post("add", "alias", body={})
        limits.append(client.pace.limit)
    assert limits[:12] == [8] * 12
    assert (limits[12], limits[-1]) == (4, 8)
