"""The flow, on one page: validate, plan, apply, export. The library's public face.

manifests -> load --------------> desired --+
                                            +-> diff -> checks -> compile -> guard -> Plan -> apply -> Report
server ---> opened, read ------> live -----+
"""

from __future__ import annotations

import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.api import Client, ServerAccess, Timing, probe_version
from reconciler.engine.apply import Means
from reconciler.engine.apply import apply as carry_out
from reconciler.errors import ManifestError, PlanRefused, ProtocolError
from reconciler.flow import Clock, Exported, Inputs, PlanRequest, PlanResult, Server, Validation
from reconciler.kinds import registry
from reconciler.manifest import files, reading
from reconciler.manifest.applied import Base, applied_ref, remember_attempt, remember_success
from reconciler.manifest.build import build
from reconciler.manifest.cache import ParseCache
from reconciler.manifest.dump import dump
from reconciler.manifest.emit import emit
from reconciler.manifest.files import Source
from reconciler.manifest.git_base import base_of_run
from reconciler.manifest.jsonschema import manifest_schema
from reconciler.manifest.secrets import SecretSources, Surroundings
from reconciler.manifest.secrets import wanted_by as wanted_secrets
from reconciler.manifest.values import Assignment, read_values
from reconciler.manifest.words import INITIAL
from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Origin, Severity
from reconciler.model.plan import Plan, ServerIdentity
from reconciler.model.reference import KindReference
from reconciler.model.report import Event, Leftover, Outcome, Report
from reconciler.model.resource import Place
from reconciler.model.state import DesiredState, LiveState
from reconciler.model.version import OLDEST, Version
from reconciler.planning import digest
from reconciler.planning.checks import check
from reconciler.planning.compile import compile_changes
from reconciler.planning.diff import diff
from reconciler.planning.guard import Limits, guard
from reconciler.planning.options import PlanOptions, PruneScope
from reconciler.remote.handles import Handles
from reconciler.remote.reader import Reader
from reconciler.remote.schedule import readable_routes
from reconciler.remote.wanted import Wanted, listed_fields, wanted_by
from reconciler.remote.writer import ApiWriter
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.mark import Owner
from reconciler.spec.reference import References

DEFAULT_PARALLELISM = 4
"""Requests under way at once: what two cores serve best (measured on 2026-07a); a quarter of what breaks nothing."""


@dataclass(slots=True)
class Stopwatch:
    """Where the time of a run goes, by stage."""

    now: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what runs inside to a stage."""
        begin = self.now()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self.now() - begin


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The manifests of a run, read.

    Attributes:
        sources: every file that was read.
        locate: finds the line of an entry.
    """

    desired: DesiredState
    files: int
    sources: tuple[Source, ...]
    locate: Callable[[Place], Origin]
    secrets: SecretSources


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenServer:
    """A server that let us in."""

    client: Client
    identity: ServerIdentity
    capabilities: Capabilities
    reader: Reader
    parallelism: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(PlanResult):
    """A plan with what it was made from, so that it can be carried out."""

    loaded: Loaded
    server: OpenServer
    live: LiveState
    options: PlanOptions
    base: Base


def load(inputs: Inputs, watch: Stopwatch) -> Loaded:
    """Read the manifests.

    Raises:
        ManifestError: with everything that is wrong in any of them.
    """
    project = inputs.project.folder if inputs.project is not None else None
    with watch.stage("reading files"):
        sources = files.find(
            inputs.paths, start=inputs.start, project=project, exclude=inputs.values, stdin=inputs.stdin
        )
        assignments = [Assignment.read(text) for text in inputs.settings]
        assignments += [Assignment.read(text, as_text=True) for text in inputs.texts]
        value_files = [Source(str(file), file) for file in inputs.values]
        values = read_values(value_files, assignments)
        memory = ParseCache(inputs.cache) if inputs.cache is not None else None
        found = reading.read(sources, values=values, memory=memory)
    with watch.stage("validating"):
        desired = build(found.manifests, registry(), earlier=found.findings)
        if memory is not None:
            memory.save()
    documents = {each.name: each for manifest in found.manifests for each in (*manifest.defaults, manifest.document)}
    root = project if project is not None else inputs.start
    return Loaded(
        desired=desired,
        files=len(found.manifests),
        sources=(*value_files, *(each for source in sources for each in (*source.defaults, source))),
        locate=lambda place: documents[place.file].origin(place.path),
        secrets=SecretSources(
            Surroundings(root=root, environment=inputs.environ, run=inputs.run, choose=secrets.choice)
        ),
    )


@contextmanager
def opened(server: Server) -> Iterator[OpenServer]:
    """Ask a server who it is; nothing else is sent before it has answered. No connection is left at the end.

    Raises:
        AccessDenied: it refuses the key or this machine's address.
        ConnectionFailed, ProtocolError: it cannot be reached, or is no mailcow.
    """
    kinds = registry()
    settings = server.settings
    parallelism = settings.parallelism or DEFAULT_PARALLELISM
    access = ServerAccess(
        origin=server.url.rstrip("/"),
        key=server.key.reveal(),
        readable=readable_routes(kinds.values()),
        parallelism=parallelism,
        timeout=float(settings.timeout or 300),
        connect_timeout=float(settings.connect_timeout or 10),
        allow_plain_http=server.allow_plain_http,
        ca_file=settings.ca_file,
    )
    client = Client(access, timing=Timing(server.clock.now, server.clock.sleep))
    try:
        version = _version(probe_version(client))
        capabilities = Capabilities(version)
        yield OpenServer(
            client=client,
            identity=ServerIdentity(access.origin, str(version)),
            capabilities=capabilities,
            reader=Reader(client, kinds=kinds, capabilities=capabilities, parallelism=parallelism),
            parallelism=parallelism,
        )
    finally:
        client.rest()


def _version(told: str | None) -> Version:
    if told is None:
        return OLDEST
    try:
        return Version.parse(told)
    except ValueError:
        raise ProtocolError(
            f"the server says `{told}` where its version belongs",
            id="server-version-unknown",
            hint="run mailcow's update script once, so that it knows its version again",
        ) from None


def validate(inputs: Inputs) -> Validation:
    """Read and check the manifests, without any server.

    Raises:
        ManifestError: with everything that is wrong.
    """
    watch = Stopwatch(inputs.clock.now)
    loaded = load(inputs, watch)
    return Validation(resources=len(loaded.desired), files=loaded.files, timings=watch.seconds)


def plan(request: PlanRequest) -> Planned:
    """Read both sides and say what would change. Nothing is written: there is no writer here.

    Raises:
        ManifestError: the manifests are wrong, in themselves or for this server.
        ApiError: the server, or the way to it, failed.
    """
    watch = Stopwatch(request.inputs.clock.now)
    loaded = load(request.inputs, watch)
    with watch.stage("reading history"):
        base = _base(request, loaded)
    options = _options(request, loaded, base)
    with watch.stage("reading server"), opened(request.server) as server:
        live, notes = _read(server, loaded.desired, options)
        with watch.stage("comparing"):
            difference = diff(registry(), loaded.desired, live, capabilities=server.capabilities, options=options)
        live = _with_neighbours(server, difference.changes, live)
    with watch.stage("comparing"):
        found = check(registry(), loaded.desired, live, difference.changes, options=options)
    diagnostics = (*base.findings, *notes, *difference.diagnostics, *found)
    errors = tuple(each for each in diagnostics if each.severity is Severity.ERROR)
    if errors:
        raise ManifestError(errors, summary="the server cannot be made so")
    with watch.stage("compiling"):
        operations = compile_changes(registry(), difference.changes, live, capabilities=server.capabilities)
    refusals = guard(difference.changes, loaded.desired, options.base, live, _limits(request))
    made = Plan(
        server=server.identity,
        changes=difference.changes,
        unchanged=difference.unchanged,
        unmanaged={kind: len(addresses) for kind, addresses in difference.unmanaged.items()},
        not_compared=difference.not_compared,
        diagnostics=diagnostics,
        refusals=tuple(each for each in refusals if not _is_allowed(each.addresses, request.allowed_deletes)),
    )
    return Planned(
        plan=made,
        operations=operations,
        timings=watch.seconds,
        loaded=loaded,
        server=server,
        live=live,
        options=options,
        base=base,
    )


def _base(request: PlanRequest, loaded: Loaded) -> Base:
    """What was declared before; nothing is known of that where nobody asks git."""
    inputs = request.inputs
    if inputs.asked is None:
        return Base()
    return base_of_run(
        inputs.asked,
        loaded.desired,
        loaded.sources,
        git=inputs.git,
        server=request.server.url.rstrip("/"),
        choice=request.base,
    )


def _options(request: PlanRequest, loaded: Loaded, base: Base) -> PlanOptions:
    return PlanOptions(
        resend=request.resend,
        skip_unsupported=request.skip_unsupported,
        prune=tuple(PruneScope(rule.kind, rule.domains) for rule in request.prune),
        delete_protected=frozenset(request.allowed_kinds),
        today=request.inputs.clock.today,
        secret=loaded.secrets.for_plan,
        locate=loaded.locate,
        domains=request.domains,
        base=base.applied,
        attempted=base.attempted,
    )


def _read(server: OpenServer, desired: DesiredState, options: PlanOptions) -> tuple[LiveState, tuple[Diagnostic, ...]]:
    kinds = registry()
    also = {scope.kind for scope in options.prune} | {name for state in options.earlier for name in state.resources}
    wanted = wanted_by(desired, kinds, also=also, domains=options.domains)
    readout = server.reader.read(wanted)
    return readout.live, readout.diagnostics


def _with_neighbours(server: OpenServer, changes: tuple[Change, ...], live: LiveState) -> LiveState:
    """Where something is to be created, also see what else may have its address."""
    neighbours = _neighbours(changes, live)
    if not neighbours:
        return live
    fields = {name: listed_fields(registry()[name]) for name in neighbours}
    domains = {_domain(change, live) for change in changes if change.action is Action.CREATE}
    narrow = tuple(sorted(domain for domain in domains if domain is not None))
    seen = server.reader.read(Wanted(fields=fields, domains=narrow or None), known=live)
    return replace(live, resources={**seen.live.resources, **live.resources})


def _neighbours(changes: tuple[Change, ...], live: LiveState) -> frozenset[str]:
    """The kinds that were not read and may hold an address that is to be created."""
    kinds = registry()
    spaces = {kinds[change.address.kind].space for change in changes if change.action is Action.CREATE} - {None}
    return frozenset(name for name, kind in kinds.items() if kind.space in spaces and not live.was_read(name))


def _domain(change: Change, live: LiveState) -> str | None:
    observed = live.get(change.address)
    values = {**(observed.values if observed is not None else {}), **change.after}
    return registry()[change.address.kind].domain_of(values)


def _limits(request: PlanRequest) -> Limits:
    given = request.limits
    said = {
        "deletes": given.deletes,
        "delete_percent": given.delete_percent,
        "delete_bytes": given.delete_bytes,
        "changes": given.changes,
    }
    return Limits(**{name: value for name, value in said.items() if value is not None})


def _is_allowed(addresses: tuple[Address, ...], allowed: tuple[str, ...]) -> bool:
    return bool(addresses) and all(str(address) in allowed for address in addresses)


def apply(request: PlanRequest, planned: PlanResult, *, on_event: Callable[[Event], None]) -> Report:
    """Carry out a plan that was just made. Ctrl-C finishes what is in flight; running again continues.

    A revision that converged is remembered as applied.

    Args:
        on_event: is told what happens, as it happens.

    Raises:
        PlanRefused: a guard objects.
        ManifestError: a secret that is needed cannot be had; nothing was sent.
    """
    if not isinstance(planned, Planned):
        raise TypeError("only a plan made by this run can be carried out")
    if planned.plan.refusals:
        raise PlanRefused("the plan was refused", id="plan-refused", hint="see what would allow it")
    server = planned.server
    planned.loaded.secrets.prepare(wanted_secrets(planned.plan.changes))
    writer = ApiWriter(
        client=server.client,
        kinds=registry(),
        handles=Handles(planned.live, server.reader.handles_of),
        resolve=planned.loaded.secrets.for_apply,
    )
    if not _why_forgotten(request, planned):
        remember_attempt(planned.base)
    with _interruptible() as stop, closing(server.client):
        means = Means(
            kinds=registry(),
            writer=writer,
            look_again=server.reader.look_again,
            verify=lambda: _leftovers(planned),
            before=planned.live,
            resolve=planned.loaded.secrets.for_apply,
            workers=server.parallelism if server.capabilities.parallel_writes else 1,
            clock=request.inputs.clock.now,
            stop=stop,
        )
        run = carry_out(planned.plan.changes, planned.operations, means)
        while True:
            try:
                on_event(next(run))
            except StopIteration as end:
                report: Report = end.value
                break
    done = report.converged is True and report.count(Outcome.DONE) == len(report.changes)
    return replace(report, notes=remember(request, planned)) if done else report


def remember(request: PlanRequest, planned: PlanResult) -> tuple[Diagnostic, ...]:
    """Remember a revision that converged as applied, and say so; or say why it is not remembered."""
    if not isinstance(planned, Planned) or planned.base.checkout is None:
        return ()
    base = planned.base
    why = _why_forgotten(request, planned) or remember_success(base)
    if why:
        hint = "until it is, what is not declared any more is found by comparing with an older revision, or not at all"
        return (Diagnostic("applied-not-remembered", Severity.WARNING, f"not remembered as applied: {why}", hint=hint),)
    name = str(planned.base.checkout.commit)[:12]
    summary = f"{name} is remembered as applied: {applied_ref(base.environment)}"
    return (Diagnostic("applied-remembered", Severity.NOTE, summary),)


def _why_forgotten(request: PlanRequest, planned: Planned) -> str:
    """Why a converged apply would not stand for its revision; empty when it does."""
    if request.domains is not None:
        return "`--domain` narrowed the run, so it says nothing of the rest"
    return planned.base.stays


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into a wish to stop; the second one is as hard as ever."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.getsignal(signal.SIGINT)

    def wish(_number: int, _frame: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, wish)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _leftovers(planned: Planned) -> tuple[Leftover, ...]:
    """Read once more what the plan touched, and compare it with what was planned."""
    touched = {change.address for change in planned.plan.changes}
    options = replace(planned.options, resend=(), prune=(), base=None, attempted=())
    live, _ = _read(planned.server, planned.loaded.desired, planned.options)
    again = diff(registry(), planned.loaded.desired, live, capabilities=planned.server.capabilities, options=options)
    left = [
        Leftover(change.address, each.name)
        for change in again.changes
        if change.address in touched
        for each in change.fields or ()
    ]
    gone = [change.address for change in planned.plan.changes if change.action is Action.DELETE]
    left += [Leftover(address, "still there") for address in gone if live.get(address) is not None]
    return tuple(left)


def export(server: Server, *, domains: tuple[str, ...] | None, every_field: bool) -> Exported:
    """Read a server and write it down as manifests.

    Raises:
        ApiError: the server, or the way to it, failed.
    """
    watch = Stopwatch(server.clock.now)
    kinds = registry()
    with watch.stage("reading server"), opened(server) as source:
        lists = Wanted(
            fields={name: listed_fields(kind) for name, kind in kinds.items() if kind.sources}, domains=domains
        )
        first = source.reader.read(lists)
        readout = source.reader.read(_everything(first.live, domains, every_field=every_field), known=first.live)
    with watch.stage("writing"):
        title = f"{source.identity.origin} (mailcow {source.identity.version})"
        dumped = dump(readout.live, kinds, title=title, every_field=every_field)
    return Exported(
        files=dumped.files,
        diagnostics=(*first.diagnostics, *readout.diagnostics, *dumped.diagnostics),
        timings=watch.seconds,
    )


def _everything(live: LiveState, domains: tuple[str, ...] | None, *, every_field: bool) -> Wanted:
    """Want what lists do not show, for every resource there is."""
    fields: dict[str, set[str]] = {}
    details: dict[tuple[str, str], frozenset[str]] = {}
    for name, kind in registry().items():
        if not live.was_read(name):
            continue
        fields[name] = set(listed_fields(kind))
        for each in kind.fields.values():
            if each.mark.read and (every_field or each.mark.owner is Owner.OPERATOR):
                fields[name].add(each.name)
                details[name, each.name] = frozenset(live.of(name))
    return Wanted(fields=fields, details=details, domains=domains)


def schemas() -> Mapping[str, Mapping[str, Any]]:
    """The JSON Schemas of what people write, by file name."""
    return {"manifest.schema.json": manifest_schema(registry())}


def references() -> tuple[KindReference, ...]:
    """What every kind is, for people."""
    return References(registry(), INITIAL, emit).all()


__all__ = [
    "Clock",
    "Planned",
    "apply",
    "digest",
    "export",
    "opened",
    "plan",
    "references",
    "remember",
    "schemas",
    "validate",
]
