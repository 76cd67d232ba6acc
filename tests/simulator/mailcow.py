"""The shortest way to call a simulator in a test."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.simulator import Answer, Simulator

KEY = "AAAAAA-READ-WRITE"
READ_ONLY_KEY = "BBBBBB-READ-ONLY"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 7, 4, 30)  # noqa: DTZ001 the server's clock is local, without a zone

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Mailcow:
    """A simulator with the shortest way to call it."""

    simulator: Simulator
    clock: Clock

    def send(self, method: str, path: str, body: Any = None, peer: str = "127.0.0.1", **headers: str) -> Answer:
        sent = {"X-API-Key": KEY, "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.simulator.handle(method, f"/api/v1/{path}", sent, raw, peer)

    def get(self, path: str, **headers: str) -> Any:
        return self.read(self.send("GET", path, **headers))

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.read(self.send("POST", path, body, **headers))

    @staticmethod
    def read(answer: Answer) -> Any:
        return json.loads(answer.body) if answer.body else ""


Start = Callable[..., Mailcow]
"""What the fixture `mailcow` is: starts a simulator of a version."""


def with_mailbox(server: Mailcow, address: str = "anna@alpha.example") -> Mailcow:
    """The server with a mailbox, and its domain where there is none."""
    local_part, _, domain = address.partition("@")
    limits = {"aliases": 100, "mailboxes": 100, "defquota": 100, "maxquota": 1000, "quota": 10000}
    server.post("add/domain", {"domain": domain, "active": 1, **limits})
    password = {"password": "Secret.12345", "password2": "Secret.12345"}
    added = server.post(
        "add/mailbox", {"local_part": local_part, "domain": domain, "quota": 100, "active": 1, **password}
    )
    assert added[-1]["type"] == "success", added
    return server


def messages(answer: Any) -> list[Any]:
    """The messages of a write's answer."""
    return [entry["msg"] for entry in answer]
