"""How much may fail before an apply stops: exactly so much, whatever is under way."""

from __future__ import annotations

import threading

import pytest

from reconciler.model.operation import Operation, Verb
from tests.engine.world import Does, World, call, create, mailbox, run, update

PEOPLE = [mailbox(f"u{number:02}") for number in range(40)]


@pytest.mark.parametrize("most", [0, 1, 3, 10])
def test_one_more_than_are_allowed_fail_and_then_nothing_is_sent(most: int) -> None:
    world = World()
    for address in PEOPLE[5:]:
        world.on(address, Does.REFUSE)
    ran = run(world, map(create, PEOPLE), [call(Verb.ADD, each) for each in PEOPLE], workers=8, most_failures=most)
    outcomes = list(ran.outcomes.values())
    assert outcomes.count("failed") == most + 1
    assert outcomes.count("done") == 5
    assert len(world.sent) == 5 + most + 1
    assert ran.report.stopped is not None
    assert ran.report.stopped.id == "too-many-failures"


@pytest.mark.parametrize("workers", [1, 8])
def test_what_failed_counts_though_there_would_be_more_to_do_for_it(workers: int) -> None:
    world = World()
    for address in PEOPLE:
        world.on(address, Does.REFUSE)
    adds = [call(Verb.ADD, each) for each in PEOPLE]
    limits = [call(Verb.EDIT, each, phase=1, route="rl-mbox") for each in PEOPLE]
    ran = run(world, map(create, PEOPLE), adds + limits, workers=workers, most_failures=2)
    assert list(ran.outcomes.values()).count("failed") == 3
    assert len(world.sent) == 3


def test_what_failed_before_leaves_less_room_for_what_comes_later() -> None:
    world = World()
    for address in PEOPLE:
        world.on(address, Does.REFUSE)
    operations = [call(Verb.ADD, each, phase=int(place > 1)) for place, each in enumerate(PEOPLE)]
    ran = run(world, map(create, PEOPLE), operations, workers=8, most_failures=2)
    assert list(ran.outcomes.values()).count("failed") == 3
    assert len(world.sent) == 3


def test_as_many_calls_are_under_way_as_may_fail() -> None:
    together = threading.Barrier(4)
    most_at_once = 0
    at_once = 0
    lock = threading.Lock()

    def meet(_operation: Operation) -> None:
        nonlocal at_once, most_at_once
        with lock:
            at_once += 1
            most_at_once = max(most_at_once, at_once)
        together.wait(timeout=60)
        with lock:
            at_once -= 1

    operations = [call(Verb.ADD, each) for each in PEOPLE]
    ran = run(World(before_each=meet), map(create, PEOPLE), operations, workers=8, most_failures=3)
    assert set(ran.outcomes.values()) == {"done"}
    assert most_at_once == 4


def test_answers_that_were_lost_count_until_reading_shows_that_they_took() -> None:
    world = World()
    for address in PEOPLE:
        world.on(address, Does.LOSE_AFTER)
    operations = [call(Verb.ADD, each) for each in PEOPLE]
    ran = run(world, map(create, PEOPLE), operations, workers=8, most_failures=2)
    assert set(ran.outcomes.values()) == {"done"}
    assert len(world.sent) == len(PEOPLE)
    assert max(len(addresses) for addresses in world.looked) <= 3


def test_a_call_about_more_than_may_fail_is_made_alone() -> None:
    world = World(there={address: {"name": "old"} for address in PEOPLE})
    batches = [PEOPLE[:10], PEOPLE[10:20], PEOPLE[20:30], PEOPLE[30:]]
    under_way = 0
    lock = threading.Lock()

    def alone(_operation: Operation) -> None:
        nonlocal under_way
        with lock:
            under_way += 1
            assert under_way == 1
        threading.Event().wait(0.01)
        with lock:
            under_way -= 1

    world.before_each = alone
    operations = [call(Verb.EDIT, *batch) for batch in batches]
    ran = run(world, map(update, PEOPLE), operations, workers=4, most_failures=1)
    assert set(ran.outcomes.values()) == {"done"}
    assert len(world.sent) == 4
