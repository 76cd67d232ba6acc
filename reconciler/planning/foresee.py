"""A difference that knows what its own deletions will have done: what they undo is planned too, and is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity, error
from reconciler.model.resource import Values
from reconciler.model.state import DesiredState, LiveState
from reconciler.planning.cascade import Cascade, cascade
from reconciler.planning.diff import diff
from reconciler.planning.difference import Difference
from reconciler.planning.options import PlanOptions
from reconciler.records import replace
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Kind


def foresee(
    kinds: Mapping[str, Kind],
    desired: DesiredState,
    live: LiveState,
    difference: Difference,
    *,
    capabilities: Capabilities,
    options: PlanOptions,
) -> Difference:
    """Plan for what is left once the deletions that come first have done what they do to others.

    Args:
        live: what `difference` was made from, and all kinds that its deletions may change.
    """
    new_names = {each.moved_from: each.address for each in difference.changes if each.moved_from is not None}

    def wanted(address: Address) -> Values | None:
        declared = desired.get(new_names.get(address, address))
        return None if declared is None else declared.values

    foreseen = cascade(kinds, difference.changes, live, wanted=wanted)
    if foreseen.causes:
        anew = diff(kinds, desired, foreseen.live, capabilities=capabilities, options=options)
        difference = replace(anew, unmanaged=difference.unmanaged)
        foreseen = cascade(kinds, difference.changes, live, wanted=wanted)
    changes = tuple(_with_effects(change, foreseen) for change in difference.changes)
    named = _still_named(kinds, desired, foreseen, options)
    swept = _swept_away(desired, changes, foreseen)
    return replace(difference, changes=changes, diagnostics=(*difference.diagnostics, *named, *swept))


def _with_effects(change: Change, foreseen: Cascade) -> Change:
    effects = foreseen.effects.get(change.address, ())
    return replace(change, effects=(*change.effects, *effects)) if effects else change


def _still_named(
    kinds: Mapping[str, Kind], desired: DesiredState, foreseen: Cascade, options: PlanOptions
) -> Iterator[Diagnostic]:
    """Find what goes on naming something that is deleted and that nothing takes the place of."""
    for address, causes in sorted(foreseen.causes.items()):
        declared = desired.get(address)
        for cause in sorted(causes):
            space = kinds[cause.kind].space
            heirs = (desired.of(kind.name) for kind in kinds.values() if space is not None and kind.space == space)
            if declared is not None and not any(cause.key in heir for heir in heirs):
                yield Diagnostic(
                    "deleted-but-named",
                    Severity.WARNING,
                    f"`{address}` goes on naming `{cause.key}`, and this plan deletes `{cause}`",
                    hint="take it out of the declaration, unless something else is meant by it",
                    origin=options.locate(declared.place),
                    address=address,
                )


def _swept_away(desired: DesiredState, changes: tuple[Change, ...], foreseen: Cascade) -> Iterator[Diagnostic]:
    """Find what is only to be switched off or renamed, and would go with something that is deleted."""
    for change in changes:
        there = change.moved_from or change.address
        is_kept = change.action in (Action.UPDATE, Action.MOVE) and desired.get(change.address) is None
        if is_kept and there in foreseen.gone:
            cause = foreseen.gone[there]
            how = "switched off" if change.action is Action.UPDATE else "renamed"
            yield error(
                "change-refused",
                f"`{there}` is to stay, {how}, and would go with `{cause}`, which this plan deletes",
                hint=f"remove both, or keep `{cause}`",
                origin=change.origin,
                address=change.address,
            )
