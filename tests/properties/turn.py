"""A company before a change of everything, made again and again, each time with something else in the way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reconciler.simulator import State
from tests.properties.bystanders import rows_of, settle_in
from tests.properties.company import AFTER, BEFORE, indexed, plain, rows_about
from tests.properties.schedules import SILENT
from tests.properties.town import FOUND_WRONG, Town, founded
from tests.properties.wishes import Manifest

DONE, DENIED, INCOMPLETE = 0, 4, 6
UNREADABLE = "what it sets cannot be read back"
HALF_DONE = "redis_error"
"""What a server says that has done what it does without Redis."""
ALONG = "alias/"
"""What goes along when the last mailbox it leads to does."""
REPORTED = "report"
NEVER_SENT = {"failed", "blocked"}


@dataclass
class Turn:
    """A company before a change of everything, and what the server remembers once it is done.

    Attributes:
        wanted: what is declared.
        start: the server's memory to begin from, again and again.
        writes, reads: how many calls an undisturbed apply makes.
        first_reads: how many of them before the first write.
    """

    town: Town
    wanted: Manifest
    start: State
    before: dict[str, Any]
    after: dict[str, Any]
    theirs: list[str]
    writes: int
    reads: int
    first_reads: int

    def begin(self) -> None:
        """Put the company back to before the change, whatever other tests have left."""
        self.town.person.environ.pop("XDG_STATE_HOME", None)
        self.town.simulator.server.state = self.start.copy()
        self.town.declares(self.wanted)

    def disturbed(self, *faults: str, seed: int = 0, workers: int = 1, words: tuple[str, ...] = ()) -> Any:
        """Make the change with faults, then without; see that everything is as it is told.

        Args:
            words: more to say to the first apply.

        Returns:
            Its report, None where there was none.
        """
        try:
            return self._disturbed(faults, seed, ("--parallelism", str(workers), *words))
        except AssertionError as error:
            error.add_note(f"with {faults} {words} on {self.town.simulator.version}")
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
        self.town.converges_to(self.wanted)
        assert shape(visible(self.town)) == shape(self.after), told

    def _disturbed(self, faults: tuple[str, ...], seed: int, words: tuple[str, ...]) -> Any:
        town = self.town
        self.begin()
        town.suffers(*faults, seed=seed)
        with patience(town, only_a_second=any(fault.startswith(SILENT) for fault in faults)):
            ended = town.applies("--format", "json", *words)
        town.suffers()
        said = [json.loads(line) for line in ended.out.splitlines()]
        report = next((each for each in said if each["type"] == REPORTED), None)
        memory = visible(town)
        if report is None:
            assert ended.code in (DENIED, INCOMPLETE) or self._taken_for_older(said), ended.err
            assert shape(memory) == shape(self.before)
        else:
            self._is_true(report, ended.code, memory, faults)
        assert rows_of(town) == self.theirs
        town.converges_to(self.wanted)
        assert shape(visible(town)) == shape(self.after)
        assert rows_of(town) == self.theirs
        return report

    def _taken_for_older(self, said: list[Any]) -> bool:
        """Whether a server's version was asked for in vain: to one that knows less there may be nothing to do."""
        return bool(said) and said[0]["type"] == "plan" and said[0]["server"]["version"] != self.town.simulator.version

    def _is_true(self, report: Any, code: int, memory: dict[str, Any], faults: tuple[str, ...]) -> None:
        left = {each["address"] for each in report["leftovers"]}
        outcomes = {each["address"]: each["outcome"] for each in report["changes"]}
        indexes = [indexed(each) for each in (memory, self.before, self.after)]
        for each in report["changes"]:
            address, outcome = each["address"], each["outcome"]
            now, before, after = (rows_about(each, address) for each in indexes)
            told = f"{address} is {outcome}: {each['messages']}\n  now    {now}\n  before {before}\n  after  {after}"
            if outcome == "done":
                unproved = report["converged"] is None and any(fault.startswith("pretended") for fault in faults)
                assert now == after or address in left or unproved, told
            elif outcome in NEVER_SENT:
                gone_along = address.startswith(ALONG) and not (now or after)
                half_done = any(HALF_DONE in message for message in each["messages"])
                assert now == before or gone_along or half_done, told
            elif outcome == "partial":
                assert now != after, told
            else:
                assert report["stopped"] is not None or UNREADABLE in each["messages"], told
        everything = set(outcomes.values()) == {"done"} and report["converged"] is True
        assert (code == DONE) == everything, (code, outcomes)
        assert (shape(memory) == shape(self.after)) or code != DONE


def visible(town: Town) -> dict[str, Any]:
    """What the server remembers, without what no list shows: copies of mail of domains that are gone, and its own map
    of domains, which stays as it is where Redis did not take it.
    """
    memory = town.memory()
    memory.pop("DOMAIN_MAP", None)
    domains = {row["domain"] for row in memory["domain"]}
    return {**memory, "bcc_maps": [row for row in memory.get("bcc_maps", ()) if row["domain"] in domains]}


def shape(memory: dict[str, Any]) -> list[str]:
    """All that is remembered, as it can be compared between runs."""
    return sorted(f"{table}: {plain(row)}" for table, rows in memory.items() for row in rows)


@contextmanager
def patience(town: Town, *, only_a_second: bool) -> Iterator[None]:
    """Wait for answers no longer than a second where some never come.

    Nowhere else: on a machine with much to do an answer may take that long, and a call that nobody waits for any more
    still takes effect.
    """
    if only_a_second:
        town.person.writes("reconciler.yaml", "server: {timeout: 1s}\n")
    yield
    (town.person.folder / "reconciler.yaml").unlink(missing_ok=True)


@contextmanager
def before_a_change(version: str, before: Manifest) -> Iterator[Callable[[Manifest], Turn]]:
    """A manifest's server of a version, beside others; gives what makes turns of it, to one manifest or another."""
    with founded(version) as town:
        town.person.sleep = lambda seconds: time.sleep(seconds / 250)
        settle_in(town)
        town.converges_to(before)
        start, memory, theirs = town.simulator.state.copy(), visible(town), rows_of(town)

        def turn(wanted: Manifest) -> Turn:
            town.simulator.server.state = start.copy()
            town.declares(wanted)
            del town.simulator.requests[:]
            applied = town.applies()
            assert applied.code == DONE, f"{applied.out}\n{applied.err}"
            writes = len(town.simulator.writes)
            reads = len(town.simulator.requests) - writes
            first = next(
                (place for place, (method, _, _) in enumerate(town.simulator.requests) if method != "GET"), reads
            )
            return Turn(town, wanted, start, memory, visible(town), theirs, writes, reads, first)

        yield turn


@contextmanager
def about_to_change(version: str) -> Iterator[Turn]:
    """A company on a server of a version, beside others, with the manifests of what it shall become."""
    with before_a_change(version, BEFORE) as turn:
        yield turn(AFTER)
