"""One name that the server keeps as several rows."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.kinds.server import Server, refused, told

HOSTS = "WHITELISTED_FWD_HOST"
KEPT = "KEEP_SPAM"


@pytest.fixture(params=["2022-01a", "2024-08a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    """A server that found two hosts behind a name and has written a row for each."""
    made = Server(request.param)
    for address in ("192.0.2.1", "192.0.2.2"):
        made.simulator.state.redis.hash(HOSTS)[address] = "partner.example"
    return made


@pytest.mark.parametrize("strays", ["192.0.2.1", "192.0.2.2"])
def test_whichever_host_of_a_name_strays_is_brought_back(server: Server, strays: str) -> None:
    server.simulator.state.redis.hash(KEPT)[strays] = "1"
    manifest = {"forwarding_hosts": [{"host": "partner.example", "filter_spam": True}]}
    assert told(server.apply(manifest)) == [
        "update forwarding_host/partner.example filter_spam: False -> True",
    ]
    assert server.simulator.state.redis.hash(KEPT) == {}
    assert server.plan(manifest) == ()


def test_all_hosts_of_a_name_go_with_it(server: Server) -> None:
    manifest = {"forwarding_hosts": [{"host": "partner.example", "filter_spam": True}]}
    server.apply(manifest)
    server.apply({"forwarding_hosts": []})
    assert server.simulator.state.redis.hash(HOSTS) == {}


def host(name: str) -> dict[str, str]:
    return {"host": name}


def test_a_name_keeps_the_hosts_it_takes_over_from_the_name_that_goes(server: Server) -> None:
    server.simulator.server.names["relay.example"] = ("192.0.2.1", "192.0.2.2")
    server.apply({"forwarding_hosts": [host("partner.example")]})
    server.apply({"forwarding_hosts": [host("relay.example")]})
    assert set(server.simulator.state.redis.hash(HOSTS).values()) == {"relay.example"}
    assert server.plan({"forwarding_hosts": [host("relay.example")]}) == ()


def test_an_address_is_not_taken_from_the_name_that_has_no_other(server: Server) -> None:
    names = ["192.0.2.1", "192.0.2.2", "partner.example"]
    manifest = {"forwarding_hosts": [host(name) for name in names]}
    assert refused(server, manifest) == ["change-refused", "change-refused"]
    del server.simulator.state.redis.hash(HOSTS)["192.0.2.2"]
    assert refused(server, {"forwarding_hosts": [host("192.0.2.1")]}) == ["change-refused"]


def test_an_address_is_taken_from_a_name_that_has_more(server: Server) -> None:
    manifest = {"forwarding_hosts": [host("192.0.2.1"), host("partner.example")]}
    (change,) = server.apply(manifest)
    assert [each for each in change.effects if "`partner.example`" in each]
    assert server.plan(manifest) == ()


def test_a_plan_says_that_a_name_may_take_what_another_has(server: Server) -> None:
    server.simulator.server.names["relay.example"] = ("192.0.2.2",)
    manifest = {"forwarding_hosts": [host("relay.example"), host("partner.example")]}
    (change,) = server.apply(manifest)
    assert [each for each in change.effects if "resolved to" in each]
    assert server.plan(manifest) == ()


@pytest.mark.parametrize("version", ["2025-12", "2026-07a"])
def test_throw_away_addresses_of_one_description_are_numbered_as_they_came(version: str) -> None:
    server = Server(version)
    anna = {"address": "anna@acme.example", "quota": "1GiB", "initial": {"password": {"env": "PASSWORD"}}}
    home = {"domains": [{"name": "acme.example"}], "mailboxes": [anna]}
    entries: list[dict[str, Any]] = []
    came: list[str] = []
    moment = datetime(2026, 11, 23)  # noqa: DTZ001 the server's clock is local, without a zone
    for number in range(1, 7):
        entry = {"mailbox": "anna@acme.example", "description": "Fair", "permanent": number % 2 == 1, "nth": number}
        entries.append(entry)
        moment += timedelta(minutes=1)
        server.simulator.server.clock = lambda moment=moment: moment  # type: ignore[misc]
        manifest = {**home, "time_limited_aliases": entries}
        assert [str(each.address) for each in server.apply(manifest)][-1:] == [
            "time_limited_alias/anna@acme.example/Fair" + (f"#{number}" if number > 1 else "")
        ]
        came += [row["address"] for row in server.simulator.state.table("spamalias") if row["address"] not in came]
        assert server.plan(manifest) == ()
    rows = {row["address"]: row["permanent"] for row in server.simulator.state.table("spamalias")}
    assert [rows[address] for address in came] == [1, 0, 1, 0, 1, 0]
    assert came != sorted(came)
