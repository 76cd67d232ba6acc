"""Whatever goes wrong with whichever call, a report is true, nothing else is touched, and the next apply gets there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.simulator import State
from tests.properties.bystanders import rows_of, settle_in
from tests.properties.company import AFTER, BEFORE, plain, rows_about
from tests.properties.effort import examples, sweeping
from tests.properties.town import Town, founded

DONE, DENIED, INCOMPLETE = 0, 4, 6
UNREADABLE = "what it sets cannot be read back"
REPORTED = "report"
NEVER_SENT = {"failed", "blocked"}

WITHOUT_ANSWER = (
    "empty",
    "empty-after",
    "reset-before",
    "reset-after",
    "truncated",
    "status=502",
    "status-after=504",
    "status=503",
    "status=429",
    "database-down",
    "page",
    "page-after",
    "half",
)
MISLEADING = ("danger", "pretended")
HARMLESS = ("latency=5ms", "trickle=200000")
SILENT = ("timeout-before", "timeout-after")
FINAL = ("denied",)
KINDS = (*WITHOUT_ANSWER, *MISLEADING, *HARMLESS, *SILENT, *FINAL)
VERSIONS = ("2022-01a", "2024-08a", "2026-07a")


@dataclass
class Turn:
    """A company before a change of everything, and what the server remembers once it is done.

    Attributes:
        start: the server's memory to begin from, again and again.
        writes, reads: how many calls an undisturbed apply makes.
        first_reads: how many of them before the first write.
    """

    town: Town
    start: State
    before: dict[str, Any]
    after: dict[str, Any]
    theirs: list[str]
    writes: int
    reads: int
    first_reads: int

    def begin(self) -> None:
        """Put the company back to before the change."""
        self.town.simulator.server.state = self.start.copy()
        self.town.declares(AFTER)

    def disturbed(self, *faults: str, seed: int = 0, workers: int = 1) -> None:
        """Make the change with faults, then without; see that everything is as it is told."""
        try:
            self._disturbed(faults, seed, workers)
        except AssertionError as error:
            error.add_note(f"with {faults} on {self.town.simulator.version}")
            raise

    def _disturbed(self, faults: tuple[str, ...], seed: int, workers: int) -> None:
        town = self.town
        self.begin()
        town.suffers(*faults, seed=seed)
        ended = town.applies("--format", "json", "--parallelism", str(workers))
        town.suffers()
        said = [json.loads(line) for line in ended.out.splitlines()]
        report = next((each for each in said if each["type"] == REPORTED), None)
        memory = visible(town)
        if report is None:
            assert ended.code in (DENIED, INCOMPLETE), ended.err
            assert shape(memory) == shape(self.before)
        else:
            self._is_true(report, ended.code, memory, faults)
        assert rows_of(town) == self.theirs
        town.converges_to(AFTER)
        assert shape(visible(town)) == shape(self.after)
        assert rows_of(town) == self.theirs

    def _is_true(self, report: Any, code: int, memory: dict[str, Any], faults: tuple[str, ...]) -> None:
        left = {each["address"] for each in report["leftovers"]}
        outcomes = {each["address"]: each["outcome"] for each in report["changes"]}
        for each in report["changes"]:
            address, outcome = each["address"], each["outcome"]
            now, before, after = (rows_about(where, address) for where in (memory, self.before, self.after))
            told = f"{address} is {outcome}: {each['messages']}\n  now    {now}\n  before {before}\n  after  {after}"
            if outcome == "done":
                unproved = report["converged"] is None and any(fault.startswith("pretended") for fault in faults)
                assert now == after or address in left or unproved, told
            elif outcome in NEVER_SENT:
                assert now == before, told
            elif outcome == "partial":
                assert now != after, told
            else:
                assert report["stopped"] is not None or UNREADABLE in each["messages"], told
        everything = set(outcomes.values()) == {"done"} and report["converged"] is True
        assert (code == DONE) == everything, (code, outcomes)
        assert (shape(memory) == shape(self.after)) or code != DONE


def visible(town: Town) -> dict[str, Any]:
    """What the server remembers, without copies of mail of domains that are gone: no list shows them."""
    memory = town.memory()
    domains = {row["domain"] for row in memory["domain"]}
    return {**memory, "bcc_maps": [row for row in memory.get("bcc_maps", ()) if row["domain"] in domains]}


def shape(memory: dict[str, Any]) -> list[str]:
    """All that is remembered, as it can be compared between runs."""
    return sorted(f"{table}: {plain(row)}" for table, rows in memory.items() for row in rows)


@contextmanager
def about_to_change(version: str) -> Iterator[Turn]:
    """A company on a server of a version, beside others, with the manifests of what it shall become."""
    with founded(version) as town:
        town.person.writes("reconciler.yaml", "server: {timeout: 1s}\n")
        settle_in(town)
        town.converges_to(BEFORE)
        start, before, theirs = town.simulator.state.copy(), visible(town), rows_of(town)
        town.declares(AFTER)
        del town.simulator.requests[:]
        assert town.applies().code == DONE
        writes = len(town.simulator.writes)
        reads = len(town.simulator.requests) - writes
        first = next(place for place, (method, _, _) in enumerate(town.simulator.requests) if method != "GET")
        yield Turn(town, start, before, visible(town), theirs, writes, reads, first)


def chosen(turn: Turn, few: int) -> list[str]:
    """Every kind of fault at every call when sweeping; else a few."""
    places = [f"write:{number}" for number in range(1, turn.writes + 1)]
    places += [f"get:{number}" for number in range(1, turn.reads + 1)]
    every = [f"{kind}:{place}" for kind in KINDS for place in places]
    return every if sweeping() else Random(turn.town.simulator.version).sample(every, few)


@pytest.mark.parametrize("version", VERSIONS)
def test_one_fault_at_whichever_call_is_told_truly_and_overcome(version: str) -> None:
    with about_to_change(version) as turn:
        for fault in chosen(turn, few=5):
            turn.disturbed(fault)


def schedules() -> st.SearchStrategy[list[str]]:
    """Several faults: at some calls, from one on, or by chance."""
    places = st.sampled_from(("get", "write", "add", "edit", "delete"))
    occasions = st.one_of(
        st.integers(1, 30).map(str), st.integers(1, 40).map("{}+".format), st.integers(1, 60).map("{}%".format)
    )
    kinds = st.sampled_from([kind for kind in KINDS if kind not in SILENT])
    return st.lists(st.builds("{}:{}:{}".format, kinds, places, occasions), min_size=1, max_size=4)


@pytest.mark.parametrize("version", VERSIONS)
def test_many_faults_at_once_are_told_truly_and_overcome(version: str) -> None:
    with about_to_change(version) as turn:

        @examples(2, many=400)
        @given(faults=schedules(), seed=st.integers(0, 999), workers=st.sampled_from((1, 4)))
        def every(faults: list[str], seed: int, workers: int) -> None:
            turn.disturbed(*faults, seed=seed, workers=workers)

        every()
