"""How a behaviour turns a request down in the middle: one exception that becomes one ``danger`` entry.

mailcow checks one thing after the other and leaves at the first that fails; the order is part of what a client sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def refusals(call: Call) -> Iterator[None]:
    """Report a refusal inside as a ``danger`` entry; what follows the block goes on."""
    try:
        yield
    except Refusal as refusal:
        call.danger(refusal.message, log=refusal.log)
