"""What a person would write by hand to add mailboxes as fast as a server takes them: `... URL KEY BODIES [THREADS]`.

It shares nothing with the tool it is compared with. The bodies, a JSON text a line, are prepared and sorted so that
neighbours belong to different domains; every thread keeps one connection, and each answer is read and looked at.
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
from urllib.parse import urlsplit

CONNECTIONS = 16


class Adding:
    """Adds what the bodies say, each thread taking the next one."""

    def __init__(self, url: str, key: str, bodies: Iterator[bytes]) -> None:
        self._address = urlsplit(url)
        self._headers = {"X-API-Key": key, "Content-Type": "application/json"}
        self._bodies = bodies
        self._lock = Lock()

    def _next(self) -> bytes | None:
        with self._lock:
            return next(self._bodies, None)

    def work(self) -> int:
        """Add until nothing is left; how many were taken."""
        assert self._address.hostname is not None
        connection = http.client.HTTPConnection(self._address.hostname, self._address.port)
        done = 0
        while (body := self._next()) is not None:
            connection.request("POST", "/api/v1/add/mailbox", body, self._headers)
            answer = json.loads(connection.getresponse().read())
            if any(entry["type"] != "success" for entry in answer):
                raise SystemExit(f"refused: {answer}")
            done += 1
        return done


def main(url: str, key: str, file: Path, connections: int = CONNECTIONS) -> None:
    """Add everything, and print how many, and how many seconds that took."""
    adding = Adding(url, key, iter(file.read_bytes().splitlines()))
    begun = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        done = sum(future.result() for future in [pool.submit(adding.work) for _ in range(connections)])
    print(json.dumps({"added": done, "seconds": time.perf_counter() - begun}))  # noqa: T201  a command of its own


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *map(int, sys.argv[4:]))
