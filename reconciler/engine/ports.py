"""What an apply is given."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from reconciler.model.address import Address
from reconciler.model.operation import Operation
from reconciler.model.reply import Reply
from reconciler.model.report import Leftover
from reconciler.model.state import LiveState


class Writer(Protocol):
    """Sends operations to a server; used from several threads at once."""

    def send(self, operation: Operation) -> Reply:
        """Send one operation, once.

        Raises:
            AccessDenied: the server refuses the key or the address.
        """


class Record(Protocol):
    """Keeps what is about to be done and what came of it; used from several threads at once."""

    def announce(self, number: int, operation: Operation) -> None:
        """Take down that a call will probably be sent soon, so that nobody waits when its turn comes."""

    def intend(self, number: int, operation: Operation) -> None:
        """Take down that a call is about to be sent; it is safe on disk when this returns."""

    def withdraw(self) -> None:
        """Take down that none of the announced calls will be sent that are not intended by now."""

    def settle(self, number: int, reply: Reply) -> None:
        """Take down what the answer told."""


LookAgain = Callable[[Collection[Address]], LiveState]
"""Reads the kinds of some resources again, at least as far as these are concerned. Raises `ApiError`."""

Verify = Callable[[], tuple[Leftover, ...]]
"""Reads what the plan touched once more, and tells what is not as declared. Raises `ApiError`."""

Clock = Callable[[], float]
"""Seconds, from any start, never going back."""
