"""How fast the simulator starts, answers, and holds many mailboxes.

Run as `python -m tests.bench.simulator_speed [MAILBOXES]` (default 100000); takes about a minute and half a gigabyte.
"""

import json
import resource
import socket
import subprocess
import sys
import time
from typing import Any, Final

from reconciler.simulator import Simulator

_KEY: Final = "AAAAAA-READ-WRITE"
_HEADERS: Final = {"X-API-Key": _KEY, "Content-Type": "application/json"}
_DOMAIN: Final = {"active": 1, "aliases": 9, "mailboxes": 10**6, "defquota": 1, "maxquota": 9, "quota": 10**9}
_HASH: Final = {"password": "{SHA256}x", "password2": "{SHA256}x"}
_REQUESTS: Final = 5000
_SERVE: Final = f"""
from reconciler.simulator import Simulator
from reconciler.simulator.http import serve
serve(Simulator(api_key={_KEY!r}), "127.0.0.1", 0, ready=lambda url: print(url, flush=True))
"""


def measure_http() -> None:
    """Start a server process, and ask it one small question after the other on one connection."""
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", _SERVE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        _say("start", time.perf_counter() - started, "s")
        question = f"GET /api/v1/get/domain/all HTTP/1.1\r\nHost: x\r\nX-API-Key: {_KEY}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", port)) as connection:
            started = time.perf_counter()
            for _ in range(_REQUESTS):
                connection.sendall(question)
                connection.recv(65536)
            _say("requests over HTTP", _REQUESTS / (time.perf_counter() - started), "a second")
        process.terminate()


def measure_size(mailboxes: int) -> None:
    """Add mailboxes to a hundred domains, then read and change some."""
    simulator = Simulator(api_key=_KEY)
    for number in range(100):
        _post(simulator, "add/domain", {"domain": f"d{number}.example", **_DOMAIN})
    started = time.perf_counter()
    for number in range(mailboxes):
        name = {"local_part": f"u{number}", "domain": f"d{number % 100}.example", "name": "x", "quota": 1}
        _post(simulator, "add/mailbox", {**name, **_HASH})
    _say(f"mailboxes added, of {mailboxes}", mailboxes / (time.perf_counter() - started), "a second")
    started = time.perf_counter()
    for number in range(1000):
        _post(simulator, "edit/mailbox", {"items": [f"u{number}@d{number % 100}.example"], "attr": {"name": "y"}})
    _say("mailboxes edited then", 1000 / (time.perf_counter() - started), "a second")
    for path in ("get/domain/all", "get/mailbox/reduced/d1.example", "get/mailbox/all"):
        started = time.perf_counter()
        answer = simulator.handle("GET", f"/api/v1/{path}", _HEADERS)
        _say(f"{path} ({len(answer.body) / 1e6:.1f} MB)", time.perf_counter() - started, "s")
    _say("memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")


def _post(simulator: Simulator, path: str, body: dict[str, Any]) -> None:
    answer = simulator.handle("POST", f"/api/v1/{path}", _HEADERS, json.dumps(body).encode())
    assert b'"success"' in answer.body, answer.body


def _say(what: str, value: float, unit: str) -> None:
    print(f"{what}: {value:,.2f} {unit}")  # noqa: T201 a command of its own


if __name__ == "__main__":
    measure_http()
    measure_size(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
