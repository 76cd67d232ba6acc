"""Ctrl-C, SIGTERM, which a pipeline sends to a job that takes too long, and SIGHUP, when a terminal goes away.

The first is a wish, the second an end.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_ECHO: Final = 0.2
"""Seconds within which a second signal is the first one heard twice: `timeout` of coreutils sends it to the process and
then to its whole group."""


@contextmanager
def interruptible(now: Callable[[], float]) -> Iterator[threading.Event]:
    """Turn the first signal into a wish to stop; the second one ends the process where it stands.

    What is in flight then is found in the journal. Signals that whoever started us has switched off stay so.

    Args:
        now: a clock in seconds.
    """
    stop = threading.Event()
    wished: list[float] = []
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]

    def heard(number: int, _frame: Any) -> None:
        stop.set()
        wished.append(now())
        if wished[-1] - wished[0] > _ECHO:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in heeded:
        signal.signal(number, heard)
    try:
        yield stop
    finally:
        for number in heeded:
            signal.signal(number, before[number])


@contextmanager
def terminable() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C, where nothing has to be finished: the run ends, and says that it was interrupted."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
