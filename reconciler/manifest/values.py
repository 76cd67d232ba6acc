"""What the variables of templates mean: values files and `--set`, the later one winning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.errors import ManifestError, UsageError
from reconciler.manifest.document import parse
from reconciler.manifest.files import Source
from reconciler.manifest.scalars import scalar
from reconciler.manifest.text import DEEPEST, decode
from reconciler.model.diagnostic import Diagnostic
from reconciler.records import record

__all__ = ["Assignment", "merged", "read_values"]

_DOT: Final = r"(?<!\\)\."
_SHOWN: Final = 40
_QUOTED: Final = r"\"[^\"\\]*\"|'[^']*'"


@record(frozen=True, slots=True)
class Assignment:
    """One `--set PATH=VALUE`.

    Attributes:
        path: the keys that lead to the value.
        value: what stands there.
    """

    path: tuple[str, ...]
    value: Any

    @classmethod
    def read(cls, text: str, *, as_text: bool = False) -> Assignment:
        r"""Read what follows `--set`, or `--set-string`.

        Args:
            text: `a.b=value`; a dot that belongs to a key is written `\.`.
            as_text: the value is text, whatever it looks like; otherwise it means what it would mean in YAML.

        Raises:
            UsageError: `set-malformed`.
        """
        name, equals, value = text.partition("=")
        path = tuple(part.replace("\\.", ".") for part in re.split(_DOT, name))
        said = "--set-string" if as_text else "--set"
        if not equals or not all(path):
            summary = f"`{said} {name}` is not an assignment"
            raise UsageError(
                summary, id="set-malformed", hint=f"write `{said} name=value` or `{said} outer.inner=value`"
            )
        if len(path) > DEEPEST:
            summary = f"`{said} {name[:_SHOWN]}…` names {len(path)} mappings inside each other"
            raise UsageError(summary, id="set-malformed", hint=f"values are {DEEPEST} deep at most")
        if as_text:
            return cls(path, value)
        return cls(path, value[1:-1] if re.fullmatch(_QUOTED, value) else scalar(value))


def read_values(files: Iterable[Source], assignments: Iterable[Assignment] = ()) -> dict[str, Any]:
    """Read values files, merge them, and set what is set on the command line.

    Args:
        files: each a YAML mapping; of two that say something about the same, the later one is right.
        assignments: set afterwards, one after the other.

    Raises:
        ManifestError: with everything wrong in any of the files.
        UsageError: `set-conflict`, where something is to be set inside what is no mapping.
    """
    values: dict[str, Any] = {}
    findings: list[Diagnostic] = []
    for source in files:
        try:
            values = merged(values, parse(decode(source.read(), source.name), noun="values").value)
        except ManifestError as problem:
            findings.extend(problem.diagnostics)
    if findings:
        raise ManifestError(tuple(findings))
    for assignment in assignments:
        values = _with(values, assignment, assignment.path)
    return values


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another: mappings merge key by key, everything else is replaced, lists too."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _with(values: Mapping[str, Any], assignment: Assignment, path: tuple[str, ...]) -> dict[str, Any]:
    name, *rest = path
    if not rest:
        return {**values, name: assignment.value}
    inner = values.get(name, {})
    if not isinstance(inner, dict):
        summary = f"`{'.'.join(assignment.path)}` cannot be set: `{name}` is a value, not a mapping"
        raise UsageError(summary, id="set-conflict", hint="set another name, or make it a mapping in the values files")
    return {**values, name: _with(inner, assignment, tuple(rest))}
