"""Exit codes: one for each way a run can end, and which of several wins."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.model.report import Report


class Exit:
    """What a pipeline sees; plain numbers, as an enumeration takes longer to make than to use."""

    DONE = 0
    BUG = 1
    CHANGES = 2
    MANIFEST = 3
    API = 4
    REFUSED = 5
    INCOMPLETE = 6
    USAGE = 64
    INTERRUPTED = 130


_RANKING = (
    Exit.INTERRUPTED,
    Exit.BUG,
    Exit.USAGE,
    Exit.MANIFEST,
    Exit.API,
    Exit.REFUSED,
    Exit.INCOMPLETE,
    Exit.CHANGES,
    Exit.DONE,
)


def gravest(*codes: int) -> int:
    """The one code of several that a pipeline must hear of; a code nobody knows is a bug."""
    known = {code if code in _RANKING else Exit.BUG for code in codes}
    return next((code for code in _RANKING if code in known), Exit.DONE)


def of_plan(plan: Plan, *, detailed: bool) -> int:
    """How a plan ends.

    Args:
        plan: the plan.
        detailed: changes that are pending have a code of their own.
    """
    refused = Exit.REFUSED if plan.refusals else Exit.DONE
    pending = Exit.CHANGES if detailed and not plan.is_empty else Exit.DONE
    return gravest(refused, pending)


def of_rest(left: int, *, detailed: bool) -> int:
    """How a run ends that left so many changes to another one; they have a code of their own only if that is asked."""
    return Exit.CHANGES if detailed and left else Exit.DONE


def of_report(report: Report, *, detailed: bool) -> int:
    """How an apply ends: done only when everything is, and reading again proved it.

    Args:
        report: what came of it.
        detailed: changes that are left for another run have a code of their own.
    """
    from reconciler.model.report import Outcome  # noqa: PLC0415  only an apply has one

    done = all(change.outcome is Outcome.DONE for change in report.changes) and report.converged is True
    stopped = report.stopped.exit_code if report.stopped is not None else Exit.DONE
    interrupted = Exit.INTERRUPTED if report.interrupted else Exit.DONE
    return gravest(
        interrupted, stopped, Exit.DONE if done else Exit.INCOMPLETE, of_rest(report.left, detailed=detailed)
    )
