import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from reconciler.errors import UsageError
from reconciler.simulator import Simulator, costs, state_file
from reconciler.simulator.faults import Faults
from reconciler.simulator.http import serving
from tests.simulator.mailcow import KEY, Mailcow

Start = Callable[..., Mailcow]
HEADERS = {"X-API-Key": KEY}
VERSION = "/api/v1/get/status/version"
HOST = {"hostname": "smtp.example:25", "username": "u", "password": "p"}


def client(url: str, timeout: float = 60) -> httpx.Client:
    return httpx.Client(base_url=url, headers=HEADERS, trust_env=False, timeout=timeout)


def test_it_answers_many_requests_on_one_connection(mailcow: Start) -> None:
    server = mailcow()
    with serving(server.simulator) as url, client(url) as http:
        assert http.post("/api/v1/add/relayhost", json=HOST).json()[0]["type"] == "success"
        hosts = [http.get("/api/v1/get/relayhost/all").json()[0]["hostname"] for _ in range(20)]
    assert hosts == ["smtp.example:25"] * 20


def test_pipelined_requests_are_answered_in_order(mailcow: Start) -> None:
    asked = b"".join(
        b"GET /api/v1/get/logs/%s/1 HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\n\r\n" % (name, KEY.encode())
        for name in (b"api", b"nothing", b"acme")
    )
    with serving(mailcow().simulator, faults=Faults.of("latency=20ms:get/logs/api")) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(asked)
            heard = b""
            while heard.count(b"HTTP/1.1 ") < 3 or not heard.endswith(b"{}"):
                heard += connection.recv(65536)
    first, second, third = heard.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200")
    assert b"/api/v1/get/logs/api/1" in first.replace(b"\\/", b"/")
    assert second.startswith(b"404")
    assert third.startswith(b"200")


def test_a_head_request_gets_no_body(mailcow: Start) -> None:
    with serving(mailcow().simulator) as url, client(url) as http:
        assert http.head(VERSION).status_code == 405
        assert http.get(VERSION).json() == {"version": "2026-07a"}


def test_what_is_no_http_is_refused(mailcow: Start) -> None:
    with serving(mailcow().simulator) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(b"hello\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def test_a_broken_connection_is_heard_as_one(mailcow: Start) -> None:
    server = mailcow()
    with serving(server.simulator, faults=Faults.of("reset-after:add")) as url, client(url) as http:
        with pytest.raises(httpx.NetworkError):
            http.post("/api/v1/add/relayhost", json=HOST)
        assert len(http.get("/api/v1/get/relayhost/all").json()) == 1


def test_a_silent_server_is_heard_as_one(mailcow: Start) -> None:
    faults = Faults.of("timeout-before:add")
    with serving(mailcow().simulator, faults=faults) as url, client(url) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.post("/api/v1/add/relayhost", json=HOST, timeout=0.2)
        assert http.get("/api/v1/get/relayhost/all").json() == {}


def test_a_banned_address_hears_nothing(mailcow: Start) -> None:
    server = mailcow(ban_local=True)
    with serving(server.simulator) as url, client(url) as http:
        for _ in range(10):
            assert http.get(VERSION, headers={"X-API-Key": "wrong"}).status_code == 401
        with pytest.raises(httpx.TransportError):
            http.get(VERSION)


@contextmanager
def waiting_for_ever(faults: Faults, ask: Callable[[httpx.Client], object], url: str) -> Iterator[None]:
    """Ask something that is not answered before the server ends; it has arrived there."""

    def wait() -> None:
        with client(url) as http, pytest.raises(httpx.TransportError):
            ask(http)

    asking = threading.Thread(target=wait)
    asking.start()
    soon = time.monotonic() + 60
    while not faults.seen and time.monotonic() < soon:
        time.sleep(0.01)
    assert faults.seen
    yield
    assert asking.is_alive()


def test_latency_delays_one_call_and_not_its_neighbours(mailcow: Start) -> None:
    faults = Faults.of("latency=3600s:get/relayhost")
    with (
        serving(mailcow().simulator, faults=faults) as url,
        waiting_for_ever(faults, lambda each: each.get("/api/v1/get/relayhost/all", timeout=600), url),
        client(url) as http,
    ):
        assert http.get(VERSION).status_code == 200


def test_latency_is_waited_for(mailcow: Start) -> None:
    with serving(mailcow().simulator, faults=Faults.of("latency=100ms")) as url, client(url) as http:
        started = time.monotonic()
        http.get(VERSION)
        assert time.monotonic() - started >= 0.1


def test_a_cost_is_that_of_a_real_server(mailcow: Start) -> None:
    cost = costs.seconds("get/bcc/all", rows=0, items=0, accounts=None)
    assert 0.005 < cost < 0.05
    with serving(mailcow().simulator, faults=Faults.of("cost")) as url, client(url) as http:
        started = time.monotonic()
        for _ in range(5):
            http.get("/api/v1/get/bcc/all")
        assert time.monotonic() - started >= 5 * cost


def test_an_answer_may_break_off_after_its_first_half(mailcow: Start) -> None:
    server = mailcow()
    with serving(server.simulator, faults=Faults.of("truncated:add")) as url, client(url) as http:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            http.post("/api/v1/add/relayhost", json={"hostname": "smtp.example:25", "username": "", "password": ""})
        assert len(http.get("/api/v1/get/relayhost/all").json()) == 1


def http_when_it_is_back(http: httpx.Client) -> httpx.Client:
    soon = time.monotonic() + 60
    while time.monotonic() < soon:
        with suppress(httpx.ConnectError):
            http.get(VERSION)
            break
        time.sleep(0.05)
    return http


def test_a_restart_breaks_all_connections_and_takes_its_time(mailcow: Start) -> None:
    server = mailcow()
    with serving(server.simulator, faults=Faults.of("restart=1s:add")) as url, client(url) as http:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as idle:
            with pytest.raises(httpx.HTTPError):
                http.post("/api/v1/add/relayhost", json=HOST)
            with pytest.raises(httpx.ConnectError):
                http.get(VERSION)
            assert idle.recv(1) == b""
        assert http_when_it_is_back(http).get("/api/v1/get/relayhost/all").json() == {}


def test_an_answer_may_trickle(mailcow: Start) -> None:
    with serving(mailcow().simulator, faults=Faults.of("trickle=2000")) as url, client(url) as http:
        started = time.monotonic()
        assert http.get(VERSION).json() == {"version": "2026-07a"}
        assert time.monotonic() - started >= 0.1


def test_a_taken_port_is_explained(mailcow: Start) -> None:
    with serving(mailcow().simulator) as url:
        again = serving(mailcow().simulator, port=int(url.rpartition(":")[2]))
        with pytest.raises(UsageError) as raised:
            again.__enter__()
    assert raised.value.id == "cannot-listen"


def test_a_state_outlives_its_server(mailcow: Start, tmp_path: Path) -> None:
    server = mailcow()
    server.post("add/relayhost", HOST)
    path = tmp_path / "state.json"
    assert state_file.load(path, version="2026-07a") is None
    state_file.save(server.simulator, path)
    again = Simulator("2026-07a", api_key=KEY, state=state_file.load(path, version="2026-07a"))
    assert (
        again.handle("GET", "/api/v1/get/relayhost/all", HEADERS).body == server.send("GET", "get/relayhost/all").body
    )
    answer = again.handle("POST", "/api/v1/add/relayhost", {**HEADERS, "Content-Type": "application/json"}, b"{}")
    assert b"invalid_host" in answer.body
    assert list(tmp_path.iterdir()) == [path]


def test_a_state_of_another_version_or_no_state_is_refused(mailcow: Start, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state_file.save(mailcow("2022-01a").simulator, path)
    for content in (path.read_bytes(), b"{", b"[]", b"\xff", b'{"version": "2026-07a", "state": {"format": 99}}'):
        path.write_bytes(content)
        with pytest.raises(UsageError) as raised:
            state_file.load(path, version="2026-07a")
        assert raised.value.id == "bad-state-file"


def test_parallel_writers_leave_half_created_mailboxes_on_old_versions_only(mailcow: Start) -> None:
    domain = {
        "domain": "a.example",
        "active": 1,
        "aliases": 9,
        "mailboxes": 9,
        "defquota": 1,
        "maxquota": 9,
        "quota": 99,
    }
    password = {"password": "Abcdef123!", "password2": "Abcdef123!"}
    for version, half_created in (("2022-01a", True), ("2024-08a", False)):
        server = mailcow(version)
        server.post("add/domain", domain)
        faults = Faults.of("half-created:100%", "latency=3600s:add/mailbox:1")
        body = {"domain": "a.example", "quota": 1, "active": 1, **password}

        def add(name: str, http: httpx.Client, body: dict[str, object] = body) -> str:
            return http.post("/api/v1/add/mailbox", json={**body, "local_part": name}, timeout=600).text

        with (
            serving(server.simulator, faults=faults) as url,
            waiting_for_ever(faults, lambda each: add("anna", each), url),
            client(url) as http,
        ):
            heard = add("ben", http)
        assert (heard == "") == half_created
        assert (None in [row["username"] for row in server.get("get/mailbox/all")]) == half_created


def test_a_served_simulator_keeps_its_state_when_it_is_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    program = (
        "import pathlib, sys; from reconciler.simulator import Simulator; from reconciler.simulator.http import serve\n"
        f"serve(Simulator(api_key={KEY!r}), '127.0.0.1', 0, state_file_path=pathlib.Path(sys.argv[1]),"
        " ready=lambda url: print(url, flush=True))"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        url = process.stdout.readline().strip()
        with client(url) as http:
            assert http.post("/api/v1/add/relayhost", json=HOST).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    state = state_file.load(path, version="2026-07a")
    assert state is not None
    assert "smtp.example:25" in str(state.dump())
