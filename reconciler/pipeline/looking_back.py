"""What applies that ended too early may have left out: found before reading, to be looked at, and told after."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from reconciler.flow import Inputs
from reconciler.kinds import registry
from reconciler.model.change import Change
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import DesiredState, LiveState
from reconciler.planning.options import PlanOptions
from reconciler.planning.unsent import (
    Earlier,
    Fields,
    candidates,
    carried,
    left_unsent,
    passed_over,
    told,
    told_of_passed_over,
    worth_reading,
)
from reconciler.records import record
from reconciler.spec.capabilities import Capabilities

if TYPE_CHECKING:
    from reconciler.engine.journal import LastRun


@record(frozen=True, slots=True)
class LookBack:
    """What is known of earlier applies, and what it means for a run.

    Attributes:
        known: what those who made them say.
        besides: by kind and field, the keys of what is to be read to tell whether it was sent.
        notes: what is told of the last apply itself.
    """

    known: Earlier
    besides: Mapping[tuple[str, str], Collection[str]]
    notes: tuple[Diagnostic, ...]


def look_back(
    inputs: Inputs, desired: DesiredState, options: PlanOptions, *, server: str, capabilities: Capabilities
) -> LookBack:
    """Find what is known of earlier applies to a server."""
    run: LastRun | None = None
    notes: tuple[Diagnostic, ...] = ()
    if inputs.workplace is not None:
        from reconciler.pipeline.workplace import known_before  # noqa: PLC0415  not every plan has such a place

        run, notes = known_before(inputs, server)
    known = Earlier(run.unseen, run.sent) if run is not None else Earlier()
    left = candidates(registry(), desired, known, capabilities=capabilities, options=options)
    return LookBack(known, worth_reading(registry(), desired, left, options), notes)


def judged(
    back: LookBack,
    desired: DesiredState,
    live: LiveState,
    changes: tuple[Change, ...],
    *,
    options: PlanOptions,
    capabilities: Capabilities,
) -> tuple[tuple[Diagnostic, ...], Fields]:
    """Tell what may not have been sent; gives also what is to be remembered on."""
    kinds = registry()
    left = left_unsent(kinds, desired, live, changes, back.known, capabilities=capabilities, options=options)
    over = passed_over(kinds, desired, live, changes, capabilities=capabilities, options=options)
    over = {address: names for address, names in over.items() if address not in left and address not in back.known.sent}
    said = (*told(left, desired, options), *told_of_passed_over(over, desired, options))
    return (*back.notes, *said), carried(kinds, desired, live, back.known, options)
