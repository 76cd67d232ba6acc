"""Transports whose nexthop, account or destination the server changes, splits, or does not take beside another."""

from typing import Any

import pytest

from tests.kinds.server import Server, refused

VERSIONS = ["2022-01a", "2024-08a", "2026-07a"]
Entry = dict[str, Any]


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param)


def transports(*entries: Entry) -> dict[str, Any]:
    return {"transports": list(entries)}


def to(destination: str, nexthop: str, **more: Any) -> Entry:
    return {"destination": destination, "nexthop": nexthop, **more}


def stored(server: Server) -> list[tuple[str, str, int]]:
    return sorted(
        (row["destination"], row["nexthop"], row["active"]) for row in server.simulator.state.table("transports")
    )


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_bare_address_as_nexthop_is_what_the_server_makes_of_it(server: Server, address: str) -> None:
    manifest = transports(to("acme.example", address))
    server.apply(manifest)
    assert stored(server) == [("acme.example", f"[{address}]", 1)]
    assert server.plan(manifest) == ()


@pytest.mark.parametrize("pattern", ["mx[0-9]{1,3}[.]example", "(a;b)", "a b"])
def test_a_pattern_with_what_separates_destinations_stays_one(server: Server, pattern: str) -> None:
    manifest = transports(to("acme.example", "mx.example"), to(pattern, "mx.example", mx_pattern=True))
    server.apply(manifest)
    assert stored(server) == sorted([("acme.example", "mx.example", 1), (pattern, "mx.example", 1)])
    assert server.plan(manifest) == ()


@pytest.mark.parametrize("destination", ["a.example,b.example", "a.example b.example", "under_score.example", "a..b"])
def test_what_is_no_destination_is_refused_before_the_server_makes_something_of_it(
    server: Server, destination: str
) -> None:
    assert refused(server, transports(to(destination, "mx.example"))) == ["change-refused"]


@pytest.mark.parametrize("destination", ["*", ".acme.example", "anna@acme.example", "ACME.example", "localhost"])
def test_what_is_a_destination_is_taken(server: Server, destination: str) -> None:
    manifest = transports(to("zzz.example", "mx.example"), to(destination, "mx.example"))
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_a_slash_in_a_pattern_needs_a_backslash(server: Server) -> None:
    assert refused(server, transports(to("a/b", "mx.example", mx_pattern=True))) == ["change-refused"]
    manifest = transports(to("a.example", "mx.example"), to(r"a\/b", "mx.example", mx_pattern=True))
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_a_nexthop_cannot_be_used_with_brackets_and_without(server: Server) -> None:
    manifest = transports(to("a.example", "mx.example"), to("b.example", "[mx.example]"))
    assert refused(server, manifest) == ["change-refused", "change-refused"]


def test_all_transports_of_a_nexthop_get_its_brackets_in_one_apply(server: Server) -> None:
    account = {"username": "acme", "password": {"env": "PASSWORD"}}
    server.apply(transports(to("a.example", "mx.example", **account), to("b.example", "mx.example", **account)))
    manifest = transports(to("a.example", "[mx.example]", **account), to("b.example", "[mx.example]", **account))
    server.apply(manifest)
    assert stored(server) == [("a.example", "[mx.example]", 1), ("b.example", "[mx.example]", 1)]
    assert server.plan(manifest) == ()


def test_a_transport_that_goes_makes_room_for_one_that_comes(server: Server) -> None:
    server.apply(transports(to("a.example", "mx.example")))
    manifest = transports(to("b.example", "[mx.example]"))
    server.apply(manifest)
    assert stored(server) == [("b.example", "[mx.example]", 1)]


def test_a_transport_that_is_off_stays_so_when_it_gives_up_its_nexthop(server: Server) -> None:
    server.apply(transports(to("a.example", "mx.example", state="off"), to("b.example", "other.example")))
    manifest = transports(to("a.example", "third.example"), to("b.example", "[mx.example]"))
    server.apply(manifest)
    assert stored(server) == [("a.example", "third.example", 0), ("b.example", "[mx.example]", 1)]


def test_blanks_around_a_password_are_lost_and_make_no_difference(server: Server) -> None:
    account = {"username": "acme", "password": {"env": "PADDED"}}
    manifest = {
        **transports(to("a.example", "mx.example", **account)),
        "relayhosts": [{"host": "b.example", **account}],
    }
    server.apply(manifest)
    assert server.plan(manifest) == ()
    other = {"username": "acme", "password": {"env": "OTHER_PASSWORD"}}
    changed = {**transports(to("a.example", "mx.example", **other)), "relayhosts": [{"host": "b.example", **other}]}
    assert len(server.plan(changed)) == 2


def test_who_comes_to_a_nexthop_without_an_account_takes_that_of_who_comes_with_one(server: Server) -> None:
    account, other = ({"username": name, "password": {"env": "PASSWORD"}} for name in ("acme", "other"))
    server.apply(transports(to("a.example", "one.example", **account), to("b.example", "two.example", **account)))
    manifest = transports(to("a.example", "three.example", **other), to("b.example", "three.example"))
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_those_who_come_to_a_nexthop_with_what_they_had_agree_on_it(server: Server) -> None:
    account = {"username": "acme", "password": {"env": "PASSWORD"}}
    server.apply(transports(to("a.example", "one.example", **account), to("b.example", "two.example")))
    manifest = transports(to("a.example", "three.example", **account), to("b.example", "three.example"))
    server.apply(manifest)
    assert server.plan(manifest) == ()
