"""Changes, compiled and applied to the simulator over HTTP, with everything that can go wrong on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.engine.apply import Means, apply
from reconciler.engine.ports import Writer
from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange
from reconciler.model.operation import Operation
from reconciler.model.reply import Reply
from reconciler.model.report import Leftover, OperationStarted, Outcome, Report
from reconciler.model.secret import SecretSource, SourceKind
from reconciler.model.state import LiveState
from reconciler.planning.compile import compile_changes
from reconciler.remote.wanted import wanted_of
from tests.remote.rehearsal import READ_ONLY_KEY, Rehearsal, rehearsing, resolve

COPY = {"for": "a.example", "direction": "outgoing", "to": "x@vault.example"}
PASSWORD = SecretSource(SourceKind.ENV, ("PASSWORD",))


def create(kind: str, key: str, **values: Any) -> Change:
    fields = tuple(FieldChange(name, Absent.NOT_SET, value) for name, value in values.items())
    return Change(Action.CREATE, Address(kind, key), fields)


def domain(name: str, **values: Any) -> Change:
    room = {"max_mailboxes": 1000, "max_aliases": 1000, "max_total_quota": "1TiB", "max_mailbox_quota": "10GiB"}
    return create("domain", name, name=name, **{**room, **values})


def mailbox(address: str, **values: Any) -> Change:
    return create("mailbox", address, address=address, password=PASSWORD, **{"quota": "1GiB", **values})


def alias(address: str, *to: str) -> Change:
    return create("alias", address, address=address, to=to)


def update(kind: str, key: str, **values: Any) -> Change:
    fields = tuple(FieldChange(name, "before", value) for name, value in values.items())
    return Change(Action.UPDATE, Address(kind, key), fields)


@dataclass
class Applied:
    """What came of an apply."""

    report: Report
    started: int

    @property
    def outcomes(self) -> dict[str, str]:
        return {str(each.address): each.outcome.value for each in self.report.changes}


def applied(
    server: Rehearsal,
    changes: Iterable[Change],
    *,
    live: LiveState | None = None,
    writer: Writer | None = None,
) -> Applied:
    """Carry changes out as the pipeline does.

    Args:
        live: what they were planned from; read now otherwise.
        writer: sends in place of the usual one.
    """
    planned = tuple(changes)
    before = live if live is not None else server.read(*server.kinds)
    means = Means(
        kinds=server.kinds,
        writer=writer or server.writer(before),
        look_again=server.reader.look_again,
        verify=lambda: leftovers(server, planned),
        before=before,
        resolve=resolve,
        workers=server.parallelism if server.capabilities.parallel_writes else 1,
        clock=iter(range(1_000_000)).__next__,
    )
    running = apply(planned, compile_changes(server.kinds, planned, before, capabilities=server.capabilities), means)
    started = 0
    while True:
        try:
            started += isinstance(next(running), OperationStarted)
        except StopIteration as end:
            return Applied(end.value, started)


def leftovers(server: Rehearsal, changes: tuple[Change, ...]) -> tuple[Leftover, ...]:
    """Compare what can be read of changes with the server."""
    live = server.reader.read(wanted_of([change.address for change in changes], server.kinds)).live
    return tuple(
        Leftover(change.address, each.name)
        for change in changes
        for each in change.fields
        if change.action is not Action.DELETE and differs(server, live, change.address, each)
    )


def differs(server: Rehearsal, live: LiveState, address: Address, each: FieldChange) -> bool:
    observed = live.get(address)
    if isinstance(each.after, SecretSource):
        return False
    if observed is None or each.name not in observed.values:
        return True
    return not server.kinds[address.kind].fields[each.name].codec.same(observed.values[each.name], each.after)


def a_company(people: int = 6) -> list[Change]:
    """Two domains with people and their aliases, a relayhost, and mail routed and copied."""
    names = [f"u{number}@{'ab'[number % 2]}.example" for number in range(people)]
    return [
        create("relayhost", "acme@smtp.example:587", host="smtp.example:587", username="acme", password=PASSWORD),
        domain("a.example", relayhost="acme@smtp.example:587", rate_limit="500/h"),
        domain("b.example"),
        create("alias_domain", "c.example", name="c.example", target="a.example"),
        *(mailbox(name, name="Some One", rate_limit="10/h") for name in names),
        *(alias(f"info{number}@b.example", name) for number, name in enumerate(names)),
        create(
            "bcc_map", "outgoing:a.example", **{"for": "a.example", "direction": "outgoing", "to": "x@vault.example"}
        ),
    ]


def test_a_company_is_set_up_and_converges(server: Rehearsal) -> None:
    done = applied(server, a_company())
    assert set(done.outcomes.values()) == {"done"}
    assert (done.report.converged, done.report.leftovers) == (True, ())
    assert done.report.calls == done.started
    assert server.get("get/domain/a.example")["relayhost"] == "1"


@pytest.mark.parametrize(
    "fault",
    [
        "reset-after:add",
        "reset-before:add:1,3",
        "empty-after:add/mailbox",
        "empty:add/alias:2,4",
        "status-after=504:edit",
        "status=502:add/domain:1",
        "reset-before:edit:1",
        "database-down:add/mailbox:3",
    ],
)
@pytest.mark.parametrize("version", ["2022-01a", "2026-07a"])
def test_a_company_is_set_up_through_lost_answers_and_nothing_is_there_twice(version: str, fault: str) -> None:
    with rehearsing(version, faults=(fault,)) as server:
        done = applied(server, a_company())
        assert set(done.outcomes.values()) == {"done"}
        assert done.report.converged is True
        assert len(server.get("get/relayhost/all")) == 1
        assert len(server.get("get/bcc/all")) == 1


def no_imap_for(addresses: Iterable[str]) -> list[Change]:
    return [update("mailbox", address, imap=False) for address in addresses]


def test_equal_edits_are_one_call_and_the_one_that_is_refused_is_known(server: Rehearsal) -> None:
    applied(server, a_company())
    live = server.read(*server.kinds)
    server.post("delete/mailbox", ["u3@b.example"])
    before = server.requests
    done = applied(server, no_imap_for(live.of("mailbox")), live=live)
    assert [key for key, outcome in done.outcomes.items() if outcome != "done"] == ["mailbox/u3@b.example"]
    assert done.outcomes["mailbox/u3@b.example"] == "failed"
    assert done.report.converged is False
    assert (server.requests - before)["post edit/mailbox"] == 2


def test_an_item_that_is_refused_once_is_sent_again_alone() -> None:
    with rehearsing(faults=("danger:edit/mailbox:1",)) as server:
        applied(server, a_company())
        live = server.read(*server.kinds)
        before = server.requests
        done = applied(server, no_imap_for(live.of("mailbox")), live=live)
        assert set(done.outcomes.values()) == {"done"}
        assert (server.requests - before)["post edit/mailbox"] == 2


def test_a_domain_that_is_refused_blocks_what_is_in_it(server: Rehearsal) -> None:
    changes = [
        domain("a.example", max_mailbox_quota="5TiB"),
        mailbox("anna@a.example"),
        alias("info@a.example", "x@y.example"),
        domain("b.example"),
        mailbox("ben@b.example"),
    ]
    done = applied(server, changes)
    assert done.outcomes == {
        "domain/a.example": "failed",
        "mailbox/anna@a.example": "blocked",
        "alias/info@a.example": "blocked",
        "domain/b.example": "done",
        "mailbox/ben@b.example": "done",
    }
    assert done.report.changes[0].messages == ("mailbox_quota_exceeds_domain_quota",)


def test_a_mailbox_that_an_old_server_left_half_made_is_cleared_away_and_made(old_server: Rehearsal) -> None:
    applied(old_server, [domain("a.example")])

    class Unlucky:
        """The first mailbox it adds is left half made, and its answer is empty."""

        def __init__(self, writer: Writer) -> None:
            self.writer = writer
            self.sent: list[str] = []

        def send(self, operation: Operation) -> Reply:
            self.sent.append(f"{operation.verb.value}/{operation.route}")
            if len(self.sent) == 1:
                old_server.leave_half_made(operation.changes[0].key)
                return Reply(Outcome.UNKNOWN, ("no usable answer: empty-body",))
            return self.writer.send(operation)

    unlucky = Unlucky(old_server.writer())
    done = applied(old_server, [mailbox("anna@a.example", name="Anna")], writer=unlucky)
    assert done.outcomes == {"mailbox/anna@a.example": "done"}
    assert done.report.converged is True
    assert unlucky.sent == ["add/mailbox", "add/mailbox", "delete/mailbox", "add/mailbox"]
    assert [row["username"] for row in old_server.get("get/mailbox/reduced")] == ["anna@a.example"]


def test_a_mailbox_that_somebody_else_left_half_made_is_left_alone(old_server: Rehearsal) -> None:
    applied(old_server, [domain("a.example")])
    old_server.leave_half_made("anna@a.example")
    done = applied(old_server, [mailbox("anna@a.example")])
    assert done.outcomes == {"mailbox/anna@a.example": "failed"}
    assert done.started == 1


def test_a_read_only_key_stops_the_run_and_tells_that_nothing_was_done(server: Rehearsal) -> None:
    server.add_domain("a.example")
    reader = server.again(key=READ_ONLY_KEY)
    done = applied(reader, [mailbox(f"u{number}@a.example") for number in range(9)])
    assert done.started <= 4
    assert set(done.outcomes.values()) == {"failed", "blocked"}
    assert done.report.converged is False
    assert done.report.stopped is not None
    assert (done.report.stopped.id, done.report.stopped.exit_code) == ("api-key-read-only", 4)


def test_deletions_of_what_is_gone_already_are_done(server: Rehearsal) -> None:
    applied(server, a_company())
    live = server.read(*server.kinds)
    aliases = live.of("alias")
    server.post("delete/alias", [next(iter(aliases.values())).handle])
    done = applied(server, [Change(Action.DELETE, each.address) for each in aliases.values()], live=live)
    assert set(done.outcomes.values()) == {"done"}
    assert server.read("alias").of("alias") == {}


@pytest.mark.parametrize(("selector", "outcome"), [("s1", "done"), ("s2", "failed")])
def test_a_key_somebody_made_meanwhile_is_done_only_if_it_is_as_wanted(
    server: Rehearsal, selector: str, outcome: str
) -> None:
    applied(server, [domain("a.example")])
    wanted = create("dkim_key", "a.example", domain="a.example", selector="s1", size=1024)
    live = server.read("domain")
    server.post("add/dkim", {"domains": "a.example", "dkim_selector": selector, "key_size": 1024})
    done = applied(server, [wanted], live=live)
    assert list(done.outcomes.values()) == [outcome]


class Together:
    """A writer whose calls all begin at once."""

    def __init__(self, writer: Writer, calls: int) -> None:
        self._writer = writer
        self._all_there = threading.Barrier(calls, action=lambda: self.begun.append(time.monotonic()))
        self.begun: list[float] = []
        self.ended: list[float] = []

    def send(self, operation: Operation) -> Reply:
        self._all_there.wait(60)
        reply = self._writer.send(operation)
        self.ended.append(time.monotonic())
        return reply


def test_calls_beside_each_other_are_faster_than_one_after_another() -> None:
    with rehearsing(faults=("latency=100ms:add",), parallelism=8) as server:
        for number in range(8):
            server.add_domain(f"d{number}.example")
        live = server.read(*server.kinds)
        together = Together(server.writer(live), calls=8)
        changes = [alias(f"info@d{number}.example", "x@y.example") for number in range(8)]
        done = applied(server, changes, live=live, writer=together)
        assert set(done.outcomes.values()) == {"done"}
        one_after_another = server.client.statistics.calls["post add/alias"].seconds
        assert max(together.ended) - together.begun[0] < 0.8 * one_after_another
