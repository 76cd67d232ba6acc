"""Whether the server takes a Sieve script, and what it says when it does not.

mailcow parses scripts before it stores them. This is a check of our own after RFC 5228, with the commands mailcow's
parser knows and its words for what people get wrong: an unknown command, a missing semicolon, bracket, brace or
argument, a tag that does not belong. It does not look into strings (the names in a ``require`` aside: no comparator,
date part or relation is checked) nor at tags that need others. Source of the words: mailcow 2022-01a to 2026-07a,
lib/sieve; recorded exchanges, tests/contract.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .sieve_commands import (
    ADDRESS_PARTS,
    COMMANDS,
    EXTENSIONS,
    EXTENSIONS_SINCE_2024_08,
    MATCH,
    MATCH_TYPES,
    TESTS,
    Extension,
    Shape,
    TagGroup,
)

_TOKEN: Final = re.compile(
    r"""
      (?P<blank>[ \t\r\n]+)
    | (?P<comment>\#[^\r\n]*\r?(?:\n|$) | /\*.*?\*/)
    | (?P<multiline>text:[ \t]*(?:\#[^\r\n]*)?\r?\n(?:\.[^\r\n]+\r?\n|[^.][^\r\n]*\r?\n)*\.\r?(?:\n|$))
    | (?P<left_bracket>\[) | (?P<right_bracket>\])
    | (?P<block_start>\{) | (?P<block_end>\})
    | (?P<left_parenthesis>\() | (?P<right_parenthesis>\))
    | (?P<comma>,) | (?P<semicolon>;)
    | (?P<tag>:[A-Za-z_]\w*)
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<number>(?!0\b)\d+[KMG]?\b)
    | (?P<identifier>[A-Za-z_]\w*)
    | (?P<unknown>[^ \t\r\n]+)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_NAMES: Final = {
    "multiline": "multiline string",
    "quoted": "quoted string",
    "unknown": "unknown token",
    "end": "script end",
}
_STRING: Final = ("quoted", "multiline")
_LIST: Final = ("quoted", "multiline", "left_bracket")
_ARGUMENTS: Final = {"s": ("string", _STRING), "l": ("string list", _LIST), "n": ("number", ("number",))}
_ARGUMENT_TOKENS: Final = ("number", "tag", *_LIST)
_TEST_TOKENS: Final = ("identifier", "left_parenthesis")
_AFTER_CONDITIONS: Final = ("if", "elsif")


class SieveError(Exception):
    """The script is refused; the text is what the server says."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int

    @property
    def name(self) -> str:
        return _NAMES.get(self.kind, self.kind.replace("_", " "))

    def where(self, expected: str) -> SieveError:
        return self.refused(f"{self.name} where {expected} expected near {self.text}")

    def refused(self, why: str) -> SieveError:
        return SieveError(f"line {self.line}: {why}")


def check(script: str, *, since_2024_08: bool = True) -> None:
    """Refuse a script the server would refuse.

    Args:
        script: The script's text.
        since_2024_08: The server knows ``enotify`` and ``mime``.

    Raises:
        SieveError: What it says.
    """
    extensions = {**EXTENSIONS, **(EXTENSIONS_SINCE_2024_08 if since_2024_08 else {})}
    parser = _Parser(_Tokens(script), _Vocabulary(extensions))
    parser.commands("")
    last = parser.tokens.peek()
    if last.kind != "end":
        raise last.where("script end")


class _Tokens:
    """A script's tokens, blanks and comments left out; an unknown one is the last."""

    def __init__(self, script: str) -> None:
        self._found: list[_Token] = []
        self._place = 0
        line = 1
        for match in _TOKEN.finditer(script):
            kind = str(match.lastgroup)
            if kind not in ("blank", "comment"):
                self._found.append(_Token(kind, match[0], line))
            line += match[0].count("\n")
            if kind == "unknown":
                return
        self._found.append(_Token("end", "", line))

    def peek(self) -> _Token:
        return self._found[min(self._place, len(self._found) - 1)]

    def take(self) -> _Token:
        token = self.peek()
        self._place += 1
        return token

    def expect(self, kinds: tuple[str, ...], expected: str) -> _Token:
        token = self.take()
        if token.kind not in kinds:
            raise token.where(expected)
        return token


class _Vocabulary:
    """What is known at a place of the script; every ``require`` adds to it."""

    def __init__(self, extensions: Mapping[str, Extension]) -> None:
        self._extensions = extensions
        self.commands: dict[str, Shape] = dict(COMMANDS)
        self.tests: dict[str, Shape] = dict(TESTS)
        self._match_types = dict(MATCH_TYPES)
        self._address_parts = dict(ADDRESS_PARTS)
        self._tags: list[tuple[str, TagGroup]] = []

    def require(self, name: str) -> bool:
        extension = self._extensions.get(name)
        if extension is None:
            return False
        self.commands = {**extension.commands, **self.commands}
        self.tests = {**extension.tests, **self.tests}
        if name == "spamtestplus":
            self.tests.update(extension.tests)
        self._match_types.update(extension.match_types)
        self._address_parts.update(extension.address_parts)
        self._tags.extend(extension.tags)
        return True

    def tags(self, name: str, shape: Shape) -> list[TagGroup]:
        added = [group for pattern, group in reversed(self._tags) if re.search(pattern, name)]
        return added + [self._group(tags) for tags in shape.tags]

    def _group(self, tags: TagGroup | str) -> TagGroup:
        if isinstance(tags, str):
            return self._match_types if tags == MATCH else self._address_parts
        return tags


class _Parser:
    def __init__(self, tokens: _Tokens, known: _Vocabulary) -> None:
        self.tokens = tokens
        self.known = known

    def commands(self, before: str) -> None:
        """Commands up to what is none; `before` is the command that owns the block."""
        while self.tokens.peek().kind == "identifier":
            token = self.tokens.take()
            name = token.text.lower()
            shape = self._command(token, name, before)
            self._arguments(name, shape, "block start" if shape.block else "semicolon")
            if shape.block:
                self.tokens.expect(("block_start",), "block start")
                self.commands(name)
                self.tokens.expect(("block_end",), "block end")
            else:
                self.tokens.expect(("semicolon",), "semicolon")
            before = name

    def _command(self, token: _Token, name: str, before: str) -> Shape:
        shape = self.known.commands.get(name)
        if shape is None and name not in self.known.tests:
            raise token.refused(f"unknown command {name}")
        if shape is None and not before:
            raise token.refused(f"{name} may not appear as first command")
        misplaced = (name == "require" and before != "require") or (
            name in ("else", "elsif") and before not in _AFTER_CONDITIONS
        )
        if shape is None or (before and misplaced):
            raise token.refused(f"{name} may not appear after {before}")
        return shape

    def _arguments(self, name: str, shape: Shape, follower: str) -> None:
        """What stands behind a command or test; `follower` is what must come next."""
        self._tagged(name, shape, follower)
        for place, letter in enumerate(shape.arguments):
            if letter == "?" or (shape.arguments[place + 1 : place + 2] == "?" and not self._next_is(letter)):
                continue
            strings = self._argument(letter)
            if name == "require":
                self._require(strings)
        if self.tokens.peek().kind in _ARGUMENT_TOKENS:
            raise self.tokens.peek().where(_test_expected(shape) or follower)
        if shape.tests == "one":
            self._test(name)
        elif shape.tests == "many":
            self._test_list(name)
        elif self.tokens.peek().kind in _TEST_TOKENS:
            raise self.tokens.peek().where(follower)

    def _next_is(self, letter: str) -> bool:
        return self.tokens.peek().kind in _ARGUMENTS[letter][1]

    def _tagged(self, name: str, shape: Shape, follower: str) -> None:
        groups = self.known.tags(name, shape)
        used: list[TagGroup] = []
        while self.tokens.peek().kind == "tag":
            while groups and groups[0] in used:
                del groups[0]
            token = self.tokens.peek()
            if not groups:
                expected = _ARGUMENTS[shape.arguments[0]][0] if shape.arguments else _test_expected(shape)
                raise token.where(expected or follower)
            tag = token.text[1:].lower()
            group = next((group for group in groups if tag in group), None)
            if group is None:
                raise token.refused(
                    f"tag {token.text} where tag expected" if shape.tagged else f"unexpected tag {token.text}"
                )
            self.tokens.take()
            used.append(group)
            for letter in group[tag]:
                self._argument(letter)
        if shape.tagged and not used:
            raise self.tokens.peek().where("tag")

    def _argument(self, letter: str) -> list[tuple[_Token, bool]]:
        """One argument: its strings, each with whether it stands in a list."""
        expected, kinds = _ARGUMENTS[letter]
        token = self.tokens.expect(kinds, expected)
        if token.kind != "left_bracket":
            return [(token, False)]
        strings: list[tuple[_Token, bool]] = []
        if self.tokens.peek().kind == "right_bracket":
            self.tokens.take()
            return strings
        while True:
            strings.append((self.tokens.expect(_STRING, "string"), True))
            if self.tokens.expect(("comma", "right_bracket"), "comma or right bracket").kind == "right_bracket":
                return strings

    def _require(self, strings: list[tuple[_Token, bool]]) -> None:
        for token, listed in strings:
            if not self.known.require(token.text[1:-1]):
                shown = f"{token.name} {token.text}"
                raise token.refused(f"unexpected {shown}" if listed else f"{shown} where require string expected")

    def _test_list(self, owner: str) -> None:
        self.tokens.expect(("left_parenthesis",), "left parenthesis")
        while True:
            self._test(owner)
            closing = self.tokens.expect(("comma", "right_parenthesis"), "comma or right parenthesis")
            if closing.kind == "right_parenthesis":
                return

    def _test(self, owner: str) -> None:
        token = self.tokens.expect(("identifier",), "identifier")
        name = token.text.lower()
        shape = self.known.tests.get(name)
        if shape is None:
            shown = f"identifier {token.text}"
            if owner in ("allof", "anyof"):
                raise token.refused(f"unexpected {shown}")
            raise token.refused(f"{shown} where {'test' if owner == 'not' else 'test command'} expected")
        self._arguments(name, shape, "block start")


def _test_expected(shape: Shape) -> str | None:
    """What a test is expected to begin with; None where there is none."""
    return {"one": "identifier", "many": "left parenthesis"}.get(shape.tests)
