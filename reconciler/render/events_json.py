"""An apply as JSON documents, one a line: events as they happen, the report at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.model.report import ChangeEnded, Event, OperationEnded, OperationStarted, Report, Stopped
from reconciler.render.calls import call_document
from reconciler.render.document import FORMAT_VERSION
from reconciler.render.plan_json import diagnostic_document


def line(kind: str, content: Mapping[str, Any]) -> str:
    """One document on one line, with its type and the format's version; ends with a newline."""
    return json.dumps({"format_version": FORMAT_VERSION, "type": kind, **content}, ensure_ascii=False) + "\n"


def event_line(event: Event) -> str:
    """What happened, as one line."""
    match event:
        case OperationStarted(operation, number):
            return line("call_started", {"number": number, "call": call_document(operation)})
        case OperationEnded(operation, number, outcome, messages, seconds):
            route = f"{operation.verb.value}/{operation.route}"
            content = {"number": number, "route": route, "outcome": outcome.value, "messages": list(messages)}
            return line("call_ended", {**content, "seconds": round(seconds, 4)})
        case ChangeEnded():
            return line("change_ended", _ended(event))


def _ended(ended: ChangeEnded) -> dict[str, Any]:
    return {"address": str(ended.address), "outcome": ended.outcome.value, "messages": list(ended.messages)}


def _report(report: Report) -> dict[str, Any]:
    return {
        "changes": [_ended(each) for each in report.changes],
        "calls": report.calls,
        "converged": report.converged,
        "left": report.left,
        "leftovers": [{"address": str(each.address), "field": each.field} for each in report.leftovers],
        "interrupted": report.interrupted,
        "stopped": None if report.stopped is None else _stopped(report.stopped),
        "seconds": round(report.seconds, 4),
        "notes": [diagnostic_document(each) for each in report.notes],
    }


def _stopped(stopped: Stopped) -> dict[str, Any]:
    return {
        "id": stopped.id,
        "summary": stopped.summary,
        "hint": stopped.hint,
        "exit_code": stopped.exit_code,
    }


def report_line(report: Report) -> str:
    """The last line of an apply."""
    return line("report", _report(report))
