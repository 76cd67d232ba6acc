"""A person at a terminal: types commands, reads what comes back, and changes things on the server by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

from reconciler.cli import main
from reconciler.cli.surroundings import Surroundings
from reconciler.flow import Clock
from reconciler.simulator import Simulator

KEY = "ACCEPTANCE-KEY"
READ_ONLY_KEY = "ACCEPTANCE-KEY-READ-ONLY"
VERSIONS = ("2022-01a", "2024-08a", "2026-07a")
EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass
class Person:
    """Somebody with a checkout and a server.

    Attributes:
        simulator: the server itself, to look at what was asked of it.
    """

    simulator: Simulator
    url: str
    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    today: str = "2026-11-22"
    sleep: Callable[[float], None] = lambda _seconds: None

    def types(self, *words: str, key: str = KEY) -> Ended:
        """Run one command, in the checkout."""
        out, err = StringIO(), StringIO()
        environ = {"MAILCOW_URL": self.url, "MAILCOW_API_KEY": key, "SMTP_ACME": "a:colon", **self.environ}
        surroundings = Surroundings(
            stdin=TextIOWrapper(BytesIO(b"")),
            stdout=out,
            stderr=err,
            start=self.folder,
            environ=environ,
            clock=Clock(now=time.monotonic, sleep=self.sleep, today=self.today),
        )
        code = main(list(words), surroundings=surroundings)
        return Ended(code, out.getvalue(), err.getvalue())

    def writes(self, name: str, text: str) -> None:
        """Write a file of the checkout."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def asks(self, path: str) -> Any:
        """GET something, past the tool."""
        answer = self.simulator.handle("GET", f"/api/v1/get/{path}", {"X-API-Key": KEY}, b"")
        return json.loads(answer.body) if answer.body else None

    def does(self, path: str, body: Any) -> Any:
        """POST something, past the tool."""
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        answer = self.simulator.handle("POST", f"/api/v1/{path}", headers, json.dumps(body).encode())
        return json.loads(answer.body) if answer.body else None
