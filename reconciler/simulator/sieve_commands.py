"""The commands and tests of Sieve that mailcow's parser knows, and what each ``require`` adds.

Facts of RFC 5228 and its extensions as far as mailcow 2022-01a to 2026-07a has them (lib/sieve).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MATCH: Final = "match"
"""Stands in `Shape.tags` for the match types known so far."""

PART: Final = "part"
"""Stands in `Shape.tags` for the address parts known so far."""

TagGroup = Mapping[str, str]
"""Tags of which one may be given, each with the letters of the arguments that follow it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands behind a command or test.

    Attributes:
        arguments: One letter each: ``s`` a string, ``l`` a list of strings, ``n`` a number; a ``?`` behind the letter
            of the last one says that it may be missing.
        tags: Groups of tags, or `MATCH` and `PART`.
        tagged: One of the tags must be given.
        tests: ``one`` or ``many`` tests follow.
        block: A block follows; else a semicolon does.
    """

    arguments: str = ""
    tags: tuple[TagGroup | str, ...] = ()
    tagged: bool = False
    tests: str = ""
    block: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """What a ``require`` adds.

    Attributes:
        commands: Commands by name.
        tests: Tests by name.
        match_types: Match types, as in a `TagGroup`.
        address_parts: Address parts.
        tags: Regular expression found in the name of a command or test, to tags that it gets.
    """

    commands: Mapping[str, Shape] = field(default_factory=dict)
    tests: Mapping[str, Shape] = field(default_factory=dict)
    match_types: TagGroup = field(default_factory=dict)
    address_parts: TagGroup = field(default_factory=dict)
    tags: tuple[tuple[str, TagGroup], ...] = ()


MATCH_TYPES: Final[TagGroup] = {"is": "", "contains": "", "matches": "", "value": "s"}
ADDRESS_PARTS: Final[TagGroup] = {"all": "", "localpart": "", "domain": ""}
_COMPARATOR: Final[TagGroup] = {"comparator": "s"}
_MATCHED: Final = (MATCH, _COMPARATOR)
_FLAGS: Final = {name: Shape("l") for name in ("setflag", "addflag", "removeflag")}
_VACATION: Final = ({"addresses": "l"}, {"subject": "s"}, {"from": "s"}, {"handle": "s"}, {"mime": ""})
_PRIORITY: Final[TagGroup] = {"low": "", "normal": "", "high": ""}
_PROGRAM: Final = Shape("sl?")

COMMANDS: Final[Mapping[str, Shape]] = {
    "require": Shape("l"),
    "if": Shape(tests="one", block=True),
    "elsif": Shape(tests="one", block=True),
    "else": Shape(block=True),
    "keep": Shape(),
    "discard": Shape(),
    "stop": Shape(),
    "redirect": Shape("s"),
}

TESTS: Final[Mapping[str, Shape]] = {
    "address": Shape("ll", (MATCH, _COMPARATOR, PART)),
    "header": Shape("ll", _MATCHED),
    "exists": Shape("l"),
    "size": Shape("n", ({"over": "", "under": ""},), tagged=True),
    "allof": Shape(tests="many"),
    "anyof": Shape(tests="many"),
    "not": Shape(tests="one"),
    "true": Shape(),
    "false": Shape(),
}

EXTENSIONS: Final[Mapping[str, Extension]] = {
    "body": Extension(tests={"body": Shape("l", (*_MATCHED, {"raw": "", "content": "l", "text": ""}))}),
    "comparator-i;ascii-numeric": Extension(),
    "copy": Extension(tags=(("(fileinto|redirect)", {"copy": ""}),)),
    "date": Extension(
        tests={
            "date": Shape("ssl", (*_MATCHED, {"zone": "s", "originalzone": ""})),
            "currentdate": Shape("sl", (*_MATCHED, {"zone": "s"})),
        }
    ),
    "duplicate": Extension(tests={"duplicate": Shape()}),
    "editheader": Extension(
        {
            "addheader": Shape("ss", ({"last": ""},)),
            "deleteheader": Shape("sl?", ({"index": "n"}, *_MATCHED, {"last": ""})),
        }
    ),
    "envelope": Extension(tests={"envelope": Shape("ll", (MATCH, _COMPARATOR, PART))}),
    "environment": Extension(tests={"environment": Shape("sl", _MATCHED)}),
    "ereject": Extension({"ereject": Shape("s")}),
    "fileinto": Extension({"fileinto": Shape("s", ({"create": ""},))}),
    "imap4flags": Extension(_FLAGS, {"hasflag": Shape("l", _MATCHED)}, tags=(("(fileinto|keep)", {"flags": "l"}),)),
    "imapflags": Extension({**_FLAGS, "mark": Shape(), "unmark": Shape()}),
    "index": Extension(tags=(("(header|address|date)", {"index": "n"}), ("(header|address|date)", {"last": ""}))),
    "mailbox": Extension(tests={"mailboxexists": Shape("s")}),
    "notify": Extension(
        {
            "notify": Shape("", ({"method": "s"}, {"id": "s"}, _PRIORITY, {"message": "s"})),
            "denotify": Shape("", (MATCH, _PRIORITY)),
        }
    ),
    "regex": Extension(match_types={"regex": ""}, tags=(("set", {"quoteregex": ""}),)),
    "reject": Extension({"reject": Shape("s")}),
    "relational": Extension(match_types={"count": "s"}),
    "spamtest": Extension(tests={"spamtest": Shape("s", (_COMPARATOR, MATCH))}),
    "spamtestplus": Extension(tests={"spamtest": Shape("s", (_COMPARATOR, MATCH, {"percent": ""}))}),
    "subaddress": Extension(address_parts={"user": "", "detail": ""}),
    "vacation": Extension({"vacation": Shape("s", ({"days": "n"}, *_VACATION))}),
    "vacation-seconds": Extension({"vacation": Shape("s", ({"seconds": "n"}, *_VACATION))}),
    "variables": Extension(
        {
            "set": Shape(
                "ss",
                (
                    {"lower": "", "upper": ""},
                    {"lowerfirst": "", "upperfirst": ""},
                    {"quotewildcard": ""},
                    {"length": ""},
                ),
            )
        },
        {"string": Shape("ll", _MATCHED)},
    ),
    "virustest": Extension(tests={"virustest": Shape("s", (_COMPARATOR, MATCH))}),
    "vnd.dovecot.execute": Extension(
        {"execute": Shape("sl?", ({"pipe": ""},))}, {"execute": Shape("sl?", ({"pipe": ""},))}
    ),
    "vnd.dovecot.filter": Extension({"filter": _PROGRAM}, {"filter": _PROGRAM}),
    "vnd.dovecot.pipe": Extension({"pipe": Shape("sl?", ({"try": ""},))}),
}

EXTENSIONS_SINCE_2024_08: Final[Mapping[str, Extension]] = {
    "enotify": Extension(
        {"notify": Shape("s", ({"from": "s"}, {"importance": "s"}, {"options": "l"}, {"message": "s"}))},
        {"valid_notify_method": Shape("l"), "notify_method_capability": Shape("ssl")},
    ),
    "mime": Extension({"foreverypart": Shape("s?"), "break": Shape("s?")}),
}
"""What mailcow's parser knows since 2024-08. Of ``mime`` the two commands only: its tags come to nothing there."""
