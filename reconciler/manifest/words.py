"""The words of a manifest that no kind declares: what may stand beside the kinds, and in every entry."""

from __future__ import annotations

from typing import Final

from reconciler.spec.kind import Kind

__all__ = [
    "DEFAULTS",
    "DELETE",
    "DELETE_AFTER",
    "DOMAIN",
    "FORGET",
    "FROM",
    "IGNORE",
    "INITIAL",
    "KEEP_ALIAS",
    "LIFECYCLE",
    "MODE",
    "MODES",
    "MOVED",
    "NTH",
    "PREVENT_DELETE",
    "REMOVED",
    "STEP",
    "TEMPLATE",
    "TO",
    "WORDS",
    "entry_words",
    "lists_of",
    "steps_of",
]

DOMAIN: Final = "domain"
DEFAULTS: Final = "defaults"
REMOVED: Final = "removed"
MOVED: Final = "moved"
WORDS: Final = (DOMAIN, DEFAULTS, REMOVED, MOVED)
"""What may stand beside the kinds at the top of a manifest."""

STEP: Final = "step"
DELETE_AFTER: Final = "delete_after"
DELETE: Final = "delete"
FORGET: Final = "forget"
FROM: Final = "from"
TO: Final = "to"
KEEP_ALIAS: Final = "keep_alias"

INITIAL: Final = "initial"
LIFECYCLE: Final = "lifecycle"
IGNORE: Final = "ignore"
PREVENT_DELETE: Final = "prevent_delete"
MODE: Final = "mode"
MODES: Final = ("authoritative", "additive")
TEMPLATE: Final = "template"
NTH: Final = "nth"


def entry_words(kind: Kind) -> tuple[str, ...]:
    """What an entry of this kind may say besides its fields; a field of the same name comes first."""
    words = [INITIAL, LIFECYCLE]
    if lists_of(kind):
        words.append(MODE)
    if kind.template is not None:
        words.append(TEMPLATE)
    if not kind.unique:
        words.append(NTH)
    return tuple(word for word in words if word not in kind.fields)


def lists_of(kind: Kind) -> frozenset[str]:
    """The fields that can be additive: lists whose elements mean something on their own."""
    return frozenset(name for name, each in kind.fields.items() if each.codec.elements)


def steps_of(kind: Kind) -> tuple[str, ...]:
    """The steps a removal of this kind can take: the words of its `state` that are not in force, and two more."""
    field = kind.fields.get("state")
    words = () if field is None else tuple(field.codec.schema.get("enum", ()))[1:]
    return (FORGET, *words, *((DELETE,) if kind.routes.delete is not None else ()))
