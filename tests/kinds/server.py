"""A server in this process, planned for and written to by everything but the command line."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from reconciler.api import Client, ServerAccess, Timing
from reconciler.api.exchange import Received
from reconciler.engine.apply import Means, apply
from reconciler.kinds import by_plural, registry
from reconciler.model.address import Address
from reconciler.model.change import Change
from reconciler.model.diagnostic import Severity
from reconciler.model.operation import Operation
from reconciler.model.report import Outcome, Report
from reconciler.model.resource import Declared, EntryOptions, Place
from reconciler.model.secret import Secret, SecretSource
from reconciler.model.state import DesiredState, LiveState
from reconciler.model.version import Version
from reconciler.planning.checks import check
from reconciler.planning.compile import compile_changes
from reconciler.planning.diff import diff
from reconciler.planning.difference import Difference
from reconciler.planning.options import PlanOptions
from reconciler.remote.handles import Handles
from reconciler.remote.reader import Reader
from reconciler.remote.schedule import readable_routes
from reconciler.remote.wanted import wanted_by
from reconciler.remote.writer import ApiWriter
from reconciler.simulator import Simulator
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codec import Scope

KEY = "AAAAAA-READ-WRITE"
Manifest = Mapping[str, Any]
"""What a manifest says: the entries of each kind, by its plural."""

SECRETS = {
    "PRIVATE_KEY": (Path(__file__).parent / "dkim.pem").read_text(encoding="ascii"),
    "PASSWORD": "Correct.Horse.7",
    "OTHER_PASSWORD": "Battery.Staple.8",
    "PADDED": " Correct.Horse.7\n\n",
    "TOKEN": "a" * 30,
    "OTHER_TOKEN": "b" * 30,
    "LONGEST": "x" * 255,
    "TOO_LONG": "x" * 256,
}
"""The secrets that test manifests name with ``{env: NAME}``."""


class InProcess:
    """Hands requests to a simulator, one after the other: a transport of the API client."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._lock = threading.Lock()
        self.asked: list[str] = []

    def exchange(
        self, method: str, path: bytes, headers: Mapping[str, str], content: bytes | None, **_: object
    ) -> Received:
        with self._lock:
            self.asked.append(path.decode().removeprefix("/api/v1/"))
            answer = self._simulator.handle(method, path.decode(), dict(headers), content or b"")
        told = {name.lower(): value for name, value in answer.headers}
        return Received(answer.status, told, answer.body, len(answer.body))

    def prepare(self) -> None:
        """There is nothing to connect."""

    def rest(self) -> None:
        """There is nothing to close."""

    def close(self) -> None:
        """There is nothing to close."""


def declared(manifest: Manifest, capabilities: Capabilities | None = None) -> DesiredState:
    """Read a manifest; with capabilities, without what such a server does not know."""
    found: dict[str, dict[str, Declared]] = {}
    for plural, written in manifest.items():
        kind = by_plural()[plural]
        if capabilities is not None and not capabilities.knows(kind.since):
            continue
        for number, entry in enumerate([written] if kind.singleton else written):
            said = {name: value for name, value in entry.items() if name not in ("initial", "nth")}
            said = kind.on_entry(said, Scope()) if kind.on_entry is not None else said
            values = kind.reader.validate_python(said, context=Scope())
            initial = kind.part_reader.validate_python(entry.get("initial", {}), context=Scope())
            if capabilities is not None:
                values = {name: each for name, each in values.items() if kind.fields[name].supported(capabilities)}
            address = kind.address_of(values).nth(entry.get("nth", 1))
            options = EntryOptions(initial=initial, nth=entry.get("nth"))
            found.setdefault(kind.name, {})[address.key] = Declared(
                address, values, Place("mail.yaml", (plural, number)), options
            )
    return DesiredState(found)


@dataclass
class Server:
    """A fresh server of one version."""

    version: str
    base: DesiredState | None = None
    simulator: Simulator = field(init=False)
    sent: list[Operation] = field(default_factory=list)
    way: InProcess = field(init=False)

    def __post_init__(self) -> None:
        moment = datetime(2026, 11, 22)  # noqa: DTZ001 the server's clock is local, without a zone
        self.simulator = Simulator(self.version, api_key=KEY, clock=lambda: moment, random=Random(1))
        self.capabilities = Capabilities(Version.parse(self.version))
        access = ServerAccess(
            origin="http://localhost", key=KEY, readable=readable_routes(registry().values()), parallelism=2
        )
        self.way = InProcess(self.simulator)
        self.client = Client(access, timing=Timing(lambda: 0.0, lambda _: None), transport=self.way)
        self.reader = Reader(self.client, kinds=registry(), capabilities=self.capabilities, parallelism=1)

    def desired(self, manifest: Manifest) -> DesiredState:
        return declared(manifest, self.capabilities)

    def read(self, wanted: DesiredState, also: frozenset[str] = frozenset()) -> LiveState:
        before = self.base if self.base is not None else DesiredState({})
        kinds = {*also, *before.resources}
        readout = self.reader.read(wanted_by(wanted, registry(), also=kinds))
        assert [each for each in readout.diagnostics if each.severity is Severity.ERROR] == []
        return readout.live

    def difference(self, wanted: DesiredState, live: LiveState) -> Difference:
        options = PlanOptions(
            base=self.base,
            delete_protected=frozenset(registry()),
            secret=lambda source, _: Secret(SECRETS[source.argument[0]]),
        )
        found = diff(registry(), wanted, live, capabilities=self.capabilities, options=options)
        problems = [
            *found.diagnostics,
            *check(registry(), wanted, live, found.changes, capabilities=self.capabilities, options=options),
        ]
        assert problems == []
        return found

    def plan(self, manifest: Manifest) -> tuple[Change, ...]:
        wanted = self.desired(manifest)
        return self.difference(wanted, self.read(wanted)).changes

    def apply_first(self, manifest: Manifest) -> tuple[Change, ...]:
        """Make a server so that was managed before, but not for anything."""
        self.base = DesiredState({})
        return self.apply(manifest)

    def apply(self, manifest: Manifest) -> tuple[Change, ...]:
        """Make the server so, and see that every change succeeded."""
        return self.carry_out(self.desired(manifest))

    def carry_out(self, wanted: DesiredState) -> tuple[Change, ...]:
        """Make the server as is wanted, and see that every change succeeded."""
        live = self.read(wanted)
        changes = self.difference(wanted, live).changes
        operations = compile_changes(registry(), changes, live, capabilities=self.capabilities)
        report = self._carry_out(changes, operations, live)
        self.sent = list(operations)
        self.base = wanted
        bad = [each for each in report.changes if each.outcome not in (Outcome.DONE, Outcome.UNKNOWN)]
        unread = [each for each in report.changes if each.outcome is Outcome.UNKNOWN]
        assert [*bad, *unread] == []
        return changes

    def _carry_out(self, changes: tuple[Change, ...], operations: tuple[Operation, ...], live: LiveState) -> Report:
        writer = ApiWriter(
            client=self.client, kinds=registry(), handles=Handles(live, self.reader.handles_of), resolve=_secret
        )
        means = Means(
            kinds=registry(),
            writer=writer,
            look_again=self.reader.look_again,
            verify=lambda: (),
            before=live,
            workers=1,
            clock=lambda: 0.0,
        )
        run = apply(changes, operations, means)
        while True:
            try:
                next(run)
            except StopIteration as end:
                report: Report = end.value
                return report


def refused(server: Server, manifest: Manifest) -> list[str]:
    """Why a plan is impossible: the ids of what is found."""
    return problems(server, server.desired(manifest))


def problems(server: Server, wanted: DesiredState) -> list[str]:
    """Why what is wanted is impossible: the ids of what is found."""
    live = server.read(wanted)
    options = PlanOptions(base=server.base, secret=_secret)
    found = diff(registry(), wanted, live, capabilities=server.capabilities, options=options)
    told = [
        *found.diagnostics,
        *check(registry(), wanted, live, found.changes, capabilities=server.capabilities, options=options),
    ]
    return [each.id for each in told]


def _secret(source: SecretSource, _address: Address) -> Secret:
    return Secret(SECRETS[source.argument[0]])


def changed(manifest: Manifest, plural: str, number: int, **fields: Any) -> dict[str, Any]:
    """A copy of a manifest in which one entry says something else; `...` takes a field out."""
    copy: dict[str, Any] = deepcopy(dict(manifest))
    entry = copy[plural] if isinstance(copy[plural], dict) else copy[plural][number]
    for name, value in fields.items():
        entry.pop(name, None) if value is ... else entry.update({name: value})
    return copy


def told(changes: tuple[Change, ...]) -> list[str]:
    """What changes say, so that a failure reads like a plan."""
    return [
        f"{change.action} {change.address} {each.name}: {each.before} -> {each.after}"
        for change in changes
        for each in change.fields
    ]
