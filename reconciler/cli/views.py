"""Which view shows a plan, by format. Only the one that is asked for is imported."""

from __future__ import annotations

from reconciler.cli.session import JSON, MARKDOWN, Session
from reconciler.flow import PlanResult
from reconciler.render.style import Style, plain


def plan_view(session: Session, planned: PlanResult, *, calls: bool, fingerprint: str = "") -> str:
    """The plan in the session's format, with its calls where they are asked for.

    Args:
        session: has the format.
        planned: the plan.
        calls: whether they are asked for.
        fingerprint: of the file that keeps the plan, where one does.
    """
    if session.format == JSON:
        from reconciler.render.plan_json import plan_json  # noqa: PLC0415

        return plan_json(planned.plan, planned.operations if calls else None, fingerprint=fingerprint)
    if session.format == MARKDOWN:
        from reconciler.render.markdown import plan_markdown  # noqa: PLC0415

        told = _calls(planned, plain()) if calls else ""
        return plan_markdown(planned.plan, calls=told, fingerprint=fingerprint)
    from reconciler.render.plan_text import plan_text  # noqa: PLC0415

    style = session.style
    told = _calls(planned, style) if calls else ""
    return plan_text(
        planned.plan, style, calls=told, brief=session.verbosity < 0, fingerprint=fingerprint, left=planned.left
    )


def _calls(planned: PlanResult, style: Style) -> str:
    from reconciler.render.calls import calls_text  # noqa: PLC0415

    return calls_text(planned.operations, style)
