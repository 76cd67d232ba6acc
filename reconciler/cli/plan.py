"""``reconciler plan``."""

from __future__ import annotations

from reconciler.cli.exits import of_plan
from reconciler.cli.files import write_private
from reconciler.cli.options import ALL_FORMATS, WHAT_TO_PLAN, output_options
from reconciler.cli.requests import at_its_place, plan_request_of
from reconciler.cli.session import JSON, Session
from reconciler.cli.views import plan_view
from reconciler.cli.words import flag, option
from reconciler.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given
    from reconciler.flow import PlanResult

WORDS = (
    *WHAT_TO_PLAN,
    option("--live", "Plan against a snapshot instead of a server; no key is needed.", metavar="FILE"),
    flag("--detailed-exitcode", "Exit with 2 when there are changes."),
    option("--out", "Keep the plan, for `apply FILE PATH...` and `show FILE`.", metavar="FILE"),
    *output_options(*ALL_FORMATS),
)


def act(session: Session, given: Given) -> int:
    """Show what would change on the server. Changes nothing.

    A read-only API key is enough.
    """
    kept = given["out"] is not None or session.format == JSON
    calls = given["show_calls"]
    request = replace(plan_request_of(session, given), keep=kept, calls=calls)
    if given["live"] is None:
        request = at_its_place(session, request, looked_at=True)
    planned = session.pipeline.plan(request)
    if given["out"] is None:
        session.give(plan_view(session, planned, calls=calls))
    else:
        _keep(session, planned, given)
    if given["profile"]:
        session.tell_profile(planned.timings, planned.requests())
    return of_plan(planned.plan, detailed=given["detailed_exitcode"])


def _keep(session: Session, planned: PlanResult, given: Given) -> None:
    """Show the plan with its fingerprint, and write it into its file."""
    from reconciler.render.plan_json import fingerprint, plan_json  # noqa: PLC0415  most are only shown

    text = plan_json(planned.plan)
    stands_for_it = fingerprint(text.encode(errors="backslashreplace"))
    session.give(plan_view(session, planned, calls=given["show_calls"], fingerprint=stands_for_it))
    write_private(session.surroundings.start / given["out"], text)
    if planned.plan.refusals:
        session.say(f"Kept in {given['out']}, to be looked at: apply refuses it as it is\n")
    else:
        session.say(f"Kept in {given['out']}; `apply --fingerprint {stands_for_it}` takes no other\n")
