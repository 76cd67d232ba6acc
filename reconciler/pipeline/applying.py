"""A plan carried out, proved by reading again, and remembered."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from reconciler.engine.apply import Means
from reconciler.engine.apply import apply as carry_out
from reconciler.engine.effect import surplus
from reconciler.engine.journal import Journal, Left
from reconciler.errors import PlanRefused
from reconciler.flow import PlanRequest, PlanResult
from reconciler.history.applied import applied_ref, remember_attempt, remember_part, remember_success
from reconciler.kinds import registry
from reconciler.manifest.secrets import SecretSources
from reconciler.manifest.secrets import wanted_by as wanted_secrets
from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.report import GONE, STILL_THERE, THERE_TWICE, ChangeEnded, Event, Leftover, Outcome, Report
from reconciler.model.state import LiveState
from reconciler.pipeline.interruption import interruptible
from reconciler.pipeline.planning import Planned, read_live
from reconciler.pipeline.workplace import journal, unconfirmed_before
from reconciler.planning.diff import diff
from reconciler.planning.unsent import Fields, told, unseen
from reconciler.records import replace
from reconciler.remote.handles import Handles
from reconciler.remote.writer import ApiWriter


def apply(request: PlanRequest, planned: PlanResult, *, on_event: Callable[[Event], None]) -> Report:
    """Carry out a plan that was just made. Ctrl-C, SIGTERM or SIGHUP finish what is in flight; running again continues.

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
    if server.client is None:
        hint = "apply the manifests, which are planned again then"
        raise PlanRefused("a snapshot is only planned against", id="plan-of-a-snapshot", hint=hint)
    planned.loaded.secrets.prepare(wanted_secrets(registry(), planned.plan.changes))
    writer = ApiWriter(
        client=server.client,
        kinds=registry(),
        handles=Handles(planned.live, server.reader.handles_of),
        resolve=planned.loaded.secrets.for_apply,
    )
    forgotten = remember_attempt(planned.base, request.focus)
    earlier = unconfirmed_before(request.inputs, server.identity.origin)
    promised = unseen(registry(), planned.loaded.desired, planned.plan.changes, server.capabilities)
    left = _left_by(planned, promised, earlier)
    record = journal(request.inputs.workplace, server=server.identity.origin, left=left)
    with record as kept, interruptible(request.inputs.clock.now) as stop, closing(server.client):
        _hand_over(planned.loaded.secrets, kept, earlier)
        means = Means(
            kinds=registry(),
            writer=writer,
            look_again=server.reader.look_again,
            verify=lambda: _verified(planned),
            before=planned.live,
            resolve=planned.loaded.secrets.for_apply,
            workers=server.parallelism if server.capabilities.parallel_writes else 1,
            clock=request.inputs.clock.now,
            stop=stop,
            record=kept,
            most_failures=request.waves.failures_of(len(planned.plan.changes)),
        )
        first, rest = planned.operations[: planned.tried_first], planned.operations[planned.tried_first :]
        run = carry_out(planned.plan.changes, rest, means, first=first)
        with planned.watch.stage("writing"):
            report = _heard(run, lambda event: on_event(_written_down(event, promised, kept)))
        report = replace(_settled(planned.loaded.secrets, report, kept, earlier), left=planned.left)
    begun = _unremembered(planned, forgotten)
    report = replace(report, notes=(*begun, *report.notes, *_left_unsaid(planned, report, promised)))
    done = report.converged is True and report.count(Outcome.DONE) == len(report.changes)
    return replace(report, notes=(*report.notes, *remember(request, planned))) if done else report


def _unremembered(planned: Planned, why: str) -> tuple[Diagnostic, ...]:
    """Tell that git could not take down that an apply began, though it should have."""
    if not why or planned.base.stays:
        return ()
    summary = f"git could not take down that this apply began: {why}"
    hint = "should it not converge, what it made is not known to be its own; see what git says, then apply again"
    return (Diagnostic("attempt-not-remembered", Severity.WARNING, summary, hint=hint),)


def _left_by(planned: Planned, promised: Fields, unsettled: tuple[str, ...]) -> Left:
    """What the apply leaves behind if it comes no further: what it is to send, and what earlier applies have left."""
    made = {change.address for change in planned.plan.changes if change.action is Action.CREATE}
    left = {address: names for address, names in planned.unsent.items() if address not in made}
    both = {
        address: tuple(dict.fromkeys((*left.get(address, ()), *promised.get(address, ()))))
        for address in {**left, **promised}
    }
    begun = planned.options.attempted or planned.options.parts
    sent = planned.sent if begun else frozenset()  # what git does not remember to have begun, nobody asks for
    return Left(both, sent, unsettled)


def _written_down(event: Event, promised: Fields, kept: Journal | None) -> Event:
    """Take down of which changes everything was sent that nothing shows."""
    if kept is None or not isinstance(event, ChangeEnded) or event.outcome is not Outcome.DONE:
        return event
    if event.address in promised:
        kept.keep(event.address, promised[event.address])
    return event


def _hand_over(secrets: SecretSources, kept: Journal | None, earlier: tuple[str, ...]) -> None:
    """Deliver new passwords before the server is told of any; a crash from here on does not hide where they are.

    Args:
        earlier: what earlier applies have left unconfirmed, which is told of until it is seen to.
    """
    secrets.deliver()
    files = (*earlier, *secrets.deliveries.written)
    if kept is not None and files:
        kept.deliver(files)


def _settled(secrets: SecretSources, report: Report, kept: Journal | None, earlier: tuple[str, ...]) -> Report:
    """Confirm what was delivered, as far as the server took it."""
    if not secrets.deliveries.written:
        return report
    notes = secrets.deliveries.settle({each.address: each.outcome for each in report.changes})
    if kept is not None:
        kept.settle_deliveries((*earlier, *secrets.deliveries.written))
    return replace(report, notes=(*report.notes, *notes))


def _left_unsaid(planned: Planned, report: Report, promised: Fields) -> Iterator[Diagnostic]:
    """Tell of creations that ended half-way, where no later run looks for what they set.

    Whether the server has it cannot be told from what it shows: a value that is as new may have been chosen since.
    """
    created = {each.address for each in planned.plan.changes if each.action is Action.CREATE}
    half = [each.address for each in report.changes if each.outcome in (Outcome.PARTIAL, Outcome.UNKNOWN)]
    left = {address: promised[address] for address in half if address in created and address in promised}
    return told(left, planned.loaded.desired, planned.options)


def remember(request: PlanRequest, planned: PlanResult) -> tuple[Diagnostic, ...]:
    """Remember a revision that converged as applied, and say so; or say why it is not remembered."""
    if not isinstance(planned, Planned) or planned.base.checkout is None:
        return ()
    base, checkout = planned.base, planned.base.checkout
    why = planned.incomplete or (remember_part(base, request.focus) if request.focus else remember_success(base))
    if request.focus and not why:
        summary = (
            f"{str(checkout.commit)[:12]} is remembered as applied to what `--domain` or `--target` narrowed it to"
        )
        hint = "the rest is compared with what was applied as a whole"
        return (Diagnostic("applied-in-part", Severity.NOTE, summary, hint=hint),)
    if why:
        hint = "until it is, what is not declared any more is found by comparing with an older revision, or not at all"
        return (Diagnostic("applied-not-remembered", Severity.WARNING, f"not remembered as applied: {why}", hint=hint),)
    ref = applied_ref(base.environment)
    summary = f"{str(checkout.commit)[:12]} is remembered as applied: {ref}"
    push = (
        f"other clones know it once it is pushed: `git push origin {ref}`" if checkout.repository.has_remote else None
    )
    return (Diagnostic("applied-remembered", Severity.NOTE, summary, hint=push),)


def _heard(run: Generator[Event, None, Report], on_event: Callable[[Event], None]) -> Report:
    """Hand on what happens, to the end."""
    while True:
        try:
            on_event(next(run))
        except StopIteration as end:
            report: Report = end.value
            return report


def _verified(planned: Planned) -> tuple[Leftover, ...]:
    with planned.watch.stage("verifying"):
        return _leftovers(planned)


def _leftovers(planned: Planned) -> tuple[Leftover, ...]:
    """Read once more what the plan touched, and compare it with what was planned."""
    touched = {change.address for change in planned.plan.changes}
    options = replace(planned.options, resend=(), prune=(), base=None, applied=None, attempted=(), parts=())
    live, _ = read_live(planned.server, planned.loaded.desired, planned.options)
    again = diff(registry(), planned.loaded.desired, live, capabilities=planned.server.capabilities, options=options)
    left = [
        Leftover(change.address, name)
        for change in again.changes
        if change.address in touched
        for name in _not_as_declared(change)
    ]
    gone = [change.address for change in planned.plan.changes if change.action is Action.DELETE]
    # what is to be deleted by now and came to be during the run: a placeholder that a proxy made twice
    new = (each.address for each in again.changes if each.action is Action.DELETE and each.address not in touched)
    gone += [address for address in new if planned.live.get(address) is None]
    left += [Leftover(address, STILL_THERE) for address in gone if live.get(address) is not None]
    missing = (change.address for change in again.changes if change.action is Action.CREATE)
    left += [Leftover(each, GONE) for each in missing if each not in touched and planned.live.get(each) is not None]
    left += [Leftover(each, THERE_TWICE) for each in _made_twice(planned, live)]
    return tuple(left)


def _made_twice(planned: Planned, live: LiveState) -> Iterator[Address]:
    """What is there once more than the plan made it."""
    created: dict[str, set[Address]] = {}
    for change in planned.plan.changes:
        if change.action is Action.CREATE:
            created.setdefault(change.address.kind, set()).add(change.address)
    for name, addresses in created.items():
        yield from surplus(registry()[name], planned.live, live, addresses)


def _not_as_declared(change: Change) -> tuple[str, ...]:
    """The fields that are still to be changed; those of the key where it has kept its old name."""
    key = registry()[change.address.kind].key if change.action is Action.MOVE else ()
    return (*key, *(each.name for each in change.fields))
