import threading
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.lanes import Lanes
from reconciler.model.address import Address
from reconciler.model.operation import Operation, Verb
from tests.engine.world import World, call, create, mailbox, run


def operation(*lanes: str) -> Operation:
    return Operation(Verb.EDIT, "x", (Address("mailbox", "a"),), lanes=frozenset(lanes))


def test_operations_on_different_lanes_may_run_at_once() -> None:
    lanes = Lanes([operation("a"), operation("b"), operation()])
    assert [lanes.take() for _ in range(4)] == [0, 1, 2, None]


def test_an_operation_waits_for_all_of_its_lanes_and_holds_back_those_behind_it() -> None:
    lanes = Lanes([operation("a"), operation("a", "b"), operation("b"), operation("c")])
    assert [lanes.take() for _ in range(3)] == [0, 3, None]
    lanes.release(0)
    assert [lanes.take(), lanes.take()] == [1, None]
    lanes.release(1)
    assert [lanes.take(), lanes.take()] == [2, None]


@given(
    st.lists(st.frozensets(st.sampled_from("abcd"), max_size=3), max_size=30),
    st.randoms(use_true_random=False),
)
def test_whatever_the_timing_every_lane_sees_its_operations_one_by_one_in_order(
    lanes_of: list[frozenset[str]], random: object
) -> None:
    lanes = Lanes([operation(*each) for each in lanes_of])
    running: list[int] = []
    order: list[int] = []
    while len(order) < len(lanes_of):
        while (taken := lanes.take()) is not None:
            running.append(taken)
            order.append(taken)
            busy = Counter(lane for each in running for lane in lanes_of[each])
            assert all(count == 1 for count in busy.values())
        if running:
            lanes.release(running.pop(random.randrange(len(running))))  # type: ignore[attr-defined]  # a Random
    for lane in "abcd":
        seen = [each for each in order if lane in lanes_of[each]]
        assert seen == sorted(seen)


def test_as_many_calls_are_under_way_as_there_are_workers() -> None:
    together = threading.Barrier(4)

    def meet(_operation: Operation) -> None:
        together.wait(timeout=60)

    world = World(before_each=meet)
    addresses = [mailbox(f"u{number}") for number in range(8)]
    ran = run(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=4)
    assert set(ran.outcomes.values()) == {"done"}


def test_one_worker_sends_one_call_at_a_time() -> None:
    under_way: list[Operation] = []
    most: list[int] = []

    def watch(each: Operation) -> None:
        under_way.append(each)
        most.append(len(under_way) - len(world.there))

    world = World(before_each=watch)
    addresses = [mailbox(f"u{number}") for number in range(6)]
    run(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=1)
    assert set(most) == {1}
    assert [each.changes[0] for each in world.sent] == addresses
