import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.errors import UsageError
from reconciler.simulator.disturbed import Disturbed, LostError
from reconciler.simulator.faults import NOTHING, Disturbance, Faults, parse
from tests.simulator.mailcow import KEY, Mailcow

Start = Callable[..., Mailcow]
HEADERS = {"X-API-Key": KEY, "Content-Type": "application/json"}
LIMITS = {"aliases": 20, "mailboxes": 9, "defquota": 1, "maxquota": 10, "quota": 100, "active": 1}
RELAYHOST = json.dumps({"hostname": "smtp.example:25", "username": "u", "password": "p"}).encode()


def strikes(written: str, path: str = "add/mailbox", calls: int = 6) -> list[bool]:
    faults = Faults.of(written, seed=3)
    return [faults.strike(path) is not NOTHING for _ in range(calls)]


def test_a_fault_without_a_time_strikes_always() -> None:
    assert all(strikes("empty"))


def test_a_fault_may_strike_counted_calls_of_its_own_path_only() -> None:
    faults = Faults.of("reset-after:add/mailbox:2")
    paths = ["add/mailbox", "add/mailboxes", "add/alias", "add/mailbox", "add/mailbox"]
    assert [faults.strike(path).after for path in paths] == ["", "", "", "reset", ""]
    assert strikes("empty:2,5") == [False, True, False, False, True, False]
    assert strikes("empty:4+") == [False, False, False, True, True, True]


def test_a_fault_may_strike_by_a_chance_that_repeats_with_its_seed() -> None:
    struck = strikes("empty:20%", calls=1000)
    assert struck == strikes("empty:20%", calls=1000)
    assert 150 < sum(struck) < 250


def test_a_place_is_a_verb_or_the_beginning_of_a_path() -> None:
    for place, path, meant in [
        ("get", "get/mailbox/all", True),
        ("get/mailbox", "get/mailbox/all/a.example", True),
        ("get/mailbox/all", "get/mailbox/reduced", False),
        ("add", "delete/mailbox", False),
        ("write", "delete/mailbox", True),
        ("write", "get/mailbox/all", False),
    ]:
        assert strikes(f"empty:{place}", path, 1) == [meant]


def test_faults_on_the_same_call_add_up() -> None:
    faults = Faults.of("latency=200ms", "latency=1s:add", "cost=0.5", "trickle=100", "status-after=504")
    assert faults.strike("add/alias") == Disturbance(1.2, 0.5, after="504", bytes_per_second=100)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ("explode", "unknown-fault"),
        ("latency", "bad-fault"),
        ("latency=5", "bad-fault"),
        ("status=418", "bad-fault"),
        ("cost=0", "bad-fault"),
        ("refused=1.5", "bad-fault"),
        ("torn=0", "bad-fault"),
        ("torn=1.5", "bad-fault"),
        ("restart=5", "bad-fault"),
        ("empty=1", "bad-fault"),
        ("empty:sometimes", "bad-fault"),
        ("empty:put/domain", "bad-fault"),
    ],
)
def test_a_fault_that_is_none_is_explained(written: str, error: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(written)
    assert raised.value.id == error
    assert raised.value.hint


def disturbed(server: Mailcow, *faults: str) -> Disturbed:
    return Disturbed(server.simulator, Faults.of(*faults))


def relayhosts(server: Mailcow) -> list[Any]:
    return list(server.get("get/relayhost/all"))


@pytest.mark.parametrize(("fault", "effect"), [("reset-before", 0), ("reset-after", 1)])
def test_a_connection_breaks_before_or_after_the_effect(mailcow: Start, fault: str, effect: int) -> None:
    server = mailcow()
    with pytest.raises(LostError) as lost:
        disturbed(server, fault).handle("POST", "/api/v1/add/relayhost", HEADERS, RELAYHOST)
    assert not lost.value.silent
    assert len(relayhosts(server)) == effect


@pytest.mark.parametrize(("fault", "effect"), [("timeout-before", 0), ("timeout-after", 1)])
def test_an_answer_may_never_come(mailcow: Start, fault: str, effect: int) -> None:
    server = mailcow()
    with pytest.raises(LostError) as lost:
        disturbed(server, fault).handle("POST", "/api/v1/add/relayhost", HEADERS, RELAYHOST)
    assert lost.value.silent
    assert len(relayhosts(server)) == effect


@pytest.mark.parametrize(
    ("fault", "status", "body", "effect"),
    [
        ("status=502", 502, b"<center><h1>502 Bad Gateway</h1></center>", 0),
        ("status-after=504", 504, b"504 Gateway Time-out", 1),
        ("database-down", 500, b"Connection to database failed", 0),
        ("empty", 200, b"", 0),
        ("empty-after", 200, b"", 1),
        ("page", 200, b"Sign in", 0),
        ("page-after", 200, b"Sign in", 1),
        ("status=429", 429, b"Too Many Requests", 0),
        ("denied", 401, b"authentication failed", 0),
        ("read-only", 403, b"write access denied", 0),
        ("redirect", 302, b"", 0),
    ],
)
def test_an_answer_may_be_another(mailcow: Start, fault: str, status: int, body: bytes, effect: int) -> None:
    server = mailcow()
    answer = disturbed(server, fault).handle("POST", "/api/v1/add/relayhost", HEADERS, RELAYHOST)
    assert answer.status == status
    assert body in answer.body
    assert bool(answer.body) == bool(body)
    assert len(relayhosts(server)) == effect


def test_a_lost_database_looked_like_success_before_2023_12(mailcow: Start) -> None:
    answer = disturbed(mailcow("2022-01a"), "database-down").handle("GET", "/api/v1/get/domain/all", HEADERS)
    assert answer.status == 200
    assert answer.body.startswith(b"<center")


def test_danger_comes_among_the_successes_and_its_item_is_left_as_it_was(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(3):
        server.post("add/relayhost", {"hostname": "a.example", "username": "", "password": ""})
    edit = json.dumps({"items": ["1", "2", "3"], "attr": {"hostname": "b.example"}}).encode()
    answer = disturbed(server, "danger").handle("POST", "/api/v1/edit/relayhost", HEADERS, edit)
    assert [entry["type"] for entry in json.loads(answer.body)] == ["success", "success", "danger"]
    assert [host["hostname"] for host in relayhosts(server)] == ["b.example", "b.example", "a.example"]


def test_a_server_may_crash_when_half_of_the_items_are_done(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(4):
        server.post("add/relayhost", {"hostname": "a.example", "username": "", "password": ""})
    edit = json.dumps({"items": ["1", "2", "3", "4"], "attr": {"hostname": "b.example"}}).encode()
    answer = disturbed(server, "half").handle("POST", "/api/v1/edit/relayhost", HEADERS, edit)
    assert answer.body == b""
    assert [host["hostname"] for host in relayhosts(server)] == ["b.example", "b.example", "a.example", "a.example"]
    disturbed(server, "half").handle("POST", "/api/v1/delete/relayhost", HEADERS, b'["1", "2", "3"]')
    assert [host["id"] for host in relayhosts(server)] == [2, 3, 4]


def test_the_same_items_are_refused_whenever_they_are_sent(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(9):
        server.post("add/relayhost", {"hostname": "a.example", "username": "", "password": ""})
    choosy = disturbed(server, "refused=0.5")

    def edited(*items: str) -> tuple[list[str], list[str]]:
        body = json.dumps({"items": items, "attr": {"hostname": "b.example"}}).encode()
        answer = choosy.handle("POST", "/api/v1/edit/relayhost", HEADERS, body)
        types = sorted(entry["type"] for entry in json.loads(answer.body))
        return types, [str(host["id"]) for host in relayhosts(server) if host["hostname"] == "a.example"]

    types, refused = edited(*map(str, range(1, 10)))
    assert 0 < len(refused) < 9
    assert types == ["danger"] * len(refused) + ["success"] * (9 - len(refused))
    assert edited(*refused) == (["danger"] * len(refused), refused)


def test_of_several_names_of_an_add_some_may_be_refused(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "acme.example", **LIMITS})
    names = ",".join(f"n{number}@acme.example" for number in range(9))
    added = json.dumps({"address": names, "goto": "x@y.example", "active": 1}).encode()
    answer = disturbed(server, "refused=0.5").handle("POST", "/api/v1/add/alias", HEADERS, added)
    there = len(server.get("get/alias/all"))
    types = [entry["type"] for entry in json.loads(answer.body)]
    assert 0 < there < 9
    assert (types.count("success"), types.count("danger")) == (there, 9 - there)


def test_a_call_may_be_made_twice_as_by_a_proxy_that_repeats_it(mailcow: Start) -> None:
    server = mailcow()
    disturbed(server, "twice").handle("POST", "/api/v1/add/relayhost", HEADERS, RELAYHOST)
    assert len(relayhosts(server)) == 2


def test_a_call_may_crash_behind_one_of_its_statements(mailcow: Start) -> None:
    server = mailcow()
    for name in ("a.example", "b.example", "c.example"):
        server.post("add/relayhost", {"hostname": name, "username": "", "password": ""})
    answer = disturbed(server, "torn=2").handle("POST", "/api/v1/delete/relayhost", HEADERS, b'["1", "2", "3"]')
    assert (answer.status, answer.body) == (200, b"")
    assert [host["hostname"] for host in relayhosts(server)] == ["c.example"]
    server.post("delete/relayhost", ["3"])
    assert relayhosts(server) == []


def test_what_is_not_kept_in_redis_is_done_when_that_is_full(mailcow: Start) -> None:
    server = mailcow()
    full = disturbed(server, "redis-full")

    def said(path: str, body: Any) -> set[str]:
        answer = full.handle("POST", f"/api/v1/{path}", HEADERS, json.dumps(body).encode())
        first, *entries = json.loads(answer.body)
        assert first["msg"].startswith("Redis: ")
        return {entry["msg"][0] for entry in entries}

    assert said("add/domain", {"domain": "acme.example", **LIMITS}) == {"redis_error"}
    assert [row["domain_name"] for row in server.get("get/domain/all")] == ["acme.example"]
    limit = {"items": ["acme.example"], "attr": {"rl_value": "10", "rl_frame": "h"}}
    assert said("edit/rl-domain", limit) == {"redis_error"}
    assert server.get("get/rl-domain/acme.example") == {}
    assert said("edit/domain", {"items": ["acme.example"], "attr": {"description": "x"}}) == {"domain_modified"}


@pytest.mark.parametrize("fault", ["cut", "warned"])
def test_an_answer_may_be_no_json(mailcow: Start, fault: str) -> None:
    server = mailcow()
    answer = disturbed(server, fault).handle("POST", "/api/v1/add/relayhost", HEADERS, RELAYHOST)
    assert answer.status == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(answer.body)
    assert len(relayhosts(server)) == 1


def test_success_may_be_said_of_what_is_not_done(mailcow: Start) -> None:
    server = mailcow()
    answer = disturbed(server, "pretended").handle("POST", "/api/v1/add/relayhost", HEADERS, RELAYHOST)
    assert [entry["type"] for entry in json.loads(answer.body)] == ["success"]
    assert relayhosts(server) == []


def test_an_answer_may_break_off(mailcow: Start) -> None:
    server = mailcow()
    with pytest.raises(LostError) as lost:
        disturbed(server, "truncated").handle("POST", "/api/v1/add/relayhost", HEADERS, RELAYHOST)
    assert lost.value.heard is not None
    assert len(relayhosts(server)) == 1


def test_danger_on_a_single_item_comes_with_its_success(mailcow: Start) -> None:
    server = mailcow()
    answer = disturbed(server, "danger").handle("POST", "/api/v1/add/relayhost", HEADERS, RELAYHOST)
    assert [entry["type"] for entry in json.loads(answer.body)] == ["danger", "success"]
    assert len(relayhosts(server)) == 1


def test_mailboxes_are_left_half_created_only_beside_other_writers() -> None:
    faults = Faults.of("half-created:100%")
    assert not faults.strike("add/mailbox").half_created
    assert faults.strike("add/mailbox", others_writing=True).half_created
    assert not faults.strike("add/alias", others_writing=True).half_created


def test_a_key_may_lose_the_right_to_write_and_go_on_reading(mailcow: Start) -> None:
    answer = disturbed(mailcow(), "read-only").handle("GET", "/api/v1/get/domain/all", HEADERS)
    assert answer.status == 200


def test_a_read_may_be_answered_as_it_was_the_last_time(mailcow: Start) -> None:
    server = mailcow()
    behind = disturbed(server, "stale:get:2")
    read = [behind.handle("GET", "/api/v1/get/relayhost/all", HEADERS).body]
    server.post("add/relayhost", json.loads(RELAYHOST))
    read += [behind.handle("GET", "/api/v1/get/relayhost/all", HEADERS).body for _ in range(2)]
    assert [json.loads(each) for each in read] == [{}, {}, relayhosts(server)]


def test_a_list_may_lack_its_last_row(mailcow: Start) -> None:
    server = mailcow()
    for name in ("a.example", "b.example"):
        server.post("add/relayhost", {"hostname": name, "username": "", "password": ""})
    answer = disturbed(server, "short").handle("GET", "/api/v1/get/relayhost/all", HEADERS)
    assert [row["hostname"] for row in json.loads(answer.body)] == ["a.example"]


def test_a_fault_may_come_in_a_burst() -> None:
    assert strikes("status=502:2-4") == [False, True, True, True, False, False]
