"""A mailbox may have a slash in its name, and then cannot be named in a path."""

from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.spec.codec import Scope
from reconciler.spec.refusal import InvalidError
from tests.kinds.server import Server, changed, refused

PASSWORD = {"password": {"env": "PASSWORD"}}
TEAM = "sales/emea@acme.example"
TOWN: dict[str, Any] = {
    "domains": [{"name": "acme.example"}],
    "mailboxes": [
        {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD, "send_as": [TEAM]},
        {"address": TEAM, "quota": "1GiB", "initial": PASSWORD, "tags": ["x"], "allowed_senders": ["*@a.example"]},
    ],
    "aliases": [{"address": "a/b@acme.example", "to": [TEAM]}],
    "sieve_filters": [{"mailbox": TEAM, "type": "prefilter", "description": "x", "script": "keep;"}],
}


@pytest.fixture(params=["2022-01a", "2024-08a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param)


def test_all_of_it_that_lists_show_is_managed(server: Server) -> None:
    server.apply(TOWN)
    assert server.plan(TOWN) == ()
    server.apply({"mailboxes": [TOWN["mailboxes"][0]], "domains": TOWN["domains"]})
    assert [row["username"] for row in server.simulator.state.table("mailbox")] == ["anna@acme.example"]


def test_what_only_a_path_would_show_is_not_compared(server: Server) -> None:
    anna, team = TOWN["mailboxes"]
    scores = {"junk": 5, "reject": 9}
    manifest = {**TOWN, "mailboxes": [anna, {**team, "send_as": ["anna@acme.example"], "spam_score": scores}]}
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_others_are_read_though_one_cannot_be_asked_for(server: Server) -> None:
    server.apply(TOWN)
    everything = frozenset({"mailbox", "app_password", "time_limited_alias"})
    live = server.read(server.desired({"domains": TOWN["domains"]}), everything)
    assert TEAM in live.of("mailbox")


@pytest.mark.parametrize("kind", ["app_password", "time_limited_alias"])
def test_what_is_listed_by_path_alone_cannot_be_declared(kind: str) -> None:
    with pytest.raises(InvalidError):
        registry()[kind].read_some({"mailbox": TEAM}, Scope())


def test_a_tag_that_no_path_can_name_the_mailbox_of_stays(server: Server) -> None:
    server.apply(TOWN)
    expected = [] if server.version == "2022-01a" else ["change-refused"]
    assert refused(server, changed(TOWN, "mailboxes", 1, tags=["y"])) == expected
    server.apply(changed(TOWN, "mailboxes", 1, tags=["x", "y"]))
