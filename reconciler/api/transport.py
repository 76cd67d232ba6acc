"""HTTP/1.1 over kept connections, one per request under way: an httpx transport that is light enough for many writes.

httpx's own pool reaches 56 to 77 % of what 16 connections to a 20 ms server can carry, shared or one a thread; this
one 90 to 92 %, where the same machine lets a bare event loop have 96 % (tests/bench/transports.py).
Requests, answers, addresses, certificates and errors are httpx's, so any
other httpx transport can stand in its place: its pool where a proxy is wanted, its `MockTransport` in tests.
"""

import http.client
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

import httpx

from reconciler.api.access import ServerAccess, is_loopback
from reconciler.errors import UsageError

__all__ = ["KeepAliveTransport", "transport_for"]

_CHUNK = 1 << 18


def transport_for(access: ServerAccess) -> httpx.BaseTransport:
    """Choose the way to a server: our own connections, or httpx's pool where a proxy is asked for.

    Raises:
        UsageError: `ca-file-unusable` or `proxy-wrong`.
    """
    if access.proxy and not is_loopback(access.url):
        limits = httpx.Limits(max_connections=access.parallelism)
        try:
            return httpx.HTTPTransport(verify=_trusted(access), proxy=access.proxy, limits=limits, trust_env=False)
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise UsageError(
                "the proxy's address is wrong", id="proxy-wrong", hint="write it as http://host:port"
            ) from error
    return KeepAliveTransport(access.url, _trusted(access) if access.url.scheme == "https" else None)


class KeepAliveTransport(httpx.BaseTransport):
    """Connections to one origin, taken by whoever has a request and given back when the answer is read.

    Safe to use from many threads; there are never more connections than requests under way at once.
    """

    def __init__(self, origin: httpx.URL, context: ssl.SSLContext | None) -> None:
        """Prepare; nothing is connected yet.

        Args:
            origin: Where every request goes.
            context: What to trust, for https; None for plain http.
        """
        self._origin = origin
        self._context = context
        self._idle: deque[socket.socket] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is read while it is iterated.

        Raises:
            httpx.UnsupportedProtocol: When the request is for another origin; nothing is sent.
            httpx.ConnectError, httpx.ConnectTimeout: When nothing was sent.
            httpx.TransportError: When something may have been sent.
        """
        if (request.url.scheme, request.url.netloc) != (self._origin.scheme, self._origin.netloc):
            raise httpx.UnsupportedProtocol("this connection is for another origin", request=request)
        timeouts = request.extensions.get("timeout", {})
        connection = self._take() or self._connect(timeouts.get("connect"))
        try:
            connection.settimeout(timeouts.get("read"))
            connection.sendall(_text_of(request))
            response = http.client.HTTPResponse(connection, method=request.method)
            response.begin()
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | http.client.HTTPException):
                raise _transport_error(error) from error
            raise
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.getheaders()]
        return httpx.Response(response.status, headers=headers, stream=_Body(self, connection, response))

    def close(self) -> None:
        """Close the connections nobody uses, and the others as soon as their answers are read."""
        with self._lock:
            self._closed = True
        self.rest()

    def rest(self) -> None:
        """Close the connections nobody uses; the next request opens a new one."""
        with self._lock:
            idle, self._idle = self._idle, deque()
        for connection in idle:
            connection.close()

    def give_back(self, connection: socket.socket) -> None:
        """Keep a connection for the next request."""
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _take(self) -> socket.socket | None:
        """Find a kept connection that the server has not closed meanwhile, the most recently used first.

        An idle connection has nothing to say; one that is readable was closed, or speaks out of turn.
        """
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not select.select([connection], [], [], 0)[0]:
                return connection
            connection.close()

    def _connect(self, timeout: float | None) -> socket.socket:
        host = self._origin.raw_host.decode("ascii")
        port = self._origin.port or (443 if self._context else 80)
        try:
            connection = socket.create_connection((host, port), timeout)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is None:
            return connection
        try:
            return self._context.wrap_socket(connection, server_hostname=host)
        except OSError as error:
            connection.close()
            kind = httpx.ConnectTimeout if isinstance(error, TimeoutError) else httpx.ConnectError
            raise kind(str(error)) from error


class _Body(httpx.SyncByteStream):
    """An answer's body on its way in; the connection is kept once it has been read to its end."""

    def __init__(
        self, transport: KeepAliveTransport, connection: socket.socket, response: http.client.HTTPResponse
    ) -> None:
        self._transport = transport
        self._connection = connection
        self._response = response
        self._complete = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._response.read(_CHUNK):
                yield chunk
        except (OSError, http.client.HTTPException) as error:
            raise _transport_error(error) from error
        if self._response.length:
            raise httpx.RemoteProtocolError("the answer ended early")
        self._complete = True

    def close(self) -> None:
        reusable = self._complete and not self._response.will_close
        with suppress(OSError):
            self._response.close()
        if reusable:
            self._transport.give_back(self._connection)
        else:
            self._connection.close()


def _trusted(access: ServerAccess) -> ssl.SSLContext:
    if access.ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=access.ca_file)
    except OSError as error:
        raise UsageError(
            "the file of trusted certificates cannot be used",
            id="ca-file-unusable",
            hint="it must exist and hold certificates in PEM form",
            file=str(access.ca_file),
            detail=str(error),
        ) from error


def _text_of(request: httpx.Request) -> bytes:
    """Write a request as one piece, so that it goes out in one packet and one system call."""
    lines = [request.method.encode("ascii") + b" " + request.url.raw_path + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in request.headers.raw]
    return b"\r\n".join(lines) + b"\r\n\r\n" + request.content


def _transport_error(error: OSError | http.client.HTTPException) -> httpx.TransportError:
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout(str(error))
    if isinstance(error, http.client.RemoteDisconnected | OSError):
        return httpx.ReadError(str(error))
    return httpx.RemoteProtocolError(type(error).__name__)  # its text may hold what was received
