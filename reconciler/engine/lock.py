"""One apply per checkout at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from reconciler.errors import PlanRefused, UsageError

_TRIES: Final = 100
"""How often the lock is asked for while others only look at it, which takes them a moment."""


@contextmanager
def locked(
    path: Path, *, holder: str, wait: Callable[[str], bool] | None = None, pause: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold a checkout's lock. The operating system lets go of it when the process ends, however it ends.

    Args:
        path: the lock's file; its folders are made. It stays there afterwards.
        holder: who holds it, for the message others get: a few words, such as a process's number and since when.
        wait: called with the holder's words each time the lock is taken; waits a while, and says whether to try again.
            None gives up at once.
        pause: waits a moment, as long as somebody takes to look whether the lock is held.

    Raises:
        PlanRefused: ``apply-under-way``.
        UsageError: ``lock-unwritable``.
    """
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while (other := _holder_unless_taken(file, path, pause)) is not None:
            if wait is None or not wait(other):
                raise PlanRefused(
                    "another apply of this checkout is under way",
                    id="apply-under-way",
                    hint="wait until it is done, or say --wait-for-lock",
                    holder=other,
                )
        with _told(path):
            os.ftruncate(file, 0)
            os.pwrite(file, holder.encode(), 0)
        yield
    finally:
        os.close(file)


def is_held(path: Path) -> bool:
    """Whether somebody holds a checkout's lock; nobody does where that cannot be told."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _gets(file, fcntl.LOCK_SH)
    except OSError:
        return False
    finally:
        os.close(file)


def _holder_unless_taken(file: int, path: Path, pause: Callable[[], None]) -> str | None:
    """Take the lock; what its holder said, if somebody has it, and not only looks whether somebody has."""
    with _told(path):
        for _ in range(_TRIES):
            if _gets(file, fcntl.LOCK_EX):
                return None
            if not _gets(file, fcntl.LOCK_SH):
                break
            fcntl.flock(file, fcntl.LOCK_UN)
            pause()
        return os.pread(file, 1000, 0).decode(errors="replace").strip()


def _gets(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell what the operating system objects to."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"the lock cannot be taken: {error.strerror or error}",
            id="lock-unwritable",
            hint="make room or permit writing there, or name another place with XDG_STATE_HOME",
            path=str(path),
        ) from error
