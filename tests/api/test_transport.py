import os
import resource
import socket
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx
import pytest

from reconciler.api import Client, Judgement, ServerAccess, Timing
from reconciler.api.exchange import ExchangeFailed
from reconciler.api.incoming import SLOWEST, Stream
from reconciler.api.origin import Origin
from reconciler.api.proxied import HttpxTransport
from reconciler.api.transport import KeepAliveTransport
from reconciler.errors import ConnectionFailed, ProtocolError
from tests.api.scripted_server import Asked, Reply, ScriptedServer, says

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., Client]


def _kept(server: ScriptedServer) -> KeepAliveTransport:
    origin = Origin.parse(server.origin)
    return KeepAliveTransport(
        origin, None, timeout=60.0, connect_timeout=60.0, largest_answer=1 << 20, now=time.monotonic
    )


class Dripping(socket.socket):
    """A connection over which so much comes at a time, for ever."""

    def __init__(self, drop: bytes) -> None:
        super().__init__()
        self.drop = drop

    def recv_into(self, buffer: Any, *_: int) -> int:
        size = min(len(buffer), len(self.drop))
        buffer[:size] = self.drop[:size]
        return size


@pytest.mark.parametrize("size", [1_000, 200_000], ids=["by way of the buffer", "past it"])
def test_an_answer_that_drips_is_given_up_although_each_drop_comes_in_time(size: int) -> None:
    seconds = count(0.0, 9.0)
    with Dripping(b" ") as connection:
        stream = Stream(connection, now=lambda: next(seconds), patience=60.0)
        with pytest.raises(TimeoutError):
            stream.exactly(size)
    assert next(seconds) < 60 + 2 * 9.0


@pytest.mark.parametrize("size", [1_000, 200_000], ids=["by way of the buffer", "past it"])
def test_an_answer_that_comes_slowly_but_comes_is_waited_for(size: int) -> None:
    seconds = count(0.0, 9.0)
    with Dripping(b" " * 9 * SLOWEST) as connection:
        stream = Stream(connection, now=lambda: next(seconds), patience=1.0)
        assert len(stream.exactly(size)) == size


def test_each_answer_over_a_connection_has_its_own_time() -> None:
    seconds = count(0.0, 50.0)
    with Dripping(b" ") as connection:
        stream = Stream(connection, now=lambda: next(seconds), patience=60.0)
        for _ in range(9):
            stream.begin()
            stream.exactly(2)


def test_the_rest_of_an_answer_given_up_is_not_taken_for_the_next_one(serve: Serve, connect: Connect) -> None:
    replies = [says([]), Reply(200, b"[" + b"0," * 3_000_000 + b"0]"), says([1])]
    server = serve(lambda _: replies.pop(0))
    client = connect(server.origin, largest_answer=1_000)

    client.get("domain", "all")
    with pytest.raises(ProtocolError):
        client.get("domain", "all")

    assert client.get("domain", "all").value == [1]
    assert server.connections == 2


def test_a_connection_that_breaks_takes_the_idle_ones_along(serve: Serve) -> None:
    both = threading.Barrier(2, timeout=60)

    def script(asked: Asked) -> Reply:
        if asked.target == "/together":
            both.wait()
        return Reply(reset=True) if asked.target == "/broken" else says([])

    server = serve(script)
    transport = _kept(server)
    threads = [threading.Thread(target=transport.exchange, args=("GET", b"/together", {}, None)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with pytest.raises(ExchangeFailed):
        transport.exchange("POST", b"/broken", {}, b"")
    transport.exchange("POST", b"/again", {}, b"")
    transport.close()
    assert server.connections == 3


def test_a_process_with_very_many_open_files_keeps_connections_too(serve: Serve) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2_000:
        pytest.skip("so many files may not be open here")
    server = serve(lambda _: says([]))
    transport = _kept(server)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2_000), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
    try:
        for _ in range(3):
            assert transport.exchange("GET", b"/", {}, None).status == 200
    finally:
        transport.close()
        for each in held:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert server.connections == 1


def test_a_header_said_twice_is_one_with_both_values(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: Reply(200, b"[]", {"Connection": "keep-alive", "connection": "close"}))
    client = connect(server.origin)
    client.get("domain", "all")
    client.get("domain", "all")
    assert server.connections == 2


def test_closing_ends_idle_connections_at_once_and_busy_ones_after_their_answer(serve: Serve) -> None:
    busy, release = threading.Event(), threading.Event()

    def script(asked: Asked) -> Reply:
        if asked.target == "/slow":
            busy.set()
            release.wait(60)
        return says([])

    server = serve(script)
    transport = _kept(server)
    answers: list[int] = []

    def send(path: str) -> None:
        answers.append(transport.exchange("GET", path.encode(), {}, None).status)

    slow = threading.Thread(target=send, args=("/slow",))
    slow.start()
    assert busy.wait(60)
    send("/fast")
    transport.close()
    release.set()
    slow.join(60)

    assert answers == [200, 200]
    assert server.all_connections_closed(within=60)


@pytest.mark.parametrize(
    ("error", "judgement", "cause"),
    [
        (httpx.ConnectTimeout(""), Judgement.UNSENT, "connect-timeout"),
        (httpx.PoolTimeout(""), Judgement.UNSENT, "connect-timeout"),
        (httpx.ProxyError(""), Judgement.UNSENT, "not-through-proxy"),
        (httpx.WriteTimeout(""), Judgement.UNKNOWN, "read-timeout"),
        (httpx.WriteError(""), Judgement.UNKNOWN, "connection-broken"),
        (httpx.RemoteProtocolError(""), Judgement.UNKNOWN, "connection-broken"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_another_transport_may_stand_in_and_only_failures_to_connect_mean_unsent(
    error: httpx.TransportError, judgement: Judgement, cause: str
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    access = ServerAccess(origin="https://mail.example", key="A-1", readable=frozenset({"domain"}))
    client = Client(
        access, timing=Timing(lambda: 0.0, lambda _: None), transport=HttpxTransport(access, httpx.MockTransport(fail))
    )

    verdict = client.post("add", "domain", body={})

    assert (verdict.judgement, verdict.cause) == (judgement, cause)
    with pytest.raises(ConnectionFailed):
        client.get("domain", "all")
