"""Loading a live server's state from its GET answers.

A module that owns a table registers how to rebuild its rows from an answer::

    @restores("get/domain/all")
    def restore_domains(server: Server, answer: Any) -> list[str]:
        ...
        return ["domain footers are not readable"]     # what such a state cannot know
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .server import Server

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


def load(server: Server, answers: dict[str, Any]) -> list[str]:
    """Fill a server's memory from GET answers by path, in the order the restorers were registered.

    Returns:
        What such a state cannot know, one sentence each.
    """
    unknown: list[str] = []
    for path, restore in _RESTORES.items():
        for key in (path, f"/api/v1/{path}", path.removeprefix("get/")):
            if key in answers:
                unknown.extend(restore(server, answers[key]))
                break
    for prefix, restore_each in _RESTORES_EACH.items():
        for key, answer in answers.items():
            path = key.removeprefix("/api/v1/")
            if path.startswith(prefix):
                unknown.extend(restore_each(server, path.removeprefix(prefix), answer))
    return list(dict.fromkeys(unknown))
