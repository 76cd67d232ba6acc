"""What a person would write by hand to bring changes of many sorts about: `python mixed_by_hand.py URL KEY PHASES`.

It shares nothing with the tool it is compared with. The calls of a phase, a route and a body each, are sent in any
order, by as many threads as the tool has, each over a connection of its own; aliases are named by their addresses in
the file, and by their ids to the server, which are read before anything is timed.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = 4
Call = tuple[str, Any]


class Sending:
    """Sends the calls of one phase, each thread taking the next one."""

    def __init__(self, url: str, key: str, calls: Iterator[Call]) -> None:
        self._address = urlsplit(url)
        self._headers = {"X-API-Key": key, "Content-Type": "application/json"}
        self._calls = calls
        self._lock = Lock()

    def _next(self) -> Call | None:
        with self._lock:
            return next(self._calls, None)

    def ask(self, path: str) -> Any:
        """Read something."""
        connection = self._connection()
        connection.request("GET", f"/api/v1/{path}", headers=self._headers)
        return json.loads(connection.getresponse().read())

    def _connection(self) -> http.client.HTTPConnection:
        assert self._address.hostname is not None
        return http.client.HTTPConnection(self._address.hostname, self._address.port)

    def work(self) -> None:
        """Send until nothing is left."""
        connection = self._connection()
        while (call := self._next()) is not None:
            route, body = call
            connection.request("POST", f"/api/v1/{route}", json.dumps(body), self._headers)
            answer = json.loads(connection.getresponse().read())
            if any(entry["type"] != "success" for entry in answer):
                raise SystemExit(f"refused: {route} {body}: {answer}")


def named_by_ids(call: Call, ids: dict[str, int]) -> Call:
    """The call as the server takes it."""
    route, body = call
    if route == "edit/alias":
        return route, {**body, "items": [ids[each] for each in body["items"]]}
    return (route, [ids[each] for each in body]) if route == "delete/alias" else call


def main(url: str, key: str, file: Path) -> None:
    """Send everything, and print how many seconds that took."""
    rows = Sending(url, key, iter(())).ask("get/alias/all")
    ids = {row["address"]: row["id"] for row in rows}
    phases = [[named_by_ids(call, ids) for call in phase] for phase in json.loads(file.read_text(encoding="utf-8"))]
    begun = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for phase in phases:
            sending = Sending(url, key, iter(phase))
            for each in [pool.submit(sending.work) for _ in range(CONNECTIONS)]:
                each.result()
    print(json.dumps({"seconds": time.perf_counter() - begun}))  # noqa: T201  a command of its own


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
