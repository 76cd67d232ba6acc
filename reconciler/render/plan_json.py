"""A plan as JSON, for machines and to be kept: `plan_reading` takes it back without loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.model.change import Action, Change, Reason
from reconciler.model.diagnostic import Diagnostic, Origin
from reconciler.model.operation import Operation
from reconciler.model.plan import Plan, Terms
from reconciler.render.calls import call_document
from reconciler.render.document import (
    FORMAT_VERSION,
    ChangeDocument,
    DiagnosticDocument,
    OriginDocument,
    PlanDocument,
    ReasonName,
    TermsDocument,
)
from reconciler.render.document_values import written_value
from reconciler.render.indented import indented

REASON_NAMES: Final[Mapping[Reason, ReasonName]] = {
    Reason.MISSING: "missing",
    Reason.DIFFERS: "differs",
    Reason.RESEND: "resend",
    Reason.REDECLARED: "redeclared",
    Reason.REMOVED: "removed",
    Reason.MOVED: "moved",
    Reason.UNDECLARED: "undeclared",
    Reason.NO_LONGER_DECLARED: "no-longer-declared",
}


def json_text(document: Mapping[str, Any]) -> str:
    """A document as people can read it too; ends with a newline. What is a list in it may be an iterator."""
    return indented(document) + "\n"


def fingerprint(file: bytes) -> str:
    """Stand for all that is in the file of a plan: ``sha256:`` and the digits `sha256sum` prints."""
    import hashlib  # noqa: PLC0415  only plans that are kept have one

    return f"sha256:{hashlib.sha256(file).hexdigest()}"


def plan_document(plan: Plan, operations: Iterable[Operation] | None = None) -> PlanDocument:
    """The plan as plain values, ready for `json.dumps`; with the calls it comes down to, where they are given.

    Raises:
        TypeError: when a change would set a value that is a secret itself instead of a source.
    """
    calls = None if operations is None else list(map(call_document, operations))
    return _document(plan, [_change(change) for change in plan.changes], calls)


def plan_json(plan: Plan, operations: Iterable[Operation] | None = None, *, fingerprint: str = "") -> str:
    """The text of `plan_document`; of its changes, no more than one at a time is made as plain values.

    Args:
        plan: what to tell.
        operations: the calls it comes down to, where they are asked for.
        fingerprint: of the file that keeps the plan, where one does.

    Raises:
        TypeError: as `plan_document`.
    """
    calls = None if operations is None else map(call_document, operations)
    document = _document(plan, map(_change, plan.changes), calls)
    if fingerprint:
        document["fingerprint"] = fingerprint
    return json_text(document)


def _document(plan: Plan, changes: Any, calls: Any) -> PlanDocument:
    """The document with these changes and calls."""
    counts = plan.summary
    document: PlanDocument = {
        "format_version": FORMAT_VERSION,
        "server": {"origin": plan.server.origin, "version": plan.server.version},
        "desired_digest": plan.desired_digest,
        "terms": _terms(plan.terms),
        "summary": {
            "create": counts.get(Action.CREATE, 0),
            "update": counts.get(Action.UPDATE, 0),
            "delete": counts.get(Action.DELETE, 0),
            "move": counts.get(Action.MOVE, 0),
            "unchanged": plan.unchanged,
        },
        "changes": changes,
        "unmanaged": dict(plan.unmanaged),
        "not_compared": [
            {"kind": each.kind, "field": each.field, "reason": each.reason, "count": each.count}
            for each in plan.not_compared
        ],
        "diagnostics": [diagnostic_document(each) for each in plan.diagnostics],
        "refusals": [
            {
                "id": each.id,
                "summary": each.summary,
                "permit": each.permit,
                "addresses": [str(address) for address in each.addresses],
            }
            for each in plan.refusals
        ],
    }
    if plan.unmanaged_keys:
        document["unmanaged_keys"] = {kind: list(keys) for kind, keys in plan.unmanaged_keys.items()}
    if calls is not None:
        document["calls"] = calls
    return document


def _terms(terms: Terms | None) -> TermsDocument | None:
    if terms is None:
        return None
    return {
        "revision": terms.revision,
        "changed": list(terms.changed),
        "base": list(terms.base),
        "named_base": terms.named_base,
        "domains": list(terms.focus.domains),
        "targets": list(terms.focus.targets),
        "resend": list(terms.resend),
        "skip_unsupported": terms.skip_unsupported,
        "prune": [{"kind": kind, "domains": list(domains)} for kind, domains in terms.prune],
        "allowed_deletes": list(terms.allowed_deletes),
        "allowed_kinds": list(terms.allowed_kinds),
        "allowed_vanished": list(terms.allowed_vanished),
        "limits": dict(terms.limits),
    }


def _change(change: Change) -> ChangeDocument:
    return {
        "action": change.action,
        "address": str(change.address),
        "moved_from": None if change.moved_from is None else str(change.moved_from),
        "reason": REASON_NAMES[change.reason],
        "origin": origin_document(change.origin),
        "fields": [
            {
                "name": field.name,
                "before": written_value(field.before, sensitive=field.sensitive),
                "after": written_value(field.after, sensitive=field.sensitive, is_set=True),
                "sensitive": field.sensitive,
            }
            for field in change.fields
        ],
        "effects": list(change.effects),
        "cost": {name: written_value(value) for name, value in change.cost},
        "precondition": change.precondition,
    }


def origin_document(origin: Origin | None) -> OriginDocument | None:
    """A place as plain values."""
    if origin is None:
        return None
    return {"file": origin.file, "line": origin.line, "column": origin.column, "excerpt": origin.excerpt}


def diagnostic_document(diagnostic: Diagnostic) -> DiagnosticDocument:
    """A finding as plain values."""
    return {
        "id": diagnostic.id,
        "severity": diagnostic.severity,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "hint": diagnostic.hint,
        "origin": origin_document(diagnostic.origin),
        "related": [place for each in diagnostic.related if (place := origin_document(each)) is not None],
        "address": None if diagnostic.address is None else str(diagnostic.address),
    }
