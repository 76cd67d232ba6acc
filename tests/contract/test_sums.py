"""What the simulator keeps as sums is what counting gives, after everything the recordings did."""

from collections import Counter

import pytest

from reconciler.simulator import State
from tests.contract.replay import RECORDINGS, recordings, simulator_after

NAMES = [name for name in recordings() if name.startswith("random")]


def _counted(state: State) -> dict[str, tuple[int, int, int]]:
    mailboxes = {row["username"].lower(): row for row in state.table("mailbox")}
    own = [row for row in mailboxes.values() if row["kind"] == ""]
    number = Counter(row["domain"] for row in own)
    quota = Counter[str]()
    for row in own:
        quota[row["domain"]] += row["quota"]
    hidden = Counter(row["domain"] for row in state.table("alias") if row["address"].lower() in mailboxes)
    names = set(number) | set(quota) | set(hidden)
    return {name: (number[name], quota[name], hidden[name]) for name in names}


@pytest.mark.parametrize("name", NAMES)
def test_sums_of_domains_are_what_counting_gives(name: str) -> None:
    state = simulator_after(RECORDINGS / f"{name}.jsonl.xz").state
    kept = {
        row["domain"]: (row["mailboxes"], row["quota"], row["shadowed"])
        for row in state.table("domain_totals")
        if row["mailboxes"] or row["quota"] or row["shadowed"]
    }
    assert kept == _counted(state)


@pytest.mark.parametrize("name", NAMES)
def test_indexes_of_tables_find_what_a_search_of_all_rows_finds(name: str) -> None:
    state = simulator_after(RECORDINGS / f"{name}.jsonl.xz").state
    for table in state.tables.values():
        for column in table.shape.indexes:
            for row in table:
                assert row in table.find(column, row.get(column))
                assert table.count(column, row.get(column)) == len(table.find(column, row.get(column)))
