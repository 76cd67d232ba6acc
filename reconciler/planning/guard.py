"""What a plan may not do without being told so. A refused plan is shown all the same, with what would allow it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.change import Action, Change
from reconciler.model.plan import Refusal
from reconciler.model.state import DesiredState, LiveState


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one plan may do.

    Attributes:
        deletes: how many deletions.
        delete_percent: how many percent of a kind's live resources, where there are at least `worth_a_percentage`.
        delete_bytes: how many bytes of mail deletions may destroy.
        changes: how many changes altogether; None for any number.
        worth_a_percentage: below so many live resources only the count matters.
    """

    deletes: int = 20
    delete_percent: int = 30
    delete_bytes: int = 0
    changes: int | None = None
    worth_a_percentage: int = 10


def guard(
    changes: Sequence[Change], desired: DesiredState, base: DesiredState | None, live: LiveState, limits: Limits
) -> tuple[Refusal, ...]:
    """Find what the plan must not do under these limits."""
    deletions = [change for change in changes if change.action is Action.DELETE]
    found: list[Refusal] = []
    found += _kept(deletions, desired, base)
    if len(deletions) > limits.deletes:
        found.append(
            Refusal(
                "too-many-deletes",
                f"{len(deletions)} deletions, {limits.deletes} are allowed",
                f"--allow-deletes {len(deletions)}",
            )
        )
    found += _percentages(deletions, live, limits)
    mail = sum(_bytes(change) for change in deletions)
    if mail > limits.delete_bytes:
        found.append(
            Refusal(
                "mail-destroyed",
                f"deletions would destroy {mail} bytes of mail, {limits.delete_bytes} are allowed",
                f"--allow-delete-bytes {mail}",
                tuple(change.address for change in deletions if _bytes(change)),
            )
        )
    if limits.changes is not None and len(changes) > limits.changes:
        found.append(
            Refusal(
                "too-many-changes",
                f"{len(changes)} changes, {limits.changes} are allowed",
                f"--allow-changes {len(changes)}",
            )
        )
    return tuple(found)


def _bytes(change: Change) -> int:
    return int(dict(change.cost).get("bytes", 0) or 0)


def _kept(deletions: Sequence[Change], desired: DesiredState, base: DesiredState | None) -> list[Refusal]:
    """Deletions of what is, or was at the base, declared with ``prevent_delete``."""
    found = []
    for change in deletions:
        declared = desired.get(change.address) or (base.get(change.address) if base is not None else None)
        if declared is not None and declared.options.prevent_delete:
            summary = f"`{change.address}` is declared with `prevent_delete`"
            found.append(Refusal("delete-prevented", summary, f"--allow-delete {change.address}", (change.address,)))
    return found


def _percentages(deletions: Sequence[Change], live: LiveState, limits: Limits) -> list[Refusal]:
    counts: Mapping[str, int] = Counter(change.address.kind for change in deletions)
    found = []
    for kind, count in sorted(counts.items()):
        there = len(live.of(kind))
        percent = -(-100 * count // there) if there else 0
        if there >= limits.worth_a_percentage and percent > limits.delete_percent:
            summary = f"{count} of {there} ({percent} %) of kind {kind} deleted, {limits.delete_percent} % are allowed"
            found.append(Refusal("too-large-a-share", summary, f"--allow-delete-percent {percent}"))
    return found
