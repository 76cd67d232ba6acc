"""The JSON Schema of manifests, made from the kinds: an editor completes, explains and checks with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from reconciler.manifest.words import (
    DEFAULTS,
    DELETE_AFTER,
    DOMAIN,
    FROM,
    IGNORE,
    INITIAL,
    KEEP_ALIAS,
    LIFECYCLE,
    MODE,
    MODES,
    MOVED,
    NTH,
    PREVENT_DELETE,
    REMOVED,
    STEP,
    TEMPLATE,
    TO,
    entry_words,
    steps_of,
)
from reconciler.spec.addresses import DOMAIN as DOMAIN_CODEC
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import UNSET, Owner

__all__ = ["manifest_schema", "schema_text"]

Schema = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SECTION: Final = {"type": "object", "additionalProperties": False}


def schema_text(kinds: Mapping[str, Kind]) -> str:
    """The schema as the file in `schemas/` holds it."""
    return json.dumps(manifest_schema(kinds), indent=2, ensure_ascii=False) + "\n"


def manifest_schema(kinds: Mapping[str, Kind]) -> Schema:
    """Describe what a manifest may say.

    Args:
        kinds: by name.
    """
    definitions: Schema = {}
    for kind in kinds.values():
        definitions[kind.name] = _entry(kind)
        definitions[_part(kind)] = _fields_without_need(kind)
    return {
        "$schema": _DIALECT,
        "title": "mailcow-reconciler manifest",
        "description": "What a mailcow server shall hold. Every kind of thing has a list; any number of files make one "
        "desired state. A field that is not written is not managed.",
        **_SECTION,
        "properties": {
            DOMAIN: {
                **DOMAIN_CODEC.schema,
                "description": "The domain that bare local parts in this file belong to.",
            },
            DEFAULTS: {
                **_SECTION,
                "description": "What the entries of this file inherit, field by field; nearer ones win.",
                "properties": {kind.plural: _defaults(kind) for kind in kinds.values()},
            },
            **{kind.plural: _section(kind) for kind in kinds.values()},
            REMOVED: {
                "type": "array",
                "description": "What is to go, and how far.",
                "items": {"oneOf": [_removal(kind) for kind in kinds.values()]},
            },
            MOVED: {
                "type": "array",
                "description": "What is to be renamed, instead of deleted and made anew.",
                "items": {"oneOf": [_relocation(kind) for kind in kinds.values() if kind.on_move is not None]},
            },
        },
        "$defs": definitions,
    }


def _section(kind: Kind) -> Schema:
    if kind.singleton:
        return {"$ref": f"#/$defs/{kind.name}"}
    return {"type": "array", "description": kind.about, "items": {"$ref": f"#/$defs/{kind.name}"}}


def _entry(kind: Kind) -> Schema:
    required = [name for name, each in kind.fields.items() if each.required]
    sugar = {
        word: {"type": "string", "description": f"Another way to write `{field}`."}
        for word, field in kind.sugar.items()
    }
    schema: Schema = {
        "description": kind.about,
        **_SECTION,
        "properties": {**{name: _field(each) for name, each in kind.fields.items()}, **sugar, **_words(kind)},
    }
    plain = [name for name in required if name not in kind.sugar.values()]
    if plain:
        schema["required"] = plain
    sweetened = [
        {"oneOf": [{"required": [each]} for each in (name, *(word for word in sugar if kind.sugar[word] == name))]}
        for name in required
        if name in kind.sugar.values()
    ]
    return {**schema, "allOf": sweetened} if sweetened else schema


def _field(field: Field) -> Schema:
    mark = field.mark
    notes = [mark.about]
    if "description" in field.codec.schema:
        notes.append(f"It takes {field.codec.schema['description']}.")
    if mark.since is not None:
        notes.append(f"Since mailcow {mark.since}.")
    if mark.until is not None:
        notes.append(f"Gone with mailcow {mark.until}.")
    if not mark.read:
        notes.append("The server does not show it.")
    elif mark.readable_since is not None:
        notes.append(f"The server shows it since mailcow {mark.readable_since}.")
    if mark.owner is not Owner.OPERATOR:
        notes.append(f"Usually changed by the {mark.owner.value}.")
    schema = {**field.codec.schema, "description": " ".join(notes)}
    if mark.default is not UNSET:
        schema["default"] = list(mark.default) if isinstance(mark.default, tuple) else mark.default
    return schema


def _words(kind: Kind) -> Schema:
    fields = [name for name in kind.fields if name not in kind.key]
    described: Schema = {
        INITIAL: {
            "$ref": f"#/$defs/{_part(kind)}",
            "description": "Fields that matter only when it is created, and are never compared afterwards.",
        },
        LIFECYCLE: {
            **_SECTION,
            "description": "How it is treated.",
            "properties": {
                IGNORE: {
                    "type": "array",
                    "items": {"enum": fields},
                    "description": "Fields that are sent when it is created, and not compared.",
                },
                PREVENT_DELETE: {"type": "boolean", "description": "Refuse any plan that deletes it."},
            },
        },
        MODE: {
            "enum": list(MODES),
            "description": "Whether its lists are complete, or only added to; `authoritative` unless said otherwise.",
        },
        TEMPLATE: {"type": "string", "minLength": 1, "description": "The server's template it is created from."},
        NTH: {
            "type": "integer",
            "minimum": 1,
            "description": "Which of several with the same key, as their ids count.",
        },
    }
    return {word: described[word] for word in entry_words(kind)}


def _fields_without_need(kind: Kind) -> Schema:
    return {
        **_SECTION,
        "properties": {name: _reference(kind, name) for name in kind.fields if name not in kind.key},
    }


def _defaults(kind: Kind) -> Schema:
    names = (*kind.fields, *entry_words(kind))
    return {
        **_SECTION,
        "description": f"What every entry of `{kind.plural}` inherits.",
        "properties": {name: _reference(kind, name) for name in names},
    }


def _removal(kind: Kind) -> Schema:
    return {
        **_SECTION,
        "properties": {
            kind.name: _key(kind),
            STEP: {"enum": list(steps_of(kind)), "description": "How far it goes; `delete` unless said otherwise."},
            DELETE_AFTER: {
                "type": "string",
                "format": "date",
                "pattern": r"^\d{4}-\d{2}-\d{2}$",
                "description": "The day from which it is deleted; until then, the step holds.",
            },
        },
        "required": [kind.name],
        "dependentRequired": {DELETE_AFTER: [STEP]},
    }


def _relocation(kind: Kind) -> Schema:
    return {
        **_SECTION,
        "properties": {
            kind.name: {**_SECTION, "properties": {FROM: _key(kind), TO: _key(kind)}, "required": [FROM, TO]},
            KEEP_ALIAS: {"type": "boolean", "description": "Keep the old name as an alias."},
        },
        "required": [kind.name],
    }


def _key(kind: Kind) -> Schema:
    """A key: one field's value, or the text plans show; or its fields by name."""
    whole = _reference(kind, kind.key[0]) if len(kind.key) == 1 else {"type": "string", "minLength": 1}
    names = (*kind.key, *(word for word, field in kind.sugar.items() if field in kind.key))
    names += () if kind.unique else (NTH,)
    parts = {**_SECTION, "properties": {name: _reference(kind, name) for name in names}, "minProperties": 1}
    return {"anyOf": [whole, parts]}


def _part(kind: Kind) -> str:
    return f"{kind.name}-fields"


def _reference(kind: Kind, name: str) -> Schema:
    return {"$ref": f"#/$defs/{kind.name}/properties/{name}"}
