"""A server over HTTP that remembers what it was asked, and a person with a checkout in front of it."""

from __future__ import annotations

import json
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.simulator import Answer, Simulator
from reconciler.simulator.faults import Faults
from reconciler.simulator.http import serving
from tests.acceptance.person import KEY, READ_ONLY_KEY, Ended, Person
from tests.properties.checkout import Checkout

Manifest = Mapping[str, Any]

FOUND_WRONG = 3
WHY_NOT = {"address-occupied", "change-refused", "limit-exceeded", "only-one-allowed"}
"""What the server would refuse, seen beforehand."""

ALLOWING_ALL = (
    "--allow-deletes=100000",
    "--allow-delete-percent=100",
    "--allow-delete-bytes=1000000000000000",
    "--skip-unsupported",
)
"""Guards and versions are not what these tests are about."""

SUMS = {"domain_totals"}
"""Tables in which the simulator keeps sums of others."""

_MAILBOXES = (("mailbox", "username"),)
OUTLIVING = {
    "DOMAIN_MAP": (("domain", "domain"), ("alias_domain", "alias_domain")),
    "QW_BCC": (("domain", "domain"),),
    "RCPT_WANTS_SUBFOLDER_TAG": _MAILBOXES,
    "RCPT_WANTS_SUBJECT_TAG": _MAILBOXES,
}
"""What a server keeps when what it is about goes, an alias domain with its target (mailcow 2022-01a to 2026-07a,
functions.mailbox.inc.php): tables and columns of its owners."""


class Watched(Simulator):
    """A server that remembers every request.

    Attributes:
        arriving: is told the number of each write before it takes effect.
        answering: is told it once it took effect, before it is answered.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.requests: list[tuple[str, str, bytes]] = []
        self._interruptions: list[tuple[int, Callable[[], object]]] = []
        self.arriving: Callable[[int], object] | None = None
        self.answering: Callable[[int], object] | None = None

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        self._let_happen()
        self.requests.append((method, path.removeprefix("/api/v1/"), body))
        if self.arriving is not None and method != "GET":
            self.arriving(len(self.writes))
        answer = super().handle(method, path, headers, body, peer)
        if self.answering is not None and method != "GET":
            self.answering(len(self.writes))
        return answer

    def handle_in_vain(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        self._let_happen()
        return super().handle_in_vain(method, path, headers, body, peer)

    def _let_happen(self) -> None:
        while self._interruptions and len(self.requests) + 1 >= self._interruptions[0][0]:
            _, does = self._interruptions.pop(0)
            kept = list(self.requests)
            does()
            self.requests = kept

    def interrupt(self, *happens: tuple[int, Callable[[], object]]) -> None:
        """Let something happen before some of the coming requests, each given by its number, 1 for the next one."""
        del self.requests[:]
        self._interruptions = sorted(happens, key=lambda each: each[0])

    @property
    def writes(self) -> list[str]:
        """What it was asked to change."""
        return [path for method, path, _ in self.requests if method != "GET"]

    def looked_at(self, moment: int) -> bool:
        """Whether what happened before a request is seen by who reads again after the last write.

        How many requests come before depends on what earlier runs have learnt of the server.
        """
        written = [number for number, (method, *_) in enumerate(self.requests, 1) if method != "GET"]
        return moment <= max(written, default=0) + 1


@dataclass
class Town:
    """A server and a person who looks after it.

    Attributes:
        faults: what goes wrong from now on; nothing at first.
        before: the server's memory as it was when the town was founded.
        read: what commands are told to read.
    """

    simulator: Watched
    person: Person
    faults: Faults = field(default_factory=Faults)
    before: dict[str, Any] = field(default_factory=dict)
    read: tuple[str, ...] = ("mail.yaml",)

    def declares(self, manifest: Manifest | Checkout) -> None:
        """Write the whole manifest anew, as one file or as the files it is spread over."""
        for old in ("mail", "values"):
            shutil.rmtree(self.person.folder / old, ignore_errors=True)
        if not isinstance(manifest, Checkout):
            manifest = Checkout({"mail.yaml": json.dumps(manifest, ensure_ascii=False, indent=1)}, ("mail.yaml",))
        for name, text in manifest.files.items():
            self.person.writes(name, text)
        self.read = manifest.words

    def applies(self, *words: str) -> Ended:
        """Run an apply."""
        return self.person.types("apply", *self.read, "--auto-approve", *ALLOWING_ALL, *words)

    def plans(self, *words: str) -> Ended:
        """Run a plan; exit code 2 means that there are changes."""
        return self.person.types("plan", *self.read, "--detailed-exitcode", *ALLOWING_ALL, *words)

    def makes_sense(self, manifest: Manifest | Checkout) -> bool:
        """Whether the server could be made so; where it could not, the plan says so before anything is sent."""
        self.declares(manifest)
        planned = self.plans()
        told = set(re.findall(r"error\[([a-z-]+)\]", planned.err))
        assert (planned.code == FOUND_WRONG) == bool(told), planned.err
        assert told <= WHY_NOT, planned.err
        return planned.code != FOUND_WRONG

    def converges_to(self, manifest: Manifest | Checkout) -> None:
        """Apply a manifest once: it is done, and there is nothing left to do."""
        self.declares(manifest)
        applied = self.applies()
        assert applied.code == 0, f"{applied.out}\n{applied.err}"
        self.rests()

    def rests(self) -> None:
        """A plan has no changes, and an apply writes nothing."""
        planned = self.plans()
        assert planned.code == 0, f"second plan: {planned.out}\n{planned.err}"
        del self.simulator.requests[:]
        again = self.applies()
        assert (again.code, self.simulator.writes) == (0, []), f"second apply: {again.out}\n{again.err}"

    def exports_to_itself(self) -> None:
        """What is exported plans nothing."""
        out = tempfile.mkdtemp(dir=self.person.folder)
        exported = self.person.types("export", "--out", out)
        assert exported.code == 0, exported.err
        planned = self.person.types("plan", out, "--detailed-exitcode")
        assert planned.code == 0, f"plan of the export: {planned.out}\n{planned.err}"

    def suffers(self, *faults: str, seed: int = 0) -> None:
        """From now on these faults happen, and no others."""
        new = Faults.of(*faults, seed=seed)
        self.faults.faults, self.faults.random, self.faults.seen = new.faults, new.random, {}

    def memory(self) -> dict[str, Any]:
        """Every row the server remembers, by table.

        Left out is what no server forgets: emptied footers, and some of what was told of things that are gone.
        """
        tables = self.simulator.state.tables
        found = {name: [dict(row) for row in table] for name, table in tables.items() if name not in SUMS}
        hashes = self.simulator.state.redis.hashes
        found |= {name: [{"of": of, "is": each} for of, each in kept.items()] for name, kept in hashes.items()}
        footers = [row for row in found.get("domain_wide_footer", ()) if row["html"] or row["plain"]]
        found["domain_wide_footer"] = footers
        for name, owners in OUTLIVING.items():
            there = {row[column] for table, column in owners for row in found.get(table, ())}
            found[name] = [row for row in found.get(name, ()) if row["of"] in there]
        return {name: rows for name, rows in found.items() if rows}


@contextmanager
def founded(version: str = "2026-07a") -> Iterator[Town]:
    """Start a fresh server of a version, with an empty checkout in front of it."""
    simulator = Watched(version, api_key=KEY, read_only_key=READ_ONLY_KEY, random=random.Random(1))
    faults = Faults()
    with tempfile.TemporaryDirectory() as folder, serving(simulator, faults=faults) as url:
        person = Person(simulator, url, Path(folder), environ={"CREDENTIAL": "pa:ss:word", "OTHER": "s3:cret"})
        town = Town(simulator, person, faults)
        town.before = town.memory()
        yield town
