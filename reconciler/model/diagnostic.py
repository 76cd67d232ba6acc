"""Diagnostics: what a person should read, as a value that any view can show."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from reconciler.model.address import Address
from reconciler.records import record

if TYPE_CHECKING:
    from collections.abc import Sequence

FEW: Final = 5
"""So many of several that may be meant are told."""


class Severity(StrEnum):
    """How much a diagnostic weighs: an error stops the run, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@record(frozen=True, slots=True)
class Origin:
    """A place in the input.

    Attributes:
        file: the path as the person gave it, relative to where the run started.
        line: counted from 1; None where only the file is known.
        column: counted from 1.
        excerpt: the text of that line where the file itself does not show it (a rendered template).
    """

    file: str
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@record(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    Attributes:
        id: stable and kebab-case, for searching, waiving and testing.
        summary: what is wrong, one line without a full stop.
        detail: why, where that is not obvious.
        hint: what to do about it.
        origin: where it was written.
        related: further places, such as the first of two duplicates.
        address: what it is about.
    """

    id: str
    severity: Severity
    summary: str
    detail: str | None = None
    hint: str | None = None
    origin: Origin | None = None
    related: tuple[Origin, ...] = ()
    address: Address | None = None


def few_of(texts: Sequence[str]) -> str:
    """The first of several texts, and how many more there are: each of thousands of findings may be about thousands."""
    shown = ", ".join(texts[:FEW])
    return f"{shown} and {len(texts) - FEW:,} more" if len(texts) > FEW else shown


def error(
    identifier: str,
    summary: str,
    *,
    detail: str | None = None,
    hint: str | None = None,
    origin: Origin | None = None,
    related: tuple[Origin, ...] = (),
    address: Address | None = None,
) -> Diagnostic:
    """Make a diagnostic that stops the run."""
    return Diagnostic(identifier, Severity.ERROR, summary, detail, hint, origin, related, address)
