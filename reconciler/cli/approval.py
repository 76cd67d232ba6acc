"""Asking whether a plan may be carried out."""

from __future__ import annotations

from reconciler.cli.session import Session
from reconciler.errors import UsageError
from reconciler.model.plan import Plan
from reconciler.render.phrases import server
from reconciler.render.words import count

_YES = "yes"


def check_that_someone_can_be_asked(session: Session) -> None:
    """Refuse before anything is read, when nobody is there to approve what would be found.

    Raises:
        UsageError: ``approval-missing``.
    """
    if not session.surroundings.is_interactive:
        raise UsageError(
            "nobody is there to approve the plan",
            id="approval-missing",
            hint="run it on a terminal, or pass `--auto-approve` after reviewing `reconciler plan`",
        )


def is_approved(session: Session, plan: Plan) -> bool:
    """Ask on the terminal; anything but the whole word is a no."""
    session.complain(f"Carry out {count(len(plan.changes), 'change')} on {server(plan)}? Only `{_YES}` is a yes: ")
    return session.surroundings.stdin.readline().strip() == _YES
