"""A few threads that run errands beside each other, for one reading.

The standard library's pools do as well, and take longer to import than a small reading takes altogether.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar

__all__ = ["Crew", "Errand"]

Value_co = TypeVar("Value_co", covariant=True)


class Errand(Generic[Value_co]):
    """Something a crew has been sent for."""

    __slots__ = ("_back", "_crew", "_value", "_work")

    def __init__(self, crew: Crew, work: Callable[[], Value_co]) -> None:
        self._crew = crew
        self._work = work
        self._value: Value_co
        self._back = threading.Lock()  # held until somebody is back: lighter than an event, of which there are hundreds
        self._back.acquire()

    def run(self) -> None:
        """Do the work; to be called once, by whoever took it on.

        Raises:
            Exception: what the work raises.
        """
        self._value = self._work()
        self._back.release()

    def drop(self) -> None:
        """Let nobody wait any longer: the crew has failed."""
        self._back.release()

    def result(self) -> Value_co:
        """Wait for what it brings.

        Raises:
            Exception: the first that any errand of the crew has raised, since nothing is made of the others then.
        """
        with self._back:
            if self._crew.failure is not None:
                raise self._crew.failure
            return self._value


class Crew:
    """Threads that come when there is something to do, and stay until the crew parts; none outlives it.

    Attributes:
        failure: what an errand raised first; whatever had not begun by then is never done.
    """

    def __init__(self, most: int) -> None:
        """Gather nobody yet.

        Args:
            most: how many errands run beside each other, at most.
        """
        self.failure: BaseException | None = None
        self._most = most
        self._waiting: deque[Errand[Any]] = deque()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._parting = False
        self._changed = threading.Condition(threading.Lock())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Forget what has not begun, and wait for what has."""
        with self._changed:
            self._waiting.clear()
            self._parting = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def send(self, work: Callable[[], Value_co]) -> Errand[Value_co]:
        """Have something done, at once or as soon as somebody has time; in the order in which it was asked for."""
        errand = Errand(self, work)
        with self._changed:
            if self.failure is not None:
                errand.drop()
                return errand
            self._waiting.append(errand)
            if self._idle >= len(self._waiting):
                self._changed.notify()
                return errand
        if len(self._threads) == self._most:
            return errand
        thread = threading.Thread(target=self._serve, name="read")
        thread.start()
        self._threads.append(thread)
        return errand

    def _serve(self) -> None:
        while (errand := self._next()) is not None:
            try:
                errand.run()
            except BaseException as error:  # noqa: BLE001  it is told to whoever waits
                self._fail(error)
                errand.drop()

    def _next(self) -> Errand[Any] | None:
        with self._changed:
            while not (self._waiting or self._parting):
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            return self._waiting.popleft() if self._waiting else None

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self.failure = self.failure or error
            dropped, self._waiting = self._waiting, deque()
        for errand in dropped:
            errand.drop()
