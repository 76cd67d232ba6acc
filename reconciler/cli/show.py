"""``reconciler show``."""

from __future__ import annotations

from reconciler.cli.exits import of_plan
from reconciler.cli.kept import read_plan
from reconciler.cli.options import ALL_FORMATS, output_options
from reconciler.cli.session import Session
from reconciler.cli.views import plan_view
from reconciler.cli.words import Argument, flag
from reconciler.flow import PlanResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given

WORDS = (
    Argument("file"),
    flag("--detailed-exitcode", "Exit with 2 when there are changes."),
    *output_options(*ALL_FORMATS),
)


def act(session: Session, given: Given) -> int:
    """Show a plan that was kept with `plan --out`.

    It needs no manifests, no server and no key.
    """
    kept = read_plan(session.surroundings.start / given["file"])
    session.give(plan_view(session, PlanResult(plan=kept.plan), calls=False, fingerprint=kept.fingerprint))
    return of_plan(kept.plan, detailed=given["detailed_exitcode"])
