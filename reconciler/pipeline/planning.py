"""Both sides read, and what would change said. Nothing is written: there is no writer here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from reconciler.errors import ManifestError
from reconciler.flow import PlanRequest, PlanResult
from reconciler.history.ahead import AskedAhead
from reconciler.history.applied import Base
from reconciler.history.base import base_of_run
from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.focus import Part
from reconciler.model.plan import Plan, Refusal, Terms
from reconciler.model.state import DesiredState, LiveState
from reconciler.pipeline.approach import approach
from reconciler.pipeline.loading import Loaded, earlier_memory, load
from reconciler.pipeline.opening import OpenServer, opened
from reconciler.pipeline.stopwatch import Stopwatch
from reconciler.planning.diff import diff
from reconciler.planning.difference import Difference
from reconciler.planning.options import PlanOptions, PruneScope
from reconciler.planning.reach import about_nothing, reach_of
from reconciler.records import field, fields_of, record, replace
from reconciler.remote.wanted import Wanted, listed_fields, wanted_by
from reconciler.spec.mark import MAIN, TEMPLATE

if TYPE_CHECKING:
    from reconciler.history.git import RunGit
    from reconciler.model.operation import Operation
    from reconciler.pipeline.looking_back import LookBack
    from reconciler.planning.guard import Limits


@record(frozen=True, slots=True, kw_only=True)
class Planned(PlanResult):
    """A plan with what it was made from, so that it can be carried out.

    Attributes:
        incomplete: why carrying it out does not make the server as declared; empty when it does.
        watch: goes on while the plan is carried out.
        tried_first: how many of the operations are verified before the others are tried.
        unsent: the fields that earlier applies may not have sent and nothing shows, by what they are of.
        sent: of what they have sent all of these.
    """

    watch: Stopwatch
    loaded: Loaded
    server: OpenServer
    live: LiveState
    options: PlanOptions
    base: Base
    incomplete: str = ""
    tried_first: int = 0
    unsent: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    sent: frozenset[Address] = frozenset()


def plan(request: PlanRequest) -> Planned:
    """Read both sides and say what would change. Nothing is written: there is no writer here.

    Raises:
        ManifestError: the manifests are wrong, in themselves or for this server.
        ApiError: the server, or the way to it, failed.
    """
    watch = Stopwatch(request.inputs.clock.now)
    with approach(request.server) as way:
        with _git(request) as git:
            loaded = load(request.inputs, watch)
            with watch.stage("reading history"):
                base = _base(request, loaded, git)
        options = _options(request, loaded, base)
        with watch.stage("reading server"), opened(way, watch) as server:
            back = _look_back(request, loaded.desired, options, server)
            besides = back.besides if back is not None else None
            live, notes = read_live(server, loaded.desired, options, every_kind=request.show_unmanaged, besides=besides)
            with watch.stage("comparing"):
                difference = diff(registry(), loaded.desired, live, capabilities=server.capabilities, options=options)
            live = _with_followers(server, difference.changes, _with_neighbours(server, difference.changes, live))
            live = _with_remains(server, difference.changes, live)
    with watch.stage("comparing"):
        difference, found = _weighed(server, loaded.desired, live, difference, options)
    astray = about_nothing(registry(), loaded.desired, live, options)
    said, unsent = _judged(back, loaded.desired, live, difference.changes, options, server)
    anew = _made_anew(server, loaded.desired, difference.changes)
    diagnostics = (*base.findings, *notes, *astray, *difference.diagnostics, *found, *said, *anew)
    errors = tuple(each for each in diagnostics if each.severity is Severity.ERROR)
    if errors:
        raise ManifestError(errors, summary="the server cannot be made so")
    with watch.stage("ordering"):
        operations = _ordered(server, difference.changes, live) if request.calls else ()
    made = Plan(
        server=server.identity,
        changes=difference.changes,
        unchanged=difference.unchanged,
        unmanaged={kind: len(addresses) for kind, addresses in difference.unmanaged.items()},
        unmanaged_keys=_listed(difference) if request.show_unmanaged else {},
        not_compared=difference.not_compared,
        diagnostics=diagnostics,
        refusals=_refused(request, difference.changes, loaded.desired, live, options),
        desired_digest=_digest(loaded.desired) if request.keep else "",
        terms=_terms(request, base) if request.keep else None,
    )
    return Planned(
        plan=made,
        operations=operations,
        timings=watch.seconds,
        requests=server.requests,
        watch=watch,
        loaded=loaded,
        server=server,
        live=live,
        options=options,
        base=base,
        unsent=unsent,
        sent=back.known.sent if back is not None else frozenset(),
    )


def _made_anew(server: OpenServer, desired: DesiredState, changes: tuple[Change, ...]) -> tuple[Diagnostic, ...]:
    """Look for what a server that is made anew would lack; most plans create too little to ask."""
    if not any(change.action is Action.CREATE for change in changes):
        return ()
    from reconciler.planning.anew import unsent_to_a_new_server  # noqa: PLC0415  only where something is created

    found = unsent_to_a_new_server(registry(), desired, changes, server.capabilities)
    return () if found is None else (found,)


def _look_back(
    request: PlanRequest, desired: DesiredState, options: PlanOptions, server: OpenServer
) -> LookBack | None:
    """What earlier applies may have left out, where there is somebody to tell, or something to tell of."""
    since = options.attempted or options.parts or options.applied is not desired
    if request.inputs.workplace is None and not options.rotates_anything and not (since and options.earlier):
        return None
    from reconciler.pipeline.looking_back import look_back  # noqa: PLC0415  most runs follow one that converged

    origin, capabilities = server.identity.origin, server.capabilities
    return look_back(request.inputs, desired, options, server=origin, capabilities=capabilities)


def _judged(
    back: LookBack | None,
    desired: DesiredState,
    live: LiveState,
    changes: tuple[Change, ...],
    options: PlanOptions,
    server: OpenServer,
) -> tuple[tuple[Diagnostic, ...], Mapping[Address, tuple[str, ...]]]:
    if back is None:
        return (), {}
    from reconciler.pipeline.looking_back import judged  # noqa: PLC0415  as above

    return judged(back, desired, live, changes, options=options, capabilities=server.capabilities)


def _weighed(
    server: OpenServer, desired: DesiredState, live: LiveState, difference: Difference, options: PlanOptions
) -> tuple[Difference, list[Diagnostic]]:
    """What comes of changes: what their deletions do besides, and what the server would refuse.

    Here and below, what only changes need takes as long to import as a thousand objects take to compare.
    """
    if not difference.changes:
        return difference, []
    from reconciler.planning.checks import check  # noqa: PLC0415
    from reconciler.planning.foresee import foresee  # noqa: PLC0415

    kinds, capabilities = registry(), server.capabilities
    difference = foresee(kinds, desired, live, difference, capabilities=capabilities, options=options)
    return difference, check(kinds, desired, live, difference.changes, capabilities=capabilities, options=options)


def _ordered(server: OpenServer, changes: tuple[Change, ...], live: LiveState) -> tuple[Operation, ...]:
    """The calls that changes come down to."""
    if not changes:
        return ()
    from reconciler.planning.compile import compile_changes  # noqa: PLC0415

    return compile_changes(registry(), changes, live, capabilities=server.capabilities)


def _refused(
    request: PlanRequest, changes: tuple[Change, ...], desired: DesiredState, live: LiveState, options: PlanOptions
) -> tuple[Refusal, ...]:
    """What guards object to: never to a plan without changes, where what was applied before is still there."""
    if not changes:
        return ()
    from reconciler.planning.guard import guard  # noqa: PLC0415

    return guard(registry(), changes, desired, live, options=options, limits=limits_of(request))


def _digest(desired: DesiredState) -> str:
    from reconciler.planning.digest import of_declarations  # noqa: PLC0415  most plans are not kept

    return of_declarations(desired)


def _git(request: PlanRequest) -> AbstractContextManager[RunGit | None]:
    """What runs git, and has begun to."""
    git, asked = request.inputs.git, request.inputs.asked
    return nullcontext() if git is None or asked is None else AskedAhead(git, asked)


def _base(request: PlanRequest, loaded: Loaded, git: RunGit | None) -> Base:
    """What was declared before; nothing is known of that where nobody asks git."""
    inputs = request.inputs
    if inputs.asked is None:
        return Base()
    return base_of_run(
        inputs.asked,
        loaded.desired,
        loaded.sources,
        paths=inputs.paths,
        git=git,
        server=request.server.url.rstrip("/"),
        choice=request.base,
        memory=lambda: earlier_memory(inputs, loaded),
        digests=loaded.digests,
    )


def _options(request: PlanRequest, loaded: Loaded, base: Base) -> PlanOptions:
    return PlanOptions(
        resend=request.resend,
        skip_unsupported=request.skip_unsupported,
        prune=tuple(PruneScope(rule.kind, rule.domains) for rule in request.prune),
        delete_protected=frozenset(request.allowed_kinds),
        today=request.inputs.clock.today,
        secret=lambda source, address: loaded.secrets.for_plan(source, address),  # noqa: PLW0108  made when one is needed
        locate=loaded.locate,
        focus=request.focus,
        base=_declared_before(request, base),
        applied=base.applied if _will_be_remembered(request, base) else None,
        attempted=base.attempted,
        parts=tuple(map(_alone, base.parts)),
        policy=request.policy,
    )


def _alone(part: Part) -> Part:
    """What a narrowed apply was about, and nothing else; what it only needed, it left as it was."""
    kinds, found = registry(), {}
    for name, resources in part.declared.resources.items():
        of_kind = kinds[name].domain_of
        there = {key: each for key, each in resources.items() if part.focus.covers(each.address, of_kind(each.values))}
        if there:
            found[name] = there
    return replace(part, declared=DesiredState(found))


def _declared_before(request: PlanRequest, base: Base) -> DesiredState | None:
    """What the last converged revision declared: nothing, for a first apply that will be remembered.

    So settings that are never shown are sent by the first apply, and from then on when their declaration changes; where
    an apply is not remembered they would be sent by every one, and are left to `--resend`.
    """
    first = base.applied is None and _will_be_remembered(request, base)
    return DesiredState({}) if first else base.applied


def _will_be_remembered(request: PlanRequest, base: Base) -> bool:
    """Whether an apply that converges will be remembered as a whole."""
    return base.checkout is not None and not (base.stays or base.beside or request.focus)


def read_live(
    server: OpenServer,
    desired: DesiredState,
    options: PlanOptions,
    *,
    every_kind: bool = False,
    besides: Mapping[tuple[str, str], Collection[str]] | None = None,
) -> tuple[LiveState, tuple[Diagnostic, ...]]:
    """Read what a desired state, and what the run may delete, is to be compared with.

    Args:
        every_kind: also list what nobody asks for.
        besides: by kind and field, keys of what is looked at although it is not declared.
    """
    kinds = registry()
    also = {scope.kind for scope in options.prune} | {name for state in options.earlier for name in state.resources}
    if every_kind:
        also |= {name for name, kind in kinds.items() if MAIN in kind.sources}
    if options.focus:
        reach = reach_of(kinds, desired, options.focus)
        also = {name for name in also if reach.concerns(name)}
        wanted = wanted_by(reach.within, kinds, also=also, domains=reach.domains, besides=besides)
    else:
        wanted = wanted_by(desired, kinds, also=also, besides=besides)
    readout = server.reader.read(wanted)
    live = readout.live
    if any(kinds[name].made for name in desired.resources):
        from reconciler.planning.numbering import renumbered  # noqa: PLC0415  few plans are about such

        live = renumbered(kinds, desired, live)
    if desired.relocations:
        from reconciler.planning.renaming import renamed  # noqa: PLC0415  few plans rename

        live = renamed(kinds, desired, live, capabilities=server.capabilities, options=options)
    return live, readout.diagnostics


def _with_neighbours(server: OpenServer, changes: tuple[Change, ...], live: LiveState) -> LiveState:
    """Where something is to be created, also see what else may have its address, and what it is made from."""
    neighbours = _neighbours(changes, live)
    if not neighbours:
        return live
    wanted = {name: listed_fields(registry()[name]) for name in neighbours}
    created = (change for change in changes if change.action is Action.CREATE)
    domains = {registry()[change.address.kind].domain_of(change.after) for change in created}
    narrow = tuple(sorted(domain for domain in domains if domain is not None))
    seen = server.reader.read(Wanted(fields=wanted, domains=narrow or None), known=live)
    return replace(live, resources={**seen.live.resources, **live.resources})


def _with_followers(server: OpenServer, changes: tuple[Change, ...], live: LiveState) -> LiveState:
    """Where something is to be deleted, also see what else that changes: in every domain."""
    kinds = registry()
    deleted = {change.address.kind for change in changes if change.action is Action.DELETE}
    if not deleted:
        return live
    from reconciler.model.amended import overlaid  # noqa: PLC0415
    from reconciler.planning.following import followers  # noqa: PLC0415

    following = followers(kinds, deleted)
    unseen = {name for name in following if not live.was_read(name) or live.domains is not None}
    if not unseen:
        return live
    seen = server.reader.read(Wanted(fields={name: listed_fields(kinds[name]) for name in sorted(unseen)})).live
    whole = {name: overlaid(seen.of(name), live.of(name)) for name in sorted(unseen)}
    return replace(live, resources={**live.resources, **whole})


def _with_remains(server: OpenServer, changes: tuple[Change, ...], live: LiveState) -> LiveState:
    """Where something is to be deleted, also see what would outlive it."""
    details: dict[tuple[str, str], set[str]] = {}
    for kind, key in (change.address for change in changes if change.action is Action.DELETE):
        for name in registry()[kind].outlived_by:
            details.setdefault((kind, name), set()).add(key)
    if not details:
        return live
    wanted = {kind: {name for of, name in details if of == kind} for kind, _ in details}
    return server.reader.read(Wanted(fields=wanted, details=details), known=live).live


def _neighbours(changes: tuple[Change, ...], live: LiveState) -> frozenset[str]:
    """The kinds that were not read and may hold an address that is to be created, or what it is made from."""
    kinds = registry()
    creations = [change for change in changes if change.action is Action.CREATE]
    if not creations:
        return frozenset()
    spaces = {kinds[change.address.kind].space for change in creations} - {None}
    templates = {kinds[change.address.kind].template for change in creations if TEMPLATE in change.after}
    return frozenset(
        name for name, kind in kinds.items() if (kind.space in spaces or name in templates) and not live.was_read(name)
    )


def limits_of(request: PlanRequest) -> Limits:
    """How much the plan may do: what is said, and else what guards allow by themselves."""
    from reconciler.planning.guard import Limits  # noqa: PLC0415

    return Limits(
        **_said(request),
        protect=request.limits.protect or (),
        allowed=frozenset(request.allowed_deletes),
        allowed_vanished=frozenset(request.allowed_vanished),
    )


def _said(request: PlanRequest) -> dict[str, int]:
    """The limits that are numbers and are given."""
    return {name: value for name, value in fields_of(request.limits).items() if isinstance(value, int)}


def _listed(difference: Difference) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(each.key for each in found) for kind, found in difference.unmanaged.items() if found}


def _terms(request: PlanRequest, base: Base) -> Terms:
    return Terms(
        revision=base.checkout.commit if base.checkout is not None else None,
        changed=base.checkout.changed if base.checkout is not None else (),
        base=base.commits,
        named_base=request.base.revision is not None,
        focus=request.focus,
        resend=request.resend,
        skip_unsupported=request.skip_unsupported,
        prune=tuple((rule.kind, rule.domains) for rule in request.prune),
        allowed_deletes=request.allowed_deletes,
        allowed_kinds=request.allowed_kinds,
        allowed_vanished=request.allowed_vanished,
        limits=_said(request),
    )
