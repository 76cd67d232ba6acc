"""Several alias adds in one call: fewer calls, and still every outcome told for each alias by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults
from reconciler.simulator.protocol import Answer
from tests.acceptance.person import KEY, READ_ONLY_KEY, VERSIONS, Person

Welcome = Callable[..., Person]

INCOMPLETE = 6
DOMAINS = "domains:\n" + "".join(
    f"  - {{name: {name}, max_mailboxes: 5, max_aliases: 50, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}}\n"
    for name in ("acme.example", "bürger.example")
)


class Watched(Simulator):
    """A server that keeps what is added, and to which something happens around the first call that adds aliases."""

    def __init__(self, version: str) -> None:
        super().__init__(version, api_key=KEY, read_only_key=READ_ONLY_KEY)
        self.added: list[list[str]] = []
        self.before: Callable[[], object] | None = None
        self.answers_nothing = False

    def theirs(self, **attributes: Any) -> None:
        """Somebody else adds an alias."""
        sent = {"X-API-Key": KEY, "Content-Type": "application/json"}
        body = json.dumps({"active": 1, **attributes}).encode()
        assert b"alias_added" in super().handle("POST", "/api/v1/add/alias", sent, body).body

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        if path != "/api/v1/add/alias":
            return super().handle(method, path, headers, body, peer)
        before, self.before = self.before, None
        if before is not None:
            before()
        self.added.append(json.loads(body)["address"].split(","))
        answer = super().handle(method, path, headers, body, peer)
        lost, self.answers_nothing = self.answers_nothing, False
        return Answer(200, answer.headers, b"") if lost else answer


def _aliases(names: Iterable[str], to: str = "crm@else.example") -> str:
    return "".join(f'  - {{address: "{name}", to: [{to}]}}\n' for name in names)


def _begin(welcome: Welcome, version: str = "2026-07a", *, faults: Faults | None = None) -> tuple[Watched, Person]:
    server = Watched(version)
    person = welcome(simulator=server, faults=faults)
    person.writes("mail.yaml", DOMAINS)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    return server, person


def _outcomes(told: str) -> dict[str, str]:
    report = json.loads(told.splitlines()[-1])
    return {each["address"].removeprefix("alias/"): each["outcome"] for each in report["changes"]}


def _there(person: Person) -> dict[str, str]:
    return {row["address"]: row["goto"] for row in person.asks("alias/all") or ()}


NAMES = [f"u{number:02}@acme.example" for number in range(45)]


@pytest.mark.parametrize("version", VERSIONS)
def test_adds_that_differ_in_their_address_only_go_out_together(welcome: Welcome, version: str) -> None:
    server, person = _begin(welcome, version)
    declared = _aliases(NAMES) + _aliases(["info@bürger.example", "@bürger.example"])
    person.writes("mail.yaml", DOMAINS + "aliases:\n" + declared + _aliases(["other@acme.example"], "x@else.example"))
    applied = person.types("apply", "mail.yaml", "--auto-approve", "--format", "json", "--allow-changes", "99")
    assert applied.code == 0, applied.out[-2000:]
    assert set(_outcomes(applied.out).values()) == {"done"}
    by_domain = [2, 5] if version != "2022-01a" else [7]  # the old one is written to one call at a time anyway
    assert sorted(map(len, server.added)) == [1, *by_domain, 20, 20]
    international = {"@xn--brger-kva.example", "info@xn--brger-kva.example"}
    assert any(international <= set(each) for each in server.added)
    assert len(_there(person)) == 48
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_an_address_somebody_else_took_fails_alone(welcome: Welcome, version: str) -> None:
    server, person = _begin(welcome, version)
    person.writes("mail.yaml", DOMAINS + "aliases:\n" + _aliases(NAMES[:10]))
    server.before = lambda: server.theirs(address=NAMES[3], goto="somebody@else.example")
    applied = person.types("apply", "mail.yaml", "--auto-approve", "--format", "json")
    assert applied.code == INCOMPLETE
    assert _outcomes(applied.out) == {**dict.fromkeys(NAMES[:10], "done"), NAMES[3]: "failed"}
    assert server.added == [NAMES[:10], [NAMES[3]]], "what was refused is asked for again, by itself"
    assert _there(person)[NAMES[3]] == "somebody@else.example"


def test_where_the_room_ends_midway_the_rest_fails_one_by_one(welcome: Welcome) -> None:
    server, person = _begin(welcome)
    person.writes("mail.yaml", DOMAINS + "aliases:\n" + _aliases(NAMES[:6]))
    others = [f"theirs{number}@acme.example" for number in range(47)]
    server.before = lambda: server.theirs(address=",".join(others), goto="somebody@else.example")
    applied = person.types("apply", "mail.yaml", "--auto-approve", "--format", "json")
    assert applied.code == INCOMPLETE
    assert _outcomes(applied.out) == {**dict.fromkeys(NAMES[:3], "done"), **dict.fromkeys(NAMES[3:6], "failed")}
    assert server.added == [NAMES[:6], [NAMES[3]], [NAMES[4]], [NAMES[5]]]
    assert not {*NAMES[3:6]} & set(_there(person))


def test_when_the_answer_is_lost_reading_tells_and_nothing_is_added_twice(welcome: Welcome) -> None:
    server, person = _begin(welcome)
    person.writes("mail.yaml", DOMAINS + "aliases:\n" + _aliases(NAMES[:10]))
    server.answers_nothing = True
    applied = person.types("apply", "mail.yaml", "--auto-approve", "--format", "json")
    assert applied.code == 0, applied.out[-2000:]
    assert set(_outcomes(applied.out).values()) == {"done"}
    assert server.added == [NAMES[:10]]


def test_what_needs_something_that_failed_is_left_out_of_the_call(welcome: Welcome) -> None:
    server, person = _begin(welcome, "2022-01a", faults=Faults.of("status=500:add/domain:3+"))
    late = _aliases(["info@late.example", "sales@late.example"])
    person.writes(
        "mail.yaml", f"{DOMAINS}  - {{name: late.example, max_aliases: 9}}\naliases:\n{_aliases(NAMES[:3])}{late}"
    )
    applied = person.types("apply", "mail.yaml", "--auto-approve", "--format", "json")
    assert _outcomes(applied.out) == {
        "domain/late.example": "failed",
        **dict.fromkeys(NAMES[:3], "done"),
        **dict.fromkeys(["info@late.example", "sales@late.example"], "blocked"),
    }
    assert server.added == [NAMES[:3]]


def test_calls_show_every_address(welcome: Welcome) -> None:
    _, person = _begin(welcome)
    person.writes("mail.yaml", DOMAINS + "aliases:\n" + _aliases(NAMES[:3]))
    shown = person.types("plan", "mail.yaml", "--show-calls")
    assert ",".join(NAMES[:3]) in shown.out
