import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from reconciler.api import Client, Patience, ServerAccess, Timing
from tests.api.scripted_server import Script, ScriptedServer

READABLE = frozenset({"status", "domain", "mailbox", "mailbox/reduced", "alias", "relayhost"})


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)

    def now(self) -> float:
        return sum(self.naps)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refused_port() -> Iterator[int]:
    """A port where nobody listens, and that nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """Starts servers that end with the test."""
    with ExitStack() as stack:

        def start(script: Script, **how: Any) -> ScriptedServer:
            return stack.enter_context(ScriptedServer(script, **how))

        yield start


@pytest.fixture
def connect(clock: Clock) -> Iterator[Callable[..., Client]]:
    """Makes clients that are closed with the test."""
    with ExitStack() as stack:

        def make(origin: str, *, patience: Patience | None = None, **access: Any) -> Client:
            wanted: dict[str, Any] = {"key": "AAAA-BBBB", "readable": READABLE, "timeout": 60.0} | access
            return stack.enter_context(
                Client(ServerAccess(origin=origin, **wanted), timing=Timing(clock.now, clock.sleep), patience=patience)
            )

        yield make
