"""Whom mailboxes may send as, and what aliases do to it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.kinds.server import Server, refused

PASSWORD = {"password": {"env": "PASSWORD"}}
ANNA: Mapping[str, Any] = {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD}
BEN: Mapping[str, Any] = {**ANNA, "address": "ben@acme.example"}
SALES: Mapping[str, Any] = {
    "address": "Sales@acme.example",
    "to": ["anna@acme.example", "ben@acme.example"],
    "sender_allowed": False,
}


def manifest(anna: Mapping[str, Any], *aliases: Mapping[str, Any]) -> dict[str, Any]:
    return {"domains": [{"name": "acme.example"}], "mailboxes": [anna, BEN], "aliases": [*aliases]}


@pytest.fixture
def server() -> Server:
    return Server("2026-07a")


def rights(server: Server) -> list[tuple[str, str]]:
    return sorted((row["logged_in_as"], row["send_as"]) for row in server.simulator.state.table("sender_acl"))


def test_an_alias_that_changes_leaves_its_recipients_the_right_to_send_as_it(server: Server) -> None:
    anna = {**ANNA, "send_as": ["sales@acme.example", "@acme.example"]}
    server.apply(manifest(anna, SALES))
    before = rights(server)
    changed = manifest(anna, {**SALES, "comment": "for customers"})
    (change,) = server.apply(changed)
    assert "takes from its recipients the right to send as it" in change.effects[0]
    assert rights(server) == before
    assert server.plan(changed) == ()


def test_an_alias_that_lets_its_recipients_send_no_more_leaves_it_to_those_who_may_by_themselves(
    server: Server,
) -> None:
    anna = {**ANNA, "send_as": ["sales@acme.example"]}
    for allowed in (True, False, True, False):
        wanted = manifest(anna, {**SALES, "sender_allowed": allowed})
        server.apply(wanted)
        assert server.plan(wanted) == ()
    assert rights(server) == [("anna@acme.example", "sales@acme.example")]


@pytest.mark.parametrize("version", ["2022-01a", "2024-08a", "2026-07a"])
def test_an_alias_does_not_name_itself(version: str) -> None:
    server = Server(version)
    loop = {**SALES, "to": ["anna@acme.example", "sales@acme.example"]}
    assert refused(server, manifest(ANNA, loop)) == ["change-refused"]
    server.apply(manifest(ANNA, SALES))
    assert refused(server, manifest(ANNA, loop)) == ["change-refused"]


def test_whom_to_send_as_must_be_here_and_others_elsewhere(server: Server) -> None:
    for unknown in ("nobody@acme.example", "@elsewhere.example"):
        assert refused(server, manifest({**ANNA, "send_as": [unknown]}, SALES)) == ["change-refused"]
    for here in ("nobody@acme.example", "@acme.example"):
        assert refused(server, manifest({**ANNA, "external_send_as": [here]}, SALES)) == ["change-refused"]
    anna = {**ANNA, "send_as": ["*"], "external_send_as": ["@elsewhere.example"]}
    assert refused(server, manifest(anna, SALES)) == []
    known = {**ANNA, "send_as": ["sales@acme.example", "ben@acme.example", "@acme.example"]}
    server.apply(manifest(known, SALES))
    assert server.plan(manifest(known, SALES)) == ()


def test_a_template_lets_in_by_protocols_the_server_does_not_know_yet() -> None:
    template = {"mailbox_templates": [{"name": "Phones", "protocols": ["eas", "smtp"]}]}
    for version in ("2022-12", "2024-08a", "2025-12", "2026-01"):
        server = Server(version)
        server.apply(template)
        assert server.plan(template) == ()


@pytest.mark.parametrize("version", ["2022-01a", "2024-08a", "2026-07a"])
def test_notices_lose_their_title_when_none_is_declared(version: str) -> None:
    server = Server(version)
    pushover = {"key": {"env": "TOKEN"}, "token": {"env": "OTHER_TOKEN"}}
    server.apply(manifest({**ANNA, "pushover": {**pushover, "title": "Mail", "text": "Look"}}))
    server.apply(manifest({**ANNA, "pushover": pushover}))
    (row,) = server.simulator.state.table("pushover")
    assert (row["title"] or "", row["text"] or "") == ("", "")
