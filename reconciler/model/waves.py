"""How careful carrying out a plan is: as many changes as one run may make, and those that are tried first."""

from __future__ import annotations

from reconciler.records import record


@record(frozen=True, slots=True, kw_only=True)
class Waves:
    """How careful a run is.

    Attributes:
        most_changes: how many changes it carries out; None for all.
        canary: patterns of domains whose changes are carried out and verified before the others are tried.
        most_failures: after more changes than this have failed, nothing more is started; None for no such limit. Calls
            are under way together only as long as that could not be passed by more than one change, or by the changes
            of one call.
        most_failures_percent: the same in percent of the plan's changes.
    """

    most_changes: int | None = None
    canary: tuple[str, ...] = ()
    most_failures: int | None = None
    most_failures_percent: int | None = None

    def failures_of(self, changes: int) -> int | None:
        """How many of so many changes may fail; None for any number."""
        if self.most_failures_percent is not None:
            return changes * self.most_failures_percent // 100
        return self.most_failures
