"""Secrets: where one comes from, and the masked text it is.

Two types, so that no renderer can meet a secret by accident. A manifest, a plan and an operation hold a
`SecretSource`, which is not secret. The text itself exists only as a `Secret`, whose every printed form is a mask.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from operator import xor
from typing import Final, NoReturn

from reconciler.model.address import Address
from reconciler.records import record

MASK = "********"

BLANK: Final = " \t\n\r\0\x0b"
"""What PHP's ``trim`` cuts off."""

_KEY_VARIABLE: Final = "MAILCOW_"
_IN_A_VARIABLE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def may_hold_api_key(variable: str) -> bool:
    """Whether an environment variable may hold an API key, by its name alone.

    Whoever can change a project file chooses which variable is sent to a server as its key, so not any; and whoever can
    change a manifest chooses which is stored on the server, so none of these.
    """
    rest = variable.removeprefix(_KEY_VARIABLE)
    return rest not in ("", variable) and _IN_A_VARIABLE.issuperset(rest)


class SourceKind(StrEnum):
    """The ways to name a secret in a manifest."""

    ENV = "env"
    FILE = "file"
    COMMAND = "command"
    HASH = "hash"
    HASH_TABLE = "hash_table"
    GENERATE = "generate"


@record(frozen=True, slots=True)
class SecretSource:
    """Where a secret comes from: ``{env: NAME}`` and its siblings.

    Attributes:
        kind: which way.
        argument: the variable, the path, the command line (one word an element) or the hash itself.
        deliver: for a generated secret, the command it is handed to on standard input; with recipients, the file.
        recipients: whom the file a generated secret is delivered to is encrypted for: their public keys.
    """

    kind: SourceKind
    argument: tuple[str, ...]
    deliver: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind is SourceKind.GENERATE and self.deliver:
            if self.recipients:
                return f"({self.kind.value}, in the file {self.deliver[0]} for {', '.join(self.recipients)})"
            return f"({self.kind.value}, given to the command {' '.join(self.deliver)})"
        if self.kind in (SourceKind.HASH, SourceKind.GENERATE):
            return f"({self.kind.value})"
        return f"({self.kind.value} {' '.join(self.argument)})"

    def __repr__(self) -> str:
        return f"<SecretSource {self}>"


class Secret:
    """A secret's text. It prints as a mask, cannot be formatted, pickled or compared by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; called where it is sent, nowhere else."""
        return self._text

    def trimmed(self) -> Secret:
        """The same without what PHP's ``trim`` takes for blank at both ends."""
        return Secret(self._text.strip(BLANK))

    def same_as(self, other: Secret) -> bool:
        """Whether both hold the same text, without telling how far they agree."""
        one, another = self._text.encode(), other._text.encode()
        return len(one) == len(another) and not sum(map(xor, one, another))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.same_as(other)

    def __hash__(self) -> int:
        return hash(Secret)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never serialised")


Resolve = Callable[[SecretSource, Address], Secret]
"""(where a secret comes from, what it is for) -> the secret."""
