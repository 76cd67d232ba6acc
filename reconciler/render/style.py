"""The palette and the symbols, in one place. Colour is never the only carrier of a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from reconciler.model.change import Action
from reconciler.model.diagnostic import Severity
from reconciler.records import field, record


class Role(Enum):
    """What a piece of text is, as far as its colour tells."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    GOOD = "good"
    STRONG = "strong"
    FAINT = "faint"


_PALETTE: Final[Mapping[Role, str]] = {
    Role.CREATE: "32",
    Role.UPDATE: "33",
    Role.DELETE: "31",
    Role.MOVE: "36",
    Role.ERROR: "1;31",
    Role.WARNING: "1;33",
    Role.NOTE: "1;36",
    Role.GOOD: "32",
    Role.STRONG: "1",
    Role.FAINT: "2",
}

SYMBOLS: Final[Mapping[Action, str]] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.MOVE: ">",
}

ADDED: Final = "+"
REMOVED: Final = "-"

ACTION_ROLES: Final[Mapping[Action, Role]] = {
    Action.CREATE: Role.CREATE,
    Action.UPDATE: Role.UPDATE,
    Action.DELETE: Role.DELETE,
    Action.MOVE: Role.MOVE,
}

SEVERITY_ROLES: Final[Mapping[Severity, Role]] = {
    Severity.ERROR: Role.ERROR,
    Severity.WARNING: Role.WARNING,
    Severity.NOTE: Role.NOTE,
}


@record(frozen=True, slots=True)
class Style:
    """How roles look.

    Attributes:
        codes: the terminal's SGR codes by role; a role without one is left as it is.
    """

    codes: Mapping[Role, str] = field(default_factory=dict)

    def paint(self, text: str, role: Role) -> str:
        """The text in the role's colour."""
        code = self.codes.get(role)
        return text if code is None or not text else f"\x1b[{code}m{text}\x1b[0m"


def plain() -> Style:
    """For pipes, files, dumb terminals and those who set NO_COLOR."""
    return Style()


def coloured() -> Style:
    """For a terminal."""
    return Style(_PALETTE)
