"""The commands by name, and what was said to one. Each one's module is imported when it is used.

A command is a module that holds `WORDS`, what may be typed behind its name, and `act(session, given)`, which does it
and returns the exit code; the docstring of `act` is its help.
"""

from __future__ import annotations

from reconciler.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Given = Mapping[str, Any]
    """What was typed, by the names of its words."""

PROGRAM = "reconciler"
COMMANDS = {
    "validate": "Check manifests, without any server.",
    "plan": "Show what would change on the server. Changes nothing.",
    "apply": "Make the server as the manifests say, and prove it.",
    "show": "Show a plan that was kept with `plan --out`.",
    "snapshot": "Keep what a server answers, without secrets.",
    "export": "Write a server's live state as manifests.",
    "kinds": "List everything a manifest can declare.",
    "explain": "Explain a kind, or one of its fields.",
    "schema": "Print the JSON Schemas of manifests and plans.",
    "simulate": "Serve a mailcow of our own, to try things out.",
}
"""What each does; the same words as its own help begins with."""


@record(frozen=True, slots=True)
class Said:
    """A command line that was read."""

    command: str
    given: Given
