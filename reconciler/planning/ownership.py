"""Which live resources a run deletes: by `removed:`, by prune scope, or because the base declared them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.change import Reason
from reconciler.model.resource import Observed
from reconciler.model.state import DesiredState, LiveState, Removal
from reconciler.planning.options import PlanOptions
from reconciler.spec.kind import Kind


@dataclass(frozen=True, slots=True)
class Departure:
    """A live resource that is to be deleted, and why."""

    observed: Observed
    reason: Reason
    removal: Removal | None = None


def step_today(removal: Removal, today: str) -> str:
    """What a ``removed:`` entry asks for on a day: its step, or ``delete`` once its date is there."""
    if removal.delete_after is not None and today >= removal.delete_after:
        return "delete"
    if removal.delete_after is not None and removal.step == "delete":
        return "forget"
    return removal.step


def departures(kind: Kind, desired: DesiredState, live: LiveState, options: PlanOptions) -> Iterator[Departure]:
    """Find the live resources of a kind that a run deletes, in key order."""
    removals = {each.address: each for each in desired.removals}
    arriving = {each.target for each in desired.relocations} | {each.source for each in desired.relocations}
    declared = desired.of(kind.name)
    before = options.base.of(kind.name) if options.base is not None else {}
    if kind.routes.delete is None:
        return
    for key, observed in sorted(_removable(kind, live), key=lambda each: each[0]):
        removal = removals.get(observed.address)
        if removal is not None:
            if step_today(removal, options.today) == "delete":
                yield Departure(observed, Reason.REMOVED, removal)
            continue
        if key in declared or observed.address in arriving:
            continue
        if kind.protected and kind.name not in options.delete_protected:
            continue
        domain = kind.domain_of(observed.values)
        if not options.includes(domain):
            continue
        if key in before:
            yield Departure(observed, Reason.NO_LONGER_DECLARED)
        elif any(scope.covers(kind.name, domain) for scope in options.prune):
            yield Departure(observed, Reason.UNDECLARED)


def _removable(kind: Kind, live: LiveState) -> Iterator[tuple[str, Observed]]:
    """The live resources that the server would let go."""
    for key, observed in live.of(kind.name).items():
        if kind.stays is None or not kind.stays(observed.values):
            yield key, observed


def unmanaged(kind: Kind, desired: DesiredState, live: LiveState) -> list[Address]:
    """The live resources of a kind that nothing declares or removes."""
    removed = {each.address for each in desired.removals} | {each.source for each in desired.relocations}
    declared = desired.of(kind.name)
    found = (each.address for key, each in live.of(kind.name).items() if key not in declared)
    return [] if kind.routes.delete is None else sorted(address for address in found if address not in removed)
