"""How a behaviour turns a request down in the middle: one exception that becomes one ``danger`` entry.

mailcow checks one thing after the other and leaves at the first that fails; the order is part of what a client sees.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from .routing import Call, Log


class Refusal(Exception):  # noqa: N818 an answer of the server, not an error of ours
    """The server says no to what it is working on; `message` is the key, or the key with its arguments."""

    def __init__(self, *message: Any, log: Log | None = None) -> None:
        super().__init__(*message)
        self.message = message[0] if len(message) == 1 else message
        self.log = log


def refuse_if(condition: object, *message: Any) -> None:
    """Turn the request (or the item) down if the condition holds.

    Raises:
        Refusal: It does.
    """
    if condition:
        raise Refusal(*message)


class refusals:  # noqa: N801 it reads as the block's name
    """A block in which a refusal becomes a ``danger`` entry; what follows the block goes on."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Report a refusal and swallow it; anything else goes on its way."""
        if isinstance(error, Refusal):
            self._call.danger(error.message, log=error.log)
            return True
        return False
