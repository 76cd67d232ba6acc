import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.simulator.state import DuplicateKeyError, State, Table, TableShape, fold

PEOPLE = TableShape("id", counted=True, indexes=("town",))
HOUSES = TableShape("name", counted=False, indexes=())


def test_numbers_are_never_given_twice() -> None:
    people = Table(PEOPLE)
    first, second = people.insert({"town": "a"}), people.insert({"town": "a"})
    people.delete(second)
    assert (first, second, people.insert({"town": "a"})) == (1, 2, 3)


def test_keys_and_indexes_compare_as_the_database_does() -> None:
    people, houses = Table(PEOPLE), Table(HOUSES)
    people.insert({"town": "Köln "})
    houses.insert({"name": "Haus"})
    assert people.count("town", "KOLN") == 1
    assert "hAUS " in houses
    with pytest.raises(DuplicateKeyError):
        houses.insert({"name": "HAUS"})


def test_a_row_may_change_its_key_unless_that_is_taken() -> None:
    houses = Table(HOUSES)
    houses.insert({"name": "a"})
    houses.insert({"name": "b"})
    assert houses.update("a", name="A ")
    with pytest.raises(DuplicateKeyError):
        houses.update("a", name="b")
    assert houses.update("a", name="c")
    assert [row["name"] for row in houses] == ["c", "b"]
    assert not houses.update("a", name="d")


CHANGES = st.lists(
    st.tuples(st.sampled_from(["insert", "update", "delete"]), st.integers(1, 6), st.sampled_from("abAÄ")), max_size=30
)


@given(CHANGES)
def test_an_index_always_finds_what_a_scan_would(changes: list[tuple[str, int, str]]) -> None:
    people = Table(PEOPLE)
    for change, number, town in changes:
        if change == "insert":
            people.insert({"town": town})
        elif change == "update":
            people.update(number, town=town)
        else:
            people.delete(number)
    for town in "abAÄ":
        scanned = [row for row in people if fold(row["town"]) == fold(town)]
        assert sorted(row["id"] for row in people.find("town", town)) == sorted(row["id"] for row in scanned)


def test_a_row_among_a_hundred_thousand_costs_what_one_among_few_does() -> None:
    people = Table(PEOPLE)
    for number in range(100_000):
        people.insert({"town": f"t{number % 1000}"})
    started = time.thread_time()
    for number in range(1000):
        people.update(people.insert({"town": f"new{number}"}), town="moved")
    assert people.count("town", "moved") == 1000
    assert time.thread_time() - started < 2  # seconds of this thread; to look at every row each time takes far more


def test_a_state_survives_its_dump_with_its_counters(tmp_path: Path) -> None:
    state = State()
    name = next(name for name, table in state.tables.items() if table.shape.counted)
    state.table(name).next_id = 6
    state.redis.hash("h")["f"] = "v"
    state.values["x"] = [1]
    path = tmp_path / "state.json"
    state.save(path, version="2026-07a")
    dumped: dict[str, Any] = json.loads(path.read_text())["state"]
    again = State.load(dumped)
    assert again.dump() == state.dump()
    assert again.table(name).next_id == 6
