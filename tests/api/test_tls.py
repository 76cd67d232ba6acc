"""Connections over TLS, which say things of their own: handshakes, tickets, ends."""

import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable

import certifi
import pytest

from reconciler.api import Client, Judgement
from reconciler.api.exchange import ExchangeFailed
from reconciler.api.transport import _send
from reconciler.api.trust import trusting
from tests.api.conftest import Clock
from tests.api.scripted_server import CERTIFICATE, Asked, Reply, ScriptedServer, says

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., Client]

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(params=VERSIONS, ids=lambda version: version.name)
def version(request: pytest.FixtureRequest) -> ssl.TLSVersion:
    """Each version that mailcow's web server speaks."""
    found: ssl.TLSVersion = request.param
    return found


def test_a_connection_made_beforehand_carries_the_first_request(
    serve: Serve, connect: Connect, version: ssl.TLSVersion
) -> None:
    server = serve(lambda _: says([1]), tls=True, version=version)
    client = connect(server.origin, ca_file=CERTIFICATE)
    client.prepare()
    assert server.asked == []
    assert client.get("domain", "all").value == [1]
    assert server.connections == 1


def test_a_connection_made_beforehand_and_closed_since_is_replaced(
    serve: Serve, connect: Connect, version: ssl.TLSVersion
) -> None:
    server = serve(lambda _: says([1]), tls=True, version=version)
    client = connect(server.origin, ca_file=CERTIFICATE)
    client.prepare()
    assert server.has_greeted(within=60)
    server.drop_connections()
    assert client.get("domain", "all").value == [1]
    assert server.connections == 2


def test_a_server_that_is_not_there_is_told_by_the_request_and_not_before(connect: Connect, refused_port: int) -> None:
    client = connect(f"https://127.0.0.1:{refused_port}", ca_file=CERTIFICATE)
    client.prepare()
    assert client.post("add", "domain", body={}).judgement is Judgement.UNSENT


@pytest.mark.parametrize("tls", [False, True])
def test_a_read_on_a_connection_that_just_ended_is_sent_again_at_once(
    serve: Serve, connect: Connect, clock: Clock, tls: bool
) -> None:
    ends = iter([False, True, False])
    server = serve(lambda _: Reply(reset=True) if next(ends) else says([1]), tls=tls)
    client = connect(server.origin, ca_file=CERTIFICATE)
    client.get("domain", "all")
    assert client.get("domain", "all").value == [1]
    assert (len(server.asked), server.connections, clock.naps) == (3, 2, [])


@pytest.mark.parametrize("tls", [False, True])
def test_a_write_on_a_connection_that_just_ended_is_not_sent_again(serve: Serve, connect: Connect, tls: bool) -> None:
    ends = iter([False, True])
    server = serve(lambda _: Reply(reset=True) if next(ends) else says([]), tls=tls)
    client = connect(server.origin, ca_file=CERTIFICATE)
    client.get("domain", "all")
    assert client.post("add", "domain", body={}).judgement is Judgement.UNKNOWN
    assert len(server.asked) == 2


def test_a_request_of_which_nothing_could_be_sent_is_known_to_be_unsent() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(ExchangeFailed) as failed:
            _send(ours, b"POST")
    assert not failed.value.failure.sent


def test_a_large_request_is_sent_whole(serve: Serve, connect: Connect, version: ssl.TLSVersion) -> None:
    server = serve(lambda _: says([]), tls=True, version=version)
    body = {"items": ["x" * 1_000] * 1_000}
    connect(server.origin, ca_file=CERTIFICATE).post("edit", "mailbox", body=body)
    assert server.asked[0].sent_json == body


def test_a_compressed_list_in_chunks_is_read(serve: Serve, connect: Connect, version: ssl.TLSVersion) -> None:
    rows = [{"address": f"a{number}@one.example"} for number in range(20_000)]
    packed = gzip.compress(json.dumps(rows).encode())
    pieces = [packed[begin : begin + 8192] for begin in range(0, len(packed), 8192)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    told = {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip", "Content-Type": "application/json"}
    server = serve(lambda _: Reply(200, body, told), tls=True, version=version)
    client = connect(server.origin, ca_file=CERTIFICATE)
    assert client.get("domain", "all").value == rows
    assert client.get("domain", "all").value == rows
    assert server.connections == 1


def test_handshakes_are_made_beside_each_other(serve: Serve, connect: Connect) -> None:
    together = threading.Barrier(3, timeout=60)

    def script(asked: Asked) -> Reply:
        if asked.target.endswith("version"):
            return says([])
        together.wait()
        return says([1])

    connections: list[int] = []

    def greet() -> None:
        connections.append(1)
        if len(connections) > 1:
            greeted.wait()

    greeted = threading.Barrier(2, timeout=60)
    server = serve(script, tls=True, greet=greet)
    client = connect(server.origin, ca_file=CERTIFICATE)
    client.get("status", "version")
    threads = [threading.Thread(target=client.get, args=("domain", "all")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(server.asked) == 4
    assert server.connections == 3


def test_the_public_authorities_are_certifis_and_only_who_needs_them_pays_for_finding_them() -> None:
    theirs = ssl.create_default_context(cafile=certifi.where())
    assert trusting(None).cert_store_stats() == theirs.cert_store_stats()
    code = "import sys; from reconciler.api.trust import trusting; trusting(None); print('certifi' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "False\n"
