"""Which view shows a plan, by format."""

from __future__ import annotations

from reconciler.cli.session import JSON, MARKDOWN, Session
from reconciler.flow import PlanResult
from reconciler.render.calls import calls_text
from reconciler.render.markdown import plan_markdown
from reconciler.render.plan_json import json_text, plan_document
from reconciler.render.plan_text import plan_text
from reconciler.render.style import plain


def plan_view(session: Session, planned: PlanResult, *, calls: bool) -> str:
    """The plan in the session's format, with its calls where they are asked for."""
    if session.format == JSON:
        return json_text(plan_document(planned.plan, planned.operations if calls else None))
    if session.format == MARKDOWN:
        return plan_markdown(planned.plan, calls=calls_text(planned.operations, plain()) if calls else "")
    style = session.style
    told = calls_text(planned.operations, style) if calls else ""
    return plan_text(planned.plan, style, calls=told, brief=session.verbosity < 0)
