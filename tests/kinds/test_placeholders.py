"""A run that ends between an add and the edit that makes it what was meant: the next one finishes, and clears up."""

import json
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.planning.compile import compile_changes
from tests.kinds.server import KEY, Server

Manifest = dict[str, Any]


@pytest.fixture(params=["2022-01a", "2024-08a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param)


def only_adds(server: Server, manifest: Manifest) -> None:
    """Carry a plan out up to its last add, as a run does that is killed then."""
    wanted = server.desired(manifest)
    live = server.read(wanted)
    changes = server.difference(wanted, live).changes
    for each in compile_changes(registry(), changes, live, capabilities=server.capabilities):
        if each.verb.value == "add":
            said = post(server, f"add/{each.route}", dict(each.attributes))
            assert said[-1]["type"] == "success", said


def post(server: Server, path: str, body: Any) -> Any:
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    answer = server.simulator.handle("POST", f"/api/v1/{path}", headers, json.dumps(body).encode())
    return json.loads(answer.body)


def rows(server: Server, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in columns) for row in server.simulator.state.table(table))


def test_a_policy_for_subdomains_is_made_though_its_placeholder_was_left(server: Server) -> None:
    manifest = {"tls_policies": [{"destination": ".partner.example", "policy": "encrypt"}]}
    for _ in range(3):
        only_adds(server, manifest)
    server.apply(manifest)
    assert rows(server, "tls_policy_override", "dest", "active") == [(".partner.example", 1)]
    assert server.plan(manifest) == ()


def test_what_is_left_of_a_policy_is_out_of_force(server: Server) -> None:
    only_adds(server, {"tls_policies": [{"destination": ".partner.example", "policy": "encrypt"}]})
    ((_, active),) = rows(server, "tls_policy_override", "dest", "active")
    assert active == 0


def test_a_row_like_a_placeholder_that_is_in_force_is_somebody_elses(server: Server) -> None:
    manifest = {"tls_policies": [{"destination": ".partner.example", "policy": "encrypt"}]}
    only_adds(server, manifest)
    ((number, name),) = rows(server, "tls_policy_override", "id", "dest")
    post(server, "edit/tls-policy-map", {"items": [number], "attr": {"active": 1}})
    server.apply(manifest)
    assert rows(server, "tls_policy_override", "dest") == [(".partner.example",), (name,)]


def test_a_pattern_is_made_though_its_placeholder_was_left(server: Server) -> None:
    pattern = {"destination": "mx[0-9]{1,3}[.]example", "nexthop": "mx.example", "mx_pattern": True}
    for _ in range(3):
        only_adds(server, {"transports": [pattern]})
    server.apply({"transports": [pattern]})
    assert rows(server, "transports", "destination", "nexthop", "active") == [
        ("mx[0-9]{1,3}[.]example", "mx.example", 1),
    ]


def test_a_transport_that_waits_for_its_nexthop_gets_it_and_is_in_force(server: Server) -> None:
    account = {"username": "acme", "password": {"env": "PASSWORD"}}
    manifest = {"transports": [{"destination": "a.example", "nexthop": "mx.example:25", **account}]}
    only_adds(server, manifest)
    (change,) = server.apply(manifest)
    assert change.effects == ("puts it in force: a run before has ended too early",)
    assert rows(server, "transports", "destination", "nexthop", "username", "active") == [
        ("a.example", "mx.example:25", "acme", 1),
    ]
    assert server.plan(manifest) == ()


def test_a_transport_that_is_to_be_off_stays_so_when_it_is_finished(server: Server) -> None:
    account = {"username": "acme", "password": {"env": "PASSWORD"}}
    entry = {"destination": "a.example", "nexthop": "mx.example:25", "state": "off", **account}
    only_adds(server, {"transports": [entry]})
    server.apply({"transports": [entry]})
    assert rows(server, "transports", "nexthop", "active") == [("mx.example:25", 0)]


def test_a_relayhost_whose_user_name_has_a_colon_is_made_once_and_nothing_is_left(server: Server) -> None:
    account = {"username": "acme:mail", "password": {"env": "PASSWORD"}, "state": "off"}
    manifest = {"relayhosts": [{"host": "smtp.example:587", **account}, {"host": "mx.example"}]}
    for _ in range(2):
        only_adds(server, {"relayhosts": manifest["relayhosts"][:1]})
    server.apply(manifest)
    assert rows(server, "relayhosts", "hostname", "username", "password", "active") == [
        ("mx.example", "", "", 1),
        ("smtp.example:587", "acme:mail", "Correct.Horse.7", 0),
    ]
    assert server.plan(manifest) == ()
