"""Findings and errors as JSON documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.render.document import FORMAT_VERSION
from reconciler.render.plan_json import diagnostic_document


def findings_document(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """What was found, and whether any of it stops a run."""
    found = tuple(diagnostics)
    return {
        "format_version": FORMAT_VERSION,
        "valid": not any(each.severity is Severity.ERROR for each in found),
        "diagnostics": [diagnostic_document(each) for each in found],
    }


def error_document(error: ReconcilerError) -> dict[str, Any]:
    """An error that ended the run."""
    diagnostics = error.diagnostics if isinstance(error, ManifestError) else ()
    return {
        "format_version": FORMAT_VERSION,
        "error": {
            "id": error.id,
            "summary": error.summary,
            "hint": error.hint,
            "exit_code": error.exit_code,
            "details": {name: _plain(value) for name, value in error.details.items()},
        },
        "diagnostics": [diagnostic_document(each) for each in diagnostics],
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list | set | frozenset):
        return [_plain(each) for each in value]
    return str(value)
