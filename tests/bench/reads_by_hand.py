"""What a person would write by hand to read a server: `python reads_by_hand.py best|lists|each URL [FOLDER]`.

It shares nothing with the tool it is compared with.

best    the best schedule known for a mailcow: the domains first, and beside them every small list; then mailboxes in
        short form and aliases domain by domain, the largest first, so that no worker is left alone with it at the end.
lists   the three lists everybody begins with: every mailbox, every alias, every domain.
each    one request for every mailbox and every alias, one after the other, as tools do that know one object at a time.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = 4
SMALL = (
    "get/alias-domain/all",
    "get/bcc/all",
    "get/recipient_map/all",
    "get/relayhost/all",
    "get/transport/all",
    "get/tls-policy-map/all",
    "get/rl-mbox/all",
)


class Reading:
    """Reads, each thread over a connection of its own."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._own = local()
        self.requests = 0

    def get(self, path: str) -> Any:
        """One answer."""
        if not hasattr(self._own, "connection"):
            assert self._address.hostname is not None
            self._own.connection = http.client.HTTPConnection(self._address.hostname, self._address.port)
        self._own.connection.request("GET", f"/api/v1/{path}", headers={"X-API-Key": "x"})
        self.requests += 1
        return json.loads(self._own.connection.getresponse().read())

    def best(self) -> int:
        """Read with the best schedule; how many rows came."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            domains = pool.submit(self.get, "get/domain/all")
            small = [pool.submit(self.get, path) for path in ("get/status/version", *SMALL)]
            sizes = {row["domain_name"]: row["mboxes_in_domain"] + row["aliases_in_domain"] for row in domains.result()}
            largest_first = sorted(sizes, key=lambda name: -sizes[name])
            paths = [f"{path}/{name}" for name in largest_first for path in ("get/mailbox/reduced", "get/alias/all")]
            large = [pool.submit(self.get, path) for path in paths]
            return len(sizes) + sum(len(each.result()) for each in (*small, *large))

    def lists(self) -> int:
        """Read the three lists."""
        return self.one_by_one(("get/domain/all", "get/mailbox/all", "get/alias/all"))

    def each(self) -> int:
        """Read each object, whose names are known from elsewhere."""
        mailboxes = [row["username"] for row in self.get("get/mailbox/reduced")]
        aliases = [row["id"] for row in self.get("get/alias/all")]
        begun = time.perf_counter()
        self.one_by_one(f"get/mailbox/{name}" for name in mailboxes)
        self.one_by_one(f"get/alias/{number}" for number in aliases)
        self.seconds = time.perf_counter() - begun
        return len(mailboxes) + len(aliases)

    def one_by_one(self, paths: Iterable[str]) -> int:
        """Read one path after the other; how many rows came."""
        return sum(len(self.get(path)) for path in paths)


def main(how: str, url: str) -> None:
    """Read, and print how many rows came, how many requests that took, and how many seconds."""
    reading = Reading(url)
    begun = time.perf_counter()
    rows = {"best": reading.best, "lists": reading.lists, "each": reading.each}[how]()
    seconds = getattr(reading, "seconds", time.perf_counter() - begun)
    print(json.dumps({"rows": rows, "requests": reading.requests, "seconds": seconds}))  # noqa: T201  a command


if __name__ == "__main__":
    main(*sys.argv[1:3])
