"""What a person would write by hand to add mailboxes as fast as a server takes them: `... URL KEY BODIES [CA]`.

It shares nothing with the tool it is compared with. The bodies, a JSON text a line, are prepared and sorted so that
neighbours belong to different domains; every thread keeps one connection, and each answer is read and looked at.
"""

from __future__ import annotations

import http.client
import json
import ssl
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

    def __init__(self, url: str, key: str, bodies: Iterator[bytes], *, authority: Path | None = None) -> None:
        self._address = urlsplit(url)
        self._context = ssl.create_default_context(cafile=authority) if self._address.scheme == "https" else None
        self._headers = {"X-API-Key": key, "Content-Type": "application/json"}
        self._bodies = bodies
        self._lock = Lock()

    def _next(self) -> bytes | None:
        with self._lock:
            return next(self._bodies, None)

    def _connection(self) -> http.client.HTTPConnection:
        assert self._address.hostname is not None
        if self._context is None:
            return http.client.HTTPConnection(self._address.hostname, self._address.port)
        return http.client.HTTPSConnection(self._address.hostname, self._address.port, context=self._context)

    def work(self) -> int:
        """Add until nothing is left; how many were taken."""
        connection = self._connection()
        done = 0
        while (body := self._next()) is not None:
            connection.request("POST", "/api/v1/add/mailbox", body, self._headers)
            answer = json.loads(connection.getresponse().read())
            if any(entry["type"] != "success" for entry in answer):
                raise SystemExit(f"refused: {answer}")
            done += 1
        return done


def main(url: str, key: str, file: Path, authority: Path | None = None) -> None:
    """Add everything, and print how many, and how many seconds that took."""
    begun = time.perf_counter()
    adding = Adding(url, key, iter(file.read_bytes().splitlines()), authority=authority)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        done = sum(future.result() for future in [pool.submit(adding.work) for _ in range(CONNECTIONS)])
    print(json.dumps({"added": done, "seconds": time.perf_counter() - begun}))  # noqa: T201  a command of its own


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(Path, sys.argv[3:]))
