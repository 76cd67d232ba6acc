"""A company before a change of everything, made again and again, each time with something else in the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reconciler.simulator import State
from tests.properties.bystanders import rows_of, settle_in
from tests.properties.company import AFTER, BEFORE, plain, rows_about
from tests.properties.town import FOUND_WRONG, Town, founded

DONE, DENIED, INCOMPLETE = 0, 4, 6
UNREADABLE = "what it sets cannot be read back"
REPORTED = "report"
NEVER_SENT = {"failed", "blocked"}


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

    def misled(self, *lies: str, seed: int = 0) -> None:
        """Make the change while reads are answered wrongly, then rightly; nothing is lost, doubled or touched."""
        self.begin()
        self.town.suffers(*lies, seed=seed)
        ended = self.town.applies("--format", "json", "--parallelism", "1")
        self.town.suffers()
        told = f"{lies} on {self.town.simulator.version}: {ended.out[-3000:]}\n{ended.err}"
        assert ended.code in (DONE, FOUND_WRONG, INCOMPLETE), told
        assert rows_of(self.town) == self.theirs, told
        self.town.converges_to(AFTER)
        assert shape(visible(self.town)) == shape(self.after), told

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
