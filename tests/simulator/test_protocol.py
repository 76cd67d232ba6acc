import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator import BannedError
from reconciler.simulator.protocol import parse_target
from tests.simulator.mailcow import KEY, READ_ONLY_KEY, Mailcow

Start = Callable[..., Mailcow]
VERSIONS = ["2022-01a", "2024-08a", "2026-07a"]
STRANGER = "93.184.216.34"  # a public address: private and documentation ranges are never banned


def error(message: str) -> dict[str, str]:
    return {"type": "error", "msg": message}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_wrong_key_is_refused_before_anything_else(mailcow: Start, version: str) -> None:
    answer = mailcow(version).send("POST", "nonsense", b"{not json", X_API_Key="wrong")
    assert answer.status == 401
    assert json.loads(answer.body) == error("authentication failed")


def test_characters_that_no_key_has_are_dropped_from_a_key(mailcow: Start) -> None:
    assert mailcow().send("GET", "get/domain/all", X_API_Key=f" {KEY}!").status == 200


def test_a_refusal_calls_itself_html_since_the_server_answers_browsers_of_other_origins(mailcow: Start) -> None:
    kinds = [dict(mailcow(version).send("GET", "x", X_API_Key="w").headers)["Content-Type"] for version in VERSIONS]
    assert kinds == ["application/json", "text/html; charset=utf-8", "text/html; charset=utf-8"]


def test_a_key_works_from_the_allowed_addresses_only(mailcow: Start) -> None:
    server = mailcow(allow_from=("192.0.2.0/24", "198.51.100.7", "2001:db8::/32"))
    for peer in ("192.0.2.77", "198.51.100.7", "2001:db8::9"):
        assert server.send("GET", "get/domain/all", peer=peer).status == 200
    answer = server.send("GET", "get/domain/all", peer=STRANGER)
    assert answer.status == 401
    assert json.loads(answer.body) == error(f"api access denied for ip {STRANGER}")


def test_a_forwarded_address_is_believed_from_a_private_network_only(mailcow: Start) -> None:
    server = mailcow(allow_from=(STRANGER,))
    assert server.send("GET", "get/domain/all", peer="172.22.1.1", X_Forwarded_For=STRANGER).status == 200
    assert server.send("GET", "get/domain/all", peer="127.0.0.1", X_Forwarded_For=STRANGER).status == 401


def test_ten_wrong_keys_get_an_address_banned_and_time_lifts_the_ban(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(10):
        assert server.send("GET", "get/domain/all", peer=STRANGER, X_API_Key="wrong").status == 401
    with pytest.raises(BannedError):
        server.send("GET", "get/domain/all", peer=STRANGER)
    assert server.send("GET", "get/domain/all", peer="93.184.216.35").status == 200
    server.clock.forward(seconds=1801)
    assert server.send("GET", "get/domain/all", peer=STRANGER).status == 200


def test_wrong_keys_far_apart_are_forgiven(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(12):
        server.send("GET", "get/domain/all", peer=STRANGER, X_API_Key="wrong")
        server.clock.forward(seconds=601)
    assert server.send("GET", "get/domain/all", peer=STRANGER).status == 200


def test_the_second_ban_is_longer(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(2):
        for _ in range(10):
            server.send("GET", "x", peer=STRANGER, X_API_Key="wrong")
        server.clock.forward(seconds=1801)
    with pytest.raises(BannedError):
        server.send("GET", "x", peer=STRANGER)


def test_private_addresses_are_never_banned_unless_asked_for(mailcow: Start) -> None:
    lenient, strict = mailcow(), mailcow(ban_local=True)
    for _ in range(20):
        lenient.send("GET", "x", X_API_Key="wrong")
    assert lenient.send("GET", "get/domain/all").status == 200
    for _ in range(10):
        strict.send("GET", "x", X_API_Key="wrong")
    with pytest.raises(BannedError):
        strict.send("GET", "x")


def test_wrong_keys_show_in_the_firewall_s_log(mailcow: Start) -> None:
    server = mailcow()
    server.send("GET", "x", peer=STRANGER, X_API_Key="wrong")
    newest, matched = server.get("get/logs/netfilter/2")
    assert newest["message"] == f"9 more attempts in the next 600 seconds until {STRANGER}/32 is banned"
    assert matched["priority"] == "warn"


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_key_reads_print_nothing_and_changes_are_refused(mailcow: Start, version: str) -> None:
    server = mailcow(version)
    assert server.get("get/domain/all", X_API_Key="") == ""
    assert server.get("get/nonsense", X_API_Key="") == ""
    for verb in ("edit", "delete"):
        answer = server.send("POST", f"{verb}/domain", [], X_API_Key="")
        assert (answer.status, json.loads(answer.body)) == (403, error("API read/write access denied"))


def test_a_few_reads_for_browsers_answer_without_a_key(mailcow: Start) -> None:
    assert "publicKey" in mailcow().get("get/fido2-get-args", X_API_Key="")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_read_only_key_reads(mailcow: Start, version: str) -> None:
    server = mailcow(version)
    assert server.send("GET", "get/logs/api/1", X_API_Key=READ_ONLY_KEY).body.startswith(b"[")
    for verb in ("add", "edit", "delete"):
        answer = server.send("POST", f"{verb}/domain", {}, X_API_Key=READ_ONLY_KEY)
        assert (answer.status, json.loads(answer.body)) == (403, error("API read/write access denied"))


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("POST", "get/domain/all", 405, "only GET method is allowed"),
        ("HEAD", "get/domain/all", 405, "only GET method is allowed"),
        ("PUT", "edit/domain", 405, "only POST method is allowed"),
        ("DELETE", "delete/domain", 405, "only POST method is allowed"),
        ("GET", "frobnicate/domain", 404, "route not found"),
        ("GET", "get/frobnicate/all", 404, "route not found"),
        ("POST", "add/frobnicate", 404, "route not found"),
        ("GET", "", 404, "route not found"),
    ],
)
def test_wrong_methods_and_unknown_routes_are_named(
    mailcow: Start, method: str, path: str, status: int, said: str
) -> None:
    answer = mailcow().send(method, path, {"items": ["x"], "attr": {}})
    assert (answer.status, json.loads(answer.body)) == (status, error(said))


@pytest.mark.parametrize(
    ("target", "segments"),
    [
        ("get/mailbox/a@b.example", ["get", "mailbox", "a@b.example"]),
        ("get/mailbox/a%40b.example", ["get", "mailbox", "a@b.example"]),
        ("get/mailbox/a+b@c.example", ["get", "mailbox", "a b@c.example"]),
        ("get/mailbox/a%2Bb@c.example", ["get", "mailbox", "a b@c.example"]),
        ("get/mailbox/a%252Bb@c.example", ["get", "mailbox", "a+b@c.example"]),
        ("get/mailbox/a&b@c.example", ["get", "mailbox", "a"]),
        ("get/mailbox/a%2526b@c.example", ["get", "mailbox", "a&b@c.example"]),
        ("get/fwdhost/192.0.2.0%2F24", ["get", "fwdhost", "192.0.2.0", "24"]),
        ("get//domain///all", ["get", "domain", "all"]),
        ("get/domain/m%C3%BCnchen.example", ["get", "domain", "münchen.example"]),
    ],
)
def test_a_path_is_decoded_twice(target: str, segments: list[str]) -> None:
    parsed = parse_target(f"/api/v1/{target}", with_arguments=True)
    assert parsed is not None
    assert parsed[0] == segments


def test_arguments_get_through_since_2022_05() -> None:
    target = "/api/v1/get/domain/all?tags=a,b"
    assert parse_target(target, with_arguments=True) == (["get", "domain", "all"], {"tags": "a,b"})
    assert parse_target(target, with_arguments=False) == (["get", "domain", "all"], {})


def test_outside_the_api_nginx_answers(mailcow: Start) -> None:
    answer = mailcow().simulator.handle("GET", "/elsewhere", {})
    assert answer.status == 404
    assert b"<center>nginx</center>" in answer.body


@pytest.mark.parametrize("body", [b"{not json", b"", b"null"])
def test_what_is_no_json_is_refused(mailcow: Start, body: bytes) -> None:
    answer = mailcow().send("POST", "add/domain", body)
    assert (answer.status, json.loads(answer.body)) == (400, error("Request body doesn't contain valid json!"))


def test_json_that_does_not_say_so_is_not_seen(mailcow: Start) -> None:
    answer = mailcow().send("POST", "add/domain", {"domain": "x.example"}, Content_Type="text/plain")
    assert (answer.status, json.loads(answer.body)) == (200, error("Cannot find attributes in post data"))


def test_a_scalar_where_a_list_of_items_belongs_crashes_old_versions(mailcow: Start) -> None:
    assert mailcow("2022-01a").post("delete/relayhost", b'"192.0.2.1"') == ""
    assert mailcow("2026-07a").post("delete/relayhost", b'"192.0.2.1"') != ""


def test_documents_of_a_browser_are_refused_since_2024_04(mailcow: Start) -> None:
    for version, status in (("2022-01a", 200), ("2024-04", 403), ("2026-07a", 403)):
        answer = mailcow(version).send("GET", "get/logs/api/1", Sec_Fetch_Dest="document")
        assert answer.status == status, version
    assert mailcow().send("GET", "get/logs/api/1", Sec_Fetch_Dest="empty").status == 200


def test_a_cookie_keeps_its_bearer_administrator_without_a_key(mailcow: Start) -> None:
    for version, name in (("2022-01a", "PHPSESSID"), ("2026-07a", "MCSESSID")):
        server = mailcow(version)
        cookie = dict(server.send("GET", "get/logs/api/1").headers)["Set-Cookie"].partition(";")[0]
        assert cookie.startswith(f"{name}=")
        assert server.get("get/logs/api/1", X_API_Key="", Cookie=cookie) != ""
        server.clock.forward(seconds=10_801)
        assert server.get("get/logs/api/1", X_API_Key="", Cookie=cookie) == ""


def test_a_cookie_brings_the_message_of_a_crash_into_the_next_answer(mailcow: Start) -> None:
    server = mailcow()
    crash = server.send("POST", "edit/domain", b'"text"')
    assert (crash.status, crash.body) == (200, b"")
    cookie = dict(crash.headers)["Set-Cookie"].partition(";")[0]
    server.get("get/nonsense/all", Cookie=cookie)
    leaked = server.post("delete/relayhost", [], Cookie=cookie)
    assert leaked[0]["log"] == ["exception_handler"]
    assert server.post("delete/relayhost", [], Cookie=cookie) == {"type": "success", "msg": "Task completed"}


def test_the_api_log_tells_what_was_sent_and_masks_passwords_only(mailcow: Start) -> None:
    server = mailcow()
    server.post("edit/nonsense", {"items": ["a"], "attr": {"password": "x", "client_secret": "y"}})
    asked, logged = server.get("get/logs/api/2")
    assert asked["uri"] == "/api/v1/get/logs/api/2"
    assert logged["data"] == 'attr=\'{"password":"*","client_secret":"y"}\', items=\'["a"]\''


@pytest.mark.parametrize("span", ["0", "0-3", "4-2", "x", ""])
def test_a_span_of_log_lines_that_is_none_shows_nothing(mailcow: Start, span: str) -> None:
    assert mailcow().get(f"get/logs/api/{span}") == {}


def test_log_lines_are_counted_from_one(mailcow: Start) -> None:
    server = mailcow()
    for number in range(4):
        server.get(f"get/nothing/{number}")
    uris = [line["uri"].rpartition("/")[2] for line in server.get("get/logs/api/2-4")]
    assert uris == ["3", "2", "1"]


def test_logs_that_a_version_does_not_keep_are_no_route(mailcow: Start) -> None:
    assert mailcow("2022-01a").send("GET", "get/logs/cron/10").status == 404
    assert mailcow("2026-07a").get("get/logs/cron/10") == {}


def test_an_old_version_says_nothing_of_its_version(mailcow: Start) -> None:
    assert mailcow("2022-01a").get("get/status/version") == ""
    assert mailcow("2024-08a").get("get/status/version") == {"version": "2024-08a"}


def test_origins_of_web_pages_are_told_since_2023_07(mailcow: Start) -> None:
    def origin(version: str, **headers: str) -> Any:
        answer = mailcow(version).send("GET", "get/status/version", Host="mail.example", **headers)
        return dict(answer.headers).get("Access-Control-Allow-Origin")

    assert origin("2022-01a", Origin="http://mail.example") is None
    assert origin("2024-08a", Origin="https://evil.example") == "http://mail.example"
    assert origin("2026-07a", Origin="https://evil.example") is None
    assert origin("2026-07a", Origin="http://mail.example") == "http://mail.example"


def test_a_browser_s_preflight_is_answered_without_a_body(mailcow: Start) -> None:
    asks = {"Access-Control-Request-Headers": "x-api-key"}
    server = mailcow()
    for method, status in (("POST", 200), ("PATCH", 405)):
        answer = server.simulator.handle(
            "OPTIONS", "/api/v1/get/domain/all", {**asks, "Access-Control-Request-Method": method}
        )
        assert (answer.status, answer.body) == (status, b"")
