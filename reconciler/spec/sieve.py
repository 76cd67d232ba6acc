"""Mistakes in Sieve scripts that the server is sure to refuse; much else that it refuses too is not looked for.

mailcow parses every script before it stores it (2022-01a to 2026-07a, lib/sieve). What is found here breaks the grammar
of RFC 5228 (section 8) as that parser reads it, or requires what it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple, NoReturn

from reconciler.model.version import Version

__all__ = ["mistake", "unknown_extension"]

_TOKEN: Final = re.compile(
    r"""
      (?P<blank>[ \t\r\n]+ | \#[^\r\n]*\r?(?:\n|$) | /\*.*?\*/)
    | (?P<string>text:[ \t]*(?:\#[^\r\n]*)?\r?\n(?:\.[^\r\n]+\r?\n|[^.][^\r\n]*\r?\n)*\.\r?(?:\n|$)
        | "(?:[^"\\]|\\.)*")
    | (?P<argument>:[A-Za-z_][A-Za-z0-9_]* | (?!0\b)[0-9]+[KMG]?\b)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<mark>[][{}(),;])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
"""The number `0` is no token to mailcow: PHP takes it for nothing. A string of several lines must not end with an empty
one, and what is no string by these rules may be one to mailcow, if a quote follows that is escaped."""

_END: Final = ""
_UNREADABLE: Final = "\0"
_KNOWN: Final = (  # as one text: one of them is called as a kind is
    "body comparator-i;ascii-numeric copy date duplicate editheader envelope environment ereject fileinto imap4flags "
    "imapflags index mailbox notify regex reject relational spamtest spamtestplus subaddress vacation-seconds vacation "
    "variables virustest vnd.dovecot.execute vnd.dovecot.filter vnd.dovecot.pipe"
)
_KNOWN_SINCE_2024_08: Final = ("enotify", "mime")
_LAST_LOOKED_INTO: Final = Version(2026, 7, "a")
"""What comes later may know more."""


class _Token(NamedTuple):
    """A word of a script; its kind is the mark itself for marks."""

    kind: str
    text: str
    line: int


class _MistakeError(Exception):
    """Something stands where it cannot."""


class _CannotTellError(Exception):
    """The server may read the script otherwise."""


@lru_cache(maxsize=4096)
def mistake(script: str) -> str | None:
    """Say what breaks the grammar, as in ``line 3: `}` where `;` belongs``; None where nothing surely does."""
    try:
        _Grammar(script).check()
    except _MistakeError as found:
        return str(found)
    except (_CannotTellError, RecursionError):
        pass
    return None


def unknown_extension(script: str, version: Version) -> str | None:
    """The first extension a script requires that the server does not know, as far as that is known."""
    if version > _LAST_LOOKED_INTO:
        return None
    known = [*_KNOWN.split(), *(_KNOWN_SINCE_2024_08 if version >= Version(2024, 8) else ())]
    pattern = "|".join(known)  # not escaped: a dot in a name stands for any character, to mailcow too
    for name in _required(script):
        if not re.fullmatch(pattern, name, re.DOTALL):
            return name
    return None


def _required(script: str) -> Iterator[str]:
    """The names behind the first words `require`: further ones would be refused."""
    requiring = False
    for token in _tokens(script):
        if token.kind == "name":
            requiring = token.text.lower() == "require"
            if not requiring:
                return
        elif token.kind == "string" and requiring and token.text.startswith('"'):
            yield token.text[1:-1]


def _tokens(script: str) -> Iterator[_Token]:
    place, line = 0, 1
    while place < len(script):
        found = _TOKEN.match(script, place)
        if found is None:
            rest = script[place:]
            yield _Token(_UNREADABLE, rest.split(maxsplit=1)[0] if not rest[0].isspace() else rest[0], line)
            return
        text = found[0]
        if found.lastgroup != "blank":
            yield _Token(text if found.lastgroup == "mark" else str(found.lastgroup), text, line)
        line += text.count("\n")
        place = found.end()
    yield _Token(_END, "", line)


class _Grammar:
    """One script, read from its first word to its last."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._tokens = _tokens(script)
        self._next = next(self._tokens)

    def check(self) -> None:
        self._commands()
        self._take((_END,), "a command")

    def _commands(self) -> None:
        while self._next.kind == "name":
            self._take(("name",), "a command")
            self._arguments()
            if self._take((";", "{"), "`;`").kind == "{":
                self._commands()
                self._take(("}",), "`}`")

    def _arguments(self) -> None:
        while self._next.kind in ("argument", "string", "["):
            if self._take(("argument", "string", "["), "an argument").kind == "[":
                self._strings()
        if self._next.kind == "(":
            self._several_tests()
        elif self._next.kind == "name":
            self._test()

    def _strings(self) -> None:
        if self._next.kind == "]":
            self._take(("]",), "`]`")
            return
        while True:
            self._take(("string",), "a string")
            if self._take((",", "]"), "`,` or `]`").kind == "]":
                return

    def _several_tests(self) -> None:
        self._take(("(",), "`(`")
        while True:
            self._test()
            if self._take((",", ")"), "`,` or `)`").kind == ")":
                return

    def _test(self) -> None:
        self._take(("name",), "a test")
        self._arguments()

    def _take(self, kinds: tuple[str, ...], expected: str) -> _Token:
        token = self._next
        if token.kind not in kinds:
            self._complain(token, expected)
        self._next = next(self._tokens, token)
        return token

    def _complain(self, token: _Token, expected: str) -> NoReturn:
        if token.kind == _UNREADABLE and token.text.startswith('"') and '\\"' in self._script:
            raise _CannotTellError
        written = token.text if token.text.isprintable() else ascii(token.text)[1:-1]
        shown = "the end" if token.kind == _END else f"`{written}`"
        raise _MistakeError(f"line {token.line}: {shown} where {expected} belongs")
