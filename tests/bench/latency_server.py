"""A server that answers every request the same way after a fixed time; nothing in it grows or decides.

Run as `python tests/bench/latency_server.py SECONDS`; prints its port. It sleeps on `select`, whose clock is finer
than epoll's milliseconds, so that its own share of the time stays small.
"""

import asyncio
import selectors
import sys
from typing import cast

_BODY = (
    b'[{"type":"success","log":["mailbox","add","alias",{"address":"a@one.example","goto":"b@one.example",'
    b'"active":"1"},null],"msg":["alias_added","a@one.example","12"]}]'
)
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n"
    b"Set-Cookie: MCSESSID=0123456789; path=/; secure; HttpOnly; SameSite=Lax\r\nCache-Control: no-store\r\n"
    b"Content-Length: %d\r\n\r\n%s"
) % (len(_BODY), _BODY)


class _SlowAnswers(asyncio.Protocol):
    def __init__(self, loop: asyncio.AbstractEventLoop, latency: float) -> None:
        self._loop = loop
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, chunk: bytes) -> None:
        self._received += chunk
        head, end, rest = self._received.partition(b"\r\n\r\n")
        _, named, after = head.lower().partition(b"content-length:")
        length = int(after.split(b"\r\n", 1)[0]) if named else 0
        if end and len(rest) >= length:
            self._received = rest[length:]
            self._loop.call_later(self._latency, self._transport.write, _ANSWER)


def main() -> None:
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    latency = float(sys.argv[1])
    server = loop.run_until_complete(loop.create_server(lambda: _SlowAnswers(loop, latency), "127.0.0.1", 0))
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    loop.run_forever()


if __name__ == "__main__":
    main()
