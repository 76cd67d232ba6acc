"""Remembers what texts say from one run to the next, by the texts themselves: a text is parsed once in its life.

An entry is believed, so the folder must be one that only this user can fill: never one that comes with a repository.
Nothing is written before the whole run has accepted the manifests (`save`), because until then a secret may stand in
them; and a text that holds hashes of passwords is never remembered at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from reconciler.manifest.files import LARGEST_FILE

__all__ = ["LARGEST_CACHE", "SMALLEST_TEXT", "ParseCache"]

LARGEST_CACHE: Final = 1024 * 1024 * 1024
"""Bytes of all entries together; 400,000 manifest entries take 60 MB."""

SMALLEST_TEXT: Final = 4096
"""Bytes; what is smaller is parsed sooner than an entry is opened."""

_AVAILABLE: Final = find_spec("msgspec") is not None
"""Without msgspec nothing is remembered: reading an entry in pure Python would take longer than parsing."""

_FORMAT: Final = b"reconciler parse cache 1\n"
"""To be changed whenever the same text would be read as something else."""

_HEADER: Final = len(_FORMAT) + 4
_SECRET: Final = re.compile(rb"hash(?<![\w-]hash)[\"']?\s*:")
_QUIETLY: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class ParseCache:
    """A folder of entries, each named by the digest of a text. Every failure means only that a text is parsed again."""

    def __init__(self, folder: Path, *, largest: int = LARGEST_CACHE) -> None:
        """Use a folder; it is made when the first entry is.

        Args:
            folder: where the entries are.
            largest: bytes of all entries together; what this run did not use goes first.
        """
        self._folder = folder
        self._largest = largest
        self._used: set[str] = set()
        self._new: dict[str, dict[str, Any]] = {}

    def recall(self, content: bytes) -> dict[str, Any] | None:
        """Say what a text says, if that is known.

        Args:
            content: the text's bytes.
        """
        name = _name_of(content)
        if name is None:
            return None
        entry = _read(self._folder / name)
        value = _decoded(entry) if entry else None
        if value is not None:
            self._used.add(name)
        return value

    def note(self, content: bytes, value: dict[str, Any]) -> None:
        """Learn what a text says; written by `save`.

        Args:
            content: the text's bytes.
            value: what it says.
        """
        name = _name_of(content)
        if name is not None:
            self._new[name] = value

    def save(self) -> None:
        """Write what was learned. To be called once the manifests are known to be right, and to hold no secret."""
        if not self._new:
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, value in self._new.items():
                entry = _encoded(value)
                if entry is not None:
                    _write(self._folder / name, entry)
            self._used.update(self._new)
            self._new.clear()
            self._shrink()

    def _shrink(self) -> None:
        """Remove the oldest of what this run did not use, until the rest fits."""
        entries = sorted(self._entries(), key=lambda entry: (entry[0] in self._used, entry[2]))
        excess = sum(size for _, size, _ in entries) - self._largest
        for name, size, _ in entries:
            if excess <= 0:
                return
            (self._folder / name).unlink(missing_ok=True)
            excess -= size

    def _entries(self) -> Iterator[tuple[str, int, int]]:
        """Name, size and time of everything in the folder."""
        with os.scandir(self._folder) as found:
            for entry in found:
                status = entry.stat(follow_symlinks=False)
                yield entry.name, status.st_size, status.st_mtime_ns


def _name_of(content: bytes) -> str | None:
    """The entry's name; None for a text that is not remembered."""
    if not _AVAILABLE or len(content) < SMALLEST_TEXT or _SECRET.search(content):
        return None
    return hashlib.sha256(_FORMAT + content).hexdigest()


def _read(file: Path) -> bytes | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | _QUIETLY)
    except OSError:
        return None
    with open(descriptor, "rb") as entry:  # noqa: PTH123  opened by descriptor, so that no link is followed
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077 or status.st_size > LARGEST_FILE:
            return None
        return entry.read()


def _write(file: Path, entry: bytes) -> None:
    """Write an entry whole or not at all, also when another run writes the same."""
    descriptor, unfinished = tempfile.mkstemp(dir=file.parent, prefix="unfinished-")
    with open(descriptor, "wb") as new:  # noqa: PTH123  as above
        new.write(entry)
    Path(unfinished).replace(file)


def _encoded(value: dict[str, Any]) -> bytes | None:
    from msgspec import msgpack  # noqa: PLC0415  optional, and slow to import

    try:
        packed = msgpack.encode(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return b"".join((_FORMAT, zlib.crc32(packed).to_bytes(4, "big"), packed))


def _decoded(entry: bytes) -> dict[str, Any] | None:
    from msgspec import DecodeError, msgpack  # noqa: PLC0415  as above

    packed = memoryview(entry)[_HEADER:]
    if not entry.startswith(_FORMAT) or entry[len(_FORMAT) : _HEADER] != zlib.crc32(packed).to_bytes(4, "big"):
        return None
    try:
        value = msgpack.decode(packed)
    except (DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
