"""Loading a live server's state from its GET answers: one JSON object of path to answer.

Such a file is easily made, with a read-only key: for each path of `paths` (and the ones by domain or mailbox that are
wanted), ``curl -H "X-API-Key: $KEY" https://mail.example/api/v1/get/domain/all``.

A module that owns a table registers how to rebuild its rows from an answer::

    @restores("get/domain/all")
    def restore_domains(server: Server, answer: Any) -> list[str]:
        ...
        return ["domain footers are not readable"]     # what such a state cannot know
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reconciler.errors import UsageError

from .routing import ServerCrash
from .server import Server
from .state import DuplicateKeyError

Restore = Callable[[Server, Any], list[str]]
RestoreEach = Callable[[Server, str, Any], list[str]]
_RESTORES: dict[str, Restore] = {}
_RESTORES_EACH: dict[str, RestoreEach] = {}


def restores(path: str) -> Callable[[Restore], Restore]:
    """Register what rebuilds rows from the answer to a GET path, and returns what they cannot know."""

    def register(function: Restore) -> Restore:
        _RESTORES[path] = function
        return function

    return register


def restores_each(prefix: str) -> Callable[[RestoreEach], RestoreEach]:
    """Register what rebuilds rows from the answer to each GET path that begins so; it is given the path's rest too."""

    def register(function: RestoreEach) -> RestoreEach:
        _RESTORES_EACH[prefix] = function
        return function

    return register


def paths() -> Iterator[str]:
    """The GET paths a whole state is made of; one that ends in a slash is followed by a domain or mailbox."""
    yield from _RESTORES
    yield from _RESTORES_EACH


def read(path: Path) -> dict[str, Any]:
    """The answers a file holds, by path.

    Raises:
        UsageError: ``bad-snapshot``: no such file, or another content.
    """
    try:
        answers = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _bad(f"The snapshot {path} cannot be read: {error}") from error
    if not isinstance(answers, dict):
        raise _bad(f"The snapshot {path} is not an object of GET paths and their answers")
    return answers


def load(server: Server, answers: dict[str, Any]) -> list[str]:
    """Fill a fresh server's memory from GET answers by path, like ``get/domain/all``.

    Returns:
        What such a state cannot know, one sentence each.

    Raises:
        UsageError: ``bad-snapshot``: an answer is not what the server gives at that path.
    """
    unknown: list[str] = []
    given = {path.removeprefix("/").removeprefix("api/v1/"): answer for path, answer in answers.items()}
    for path, restore in _RESTORES.items():
        if path in given:
            unknown.extend(_restored(path, restore, server, given[path]))
    for prefix, restore_each in _RESTORES_EACH.items():
        for path, answer in given.items():
            if path.startswith(prefix):
                unknown.extend(_restored(path, restore_each, server, path.removeprefix(prefix), answer))
    return list(dict.fromkeys(unknown))


def _restored(path: str, restore: Callable[..., list[str]], *arguments: Any) -> list[str]:
    try:
        return restore(*arguments)
    except (LookupError, TypeError, ValueError, AttributeError, DuplicateKeyError, ServerCrash) as error:
        raise _bad(f"The snapshot's answer to {path} is not what a mailcow gives there: {error!r}") from error


def _bad(summary: str) -> UsageError:
    hint = "It is one JSON object, of GET paths like get/domain/all and their answers"
    return UsageError(summary, id="bad-snapshot", hint=hint)
