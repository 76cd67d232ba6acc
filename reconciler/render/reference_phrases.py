"""What is said of kinds and fields, the same in the terminal and in the README."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from reconciler.model.reference import Deletion, FieldReference, KindReference
from reconciler.model.version import Version

__all__ = [
    "DELETED",
    "DELETED_NOTE",
    "OPERATOR",
    "default",
    "deletion",
    "example_line",
    "plain_value",
    "since",
    "traits",
    "versions",
]

OPERATOR: Final = "operator"

DELETED: Final = {Deletion.FREE: "yes*", Deletion.PROTECTED: "by `removed:` only", Deletion.NEVER: "never"}
DELETED_NOTE: Final = (
    "* by `removed:`; without it, only what an earlier revision declared, or what a prune scope covers"
)


def deletion(kind: KindReference) -> str:
    """How resources of a kind are deleted, at length."""
    match kind.deletion:
        case Deletion.FREE:
            return "by `removed:`, when an earlier revision declared it, or in a prune scope"
        case Deletion.PROTECTED:
            return f"protected: by `removed:`, or with `--allow-delete-kind {kind.name}`"
        case Deletion.NEVER:
            return "never: the server has it for good"


def since(version: Version | None) -> str:
    """The version something came with, in a column of a table."""
    return "" if version is None else str(version)


def versions(first: Version | None, until: Version | None = None) -> str:
    """Which versions of mailcow have something."""
    if until is not None:
        return f"before {until}" if first is None else f"{first} to before {until}"
    return "all versions" if first is None else f"{first} and later"


def traits(kind: KindReference, field: FieldReference) -> Iterator[str]:
    """What is special about a field, a few words each."""
    if field.required:
        yield "required"
    if field.needed and not field.required:
        yield "nothing is created without it"
    if field.default is not None:
        yield default(kind, field)
    if field.immutable and not field.is_key:
        yield "set once, never changed"
    if field.refers is not None:
        yield f"names one of `{field.refers}`"
    if field.owner != OPERATOR:
        yield f"usually changed by the {field.owner}"
    if field.since is not None or field.until is not None:
        yield f"mailcow {versions(field.since, field.until)}"
    yield from _shown(field)


def default(kind: KindReference, field: FieldReference) -> str:
    """What is sent when nothing is declared; empty for nothing."""
    if field.default is None:
        return ""
    value = f"`{plain_value(field.default)}`"
    return f"created with {value} unless declared" if kind.creatable else f"{value} unless declared"


def _shown(field: FieldReference) -> Iterator[str]:
    if not field.api:
        yield "says how the others are treated; never sent"
    elif not field.readable:
        yield "never shown by the server"
    elif field.readable_since is not None:
        yield f"shown by mailcow {versions(field.readable_since)}"


def plain_value(value: Any) -> str:
    """A value on one line, as YAML takes it."""
    if isinstance(value, str):
        return value or '""'
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def example_line(field: FieldReference) -> str:
    """A field as an entry has it, in the part of YAML that is JSON; empty where nothing tells a value."""
    return "" if field.example is None else f"{field.name}: {json.dumps(field.example, ensure_ascii=False)}"
