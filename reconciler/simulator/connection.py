"""One client's HTTP/1.1 connection to the simulator: keep-alive, pipelining, and the faults of each call."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, cast

import httptools

from . import Simulator, costs
from .disturbed import LostError, Sent, answer
from .faults import NOTHING, Disturbance, Faults
from .keys import BannedError
from .protocol import Answer

LARGEST_BODY_BYTES: Final = 64 * 1024 * 1024
"""PHP's post_max_size in mailcow."""
TRICKLE_PIECES_A_SECOND: Final = 10
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


class Site:
    """A simulator with its faults, shared by all connections of a listener."""

    def __init__(self, simulator: Simulator, faults: Faults) -> None:
        self.simulator = simulator
        self.faults = faults
        self.writes_under_way = 0
        self.changed = False
        self.connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._reopening: asyncio.Task[None] | None = None
        self._workers = asyncio.Semaphore(costs.PARALLEL_CALLS if simulator.server.has("safe_parallel_writers") else 1)

    async def listen(self, host: str, port: int) -> tuple[str, int]:
        """Accept connections; gives the address they come to.

        Raises:
            OSError: The address cannot be listened on.
        """
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
        name = self._listener.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    def close(self) -> None:
        """Accept no connections any more, and break off those there are."""
        if self._reopening is not None:
            self._reopening.cancel()
        if self._listener is not None:
            self._listener.close()
        for connection in list(self.connections):
            connection.close()

    def restart(self, seconds: float) -> None:
        """Do so for a while."""
        if self._listener is None or not self._listener.sockets:
            return
        name = self._listener.sockets[0].getsockname()
        self.close()
        self._reopening = asyncio.get_running_loop().create_task(self._reopen(seconds, name[0], name[1]))

    async def _reopen(self, seconds: float, host: str, port: int) -> None:
        await asyncio.sleep(seconds)
        await self.listen(host, port)

    async def work(self, sent: Sent, given: Answer, factor: float) -> None:
        """Take the time a real server takes, as one of its few workers."""
        verb = sent.route.partition("/")[0]
        server = self.simulator.server
        accounts = (
            None
            if server.has("safe_parallel_writers")
            else sum(len(server.state.tables[name]) for name in ("mailbox", "alias") if name in server.state.tables)
        )
        seconds = costs.seconds(
            sent.route, rows=costs.rows_in(given.body), items=costs.items_in(verb, sent.body), accounts=accounts
        )
        async with self._workers:
            await asyncio.sleep(seconds * factor)


class Connection(asyncio.Protocol):
    """One client's connection; requests on it are answered one after the other."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._waiting: deque[tuple[Sent, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._gone = asyncio.Event()
        self._start()

    def _start(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        self._transport = cast("asyncio.Transport", transport)
        self._peer = (transport.get_extra_info("peername") or ("127.0.0.1",))[0]
        self._site.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left; what it asked for last still takes effect."""
        del exc
        self._site.connections.discard(self)
        self._transport = None
        self._gone.set()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._refuse(400)

    def close(self) -> None:
        """Break the connection off."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.abort()

    # the parser's side

    def on_message_begin(self) -> None:
        """A request begins."""
        self._start()

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The body follows, if the client is told to go on."""
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body += body
        if len(self._body) > LARGEST_BODY_BYTES:
            self._refuse(413)

    def on_message_complete(self) -> None:
        """The request is whole."""
        method = self._parser.get_method().decode("latin-1")
        sent = Sent(method, self._target.decode("latin-1"), self._headers, bytes(self._body), self._peer)
        self._waiting.append((sent, self._parser.should_keep_alive()))
        if self._task is None:
            self._next()

    # answering

    def _next(self) -> None:
        while self._waiting and self._transport is not None:
            sent, keep = self._waiting.popleft()
            self._site.changed = self._site.changed or sent.method != "GET"
            faults = self._site.faults
            disturbance = NOTHING
            if faults.faults:
                disturbance = faults.strike(sent.route, others_writing=self._site.writes_under_way > 0)
            if disturbance is NOTHING:
                self._answer_now(sent, keep=keep)
            else:
                self._site.writes_under_way += sent.method != "GET"
                self._task = asyncio.get_running_loop().create_task(self._answer_later(sent, disturbance, keep=keep))
                return

    def _answer_now(self, sent: Sent, *, keep: bool) -> None:
        try:
            given = answer(self._site.simulator, sent, NOTHING)
        except BannedError:
            self._lose()
        except Exception as error:  # noqa: BLE001 a bug here must not look like a client's mistake
            self._write(_own_failure(error), sent.method, keep=keep)
        else:
            self._write(given, sent.method, keep=keep)

    async def _answer_later(self, sent: Sent, disturbance: Disturbance, *, keep: bool) -> None:
        try:
            await asyncio.sleep(disturbance.delay_seconds)
            given = answer(self._site.simulator, sent, disturbance)
            if disturbance.cost_factor:
                await self._site.work(sent, given, disturbance.cost_factor)
            await self._write_slowly(given, sent.method, disturbance.bytes_per_second, keep=keep)
        except LostError as lost:
            if disturbance.closed_seconds:
                self._task = None
                self._site.restart(disturbance.closed_seconds)
            if lost.silent:
                await self._gone.wait()
            if lost.heard is None:
                self._lose()
            else:
                self._break_off(lost.heard, sent.method)
        except BannedError:
            self._lose()
        except Exception as error:  # noqa: BLE001 as above
            self._write(_own_failure(error), sent.method, keep=keep)
        finally:
            self._site.writes_under_way -= sent.method != "GET"
            self._task = None
        self._next()

    def _lose(self) -> None:
        if self._transport is not None:
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._transport.abort()

    def _break_off(self, given: Answer, method: str) -> None:
        if self._transport is not None:
            whole = _encoded(given, method, keep=False)
            self._transport.write(whole[: len(whole) - max(1, len(given.body) // 2)])
            self._transport.close()

    def _write(self, given: Answer, method: str, *, keep: bool) -> None:
        if self._transport is not None:
            self._transport.write(_encoded(given, method, keep=keep))
            if not keep:
                self._transport.close()

    async def _write_slowly(self, given: Answer, method: str, pace: float, *, keep: bool) -> None:
        if not pace:
            self._write(given, method, keep=keep)
            return
        whole = _encoded(given, method, keep=keep)
        size = max(1, int(pace / TRICKLE_PIECES_A_SECOND))
        for start in range(0, len(whole), size):
            if self._transport is None:
                return
            self._transport.write(whole[start : start + size])
            await asyncio.sleep(size / pace)
        if not keep and self._transport is not None:
            self._transport.close()

    def _refuse(self, status: int) -> None:
        if self._transport is not None:
            self._write(Answer(status, (("Server", "nginx"),), b""), "GET", keep=False)


def _own_failure(error: Exception) -> Answer:
    text = f"The simulator failed, which the real server would not have: {type(error).__name__}: {error}\n"
    return Answer(500, (("Content-Type", "text/plain; charset=utf-8"),), text.encode())


def _encoded(given: Answer, method: str, *, keep: bool) -> bytes:
    lines = [f"HTTP/1.1 {given.status} {_REASONS.get(given.status, '')}"]
    lines.extend(f"{name}: {value}" for name, value in given.headers)
    lines.append(f"Date: {formatdate(usegmt=True)}")
    lines.append(f"Content-Length: {len(given.body)}")
    lines.append(f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n")
    head = "\r\n".join(lines).encode("latin-1")
    return head if method == "HEAD" else head + given.body
