import gzip
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.api import Client, Judgement, Patience, ReadingState, ServerAccess, Timing
from reconciler.errors import AccessDenied, ConnectionFailed, ProtocolError, RequestRefused, UsageError
from tests.api.conftest import Clock
from tests.api.scripted_server import CERTIFICATE, ISSUED, Asked, Reply, Script, ScriptedServer, says

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., Client]

HTML = Reply(200, b"<center>Connection to Redis failed.</center>", {"Content-Type": "text/html"})
ADDED = says([{"type": "success", "log": ["mailbox", "add", "alias"], "msg": ["alias_added", "a@x.example", "6"]}])


def always(reply: Reply) -> Script:
    return lambda _: reply


def in_turn(*replies: Reply) -> Script:
    """The last one is repeated."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_a_read_carries_the_key_and_asks_for_json(serve: Serve, connect: Connect) -> None:
    server = serve(always(says([{"domain_name": "x.example"}])))

    reading = connect(server.origin).get("domain", "all")

    assert reading.rows == [{"domain_name": "x.example"}]
    asked = server.asked[0]
    assert (asked.method, asked.target) == ("GET", "/api/v1/get/domain/all")
    assert asked.headers["X-API-Key"] == "AAAA-BBBB"
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["Host"] == f"127.0.0.1:{server.port}"
    assert "Sec-Fetch-Dest" not in asked.headers


def test_a_write_sends_its_json_whole(serve: Serve, connect: Connect) -> None:
    server = serve(always(ADDED))

    verdict = connect(server.origin).post("add", "alias", body={"address": "ä@x.example", "goto": "b@x.example"})

    assert verdict.judgement is Judgement.ACCEPTED
    assert verdict.entries[0].arguments == ("a@x.example", "6")
    asked = server.asked[0]
    assert (asked.method, asked.target) == ("POST", "/api/v1/add/alias")
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.sent_json == {"address": "ä@x.example", "goto": "b@x.example"}


def test_a_name_with_a_plus_sign_goes_out_encoded_twice(serve: Serve, connect: Connect) -> None:
    server = serve(always(says({})))

    connect(server.origin).get("mailbox", "a+b@x.example", query={"tags": "a b"})

    assert server.asked[0].target == "/api/v1/get/mailbox/a%252Bb@x.example?tags=a%20b"


def test_a_route_that_writes_cannot_be_read(serve: Serve, connect: Connect) -> None:
    server = serve(always(says({})))

    with pytest.raises(RequestRefused) as refusal:
        connect(server.origin).get("reset-last-login", "anna@x.example")

    assert refusal.value.id == "api-route-not-readable"
    assert server.asked == []


def test_cookies_are_never_sent_back(serve: Serve, connect: Connect) -> None:
    server = serve(always(says({}, Set_Cookie="MCSESSID=admin; path=/")))
    client = connect(server.origin)

    client.get("domain", "all")
    client.get("domain", "all")
    client.post("edit", "domain", body={})

    assert len(server.asked) == 3
    assert all("Cookie" not in asked.headers for asked in server.asked)


def test_a_proxy_in_the_environment_is_not_used(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, refused_port: int
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{refused_port}")
    server = serve(always(says({})))

    assert connect(server.origin).get("domain", "all").state is ReadingState.EMPTY


def test_a_proxy_that_is_asked_for_is_used(serve: Serve, connect: Connect) -> None:
    proxy = serve(always(Reply(502)))
    client = connect("https://mail.invalid", proxy=proxy.origin, patience=Patience(attempts=1))

    with pytest.raises(ConnectionFailed) as failure:
        client.get("domain", "all")

    assert failure.value.id == "api-not-through-proxy"
    assert [(asked.method, asked.target) for asked in proxy.asked] == [("CONNECT", "mail.invalid:443")]
    assert "X-API-Key" not in proxy.asked[0].headers


def test_a_proxy_that_is_not_there_is_not_told_as_the_server(connect: Connect, refused_port: int) -> None:
    client = connect("https://mail.invalid", proxy=f"http://anna:CANARY@127.0.0.1:{refused_port}")

    with pytest.raises(ConnectionFailed) as failure:
        client.get("domain", "all")

    told = failure.value
    assert (told.id, "proxy" in told.summary, "CANARY" in str(told.details)) == ("api-not-through-proxy", True, False)


def test_a_proxy_address_that_is_none_is_a_usage_error() -> None:
    access = ServerAccess(origin="https://mail.example", key="A-1", proxy="gopher://x")

    with pytest.raises(UsageError) as refusal:
        Client(access, timing=Timing(lambda: 0.0, lambda _: None))
    assert refusal.value.id == "proxy-wrong"


def test_a_redirect_that_passes_is_waited_for_like_the_page_of_a_login(serve: Serve, connect: Connect) -> None:
    replies = [says([]), Reply(302, headers={"Location": "/login"}), says([1])]
    server = serve(lambda _: replies.pop(0))
    client = connect(server.origin)

    client.get("domain", "all")

    assert client.get("domain", "all").value == [1]
    assert server.was_asked(3)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(serve: Serve, connect: Connect, status: int) -> None:
    elsewhere = serve(always(says({})))
    server = serve(always(Reply(status, b"", {"Location": elsewhere.origin + "/api/v1/get/domain/all"})))
    client = connect(server.origin)

    with pytest.raises(ProtocolError) as refusal:
        client.get("domain", "all")
    verdict = client.post("add", "domain", body={})

    assert refusal.value.id == "api-redirected"
    assert refusal.value.details["detail"].startswith(elsewhere.origin)
    assert (verdict.judgement, verdict.cause) == (Judgement.UNKNOWN, "redirected")
    assert elsewhere.asked == []


DENIALS = [
    (401, {"type": "error", "msg": "authentication failed"}, "api-wrong-key"),
    (401, {"type": "error", "msg": "api access denied for ip 192.0.2.7"}, "api-address-refused"),
    (403, {"type": "error", "msg": "something else"}, "api-access-denied"),
]


@pytest.mark.parametrize(("status", "body", "error_id"), DENIALS, ids=lambda each: str(each)[:20])
def test_a_denial_is_told_apart_and_nothing_more_is_sent(
    serve: Serve, connect: Connect, status: int, body: dict[str, str], error_id: str
) -> None:
    server = serve(always(says(body, status)))
    client = connect(server.origin)

    for _ in range(3):
        with pytest.raises(AccessDenied) as refusal:
            client.get("domain", "all")
        assert refusal.value.id == error_id
    with pytest.raises(AccessDenied):
        client.post("add", "domain", body={})

    assert len(server.asked) == 1


def test_the_refused_address_is_told(serve: Serve, connect: Connect) -> None:
    server = serve(always(says(DENIALS[1][1], 401)))

    with pytest.raises(AccessDenied) as refusal:
        connect(server.origin).get("domain", "all")
    assert refusal.value.details["address"] == "192.0.2.7"


def test_a_wrong_key_is_sent_once_even_when_many_threads_begin_at_once(serve: Serve, connect: Connect) -> None:
    denied = says(DENIALS[0][1], 401)
    server = serve(lambda _: Reply(denied.status, denied.body, wait=0.05))
    client = connect(server.origin, parallelism=16)

    def attempt(_: int) -> str:
        with pytest.raises(AccessDenied) as refusal:
            client.get("domain", "all")
        return refusal.value.id

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(attempt, range(16))) == {"api-wrong-key"}
    assert len(server.asked) == 1


def test_a_read_only_key_stops_writes_but_not_reads(serve: Serve, connect: Connect) -> None:
    def script(asked: Asked) -> Reply:
        return (
            says([]) if asked.method == "GET" else says({"type": "error", "msg": "API read/write access denied"}, 403)
        )

    server = serve(script)
    client = connect(server.origin)

    for _ in range(2):
        with pytest.raises(AccessDenied) as refusal:
            client.post("add", "domain", body={})
        assert refusal.value.id == "api-key-read-only"
    assert client.get("domain", "all").state is ReadingState.EMPTY
    assert [asked.method for asked in server.asked] == ["POST", "GET"]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"<html>Forbidden</html>", b""])
def test_a_write_that_something_before_the_server_denies_may_have_been_done(
    serve: Serve, connect: Connect, status: int, body: bytes
) -> None:
    server = serve(always(Reply(status, body)))
    client = connect(server.origin)

    assert client.post("add", "domain", body={}).judgement is Judgement.UNKNOWN
    for _ in range(2):
        with pytest.raises(AccessDenied) as refusal:
            client.get("domain", "all")
        assert refusal.value.id == "api-access-denied"
    assert len(server.asked) == 1


def test_the_first_request_is_answered_before_others_run_and_then_no_more_than_allowed_run_at_once(
    serve: Serve, connect: Connect
) -> None:
    first_answered, together = threading.Event(), threading.Barrier(3)
    seen_before: list[bool] = []

    def script(_: Asked) -> Reply:
        seen_before.append(first_answered.is_set())
        if len(seen_before) == 1:
            time.sleep(0.1)  # for others to come too soon
            first_answered.set()
        else:
            together.wait(60)
        return Reply(200, b"{}")

    server = serve(script)
    client = connect(server.origin, parallelism=3)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: client.get("domain", "all"), range(25)))

    assert seen_before == [False] + [True] * 24
    assert server.most_at_once == 3
    assert server.connections <= 3


def test_a_failing_server_is_asked_again_and_again_with_growing_pauses(
    serve: Serve, connect: Connect, clock: Clock
) -> None:
    server = serve(in_turn(Reply(502, b"<html>"), Reply(reset=True), Reply(reset=True), says([1])))

    assert connect(server.origin).get("domain", "all").value == [1]
    assert clock.naps == [0.5, 1.0]


def test_a_server_that_goes_on_failing_is_told_with_its_status(serve: Serve, connect: Connect) -> None:
    server = serve(always(Reply(503, b"<html>CANARY</html>")))

    with pytest.raises(ConnectionFailed) as failure:
        connect(server.origin).get("domain", "all")

    assert failure.value.id == "api-server-failing"
    assert failure.value.exit_code == 4
    assert failure.value.details["status"] == 503
    assert failure.value.details["origin"] == server.origin
    assert "CANARY" not in f"{failure.value} {failure.value.details}"
    assert len(server.asked) == 4


def test_html_under_status_200_passes_on_a_server_that_answered_before(serve: Serve, connect: Connect) -> None:
    server = serve(in_turn(says([1]), HTML, says([2])))
    client = connect(server.origin)

    assert client.get("domain", "all").value == [1]
    assert client.get("domain", "all").value == [2]


def test_html_from_a_server_that_never_answered_is_no_mailcow(serve: Serve, connect: Connect) -> None:
    server = serve(always(HTML))

    with pytest.raises(ProtocolError) as failure:
        connect(server.origin).get("domain", "all")

    assert failure.value.id == "api-not-an-api-answer"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (says({}), ReadingState.EMPTY),
        (says([]), ReadingState.EMPTY),
        (Reply(200), ReadingState.SILENT),
        (says({"type": "error", "msg": "route not found"}, 404), ReadingState.NO_ROUTE),
        (says({"a": 1}), ReadingState.CONTENT),
    ],
)
def test_the_ways_to_say_nothing_are_told_apart(
    serve: Serve, connect: Connect, reply: Reply, state: ReadingState
) -> None:
    assert connect(serve(always(reply)).origin).get("domain", "all").state is state


def test_an_error_object_in_place_of_content_is_a_refusal_with_the_servers_words(
    serve: Serve, connect: Connect
) -> None:
    server = serve(always(says({"type": "error", "msg": "Cannot find attributes in post data"})))

    with pytest.raises(RequestRefused) as refusal:
        connect(server.origin).get("domain", "all")
    assert refusal.value.details["message"] == "Cannot find attributes in post data"


SILENT = Reply(200, b"[]", wait=60)
WRITES_OF_UNKNOWN_OUTCOME = [
    (Reply(200), "empty-body"),
    (HTML, "not-json"),
    (Reply(504, b"<html>"), "server-error"),
    (Reply(502), "server-error"),
    (Reply(reset=True), "connection-broken"),
    (Reply(200, b"[" + b" " * 100 + b"]", cut=50), "connection-broken"),
    (SILENT, "read-timeout"),
]


@pytest.mark.parametrize(("reply", "cause"), WRITES_OF_UNKNOWN_OUTCOME, ids=lambda each: str(each)[:40])
def test_a_write_whose_answer_proves_nothing_is_unknown_and_never_repeated(
    serve: Serve, connect: Connect, reply: Reply, cause: str
) -> None:
    server = serve(always(reply))

    timeout = 0.2 if reply is SILENT else 60

    verdict = connect(server.origin, timeout=timeout).post("add", "domain", body={"domain": "x.example"})

    assert (verdict.judgement, verdict.cause) == (Judgement.UNKNOWN, cause)
    assert server.was_asked(1)


def test_a_write_that_never_left_is_unsent(connect: Connect, refused_port: int) -> None:
    verdict = connect(f"http://127.0.0.1:{refused_port}").post("add", "domain", body={})

    assert (verdict.judgement, verdict.cause) == (Judgement.UNSENT, "connection-refused")


@pytest.mark.parametrize(
    ("reply", "judgement"),
    [
        (says({"type": "success", "msg": "Task completed"}), Judgement.SILENT),
        (says([{"type": "danger", "log": [], "msg": ["domain_exists", "x.example"]}]), Judgement.REFUSED),
        (says({"type": "error", "msg": "Request body doesn't contain valid json!"}, 400), Judgement.REFUSED),
        (says({"type": "error", "msg": "only GET method is allowed"}, 405), Judgement.REFUSED),
        (
            says([{"type": "danger", "msg": "access_denied"}, {"type": "success", "msg": ["alias_modified", "a"]}]),
            Judgement.MIXED,
        ),
    ],
)
def test_a_write_is_judged_by_what_the_server_says(
    serve: Serve, connect: Connect, reply: Reply, judgement: Judgement
) -> None:
    assert connect(serve(always(reply)).origin).post("edit", "domain", body={}).judgement is judgement


def test_an_unreachable_server_is_told_at_once(connect: Connect, clock: Clock, refused_port: int) -> None:
    with pytest.raises(ConnectionFailed) as failure:
        connect(f"http://127.0.0.1:{refused_port}").get("domain", "all")

    assert failure.value.id == "api-connection-refused"
    assert clock.naps == []


def test_a_name_nobody_knows_is_told(connect: Connect) -> None:
    with pytest.raises(ConnectionFailed) as failure:
        connect("https://mail.invalid").get("domain", "all")

    assert failure.value.id == "api-name-not-found"


def test_a_silent_server_is_told_after_a_second_try(serve: Serve, connect: Connect) -> None:
    server = serve(always(SILENT))

    with pytest.raises(ConnectionFailed) as failure:
        connect(server.origin, timeout=0.1).get("domain", "all")

    assert failure.value.id == "api-read-timeout"
    assert server.was_asked(2)


def test_connections_are_kept_and_replaced_when_the_server_has_closed_them(serve: Serve, connect: Connect) -> None:
    server = serve(always(says([])))
    client = connect(server.origin)

    for _ in range(3):
        client.get("domain", "all")
    assert server.connections == 1

    server.drop_connections()
    assert client.post("edit", "domain", body={}).status == 200
    assert server.connections == 2


def test_a_connection_the_server_wants_closed_is_not_used_again(serve: Serve, connect: Connect) -> None:
    server = serve(always(Reply(200, b"[]", close=True)))
    client = connect(server.origin)

    client.get("domain", "all")
    client.get("domain", "all")

    assert server.connections == 2


def test_a_compressed_list_is_read_and_counted_as_it_came(serve: Serve, connect: Connect) -> None:
    rows = [{"username": f"u{number}@x.example"} for number in range(1_000)]
    packed = gzip.compress(json.dumps(rows).encode())
    server = serve(always(Reply(200, packed, {"Content-Encoding": "gzip"})))
    client = connect(server.origin)

    assert client.get("mailbox", "all").rows == rows
    assert server.asked[0].headers["Accept-Encoding"] == "gzip"
    assert client.statistics.total.received == len(packed)


def test_a_list_in_pieces_is_put_together(serve: Serve, connect: Connect) -> None:
    pieces = b"3\r\n[1,\r\n4\r\n2,3]\r\n0\r\n\r\n"
    server = serve(always(Reply(200, pieces, {"Transfer-Encoding": "chunked"})))
    client = connect(server.origin)

    assert client.get("domain", "all").value == [1, 2, 3]
    assert client.get("domain", "all").value == [1, 2, 3]
    assert server.connections == 1


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_without_an_end_is_given_up(serve: Serve, connect: Connect, packed: bool) -> None:
    body = b"[" + b" " * 5_000_000
    reply = Reply(200, gzip.compress(body), {"Content-Encoding": "gzip"}) if packed else Reply(200, body)
    client = connect(serve(always(reply)).origin, largest_answer=1_000_000)

    with pytest.raises(ProtocolError) as failure:
        client.get("domain", "all")
    assert failure.value.id == "api-answer-too-large"


def test_a_body_that_is_not_what_its_encoding_says_is_no_api_answer(serve: Serve, connect: Connect) -> None:
    server = serve(always(Reply(200, b"[1]", {"Content-Encoding": "gzip"})))

    with pytest.raises(ProtocolError) as failure:
        connect(server.origin).get("domain", "all")
    assert failure.value.id == "api-not-an-api-answer"


def test_a_certificate_nobody_vouches_for_is_refused_before_the_key_is_sent(serve: Serve, connect: Connect) -> None:
    server = serve(always(says([])), tls=True)

    with pytest.raises(ConnectionFailed) as failure:
        connect(server.origin).get("domain", "all")

    assert failure.value.id == "api-certificate-not-trusted"
    assert server.asked == []


def test_a_certificate_of_ones_own_authority_is_trusted_by_naming_its_file(serve: Serve, connect: Connect) -> None:
    server = serve(always(says([])), tls=True)
    client = connect(server.origin, ca_file=CERTIFICATE, parallelism=4)

    for _ in range(3):
        assert client.get("domain", "all").state is ReadingState.EMPTY
    assert client.post("add", "domain", body={}).status == 200
    assert server.connections == 1


def test_a_servers_own_certificate_is_trusted_by_naming_its_file_whoever_issued_it(
    serve: Serve, connect: Connect
) -> None:
    server = serve(always(says([])), tls=True, certificate=ISSUED)
    assert connect(server.origin, ca_file=ISSUED).get("domain", "all").state is ReadingState.EMPTY
    with pytest.raises(ConnectionFailed):
        connect(server.origin, ca_file=CERTIFICATE).get("domain", "all")


def test_https_to_a_port_that_speaks_plain_http_is_told(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        with pytest.raises(ConnectionFailed) as failure:
            connect(f"https://127.0.0.1:{listener.getsockname()[1]}").get("domain", "all")
        thread.join()

    assert failure.value.id == "api-tls-failed"


def test_a_file_of_certificates_that_is_none_is_a_usage_error() -> None:
    access = ServerAccess(origin="https://mail.example", key="A-1", ca_file=Path(__file__))

    with pytest.raises(UsageError) as refusal:
        Client(access, timing=Timing(lambda: 0.0, lambda _: None))
    assert refusal.value.id == "ca-file-unusable"


def test_the_costs_of_calls_are_counted_by_kind_without_names(serve: Serve, connect: Connect) -> None:
    server = serve(in_turn(says([1, 2]), says({}), Reply(502), says({}), ADDED, Reply(200)))
    client = connect(server.origin)

    client.get("domain", "all")
    client.get("mailbox", "reduced", "x.example")
    client.get("mailbox", "anna@x.example")
    client.post("add", "alias", body={"a": 1})
    client.post("delete", "domain", "tag", "x.example", body=["t"])

    calls = client.statistics.calls
    assert set(calls) == {
        "get domain",
        "get mailbox/reduced",
        "get mailbox",
        "post add/alias",
        "post delete/domain/tag",
    }
    assert (calls["get mailbox"].requests, calls["get mailbox"].failures) == (2, 1)
    assert calls["post add/alias"].sent == len(b'{"a":1}')
    assert calls["get domain"].received == len(b"[1, 2]")
    assert client.statistics.total.requests == len(server.asked) == 6
