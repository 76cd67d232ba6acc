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
_RESTORES: dict[str, Restore] = {}


def restores(path: str) -> Callable[[Restore], Restore]:
    """Register what rebuilds rows from the answer to a GET path, and returns what they cannot know."""

    def register(function: Restore) -> Restore:
        _RESTORES[path] = function
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
    return unknown
