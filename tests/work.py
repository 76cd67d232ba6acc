"""How work grows with what it is about: counted, not timed, so that it is the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import log

__all__ = ["entered", "growth"]

_TIMES = 4


def entered(work: Callable[[], object]) -> int:
    """How often functions, generators and built-in functions are entered while something is done."""
    found = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal found
        found += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def growth(work: Callable[[int], Callable[[], object]], few: int) -> float:
    """The exponent by which work grows with a number: 1 where four times as many are four times the work.

    Args:
        work: prepares something to be done with so many.
        few: enough that what each of them costs is more than what is done once.
    """
    work(few)()  # what is imported and compiled on the way is no work of theirs
    return log(entered(work(_TIMES * few)) / entered(work(few)), _TIMES)
