"""``reconciler apply``."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.cli.approval import check_that_someone_can_be_asked, is_approved
from reconciler.cli.exits import Exit, gravest, of_plan, of_report, of_rest
from reconciler.cli.kept import take_plan
from reconciler.cli.options import WHAT_TO_PLAN, output_options
from reconciler.cli.progress import showing
from reconciler.cli.requests import at_its_place, plan_request_of
from reconciler.cli.session import JSON, TEXT, Session
from reconciler.cli.views import plan_view
from reconciler.cli.waves import WAVE_OPTIONS, waves_of
from reconciler.cli.words import flag, option
from reconciler.flow import PlanRequest, PlanResult
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.report import Report
from reconciler.model.waves import Waves
from reconciler.pipeline.interruption import terminable
from reconciler.records import replace
from reconciler.render.apply_text import report_text
from reconciler.render.diagnostic_text import diagnostics_text
from reconciler.render.events_json import line, report_line
from reconciler.render.plan_json import plan_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given

WORDS = (
    *WHAT_TO_PLAN,
    *WAVE_OPTIONS,
    option("--fingerprint", "Carry out a kept plan only if this is its fingerprint.", metavar="sha256:..."),
    flag("--auto-approve", "Do not ask."),
    flag("--detailed-exitcode", "Exit with 2 when changes are left for another run."),
    flag("--wait-for-lock", "Wait for another apply of this checkout to end."),
    *output_options(TEXT, JSON),
)


def act(session: Session, said: Given) -> int:
    """Make the server as the manifests say, and prove it.

    The first PATH may be a plan that was kept with `plan --out FILE`: then only what it holds is done, of the same
    manifests, on the same server, as far as nothing has moved since, and nobody is asked again.

    The plan is shown and, on a terminal, carried out once it is approved; afterwards the server is read again. After a
    failure, running again continues. With `--format json` every event is a JSON document on a line of its own.
    """
    with terminable():
        return _apply(session, said)


def _apply(session: Session, said: Given) -> int:
    session.streaming = True
    kept, given = take_plan(session, said)
    approved = given["auto_approve"] or kept is not None
    if not approved:
        check_that_someone_can_be_asked(session)
    request = at_its_place(session, replace(plan_request_of(session, given), waves=waves_of(given)))
    with session.pipeline.alone(request, wait=given["wait_for_lock"], told=_waiting(session)) as unsaid:
        session.say(diagnostics_text(unsaid, session.talk_style))
        planned = session.pipeline.plan(request) if kept is None else session.pipeline.resume(request, kept)
        if request.waves != Waves():
            planned = session.pipeline.in_waves(request, planned)
        ended = _carry_out(session, request, planned, given, approved=approved)
    if given["profile"]:
        session.tell_profile(planned.timings, planned.requests())
    return gravest(ended, Exit.REFUSED if planned.stale else Exit.DONE)


def _carry_out(session: Session, request: PlanRequest, planned: PlanResult, given: Given, *, approved: bool) -> int:
    _show_plan(session, planned, calls=given["show_calls"])
    if planned.plan.refusals:
        return of_plan(planned.plan, detailed=False)
    if planned.plan.is_empty:
        _tell_what_is_remembered(session, session.pipeline.remember(request, planned))
        return of_rest(planned.left, detailed=given["detailed_exitcode"])
    if not approved and not is_approved(session, planned.plan):
        session.complain("Not approved: nothing was sent.\n")
        return Exit.REFUSED
    with showing(session, calls=len(planned.operations)) as show:
        report = session.pipeline.apply(request, planned, on_event=show)
    _show_report(session, report)
    return of_report(report, detailed=given["detailed_exitcode"])


def _tell_what_is_remembered(session: Session, found: tuple[Diagnostic, ...]) -> None:
    tell = session.say if all(each.severity is Severity.NOTE for each in found) else session.complain
    tell(diagnostics_text(found, session.talk_style))


def _waiting(session: Session) -> Callable[[str], None]:
    return lambda holder: session.say(f"Waiting for another apply of this checkout ({holder}).\n")


def _show_plan(session: Session, planned: PlanResult, *, calls: bool) -> None:
    if session.format == JSON:
        session.give(line("plan", plan_document(planned.plan, planned.operations if calls else None)))
    else:
        session.give(plan_view(session, planned, calls=calls))


def _show_report(session: Session, report: Report) -> None:
    if session.format == JSON:
        session.give(report_line(report))
    else:
        session.give("\n" + report_text(report, session.style))
