"""A stand-in for a server to which mailboxes are added: `python -m tests.bench.adding_server SECONDS DOMAINS [tls]`.

Every call takes a fixed time, and next to none of the machine: what is measured is the client. It keeps what is added
and shows it afterwards as a mailcow 2026-07a does. `GET /measured` tells how many calls were taken, and how many
seconds lay between the first one that came and the last one that was answered.

It sleeps on `select`, whose clock is finer than epoll's milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import selectors
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from reconciler.simulator.php import json_encode_pretty
from tests.api.scripted_server import CERTIFICATE
from tests.bench.answers import answers
from tests.bench.organisation import DomainEntry, Organisation, Person

_ROOM = {"max_num_mboxes_for_domain": 100_000, "mboxes_left": 100_000, "max_quota_for_domain": 10**6 * 1024**3}

__all__ = ["Adding", "adding", "empty_domains"]

_HEAD = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def empty_domains(count: int) -> Organisation:
    """An organisation with nothing but domains, with room for many mailboxes."""
    domains = tuple(
        DomainEntry(f"d{number:03}.example", f"Domain {number}", (), (), (), None, None, None)
        for number in range(count)
    )
    return Organisation(domains, (), (), (), ())


@dataclass(frozen=True)
class Adding:
    """A stand-in that is running."""

    url: str

    def measured(self) -> dict[str, Any]:
        """How many calls it has taken since it was asked last, and in how many seconds."""
        context = ssl.create_default_context(cafile=CERTIFICATE) if self.url.startswith("https:") else None
        with urllib.request.urlopen(f"{self.url}/measured", timeout=10, context=context) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextmanager
def adding(latency: float, domains: int, *, tls: bool = False) -> Iterator[Adding]:
    """Run one in a process of its own."""
    words = [str(latency), str(domains), *(["tls"] if tls else [])]
    command = [sys.executable, "-m", "tests.bench.adding_server", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Adding(f"{'https' if tls else 'http'}://127.0.0.1:{int(process.stdout.readline())}")
        finally:
            process.terminate()


class _Server:
    """What was added."""

    def __init__(self, domains: int) -> None:
        self._organisation = empty_domains(domains)
        self._people: dict[str, list[Person]] = {domain.name: [] for domain in self._organisation.domains}
        self.calls = 0
        self.first = self.last = 0.0

    def add(self, body: bytes) -> bytes:
        """Add a mailbox."""
        said = json.loads(body)
        state = {"0": "off", "2": "no-login"}.get(str(said.get("active", "1")), "active")
        person = Person(said["local_part"], said.get("name", ""), int(said["quota"]) // 1024, state, (), None)
        self._people[said["domain"]].append(person)
        address = f"{person.local}@{said['domain']}"
        log = ["mailbox", "add", "mailbox", {**said, "password": "*", "password2": "*"}, None]
        return json.dumps([{"type": "success", "log": log, "msg": ["mailbox_added", address]}]).encode()

    def get(self, path: str) -> bytes:
        """Answer a list."""
        whole, _, named = path.rpartition("/")
        wanted = named.split(",") if whole == "get/mailbox/reduced" else list(self._people)
        path = "get/mailbox/reduced" if whole == "get/mailbox/reduced" else path
        domains = tuple(
            DomainEntry(name, f"Domain {number}", tuple(self._people[name]), (), (), None, None, None)
            for number, name in enumerate(wanted)
        )
        found = answers(Organisation(domains, (), (), (), ())).get(path)
        if path == "get/domain/all":
            found = [{**row, **_ROOM} for row in found or ()]
        return json_encode_pretty(found) if found else b"{}"

    def measured(self) -> bytes:
        """Tell, and begin to count anew."""
        told = {"calls": self.calls, "seconds": self.last - self.first}
        self.calls = 0
        return json.dumps(told).encode()


class _Connection(asyncio.Protocol):
    def __init__(self, loop: asyncio.AbstractEventLoop, server: _Server, latency: float) -> None:
        self._loop = loop
        self._server = server
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, chunk: bytes) -> None:
        self._received += chunk
        head, end, rest = self._received.partition(b"\r\n\r\n")
        _, named, after = head.lower().partition(b"content-length:")
        length = int(after.split(b"\r\n", 1)[0]) if named else 0
        if not end or len(rest) < length:
            return
        self._received = rest[length:]
        verb, target, _ = head.split(b" ", 2)
        path = target.decode().removeprefix("/api/v1").strip("/")
        if path == "measured":
            self._write(self._server.measured(), added=False)
        elif verb == b"POST":
            now = self._loop.time()
            self._server.first = self._server.first if self._server.calls else now
            self._server.calls += 1
            self._loop.call_at(now + self._latency, self._write, self._server.add(rest[:length]))
        else:
            self._loop.call_later(self._latency, lambda: self._write(self._server.get(path), added=False))

    def _write(self, body: bytes, *, added: bool = True) -> None:
        self._transport.write(_HEAD % len(body) + body)
        if added:
            self._server.last = self._loop.time()


def main(latency: float, domains: int, *, tls: bool) -> None:
    """Serve until terminated; prints the port."""
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    served = _Server(domains)
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
    serving = loop.create_server(lambda: _Connection(loop, served, latency), "127.0.0.1", 0, ssl=context)
    server = loop.run_until_complete(serving)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    loop.run_forever()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), tls="tls" in sys.argv[3:])
