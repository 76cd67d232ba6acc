"""A file of lines that become durable together: one thread syncs for all, and only who needs a line waits for it."""

from __future__ import annotations

import os
import threading
from typing import Final

_NOT_OPEN: Final = -1
_GATHERED: Final = 0.004
"""Seconds for which lines are gathered that nobody waits for yet: a fifth of what the quickest servers take a call."""


class DurableLines:
    """Lines at the end of a file; safe to use from many threads.

    A line is handed to the operating system at once, which keeps it when the process dies. It is on the disk itself,
    and so outlives a crash of the machine, once `wait` has returned; lines that are wanted while the disk is busy share
    the next sync, however many there are.

    Args:
        file: an open file, which is this one's from now on.
    """

    def __init__(self, file: int) -> None:
        self._file = file
        lock = threading.Lock()
        self._work = threading.Condition(lock)
        self._changed = threading.Condition(lock)
        self._written = self._wanted = self._synced = 0
        self._waiting = 0
        self._error: OSError | None = None
        self._syncing: threading.Thread | None = None

    def append(self, line: bytes) -> int:
        """Write a line; gives its number, counted from 1.

        Raises:
            OSError: it cannot be written.
        """
        with self._changed:
            while line:  # a disk that is nearly full takes what it has room for, and says so only to the next byte
                line = line[os.write(self._file, line) :]
            self._written += 1
            return self._written

    def want(self, number: int) -> None:
        """Have a line synced soon, without waiting for it."""
        with self._changed:
            if number <= self._wanted or self._file == _NOT_OPEN:
                return
            idle = self._wanted <= self._synced
            self._wanted = number
            if self._syncing is None:
                self._syncing = threading.Thread(target=self._sync, name="journal", daemon=True)
                self._syncing.start()
            elif idle:
                self._work.notify()

    def wait(self, number: int) -> None:
        """Wait until a line is on the disk.

        Raises:
            OSError: it cannot be synced.
        """
        if self._synced >= number:
            return
        self.want(number)
        with self._changed:
            self._waiting += 1
            self._work.notify()
            try:
                while self._synced < number:
                    if self._error is not None:
                        raise self._error
                    self._changed.wait()
            finally:
                self._waiting -= 1

    def close(self) -> None:
        """Wait until every line is on the disk; the second time, do nothing.

        Raises:
            OSError: they cannot be synced; the file is closed all the same.
        """
        if self._file == _NOT_OPEN:
            return
        try:
            self.wait(self._written)
        finally:
            with self._changed:
                file, self._file = self._file, _NOT_OPEN
                self._work.notify()
            if self._syncing is not None:
                self._syncing.join()
            os.close(file)

    def _sync(self) -> None:
        """Sync whenever a line is wanted that is not on the disk; runs in a thread of its own."""
        while True:
            with self._work:
                while self._wanted <= self._synced and self._file != _NOT_OPEN:
                    self._work.wait()
                if not self._waiting and self._file != _NOT_OPEN:
                    self._work.wait(_GATHERED)
                if self._file == _NOT_OPEN:
                    return
                file, written = self._file, self._written
            try:
                os.fsync(file)
            except OSError as error:
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            with self._changed:
                self._synced = written
                self._changed.notify_all()
