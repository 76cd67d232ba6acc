"""Kinds and fields as JSON documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.model.reference import FieldReference, KindReference
from reconciler.model.version import Version
from reconciler.render.document import FORMAT_VERSION

__all__ = ["field_document", "kind_document", "kinds_document"]

Document = dict[str, Any]


def kinds_document(kinds: Iterable[KindReference]) -> Document:
    """All kinds, without their fields."""
    return {"format_version": FORMAT_VERSION, "kinds": [_kind(each) for each in kinds]}


def kind_document(kind: KindReference) -> Document:
    """One kind and all its fields."""
    fields = [_field(each) for each in kind.fields]
    return {"format_version": FORMAT_VERSION, **_kind(kind), "fields": fields, "example": kind.example}


def field_document(kind: KindReference, field: FieldReference) -> Document:
    """One field."""
    return {"format_version": FORMAT_VERSION, "kind": kind.name, "section": kind.section, **_field(field)}


def _kind(kind: KindReference) -> Document:
    return {
        "name": kind.name,
        "section": kind.section,
        "about": " ".join(filter(None, (kind.about, kind.more))),
        "key": list(kind.key),
        "singleton": kind.is_singleton,
        "within": list(kind.within),
        "deletion": kind.deletion.value,
        "creatable": kind.creatable,
        "readable": kind.readable,
        "since": _version(kind.since),
        "renamable": kind.moves,
        "renamable_since": _version(kind.moves_since),
        "sugar": dict(kind.sugar),
        "api": [{"verb": use.verb, "path": use.path} for use in kind.api],
    }


def _field(field: FieldReference) -> Document:
    return {
        "name": field.name,
        "about": field.about,
        "form": field.form,
        "schema": dict(field.schema),
        "words": list(field.words),
        "key": field.is_key,
        "required": field.required,
        "needed": field.needed,
        "immutable": field.immutable,
        "secret": field.secret,
        "default": list(field.default) if isinstance(field.default, tuple) else field.default,
        "owner": field.owner,
        "since": _version(field.since),
        "until": _version(field.until),
        "readable": field.readable,
        "readable_since": _version(field.readable_since),
        "refers": field.refers,
        "api": [{"verb": use.verb, "path": use.path, "names": list(use.names)} for use in field.api],
        "example": field.example,
    }


def _version(version: Version | None) -> str | None:
    return None if version is None else str(version)
