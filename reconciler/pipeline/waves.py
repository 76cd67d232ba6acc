"""A plan parted: what one run leaves for the next, and what is tried before the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from reconciler.errors import UsageError
from reconciler.flow import PlanRequest, PlanResult
from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.change import Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.operation import Operation
from reconciler.pipeline.planning import Planned
from reconciler.planning.compile import compile_changes
from reconciler.planning.waves import canaries, first_of
from reconciler.records import replace
from reconciler.render.words import count


def in_waves(request: PlanRequest, planned: PlanResult) -> PlanResult:
    """Part a plan as the request wants it; the guards have judged the whole of it.

    Raises:
        UsageError: ``canary-without-changes``, where the plan changes something and nothing of the canary.
    """
    if not isinstance(planned, Planned):
        raise TypeError("only a plan made by this run can be parted")
    if request.waves.most_changes is not None and len(planned.plan.changes) > request.waves.most_changes:
        planned = _first_wave(planned, request.waves.most_changes)
    return _canary_first(planned, request.waves.canary) if request.waves.canary else planned


def _first_wave(planned: Planned, most: int) -> Planned:
    chosen = first_of(registry(), planned.plan.changes, planned.operations, planned.live, most=most)
    now, later = _parted(planned, chosen)
    if not later:
        return planned
    counted = Counter(each.address.kind for each in later)
    kinds = ", ".join(f"{number} of kind {kind}" for kind, number in counted.items())
    note = Diagnostic(
        "left-for-later",
        Severity.NOTE,
        f"{count(len(later), 'more change is', 'more changes are')} left for the next run ({kinds})",
        hint="run again to go on",
    )
    return replace(
        planned,
        plan=replace(planned.plan, changes=now, diagnostics=(*planned.plan.diagnostics, note)),
        operations=_compiled(planned, now),
        left=planned.left + len(later),
        incomplete=f"`--max-changes {most}` left {count(len(later), 'change')} for the next run",
    )


def _canary_first(planned: Planned, domains: tuple[str, ...]) -> Planned:
    changes = planned.plan.changes
    chosen = canaries(registry(), changes, planned.operations, planned.live, domains=domains)
    if changes and not chosen:
        raise UsageError(
            f"nothing is to be changed of {' or '.join(domains)}, so there is nothing to try first",
            id="canary-without-changes",
            hint="name a domain that the plan changes, or leave `--canary` out",
        )
    first, rest = _parted(planned, chosen)
    tried = _compiled(planned, first)
    return replace(planned, operations=(*tried, *_compiled(planned, rest)), tried_first=len(tried))


def _parted(planned: Planned, chosen: Collection[Address]) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    changes = planned.plan.changes
    return (
        tuple(each for each in changes if each.address in chosen),
        tuple(each for each in changes if each.address not in chosen),
    )


def _compiled(planned: Planned, changes: tuple[Change, ...]) -> tuple[Operation, ...]:
    return compile_changes(registry(), changes, planned.live, capabilities=planned.server.capabilities)
