"""Folders below a folder, opened step by step and along no link, so that none can be swapped on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["folder_inside"]

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


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
