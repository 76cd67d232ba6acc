"""Somebody, or an apply that was killed, makes the very thing an apply is about to make."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults
from reconciler.simulator.protocol import Answer
from tests.acceptance.person import KEY, READ_ONLY_KEY, VERSIONS, Person

Welcome = Callable[..., Person]

INCOMPLETE = 6
DOMAIN = """
domains:
  - {name: acme.example, max_mailboxes: 5, max_aliases: 40, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}
"""


class Beaten(Simulator):
    """A server to which somebody else sends a call right before ours of the same route arrives."""

    theirs: tuple[str, Any] | None = None

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        if self.theirs is not None and path == f"/api/v1/{self.theirs[0]}":
            attributes, self.theirs = self.theirs[1], None
            sent = {"X-API-Key": KEY, "Content-Type": "application/json"}
            first = super().handle(method, path, sent, json.dumps(attributes).encode(), peer)
            assert b"success" in first.body
        return super().handle(method, path, headers, body, peer)


def _apply(welcome: Welcome, version: str, declared: str, route: str, **theirs: Any) -> tuple[int, str]:
    server = Beaten(version, api_key=KEY, read_only_key=READ_ONLY_KEY)
    person = welcome(simulator=server)
    person.writes("mail.yaml", DOMAIN)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    person.writes("mail.yaml", DOMAIN + declared)
    person.environ["BEN"] = "Correct.Horse.77"
    server.theirs = route, theirs
    ended = person.types("apply", "mail.yaml", "--auto-approve", "--quiet")
    return ended.code, ended.out


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_there_just_as_declared_is_done(welcome: Welcome, version: str) -> None:
    declared = "aliases:\n  - {address: sales@acme.example, to: [x@else.example]}\n"
    code, told = _apply(
        welcome, version, declared, "add/alias", address="sales@acme.example", goto="x@else.example", active="1"
    )
    assert (code, "Converged" in told) == (0, True), told


def test_what_is_there_otherwise_has_failed_and_is_left_alone(welcome: Welcome) -> None:
    declared = "aliases:\n  - {address: sales@acme.example, to: [x@else.example]}\n"
    code, told = _apply(
        welcome, "2026-07a", declared, "add/alias", address="sales@acme.example", goto="y@else.example", active="1"
    )
    assert code == INCOMPLETE
    assert "failed  alias/sales@acme.example: is_alias_or_mailbox" in told
    assert "alias/sales@acme.example: to not as declared" in told


def test_a_mailbox_whose_password_nobody_can_see_has_failed(welcome: Welcome) -> None:
    declared = "mailboxes:\n  - {address: ben@acme.example, quota: 1GiB, initial: {password: {env: BEN}}}\n"
    theirs = {"password": "Another.Horse.77", "password2": "Another.Horse.77"}
    code, told = _apply(
        welcome,
        "2026-07a",
        declared,
        "add/mailbox",
        local_part="ben",
        domain="acme.example",
        quota=1024,
        active=1,
        **theirs,
    )
    assert code == INCOMPLETE
    assert "failed  mailbox/ben@acme.example: object_exists" in told


RELAYHOST = "relayhosts:\n  - {host: 'smtp.acme.example:587', username: acme, password: {env: BEN}}\n"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_server_takes_twice_and_somebody_else_made_too_is_told(welcome: Welcome, version: str) -> None:
    theirs = {"hostname": "smtp.acme.example:587", "username": "acme", "password": "Correct.Horse.77"}
    code, told = _apply(welcome, version, RELAYHOST, "add/relayhost", **theirs)
    assert code == INCOMPLETE
    assert "relayhost/acme@smtp.acme.example:587: there more than once" in told


def test_what_a_proxy_made_twice_is_told_also_beside_one_of_the_kind(welcome: Welcome) -> None:
    faults = Faults()
    person = welcome(faults=faults)
    person.environ["BEN"] = "Correct.Horse.77"
    person.writes("mail.yaml", RELAYHOST)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    second = RELAYHOST.replace("{host", "{nth: 1, host") + RELAYHOST.partition("\n")[2].replace(
        "{host", "{nth: 2, host"
    )
    person.writes("mail.yaml", second)
    faults.faults = Faults.of("twice:add/relayhost").faults
    ended = person.types("apply", "mail.yaml", "--auto-approve", "--quiet")
    assert (ended.code, len(person.asks("relayhost/all"))) == (INCOMPLETE, 3), ended.out
    assert "relayhost/acme@smtp.acme.example:587#2: there more than once" in ended.out


@pytest.mark.parametrize("version", VERSIONS)
def test_the_way_to_a_name_that_a_proxy_made_twice_is_told_and_cleared_away(welcome: Welcome, version: str) -> None:
    faults = Faults.of("twice:add/relayhost")
    person = welcome(version, faults=faults)
    person.environ["BEN"] = "Correct.Horse.77"
    person.writes("mail.yaml", RELAYHOST.replace("username: acme", "username: 'ac:me'"))
    ended = person.types("apply", "mail.yaml", "--auto-approve", "--quiet")
    assert (ended.code, len(person.asks("relayhost/all"))) == (INCOMPLETE, 2), ended.out
    assert re.search(r"relayhost/placeholder-\w+\.invalid: still there", ended.out)
    again = person.types("apply", "mail.yaml", "--auto-approve", "--quiet")
    assert (again.code, len(person.asks("relayhost/all"))) == (0, 1), again.out
    assert person.types("plan", "mail.yaml", "--detailed-exitcode").code == 0


def test_others_of_a_kind_that_somebody_makes_meanwhile_are_none_of_ours(welcome: Welcome) -> None:
    code, told = _apply(welcome, "2026-07a", RELAYHOST, "add/relayhost", hostname="other.example:587", username="acme")
    assert (code, "Converged" in told) == (0, True), told


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sender_that_somebody_else_took_off_a_list_is_off_it(welcome: Welcome, version: str) -> None:
    server, person = _settled(welcome, version, "allowed_senders: [a.example]")
    person.writes("mail.yaml", DOMAIN.replace("{name", "{allowed_senders: [], name"))
    server.theirs = "delete/domain-policy", [person.asks("policy_wl_domain/acme.example")[0]["prefid"]]
    ended = person.types("apply", "mail.yaml", "--auto-approve", "--quiet")
    assert (ended.code, "Converged" in ended.out) == (0, True), ended.out


def test_a_mailbox_that_somebody_else_renamed_alike_is_renamed(welcome: Welcome) -> None:
    people = "mailboxes: [{address: %s@acme.example, quota: 1GiB, initial: {password: {env: BEN}}}]\n"
    server, person = _settled(welcome, "2026-07a", "", people % "ben")
    moved = "moved: [{mailbox: {from: ben@acme.example, to: bob@acme.example}}]\n"
    person.writes("mail.yaml", DOMAIN + people % "bob" + moved)
    names = {"domain": "acme.example", "old_local_part": "ben", "new_local_part": "bob", "create_alias": 0}
    server.theirs = "edit/rename-mbox", {"items": ["ben@acme.example"], "attr": names}
    ended = person.types("apply", "mail.yaml", "--auto-approve", "--quiet")
    assert (ended.code, "Converged" in ended.out) == (0, True), ended.out


def _settled(welcome: Welcome, version: str, said: str, declared: str = "") -> tuple[Beaten, Person]:
    server = Beaten(version, api_key=KEY, read_only_key=READ_ONLY_KEY)
    person = welcome(simulator=server)
    person.environ["BEN"] = "Correct.Horse.77"
    person.writes("mail.yaml", (DOMAIN.replace("{name", f"{{{said}, name") if said else DOMAIN) + declared)
    ended = person.types("apply", "mail.yaml", "--auto-approve")
    assert ended.code == 0, ended.err
    return server, person
