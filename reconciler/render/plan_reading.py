"""A plan back from its JSON document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange, Reason
from reconciler.model.diagnostic import Diagnostic, Origin, Severity
from reconciler.model.focus import Focus
from reconciler.model.plan import NotCompared, Plan, Refusal, ServerIdentity, Terms
from reconciler.model.secret import SecretSource
from reconciler.render.document import (
    FORMAT_VERSION,
    ChangeDocument,
    DiagnosticDocument,
    FieldDocument,
    OriginDocument,
    PlanDocument,
    RefusalDocument,
    TermsDocument,
)
from reconciler.render.document_values import read_value
from reconciler.render.plan_json import REASON_NAMES

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_REASONS: Final[Mapping[str, Reason]] = {name: reason for reason, name in REASON_NAMES.items()}
_HINT: Final = "get it again from where it was made, or make it again: `reconciler plan PATH... --out FILE`"


def plan_from_text(text: str, *, name: str = "this") -> Plan:
    """The plan a file holds.

    Args:
        text: all that is in the file.
        name: of the file, for what is told when something is wrong with it.

    Raises:
        UsageError: ``plan-malformed`` when it is not a plan, ``plan-format-unknown`` when another version wrote it.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise no_plan(name, _why_not_json(text, problem)) from problem
    return plan_from_document(document, name=name)


def _why_not_json(text: str, problem: Exception) -> str:
    if not text.strip():
        return "it is empty"
    if text.lstrip().startswith("{") and not text.rstrip().endswith("}"):
        return "its end is missing"
    place = f", from line {problem.lineno} on" if isinstance(problem, json.JSONDecodeError) else ""
    return f"it is not JSON{place}"


def no_plan(name: str, why: str) -> UsageError:
    """The error that something is not a plan; `why` is a clause."""
    return UsageError(f"{name} is not a plan: {why}", id="plan-malformed", hint=_HINT)


def plan_from_document(document: Any, *, name: str = "this") -> Plan:
    """The plan `plan_document` was made from.

    Raises:
        UsageError: as `plan_from_text`.
    """
    _check_version(document, name)
    checked = _checked(document, name)
    try:
        return Plan(
            server=ServerIdentity(**checked["server"]),
            changes=tuple(_change(each) for each in checked["changes"]),
            unchanged=checked["summary"]["unchanged"],
            unmanaged=checked["unmanaged"],
            unmanaged_keys={kind: tuple(keys) for kind, keys in checked.get("unmanaged_keys", {}).items()},
            not_compared=tuple(NotCompared(**each) for each in checked["not_compared"]),
            diagnostics=tuple(_diagnostic(each) for each in checked["diagnostics"]),
            refusals=tuple(_refusal(each) for each in checked["refusals"]),
            desired_digest=checked["desired_digest"],
            terms=_terms(checked["terms"]),
        )
    except RecursionError as problem:
        raise no_plan(name, "a value is too deep") from problem
    except ValueError as problem:
        raise no_plan(name, str(problem)) from problem


def _check_version(document: Any, name: str) -> None:
    version = document.get("format_version") if isinstance(document, dict) else None
    if isinstance(document, dict) and "snapshot" in document:
        raise no_plan(name, "it is a snapshot of a server, which `plan --live` takes")
    if not isinstance(version, str):
        raise no_plan(name, "it has no `format_version`")
    major = FORMAT_VERSION.partition(".")[0]
    if version.partition(".")[0] != major:
        raise UsageError(
            f"{name} is a plan of format {version}, and this version of the tool reads {major}.x",
            id="plan-format-unknown",
            hint="use the version of the tool that made it, or make it again with this one: "
            "`reconciler plan PATH... --out FILE`",
        )


@cache
def _adapter() -> TypeAdapter[PlanDocument]:
    """What checks documents, made once: that takes as long as to check a hundred changes."""
    # pydantic takes longer to import than everything else here; only who reads a plan pays for it
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(PlanDocument)


def _checked(document: Any, name: str) -> PlanDocument:
    from pydantic import ValidationError  # noqa: PLC0415  as above

    try:
        return _adapter().validate_python(document)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        why = "is missing" if first["type"] == "missing" else f"is not right: {first['msg']}"
        raise no_plan(name, f"`{where}` {why}") from problem


def _terms(document: TermsDocument | None) -> Terms | None:
    if document is None:
        return None
    return Terms(
        revision=document["revision"],
        changed=tuple(document["changed"]),
        base=tuple(document["base"]),
        named_base=document["named_base"],
        focus=Focus(tuple(document["domains"]), tuple(document["targets"])),
        resend=tuple(document["resend"]),
        skip_unsupported=document["skip_unsupported"],
        prune=tuple((each["kind"], tuple(each["domains"])) for each in document["prune"]),
        allowed_deletes=tuple(document["allowed_deletes"]),
        allowed_kinds=tuple(document["allowed_kinds"]),
        allowed_vanished=tuple(document["allowed_vanished"]),
        limits=document["limits"],
    )


def _change(document: ChangeDocument) -> Change:
    moved_from = document["moved_from"]
    return Change(
        action=Action(document["action"]),
        address=Address.parse(document["address"]),
        fields=tuple(map(_field, document["fields"])),
        reason=_REASONS[document["reason"]],
        origin=_origin(document["origin"]),
        moved_from=None if moved_from is None else Address.parse(moved_from),
        effects=tuple(document["effects"]),
        cost=tuple((name, read_value(value)) for name, value in document["cost"].items()),
        precondition=document["precondition"],
    )


def _field(document: FieldDocument) -> FieldChange:
    after = read_value(document["after"])
    if document["sensitive"] and not isinstance(after, SecretSource | Absent):
        raise ValueError(f"it holds the secret `{document['name']}` itself, where a plan says where it comes from")
    return FieldChange(document["name"], read_value(document["before"]), after, document["sensitive"])


def _origin(document: OriginDocument | None) -> Origin | None:
    return None if document is None else Origin(**document)


def _diagnostic(document: DiagnosticDocument) -> Diagnostic:
    address = document["address"]
    return Diagnostic(
        id=document["id"],
        severity=Severity(document["severity"]),
        summary=document["summary"],
        detail=document["detail"],
        hint=document["hint"],
        origin=_origin(document["origin"]),
        related=tuple(Origin(**each) for each in document["related"]),
        address=None if address is None else Address.parse(address),
    )


def _refusal(document: RefusalDocument) -> Refusal:
    return Refusal(
        id=document["id"],
        summary=document["summary"],
        permit=document["permit"],
        addresses=tuple(Address.parse(each) for each in document["addresses"]),
    )
