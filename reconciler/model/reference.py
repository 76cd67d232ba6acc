"""What kinds are, as plain values: what `explain`, the README's table and scripts are told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from reconciler.model.resource import Value
from reconciler.model.version import Version
from reconciler.records import record


class Deletion(StrEnum):
    """How a resource that is not wanted any more may be deleted.

    FREE: by a ``removed:`` entry, where a prune scope covers it, or because an earlier revision declared it. PROTECTED:
    by a ``removed:`` entry or a flag that names the kind. NEVER: the server has it for good.
    """

    FREE = "free"
    PROTECTED = "protected"
    NEVER = "never"


@record(frozen=True, slots=True)
class ApiUse:
    """Where something stands in the server's API.

    Attributes:
        verb: ``get``, ``add``, ``edit`` or ``delete``.
        path: below the verb; ``{domain}`` and its like stand for one request each.
        names: in the answer, or in what is sent; empty where the whole of it is meant.
    """

    verb: str
    path: str
    names: tuple[str, ...] = ()


@record(frozen=True, slots=True, kw_only=True)
class FieldReference:
    """What one field is.

    Attributes:
        about: one or two sentences.
        form: what may be written, in words.
        schema: the same as JSON Schema.
        words: the words it takes, where it takes some words only.
        is_key: it is part of what the resource is known by.
        required: an entry must have it.
        needed: nothing can be created without it, though what is there need not declare it.
        immutable: it is set when the resource is created, and never changed.
        secret: plans and logs never show it.
        default: what is sent on creation when nothing is declared; None for nothing.
        owner: who usually changes it.
        since: the version it came with; ``until``: the first version without it.
        readable: the server shows it, ``readable_since`` a version.
        refers: the section of what it names.
        api: what the server calls it, by verb.
        example: a value as an entry would have it.
    """

    name: str
    about: str
    form: str
    schema: Mapping[str, Any]
    words: tuple[str, ...] = ()
    is_key: bool = False
    required: bool = False
    needed: bool = False
    immutable: bool = False
    secret: bool = False
    default: Value = None
    owner: str
    since: Version | None = None
    until: Version | None = None
    readable: bool
    readable_since: Version | None = None
    refers: str | None = None
    api: tuple[ApiUse, ...] = ()
    example: Value


@record(frozen=True, slots=True, kw_only=True)
class KindReference:
    """What one kind is.

    Attributes:
        name: as in addresses; ``section``: the key in manifests.
        about: one or two sentences; ``more``: what else there is to know.
        key: the fields a resource is known by; empty where there is always exactly one.
        within: the sections of what it belongs to.
        creatable: the server can be given more of them.
        readable: the server shows which there are.
        since: the version it came with.
        moves_since: the version since which it can be renamed; None where it cannot be.
        moves: it can be renamed.
        sugar: words an entry may use in place of a field.
        example: an entry, as YAML under its section; ends with a newline.
    """

    name: str
    section: str
    about: str
    more: str = ""
    key: tuple[str, ...]
    within: tuple[str, ...] = ()
    deletion: Deletion
    creatable: bool
    readable: bool
    since: Version | None = None
    moves: bool = False
    moves_since: Version | None = None
    sugar: Mapping[str, str]
    api: tuple[ApiUse, ...]
    fields: tuple[FieldReference, ...]
    example: str = ""

    @property
    def is_singleton(self) -> bool:
        """Whether there is always exactly one."""
        return not self.key

    def field(self, name: str) -> FieldReference | None:
        """The field of a name, or the one a word stands for; None where there is none."""
        meant = self.sugar.get(name, name)
        return next((each for each in self.fields if each.name == meant), None)
