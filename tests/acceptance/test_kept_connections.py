"""Connections that a web server in between ends as nginx does: told and untold, between requests and on top of one."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from urllib.parse import urlsplit

import pytest

from tests.acceptance.conftest import Welcome
from tests.acceptance.person import Person
from tests.api.scripted_server import CERTIFICATE


class Ending(Enum):
    """How a connection ends after some requests.

    TOLD: with the last answer, which says so (``keepalive_requests``). UNTOLD: after the last answer (a reload).
    ON_TOP: on the request after it, which nobody gets to see (``keepalive_timeout``, a moment too late).
    """

    TOLD = "told"
    UNTOLD = "untold"
    ON_TOP = "on top"


def _message(stream: socket.socket, rest: bytes) -> tuple[bytes, bytes]:
    """Receive one HTTP message that tells its length; give it, and what came behind it."""
    while (end := rest.find(b"\r\n\r\n")) < 0:
        piece = stream.recv(65536)
        if not piece:
            return b"", b""
        rest += piece
    lines = rest[:end].lower().split(b"\r\n")
    length = next((int(each[15:]) for each in lines if each.startswith(b"content-length:")), 0)
    whole = end + 4 + length
    while len(rest) < whole:
        piece = stream.recv(65536)
        if not piece:
            return b"", b""
        rest += piece
    return rest[:whole], rest[whole:]


def _encrypted(client: socket.socket) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context.wrap_socket(client, server_side=True, do_handshake_on_connect=False)


def _relay(client: socket.socket, behind: tuple[str, int], ending: Ending, requests: int) -> None:
    with suppress(OSError), client, socket.create_connection(behind) as server:
        asked = answered = b""
        for number in range(1, requests + 2):
            request, asked = _message(client, asked)
            if not request or number > requests:
                return
            server.sendall(request)
            answer, answered = _message(server, answered)
            if number == requests and ending is Ending.TOLD:
                answer = answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
            client.sendall(answer)
            if number == requests and ending is not Ending.ON_TOP:
                return


@contextmanager
def _through(url: str, ending: Ending, requests: int, *, tls: bool) -> Iterator[str]:
    """Put a relay before a server."""
    address = urlsplit(url)
    behind = (str(address.hostname), int(address.port or 0))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    accepted, _ = listener.accept()
                    client = _encrypted(accepted) if tls else accepted
                    threading.Thread(target=_relay, args=(client, behind, ending, requests), daemon=True).start()

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)  # closing alone leaves the thread accepting, perhaps for the next server
        accepting.join()


def _many(person: Person) -> None:
    names = [f"person{number}" for number in range(40)]
    mailboxes = "\n".join(
        f"  - {{address: {name}, quota: 1GiB, initial: {{password: {{env: SMTP_ACME}}}}}}" for name in names
    )
    aliases = "\n".join(f"  - {{address: a-{name}, to: [{name}]}}" for name in names)
    maps = "\n".join(f"  - {{for: {name}@acme.example, direction: outgoing, to: x@y.example}}" for name in names)
    person.writes(
        "mail.yaml",
        "domain: acme.example\n"
        "domains: [{name: acme.example, max_mailboxes: 50, max_aliases: 90, max_total_quota: 100GiB}]\n"
        f"mailboxes:\n{mailboxes}\naliases:\n{aliases}\nbcc_maps:\n{maps}\n"
        "relayhosts: [{host: 'smtp.example:587', username: 'a:b', password: {env: SMTP_ACME}}]\n"
        "transports: [{destination: b.example, nexthop: mx.example, username: c, password: {env: SMTP_ACME}}]\n"
        "fail2ban: {max_attempts: 7, allowed_hosts: [192.0.2.1]}\n",
    )


@pytest.mark.parametrize(("version", "tls"), [("2022-01a", False), ("2026-07a", False), ("2026-07a", True)])
@pytest.mark.parametrize(("ending", "requests"), [(Ending.TOLD, 1), (Ending.UNTOLD, 20), (Ending.ON_TOP, 20)])
def test_an_apply_converges_whenever_its_connections_end(
    welcome: Welcome, version: str, tls: bool, ending: Ending, requests: int
) -> None:
    person = welcome(version)
    _many(person)
    with _through(person.url, ending, requests, tls=tls) as url:
        way = ("--url", url, "--ca-file", str(CERTIFICATE))
        applied = person.types("apply", "mail.yaml", "--auto-approve", *way)
        assert applied.code == 0, applied.out + applied.err
        planned = person.types("plan", "mail.yaml", "--detailed-exitcode", *way)
        assert planned.code == 0, planned.out + planned.err
    state = person.simulator.state
    found = [len(list(state.table(name))) for name in ("relayhosts", "transports", "bcc_maps")]
    assert found == [1, 1, 40]
