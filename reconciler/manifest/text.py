"""The text of one document: bytes decoded, and the name people know it by."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from reconciler.errors import ManifestError
from reconciler.model.diagnostic import Origin, error
from reconciler.records import record

__all__ = ["DEEPEST", "Position", "SourceText", "decode", "refuse_control_characters"]

DEEPEST: Final = 32
"""Mappings and lists inside each other; the deepest thing a manifest can say needs eight."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_CONTROL: Final = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
_SENSITIVE_ENTRY: Final = r"(?i)\b[\w-]*(?:pass|secret|token|key|hash|credential|salt)[\w-]*[\"']?\s*:\s*(?=\S)"
_EXCERPT_WIDTH: Final = 120
_ELISION: Final = "…"


@record(frozen=True, slots=True)
class Position:
    """A place in a text, counted from 1, columns in characters."""

    line: int
    column: int


@record(frozen=True, slots=True)
class SourceText:
    """A document's text before anything is read from it.

    Attributes:
        name: what messages call it.
        text: decoded; every line ends in a line feed alone.
        rendered: whether a template made it, so that its lines are not the file's.
    """

    name: str
    text: str
    rendered: bool = False

    def origin(self, position: Position | None) -> Origin:
        """Say where something is; a rendered text brings its line along, since no file shows it."""
        if position is None:
            return Origin(self.name)
        excerpt = self._excerpt(position) if self.rendered else None
        return Origin(self.name, position.line, position.column, excerpt)

    def line(self, number: int) -> str:
        """One line without its end; nothing where there is no such line."""
        lines = self.text.split("\n", number)
        return lines[number - 1] if number <= len(lines) else ""

    def _excerpt(self, position: Position) -> str:
        line = self.line(position.line)
        secret = re.search(_SENSITIVE_ENTRY, line)
        if secret:
            line = line[: secret.end()] + _ELISION
        start = max(0, position.column - 1 - _EXCERPT_WIDTH // 2)
        cut = line[start : start + _EXCERPT_WIDTH]
        return (_ELISION if start else "") + cut + (_ELISION if start + len(cut) < len(line) else "")


def decode(content: bytes, name: str) -> SourceText:
    """Decode a file's bytes: UTF-8, with or without a byte order mark, lines ended as anywhere.

    Raises:
        ManifestError: `yaml-encoding` when the bytes are not UTF-8.
    """
    if content.startswith(_UTF_16):
        _refuse_encoding(name, "the file is UTF-16, not UTF-8", Position(1, 1))
    content = content.removeprefix(_BYTE_ORDER_MARK)
    try:
        text = content.decode()
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        before = content[content.rfind(b"\n", 0, problem.start) + 1 : problem.start]
        position = Position(line, len(before.decode(errors="replace")) + 1)
        _refuse_encoding(name, f"the byte 0x{content[problem.start]:02x} is not UTF-8", position)
    return SourceText(name, text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text)


def refuse_control_characters(source: SourceText) -> None:
    """Refuse characters that no eye sees and that YAML's versions read differently.

    Raises:
        ManifestError: `yaml-control-character`, at the first one.
    """
    match = re.search(_CONTROL, source.text)
    if match is None:
        return
    before = source.text[: match.start()]
    position = Position(before.count("\n") + 1, match.start() - before.rfind("\n"))
    code = f"{ord(match[0]):04x}"
    raise ManifestError(
        (
            error(
                "yaml-control-character",
                f"the control character U+{code.upper()} is not allowed",
                hint=f'remove it, or write it as "\\u{code}" in double quotes',
                origin=source.origin(position),
            ),
        )
    )


def _refuse_encoding(name: str, summary: str, position: Position) -> NoReturn:
    finding = error(
        "yaml-encoding",
        summary,
        hint="save the file as UTF-8",
        origin=Origin(name, position.line, position.column),
    )
    raise ManifestError((finding,))
