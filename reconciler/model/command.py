"""Commands that a run may be asked to run, and what comes of them."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Ran(NamedTuple):
    """What came of a command."""

    status: int
    output: bytes


class Run(Protocol):
    """Runs a command: no shell, its errors kept from logs."""

    def __call__(self, command: tuple[str, ...], *, given: bytes, seconds: float) -> Ran:
        """Run it with bytes on standard input.

        Raises:
            OSError: it cannot be started.
            TimeoutError: it took too long, and was ended.
        """
