"""Receiving an answer of HTTP/1.1 from a connection (RFC 9112), by nobody's parser but our own.

The standard library reads headers as if they were mail, which takes longer than mailcow takes to answer, and longer to
import than everything else here. What is needed is little: a status, a few headers, a body whose length is told, that
comes in chunks, or that ends with the connection, and gzip.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from reconciler.api.envelope import OK
from reconciler.api.exchange import ExchangeFailed, Received
from reconciler.api.failures import Failure, FailureReason
from reconciler.api.intake import BLOCK, Intake
from reconciler.records import record

if TYPE_CHECKING:
    from _socket import socket

    from reconciler.api.jsontext import Ahead, Body, Typed

__all__ = ["Stream", "receive"]

SLOWEST: Final = 100
"""Bytes a second below which an answer is not waited for to its end: mailcow sends what it has computed at once, so
what drips is held up on its way, and each drop would be something more that was said in time."""

_BUFFER = 1 << 17
_PIECE = 1 << 18
_LONGEST_HEAD = 1 << 16
_LINE_END = b"\r\n"
_LONGEST_CHUNK_LINE = 1 << 10
_GZIP = 16 + zlib.MAX_WBITS
_WITHOUT_BODY = frozenset({204, 304})
_INTERIM = 200
"""Statuses below say that the answer is still to come."""


def receive(stream: Stream, *, largest: int, typed: Typed | None = None) -> tuple[Received, bool]:
    """Receive the answer to the request that was just sent.

    Args:
        stream: what comes over the connection it was sent over.
        largest: bytes of the decompressed body above which it is given up.
        typed: what makes records of the rows of a long list.

    Returns:
        The answer, and whether the connection may carry another request.

    Raises:
        ExchangeFailed: `BROKEN`, `TOO_LARGE`, or `UNINTELLIGIBLE` where the body is not what its encoding says.
        OSError: the connection failed, or what came in time came too slowly.
    """
    stream.begin()
    head = _head(stream)
    while head.status < _INTERIM:
        head = _head(stream)
    received = _received(stream, head, largest, typed if head.status == OK else None)
    return received, head.keeps_alive and stream.is_empty


@record(frozen=True, slots=True)
class _Head:
    """What stands before a body.

    Attributes:
        is_chunked: whether the body comes in chunks.
        length: how long the body is; None where its end is the connection's.
    """

    version: str
    status: int
    headers: Mapping[str, str]
    is_chunked: bool
    length: int | None

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection stays open, and where the body ends is known without its end."""
        told = self.headers.get("connection", "" if self.version == "HTTP/1.1" else "close")
        return "close" not in told.lower() and (self.is_chunked or self.length is not None)


class Stream:
    """A connection's bytes, by way of a buffer that is kept with it: fresh memory for each answer takes far longer.

    Attributes:
        connection: where they come from.
    """

    __slots__ = ("_at", "_begun", "_buffer", "_came", "_end", "_now", "_patience", "_view", "connection")

    def __init__(self, connection: socket, *, now: Callable[[], float], patience: float) -> None:
        """Begin.

        Args:
            connection: where they come from.
            now: a clock, in seconds.
            patience: for how many seconds after its first byte an answer may come as slowly as it likes.
        """
        self.connection = connection
        self._now = now
        self._patience = patience
        self._begun: float | None = None
        self._came = 0
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._at = self._end = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing came that was not asked for."""
        return self._at == self._end

    def begin(self) -> None:
        """Expect an answer: how fast it comes counts from its first byte on."""
        self._begun, self._came = None, 0

    def until(self, end: bytes, longest: int) -> bytes:
        """Take what stands before an end, and the end.

        Args:
            longest: bytes among which it is looked for; fewer than the buffer has room for.
        """
        while (found := self._buffer.find(end, self._at, self._end)) < 0:
            if self._end - self._at > longest:
                raise _broken("a part of the answer has no end")
            self._receive("the connection was closed")
        taken = self._taken(found - self._at)
        self._at += len(end)
        return taken

    def exactly(self, size: int) -> Body:
        """Take so many bytes."""
        if size > _BUFFER:
            return self._filled(bytearray(size))
        while self._end - self._at < size:
            self._receive("the answer ended early")
        return self._taken(size)

    def up_to(self, size: int) -> bytes:
        """Take what is there or comes next, at most so many bytes."""
        if self.is_empty:
            self._receive("the answer ended early")
        return self._taken(min(size, self._end - self._at))

    def until_closed(self) -> Iterator[bytes]:
        """Take all that comes before the connection is closed."""
        while not self.is_empty or self._has_more():
            yield self.up_to(_BUFFER)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._view[self._at : self._at + size])
        self._at += size
        return taken

    def _filled(self, body: bytearray) -> bytearray:
        """Fill a body that is larger than the buffer without going through it."""
        view = memoryview(body)
        filled = self._end - self._at
        view[:filled] = self._view[self._at : self._end]
        self._at = self._end
        while filled < len(body):
            received = self.connection.recv_into(view[filled:])
            if not received:
                raise _broken("the answer ended early")
            filled += received
            self._look_at_pace(received)
        return body

    def _receive(self, why_not: str) -> None:
        if not self._has_more():
            raise _broken(why_not)

    def _has_more(self) -> bool:
        """Receive what comes next, behind what has not been taken yet; False at the connection's end."""
        left = self._end - self._at
        self._view[:left] = self._view[self._at : self._end]
        received = self.connection.recv_into(self._view[left:])
        self._at, self._end = 0, left + received
        self._look_at_pace(received)
        return received > 0

    def _look_at_pace(self, received: int) -> None:
        """Give up an answer that drips.

        Raises:
            TimeoutError: it does.
        """
        now = self._now()
        if self._begun is None:
            self._begun = now
        self._came += received
        seconds = now - self._begun
        if seconds > self._patience and self._came < SLOWEST * seconds:
            raise TimeoutError


def _head(stream: Stream) -> _Head:
    first, *lines = stream.until(b"\r\n\r\n", _LONGEST_HEAD).decode("latin-1").split("\r\n")
    version, _, told = first.partition(" ")
    if not version.startswith("HTTP/1.") or not (told[:3].isascii() and told[:3].isdigit()):
        raise _broken("this is no HTTP")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise _broken("the answer's head is malformed")
        key, said = name.lower(), value.strip()
        headers[key] = f"{headers[key]}, {said}" if key in headers else said
    status = int(told[:3])
    return _Head(version, status, headers, _is_chunked(headers), _length(status, headers))


def _is_chunked(headers: Mapping[str, str]) -> bool:
    told = headers.get("transfer-encoding", "").lower()
    if told not in ("", "chunked"):
        raise _broken("the answer is transferred in an unknown way")
    return bool(told)


def _length(status: int, headers: Mapping[str, str]) -> int | None:
    if status in _WITHOUT_BODY:
        return 0
    told = headers.get("content-length")
    if told is None:
        return None
    if not (told.isascii() and told.isdigit()):
        raise _broken("the answer's length is no number")
    return int(told)


def _received(stream: Stream, head: _Head, largest: int, typed: Typed | None) -> Received:
    packed = head.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip")
    length = None if head.is_chunked or packed else head.length
    if length is not None:
        if length > largest:
            raise ExchangeFailed(Failure(FailureReason.TOO_LARGE, status=head.status))
        if typed is None or length <= BLOCK:
            return Received(head.status, head.headers, stream.exactly(length), length)
    intake = _Unpacked(largest, typed) if packed else Intake(largest, typed)
    size = 0
    for piece in _pieces(stream, head):
        size += len(piece)
        intake.take(piece)
    body, ahead = intake.end()
    return Received(head.status, head.headers, body, size, ahead)


def _pieces(stream: Stream, head: _Head) -> Iterator[bytes]:
    if head.is_chunked:
        yield from _chunks(stream)
    elif head.length is None:
        yield from stream.until_closed()
    else:
        yield from _all_of(stream, head.length)


def _all_of(stream: Stream, size: int) -> Iterator[bytes]:
    """Take so many bytes as they come."""
    while size:
        piece = stream.up_to(size)
        size -= len(piece)
        yield piece


def _chunks(stream: Stream) -> Iterator[bytes]:
    while True:
        told = stream.until(_LINE_END, _LONGEST_CHUNK_LINE).partition(b";")[0].strip()
        try:
            size = int(told, 16)
        except ValueError:
            raise _broken("a chunk's length is no number") from None
        if size < 0:
            raise _broken("a chunk's length is no number")
        if not size:
            break
        yield from _all_of(stream, size)
        if stream.until(_LINE_END, _LONGEST_CHUNK_LINE):
            raise _broken("a chunk is longer than it says")
    while stream.until(_LINE_END, _LONGEST_HEAD):
        pass


class _Unpacked(Intake):
    """A body that is decompressed while it comes."""

    def __init__(self, largest: int, typed: Typed | None = None) -> None:
        super().__init__(largest, typed)
        self._stream = zlib.decompressobj(_GZIP)
        self._begun = False

    def take(self, piece: bytes) -> None:
        """Add a piece; never more than one piece beyond what is too large is unpacked."""
        self._begun = self._begun or bool(piece)
        try:
            while piece:
                super().take(self._stream.decompress(piece, _PIECE))
                piece = self._stream.unconsumed_tail
        except zlib.error as error:
            raise _wrongly_packed() from error

    def end(self) -> tuple[Body, Ahead | None]:
        """See `Intake.end`."""
        if self._begun and not self._stream.eof:
            raise _wrongly_packed()
        return super().end()


def _broken(detail: str) -> ExchangeFailed:
    return ExchangeFailed(Failure(FailureReason.BROKEN, detail=detail))


def _wrongly_packed() -> ExchangeFailed:
    return ExchangeFailed(Failure(FailureReason.UNINTELLIGIBLE, detail="the body is not what its encoding says"))
