"""How many requests may be under way at once: as many as asked for, fewer while the server labours under them.

A small server carries a few calls at once and keeps the others waiting, so more of them only make each slower, for
users too (mailcow has four PHP workers on two cores: two reads beside each other take 0.9 s, four 1.1 s). What a call
takes is compared with the best seen of its like. When most of a window's calls take far longer, or the server says
that it is too busy, half as many are let through; each window that goes well lets one more.
"""

import threading
from typing import Final

__all__ = ["Pace"]

CLIMBED: Final = 4.0
"""Times the best seen of its like, above which a call has taken far longer; two cores share four calls at twice."""

NOTICEABLE: Final = 0.1
"""Seconds above the best seen, below which nothing is made of it: a busy client or network does that too."""

SMALLEST_WINDOW: Final = 4
"""Calls after which it is judged how things go, at least; as many as may be under way where that is more."""

_Like = tuple[str, int]
"""The kind of call, and the order of size of what went over the wire."""


class Pace:
    """Lets requests through; safe to use from many threads. It knows no clock: it is told what calls took."""

    def __init__(self, most: int) -> None:
        """Begin with as many as asked for.

        Args:
            most: How many there are never more of.
        """
        self.limit = self.least = most
        self._most = most
        self._changed = threading.Condition()
        self._under_way = self._waiting = 0
        self._cuts = 0
        self._seen = self._slow = 0
        self._best: dict[_Like, float] = {}
        self._best_of_window: dict[_Like, float] = {}

    def enter(self) -> int:
        """Wait until one more may be under way.

        Returns:
            What `leave` wants to know: how often the limit had been cut by then.
        """
        with self._changed:
            while self._under_way >= self.limit:
                self._waiting += 1
                self._changed.wait()
                self._waiting -= 1
            self._under_way += 1
            return self._cuts

    def leave(self, entered: int, call: str, *, size: int = 0, seconds: float | None, refused: bool = False) -> None:
        """Tell how a request went; another one may be let through.

        Args:
            entered: What `enter` gave.
            call: The kind of call.
            size: Bytes sent and received.
            seconds: What it took; None where that says nothing of the server.
            refused: Whether the server was too busy for it (429, 503), or did not answer in time.
        """
        with self._changed:
            self._under_way -= 1
            if refused and entered == self._cuts:
                self._cut()
            elif seconds is not None and entered == self._cuts:
                self._judge((call, size.bit_length()), seconds)
            if self._waiting:
                self._changed.notify(max(1, self.limit - self._under_way))

    def _judge(self, like: _Like, seconds: float) -> None:
        """Look at a call that was made under the present limit; those before the last cut say nothing of it."""
        best = self._best[like] = min(seconds, self._best.get(like, seconds))
        self._best_of_window[like] = min(seconds, self._best_of_window.get(like, seconds))
        self._seen += 1
        self._slow += seconds > max(CLIMBED * best, best + NOTICEABLE)
        window = max(self.limit, SMALLEST_WINDOW)
        if 2 * self._slow > window:
            self._cut()
        elif self._seen >= window:
            self._go_on()

    def _cut(self) -> None:
        if self.limit == 1:  # nobody is in its way, so it takes what it takes: tables grow, and so do answers
            self._best.update(self._best_of_window)
        self._cuts += 1
        self.limit = max(1, self.limit // 2)
        self.least = min(self.least, self.limit)
        self._begin_window()

    def _go_on(self) -> None:
        self.limit = min(self._most, self.limit + 1)
        self._begin_window()

    def _begin_window(self) -> None:
        self._seen = self._slow = 0
        self._best_of_window = {}
