"""A simulator behind real HTTP, and everything of ours that talks to it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random
from typing import Any

from reconciler.api import Client, Patience, ServerAccess, Timing
from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.secret import Secret, SecretSource, SourceKind
from reconciler.model.state import LiveState
from reconciler.model.version import Version
from reconciler.remote.handles import Handles
from reconciler.remote.reader import NOTHING_READ, Reader
from reconciler.remote.schedule import readable_routes
from reconciler.remote.wanted import Wanted
from reconciler.remote.writer import ApiWriter
from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults
from reconciler.simulator.http import serving
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Kind

KEY = "AAAAAA-READ-WRITE"
READ_ONLY_KEY = "BBBBBB-READ-ONLY"
PASSWORD = "Correct.Horse.77"


def resolve(source: SecretSource, address: Address) -> Secret:
    """Give every secret a text that tells where it came from."""
    if source.kind is SourceKind.HASH_TABLE:
        return Secret(f"{{BLF-CRYPT}}hash-of-{address.key}")
    return Secret(PASSWORD)


@dataclass
class Rehearsal:
    """A server and our way to it."""

    simulator: Simulator
    url: str
    kinds: Mapping[str, Kind] = field(default_factory=registry)
    parallelism: int = 4
    key: str = KEY
    others: list[Rehearsal] = field(default_factory=list)

    def __post_init__(self) -> None:
        access = ServerAccess(
            origin=self.url, key=self.key, readable=readable_routes(self.kinds.values()), parallelism=self.parallelism
        )
        timing = Timing(now=time.monotonic, sleep=lambda _: None)
        self.client = Client(access, timing=timing, patience=Patience(first_pause=0.0))
        self.capabilities = Capabilities(Version.parse(self.simulator.version))
        self.reader = Reader(
            self.client, kinds=self.kinds, capabilities=self.capabilities, parallelism=self.parallelism
        )

    def again(self, **otherwise: Any) -> Rehearsal:
        """Another way to the same server."""
        other = replace(self, others=[], **otherwise)
        self.others.append(other)
        return other

    def close(self) -> None:
        """Close the connections."""
        for each in (self, *self.others):
            each.client.close()

    def read(self, *kinds: str, **more: Any) -> LiveState:
        """Read whole kinds."""
        fields = {name: frozenset(self.kinds[name].fields) for name in kinds}
        return self.reader.read(Wanted(fields=fields, **more)).live

    def writer(self, live: LiveState = NOTHING_READ) -> ApiWriter:
        """What sends operations, knowing what was read before."""
        handles = Handles(live, self.reader.handles_of)
        return ApiWriter(client=self.client, kinds=self.kinds, handles=handles, resolve=resolve)

    @property
    def requests(self) -> Counter[str]:
        """How many requests the server has answered so far, by kind of call."""
        return Counter({name: cost.requests for name, cost in self.client.statistics.calls.items()})

    def post(self, path: str, body: Any) -> Any:
        """Write to the server past everything of ours."""
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        answer = self.simulator.handle("POST", f"/api/v1/{path}", headers, json.dumps(body).encode())
        said = json.loads(answer.body or b"[]")
        assert isinstance(said, dict) or all(entry["type"] == "success" for entry in said), said
        return said

    def leave_half_made(self, address: str) -> None:
        """Leave behind what parallel writers leave on servers before 2023-05."""
        self.simulator.server.half_created = 1
        local, _, domain = address.partition("@")
        password = {"password": PASSWORD, "password2": PASSWORD}
        body = {"local_part": local, "domain": domain, "quota": 1, "active": 1, **password}
        assert self.post("add/mailbox", body) == []

    def get(self, path: str) -> Any:
        """Read from the server past everything of ours."""
        return json.loads(self.simulator.handle("GET", f"/api/v1/{path}", {"X-API-Key": KEY}).body)

    def add_domain(self, domain: str) -> None:
        """Make a domain with room."""
        limits = {"aliases": 5000, "mailboxes": 5000, "defquota": 10, "maxquota": 1000, "quota": 1000000}
        self.post("add/domain", {"domain": domain, "active": 1, "gal": 1, "key_size": 0, **limits})

    def add_mailbox(self, address: str, **more: Any) -> None:
        """Make a mailbox."""
        local, _, domain = address.partition("@")
        password = {"password": PASSWORD, "password2": PASSWORD}
        self.post("add/mailbox", {"local_part": local, "domain": domain, "quota": 10, "active": 1, **password, **more})

    def add_alias(self, address: str, goto: str, **more: Any) -> None:
        """Make an alias."""
        self.post("add/alias", {"address": address, "goto": goto, "active": 1, **more})

    def add_relayhost(self, hostname: str, username: str = "", password: str = "") -> None:
        """Make a relayhost."""
        self.post("add/relayhost", {"hostname": hostname, "username": username, "password": password})


@contextmanager
def rehearsing(version: str = "2026-07a", *, faults: tuple[str, ...] = (), parallelism: int = 4) -> Iterator[Rehearsal]:
    """Start a server, and stop it."""
    simulator = Simulator(
        version,
        api_key=KEY,
        read_only_key=READ_ONLY_KEY,
        clock=lambda: datetime(2026, 11, 22),  # noqa: DTZ001  the server's clock is local, without a zone
        random=Random(1),
    )
    broken = Faults.of(*faults) if faults else None
    with serving(simulator, faults=broken) as url:
        rehearsal = Rehearsal(simulator, url, parallelism=parallelism)
        try:
            yield rehearsal
        finally:
            rehearsal.close()
