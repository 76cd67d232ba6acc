"""PyYAML's complaints in a mail administrator's words."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from yaml import MarkedYAMLError, YAMLError

from reconciler.manifest.text import Position, SourceText
from reconciler.model.diagnostic import Diagnostic, Origin, error

__all__ = ["explain"]

_CONFLICT: Final = re.compile(r"^<<<<<<< ", re.MULTILINE)
_SPACES: Final = "indent with spaces, never with tabs"
_QUOTES: Final = "put the whole text in quotes"
_TEMPLATE: Final = "let its name end in `.yaml.j2`"


class _Advice(NamedTuple):
    """What to say about one complaint; `complaint` is a part of it that libyaml and PyYAML share."""

    complaint: str
    identifier: str
    summary: str
    hint: str


_BY_COMPLAINT: Final = (
    _Advice("tab character", "yaml-tab", "a tab stands where indentation is expected", _SPACES),
    _Advice(
        "mapping values are not allowed",
        "yaml-syntax",
        "a `key: value` cannot start here",
        "text that holds `: ` needs quotes; keys of one mapping start in the same column",
    ),
    _Advice(
        "sequence entries are not allowed",
        "yaml-syntax",
        "a list entry cannot start here",
        "put each `- ` on a line of its own; text that starts with `- ` needs quotes",
    ),
    _Advice("',' or ']'", "yaml-syntax", "a list in brackets is not closed with `]`", "close it, or look for a comma"),
    _Advice("',' or '}'", "yaml-syntax", "a mapping in braces is not closed with `}`", "close it, or look for a comma"),
    _Advice(
        "could not find expected ':'",
        "yaml-syntax",
        "this line has no `key: value`",
        "write `: ` after the key, or indent the line if it continues the text above",
    ),
    _Advice(
        "expected key",
        "yaml-syntax",
        "this line belongs to nothing above it",
        "keys of one mapping start in the same column; after a text in quotes nothing may follow",
    ),
    _Advice(
        "expected '-' indicator",
        "yaml-syntax",
        "this line belongs to nothing above it",
        "entries of one list start with `- ` in the same column",
    ),
    _Advice("unexpected end of stream", "yaml-syntax", "a text in quotes is never closed", "close it with its quote"),
    _Advice(
        "unknown escape character",
        "yaml-syntax",
        "a backslash in double quotes starts an escape that YAML does not know",
        "double the backslash, or use single quotes",
    ),
    _Advice(
        "alphabetic or numeric character",
        "yaml-syntax",
        "a text cannot start with `*` or `&` unless it is in quotes",
        _QUOTES,
    ),
    _Advice(
        "expected node content",
        "yaml-syntax",
        "a value is missing here",
        "look for a comma too many; text that starts with `,`, `[`, `]`, `{` or `}` needs quotes",
    ),
    _Advice("Unicode character escape", "yaml-syntax", "this escape names no character", "write the character itself"),
    _Advice("directive", "yaml-syntax", "a line cannot start with `%`", _QUOTES),
    _Advice("document start", "yaml-syntax", "something follows the end of the document", "remove it, or indent it"),
)
_UNSTARTABLE: Final = "cannot start any token"


def explain(problem: YAMLError, source: SourceText) -> Diagnostic:
    """Turn a complaint into a diagnostic: the place, what is wrong there, and what to do.

    Args:
        problem: what PyYAML raised.
        source: the text it read.
    """
    conflict = _CONFLICT.search(source.text)
    if conflict is not None:
        line = source.text.count("\n", 0, conflict.start()) + 1
        hint = (
            "decide between the two sides, delete the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`, commit"
        )
        return error(
            "merge-conflict", "a merge left both sides here", hint=hint, origin=source.origin(Position(line, 1))
        )
    if not isinstance(problem, MarkedYAMLError):
        return error("yaml-syntax", str(problem).partition("\n")[0], origin=source.origin(None))
    mark = problem.problem_mark or problem.context_mark
    position = Position(mark.line + 1, mark.column + 1) if mark else None
    complaint = problem.problem or problem.context or "this is not YAML"
    advice = _unstartable(source, position) if _UNSTARTABLE in complaint else _advice(complaint)
    related: tuple[Origin, ...] = ()
    if problem.context_mark and mark and problem.context_mark.line != mark.line:
        related = (source.origin(Position(problem.context_mark.line + 1, problem.context_mark.column + 1)),)
    return error(
        advice.identifier,
        advice.summary,
        detail=", ".join(filter(None, (problem.context, problem.problem))),
        hint=advice.hint,
        origin=source.origin(position),
        related=related,
    )


def _advice(complaint: str) -> _Advice:
    for advice in _BY_COMPLAINT:
        if advice.complaint in complaint:
            return advice
    return _Advice(complaint, "yaml-syntax", complaint, "")


def _unstartable(source: SourceText, position: Position | None) -> _Advice:
    before = character = ""
    if position is not None:
        line = source.line(position.line)
        before, character = line[: position.column - 1], line[position.column - 1 : position.column]
    if character == "\t":
        return _BY_COMPLAINT[0]
    if character == "%" and before.endswith("{"):
        return _Advice("", "yaml-syntax", "`{% ... %}` is a template's, and this file is none", _TEMPLATE)
    return _Advice("", "yaml-syntax", f"a text cannot start with `{character}` unless it is in quotes", _QUOTES)
