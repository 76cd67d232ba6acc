"""HTTP/1.1 over kept connections, one per request under way: light enough for many writes, and quick to import.

httpx's own pool reaches 56 to 77 % of what 16 connections to a 20 ms server can carry, shared or one a thread; this
one more than 90 %, where the same machine lets a bare event loop have 96 % (tests/bench/transports.py). httpx itself
is needed only where a proxy is asked for (`proxied.py`).

Over TLS each thread makes its own connection, all of them beside each other. Sessions are not resumed: that saves a
third of a millisecond of the 1.4 ms that a whole handshake costs a client (nginx 1.22, OpenSSL 3.0), a few times a run.
"""

from __future__ import annotations

import _socket
import select
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reconciler.api.access import ServerAccess
from reconciler.api.exchange import ExchangeFailed, Received, Transport
from reconciler.api.failures import Failure, FailureReason, broken
from reconciler.api.incoming import Stream, receive
from reconciler.api.origin import Origin

if TYPE_CHECKING:
    import ssl

    from reconciler.api.jsontext import Typed

Connection = _socket.socket
"""What `socket.socket` is made of: that is slower to import than a small server to read, for nothing that is needed."""

__all__ = ["KeepAliveTransport", "transport_for"]


def transport_for(access: ServerAccess, *, now: Callable[[], float]) -> Transport:
    """Choose the way to a server: our own connections, or httpx's pool where a proxy is asked for.

    Args:
        access: the server.
        now: a clock, in seconds.

    Raises:
        UsageError: `ca-file-unusable` or `proxy-wrong`.
    """
    context = _trusted(access) if access.url.is_encrypted else None
    if access.proxy and not access.url.is_loopback:
        from reconciler.api.proxied import through_proxy  # noqa: PLC0415  httpx takes long to import

        return through_proxy(access, context)
    return KeepAliveTransport(
        access.url,
        context,
        timeout=access.timeout,
        connect_timeout=access.connect_timeout,
        largest_answer=access.largest_answer,
        now=now,
    )


class KeepAliveTransport:
    """Connections to one origin, taken by whoever has a request and given back when the answer is read.

    Safe to use from many threads; there are never more connections than requests under way at once.
    """

    def __init__(
        self,
        origin: Origin,
        context: ssl.SSLContext | None,
        *,
        timeout: float,
        connect_timeout: float,
        largest_answer: int,
        now: Callable[[], float],
    ) -> None:
        """Prepare; nothing is connected yet.

        Args:
            origin: where every request goes.
            context: what to trust, for https; None for plain http.
            timeout: seconds to wait for the server to say something more, and for an answer that only drips.
            connect_timeout: seconds to wait for a connection.
            largest_answer: bytes, decompressed, above which an answer is given up.
            now: a clock, in seconds.
        """
        self._origin = origin
        self._context = context
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._largest_answer = largest_answer
        self._now = now
        self._idle: deque[Stream] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def exchange(
        self,
        method: str,
        path: bytes,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        typed: Typed | None = None,
    ) -> Received:
        """Send a request as one piece, so that it goes out in one packet, and receive its answer.

        Raises:
            ExchangeFailed: with what broke.
        """
        request = _request(method, path, {"Host": self._origin.netloc, **headers}, content)
        kept = self._take()
        if kept is not None:
            try:
                return self._over(kept, request, typed)
            except ExchangeFailed as failed:
                # servers end connections they have kept long enough, sometimes just as the next request is under way
                ended = failed.failure.reason is FailureReason.BROKEN and (method == "GET" or not failed.failure.sent)
                if not ended:
                    raise
        return self._over(self._stream(), request, typed)

    def _over(self, stream: Stream, request: bytes, typed: Typed | None) -> Received:
        reusable = False
        try:
            _send(stream.connection, request)
            received, reusable = receive(stream, largest=self._largest_answer, typed=typed)
        except OSError as error:
            self.rest()  # the others may have ended unnoticed too; what is sent again gets a connection of its own
            raise ExchangeFailed(broken(error)) from error
        except ExchangeFailed:
            self.rest()
            raise
        finally:
            if reusable:
                self._give_back(stream)
            else:
                stream.connection.close()
        return received

    def prepare(self) -> None:
        """Make a connection for the first request; why that fails, if it does, the request itself will find out."""
        try:
            self._give_back(self._stream())
        except ExchangeFailed:
            return

    def close(self) -> None:
        """Close the connections nobody uses, and the others as soon as their answers are read."""
        with self._lock:
            self._closed = True
        self.rest()

    def rest(self) -> None:
        """Close the connections nobody uses; the next request opens a new one."""
        with self._lock:
            idle, self._idle = self._idle, deque()
        for stream in idle:
            stream.connection.close()

    def _give_back(self, stream: Stream) -> None:
        """Keep a connection for the next request."""
        with self._lock:
            if not self._closed:
                self._idle.append(stream)
                return
        stream.connection.close()

    def _take(self) -> Stream | None:
        """Find a kept connection that the server has not closed meanwhile, the most recently used first."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                stream = self._idle.pop()
            if self._is_silent(stream.connection):
                return stream
            stream.connection.close()

    def _is_silent(self, connection: Connection) -> bool:
        """Whether an idle connection says nothing: any other was closed, or speaks out of turn.

        What is readable may be TLS's own affair: the tickets for later sessions come behind the handshake of TLS 1.3.
        """
        says = select.poll()  # unlike `select`, whatever number the connection has
        says.register(connection, select.POLLIN)
        if not says.poll(0):
            return True
        if self._context is None:
            return False
        connection.settimeout(0)
        try:
            connection.recv(1)
        except OSError as error:
            return type(error).__name__ == "SSLWantReadError"  # by name: ssl is imported only where it is used
        finally:
            connection.settimeout(self._timeout)
        return False

    def _stream(self) -> Stream:
        return Stream(self._connect(), now=self._now, patience=self._timeout)

    def _connect(self) -> Connection:
        connection = None
        try:
            connection = _reached(self._origin, self._connect_timeout)
            connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            if self._context is not None:
                from reconciler.api.trust import encrypted  # noqa: PLC0415  as below

                connection = encrypted(connection, self._context, self._origin.host)
        except OSError as error:
            from reconciler.api.trouble import not_connected  # noqa: PLC0415  most runs have none

            if connection is not None:
                connection.close()
            raise ExchangeFailed(not_connected(error)) from error
        connection.settimeout(self._timeout)
        return connection


def _reached(origin: Origin, timeout: float) -> Connection:
    """Connect to the first of a host's addresses that answers.

    The name is in ASCII, and given as bytes: the system would have a text encoded by a codec that takes long to import.

    Raises:
        OSError: none did; why the last one did not.
    """
    why = OSError("the name has no address")
    for family, type_, protocol, _, address in _socket.getaddrinfo(
        origin.host.encode("ascii"), origin.port, 0, _socket.SOCK_STREAM
    ):
        connection = None
        try:
            connection = _socket.socket(family, type_, protocol)
            connection.settimeout(timeout)
            connection.connect(address)
        except OSError as error:
            why = error
            if connection is not None:
                connection.close()
        else:
            return connection
    raise why


def _send(connection: Connection, request: bytes) -> None:
    """Send a request.

    Raises:
        ExchangeFailed: the connection had ended before: not a byte of it was taken, or of TLS not a whole record.
        OSError: it ended meanwhile.
    """
    try:
        sent = connection.send(request)
    except TimeoutError:
        raise
    except OSError as error:
        raise ExchangeFailed(Failure(FailureReason.BROKEN, sent=False, detail=str(error))) from error
    if sent < len(request):
        connection.sendall(memoryview(request)[sent:])


def _request(method: str, path: bytes, headers: Mapping[str, str], content: bytes | None) -> bytes:
    head = "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("ascii")
    if content is None:
        return b"%s %s HTTP/1.1\r\n%s\r\n" % (method.encode("ascii"), path, head)
    told = (method.encode("ascii"), path, head, len(content), content)
    return b"%s %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % told


def _trusted(access: ServerAccess) -> ssl.SSLContext:
    """What to trust: the public authorities, or those of a file."""
    from reconciler.api.trust import trusting  # noqa: PLC0415  plain http to this machine needs no cryptography

    return trusting(access.ca_file)
