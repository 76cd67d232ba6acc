"""Where links lead, and folders opened step by step along none, so that nothing can be swapped on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["folder_inside", "resolved"]

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def resolved(path: Path) -> Path:
    """A place with links resolved; what cannot be one (links in a circle, a name too long) stays, and opens nothing."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:  # a NUL in it
        return path


@contextmanager
def folder_inside(root: Path, steps: Sequence[str], *, make: bool = False) -> Iterator[int]:
    """Open a folder; gives its descriptor, which is closed at the end.

    Args:
        root: the folder to start from; it may be a link.
        steps: the names of folders, each in the one before.
        make: make those that are not there.

    Raises:
        OSError: one of them is not there, is no folder, or is a link.
    """
    folder = os.open(root, _FOLDER)
    try:
        for step in steps:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(step, 0o700, dir_fd=folder)
            inner = os.open(step, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)
