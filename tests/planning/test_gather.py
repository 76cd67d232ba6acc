"""How many calls alike operations become, and how long these wait for each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.engine.lanes import Lanes
from reconciler.model.address import Address
from reconciler.model.operation import Operation, Verb
from reconciler.planning.gather import CHUNK, Single, gather
from reconciler.records import replace

AT_ONCE = 4
OF_A_CALL = 0.5


def edits(domain: int, count: int, *, to: int, of: str = "mailbox") -> list[Single]:
    """As many edits to one value, each of another resource of a domain."""
    name = f"d{domain:02}.example"
    return [
        Single(
            Operation(
                Verb.EDIT,
                of,
                (Address(of, f"{number}.{to}@{name}"),),
                (f"{number}.{to}@{name}",),
                {"to": to},
                lanes=frozenset((name,)),
            ),
            alone=False,
        )
        for number in range(count)
    ]


def cost(operation: Operation) -> float:
    return OF_A_CALL + len(operation.items)


def time_of(operations: Sequence[Operation], *, lanes: bool = True) -> float:
    """How long calls take, so many at once; those that share a lane wait for each other, or they don't."""
    if not lanes:
        operations = [Operation(each.verb, each.route, each.changes, each.items) for each in operations]
    waiting, now = Lanes(operations), 0.0
    running: list[tuple[float, int]] = []
    while True:
        while len(running) < AT_ONCE and (taken := waiting.take()) is not None:
            heappush(running, (now + cost(operations[taken]), taken))
        if not running:
            return now
        now, ended = heappop(running)
        waiting.release(ended)


def by_hand(singles: Iterable[Single]) -> float:
    """How long it takes when what is alike goes in chunks that mind no domain."""
    alike = Counter(single.operation.attributes["to"] for single in singles)
    sizes = [min(CHUNK, count - start) for count in alike.values() for start in range(0, count, CHUNK)]
    free = [0.0] * AT_ONCE
    for size in sorted(sizes, reverse=True):
        heappush(free, heappop(free) + OF_A_CALL + size)
    return max(free)


def test_chunks_of_one_group_do_not_wait_for_each_other_in_a_row() -> None:
    singles = [each for domain in range(34) for each in edits(domain, 30, to=1)]

    calls = gather(singles)

    assert len(calls) == 11
    assert time_of(calls) <= 1.1 * time_of(calls, lanes=False)


def test_chunks_of_whole_domains_share_none_where_that_takes_no_more_of_them() -> None:
    singles = [each for domain, count in enumerate((13, 44, 44, 44)) for each in edits(domain, count, to=1)]

    assert sorted(len(call.items) for call in gather(singles)) == [57, 88]


def test_alike_edits_over_several_domains_are_one_call_where_nothing_waits_for_it() -> None:
    singles = [each for domain in range(16) for each in edits(domain, 3, to=1)]

    assert [len(call.items) for call in gather(singles)] == [48]


def test_groups_of_the_same_domains_are_parted_so_that_all_are_under_way() -> None:
    singles = [each for value in range(20) for domain in range(16) for each in edits(domain, 1, to=value)]

    calls = gather(singles)

    assert len(calls) == 20 * AT_ONCE
    assert time_of(calls) <= 1.1 * by_hand(singles)


def test_two_groups_are_parted_in_two() -> None:
    singles = [each for value in range(2) for domain in range(16) for each in edits(domain, 4, to=value)]

    assert [len(call.items) for call in gather(singles)] == [32] * 4


def test_groups_that_take_no_time_worth_telling_are_not_parted() -> None:
    singles = [each for value in range(4) for domain in range(3) for each in edits(domain, 2, to=value)]

    assert [len(call.items) for call in gather(singles)] == [6] * 4


def test_what_is_parted_has_two_or_more_in_each_part_on_average() -> None:
    singles = [each for value in range(35) for domain in range(4) for each in edits(domain, 1, to=value)]

    assert [len(call.items) for call in gather(singles)] == [2] * 70


def test_a_small_group_stays_whole_where_large_ones_are_parted() -> None:
    large = [each for value in range(20) for domain in range(16) for each in edits(domain, 1, to=value)]
    small = [each for domain in range(4) for each in edits(domain, 1, to=99)]

    calls = gather([*large, *small])

    assert [len(call.items) for call in calls if call.attributes["to"] == 99] == [4]
    assert len(calls) > 20 * 2


def test_pairs_stay_together() -> None:
    singles = [each for value in range(70) for domain in range(2) for each in edits(domain, 1, to=value)]

    assert [len(call.items) for call in gather(singles)] == [2] * 70


def test_what_few_wait_for_is_not_parted() -> None:
    singles = [each for domain in range(16) for each in edits(domain, 5, to=1)]

    assert [len(call.items) for call in gather([*singles, *edits(3, 1, to=2)])] == [80, 1]


def test_one_full_domain_does_not_part_what_is_of_it() -> None:
    singles = [each for value in range(10) for each in edits(0, 30, to=value)]
    singles += [each for value in range(10) for each in edits(1, 1, to=value)]

    assert [len(call.items) for call in gather(singles)] == [31] * 10


@pytest.mark.parametrize("otherwise", [{"optional": True}, {"unclear": frozenset({"x"})}, {"passing": "x"}])
def test_calls_whose_answers_are_judged_otherwise_are_not_one(otherwise: dict[str, Any]) -> None:
    one, other = edits(1, 2, to=1)

    assert len(gather([one, other])) == 1
    assert len(gather([one, replace(other, operation=replace(other.operation, **otherwise))])) == 2


def test_what_follows_creations_alike_is_one_call_though_each_was_made_by_its_own() -> None:
    followed = [
        each
        for number, edit in enumerate(edits(1, 7, to=1))
        for each in (
            Single(replace(edit.operation, verb=Verb.ADD, items=(), attributes={"name": number}), alone=False),
            Single(replace(edit.operation, phase=1), alone=False),
        )
    ]

    calls = gather(followed)

    assert [(call.verb, call.phase, len(call.changes)) for call in calls] == [(Verb.ADD, 0, 1)] * 7 + [
        (Verb.EDIT, 1, 7)
    ]


def test_the_edits_of_a_change_keep_their_order_within_a_phase() -> None:
    first, second = edits(1, 2, to=1)
    first_then, second_then = (
        replace(each, operation=replace(each.operation, attributes={"to": 2})) for each in (first, second)
    )

    calls = gather([first, first_then, second_then, second])

    sent = [(change, call.attributes["to"]) for call in calls for change in call.changes]
    assert [to for change, to in sent if change == first.operation.changes[0]] == [1, 2]
    assert [to for change, to in sent if change == second.operation.changes[0]] == [2, 1]


@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(1, 150), st.integers(0, 5)),
        min_size=1,
        max_size=40,
        unique_by=lambda one: (one[0], one[2]),
    )
)
def test_all_is_in_one_call_each_and_hardly_waits(drawn: list[tuple[int, int, int]]) -> None:
    singles = [each for domain, count, value in drawn for each in edits(domain, count, to=value)]

    calls = gather(singles)

    there = Counter(item for call in calls for item in call.items)
    assert there == Counter(item for single in singles for item in single.operation.items)
    assert all(len(call.items) <= CHUNK for call in calls)
    assert all(call.lanes == {str(item).partition("@")[2] for item in call.items} for call in calls)
    fullest: Counter[int] = Counter()
    for domain, count, _ in drawn:
        fullest[domain] += count + 1
    assert time_of(calls) <= 1.1 * max(by_hand(singles), *fullest.values()) + 2 * CHUNK


@given(st.lists(st.integers(1, 150), min_size=1, max_size=30))
def test_one_group_is_never_in_more_calls_than_it_has_to_be(counts: list[int]) -> None:
    singles = [each for domain, count in enumerate(counts) for each in edits(domain, count, to=1)]

    calls = gather(singles)

    assert len(calls) == -(-sum(counts) // CHUNK)
    assert time_of(calls) <= by_hand(singles) + 2 * (OF_A_CALL + CHUNK)
