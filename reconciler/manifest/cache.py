"""Remembers what documents declare from one run to the next, by their texts: a text is read and checked once.

What is remembered is believed, so the folder must be one that only this user can fill: never one that comes with a
repository. Nothing is written before the whole run has accepted the manifests (`save`), and never a secret
(`packing.py`). One file holds what one project's last run has used; it is replaced whole.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from reconciler.manifest.contents import Contents

__all__ = ["LARGEST_CACHE", "EarlierCache", "ParseCache"]

LARGEST_CACHE: Final = 1024 * 1024 * 1024
"""Bytes of all files together; 400,000 manifest entries take 40 MB."""

_AVAILABLE: Final = find_spec("msgspec") is not None
"""Without msgspec nothing is remembered: reading it in pure Python would take longer than parsing."""

_FORMAT: Final = b"reconciler parse cache 2\n"
_ENTRY: Final = struct.Struct(">32sQII")
"""An entry of the index: the digest it is known by, where it begins, how long it is, and its checksum."""

_HEADER: Final = struct.Struct(">32sII")
"""What stands for the program, how many entries there are, and the checksum of the index."""

_QUIETLY: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class ParseCache:
    """What one project's documents declare. Every failure means only that a text is read and checked again."""

    def __init__(self, folder: Path, *, owner: str, stamp: str, largest: int = LARGEST_CACHE) -> None:
        """Use a folder; it is made when something is first remembered.

        Args:
            folder: where the files of all projects are.
            owner: what tells this project from others.
            stamp: what stands for the program: something else reads the same text as something else.
            largest: bytes of all files together; what was not used longest goes first.
        """
        self._file = folder / hashlib.sha256(owner.encode(errors="surrogatepass")).hexdigest()[:32]
        self._stamp = hashlib.sha256(stamp.encode()).digest()
        self._largest = largest
        self._content: bytes | None = None
        self._index: dict[bytes, tuple[int, int, int]] = {}
        self._used: set[bytes] = set()
        self._new: dict[bytes, Contents] = {}

    def recall(self, key: bytes) -> Contents | None:
        """Say what texts declare, if that is known.

        Args:
            key: the digest of all that decides it.
        """
        if self._content is None:
            self._content = _read(self._file) if _AVAILABLE else b""
            self._index = _indexed(self._content, self._stamp)
        place = self._index.get(key)
        if place is None:
            return None
        begin, length, checksum = place
        entry = memoryview(self._content)[begin : begin + length]
        if len(entry) != length or zlib.crc32(entry) != checksum:
            return None
        from reconciler.lean import msgspec  # noqa: PLC0415  optional, and slow to import
        from reconciler.manifest.packing import unpacked  # noqa: PLC0415  as above

        try:
            found = unpacked(entry)
        except (msgspec.DecodeError, ValueError, TypeError, KeyError, IndexError):
            return None
        self._used.add(key)
        return found

    def note(self, key: bytes, contents: Contents) -> None:
        """Learn what texts declare; written by `save`.

        Args:
            key: the digest of all that decides it.
            contents: what they declare.
        """
        self._new[key] = contents

    def save(self) -> None:
        """Write what was learned. To be called once the manifests are known to be right."""
        with suppress(OSError):
            if self._new and _AVAILABLE:
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _write(self._file, self._stamp, dict(self._entries()))
                self._shrink()
        self._content = b""
        self._new.clear()

    def _entries(self) -> Iterator[tuple[bytes, bytes]]:
        from reconciler.manifest.packing import UnpackableError, packed  # noqa: PLC0415  optional, and slow to import

        content = self._content or b""
        for key in self._used:
            begin, length, _ = self._index[key]
            yield key, content[begin : begin + length]
        for key, contents in self._new.items():
            with suppress(UnpackableError):
                yield key, packed(contents)

    def _shrink(self) -> None:
        """Remove the oldest files of other projects, until the rest fits."""
        with os.scandir(self._file.parent) as found:
            files = [(entry.stat(follow_symlinks=False), entry.name) for entry in found]
        excess = sum(status.st_size for status, _ in files) - self._largest
        for status, name in sorted(files, key=lambda each: each[0].st_mtime_ns):
            if excess <= 0:
                return
            if name != self._file.name:
                (self._file.parent / name).unlink(missing_ok=True)
                excess -= status.st_size


class EarlierCache:
    """What documents of earlier revisions declare: mostly what those of today do, which is remembered anyway."""

    def __init__(self, own: ParseCache, today: ParseCache) -> None:
        """Use what is remembered of today's documents beside a memory of its own."""
        self._own = own
        self._today = today

    def recall(self, key: bytes) -> Contents | None:
        """Say what texts declare, if that is known; see `ParseCache`."""
        return self._own.recall(key) or self._today.recall(key)

    def note(self, key: bytes, contents: Contents) -> None:
        """Learn what texts declare."""
        self._own.note(key, contents)

    def save(self) -> None:
        """Write what was learned."""
        self._own.save()


def _indexed(content: bytes, stamp: bytes) -> dict[bytes, tuple[int, int, int]]:
    """Where entries are in a file; none in one that is damaged, or that another program has written."""
    begin = len(_FORMAT) + _HEADER.size
    if not content.startswith(_FORMAT) or len(content) < begin:
        return {}
    written_by, count, checksum = _HEADER.unpack_from(content, len(_FORMAT))
    index = content[begin : begin + count * _ENTRY.size]
    if written_by != stamp or len(index) != count * _ENTRY.size or zlib.crc32(index) != checksum:
        return {}
    return {key: (start, length, crc) for key, start, length, crc in _ENTRY.iter_unpack(index)}


def _read(file: Path) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | _QUIETLY)
    except OSError:
        return b""
    with open(descriptor, "rb") as opened:  # noqa: PTH123  opened by descriptor, so that no link is followed
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077 or status.st_size > LARGEST_CACHE:
            return b""
        return opened.read()


def _write(file: Path, stamp: bytes, entries: dict[bytes, bytes]) -> None:
    """Write a file whole or not at all, also when another run writes the same."""
    from tempfile import mkstemp  # noqa: PLC0415  slow to import, and most runs learn nothing

    start = len(_FORMAT) + _HEADER.size + len(entries) * _ENTRY.size
    index = bytearray()
    for key, entry in entries.items():
        index += _ENTRY.pack(key, start, len(entry), zlib.crc32(entry))
        start += len(entry)
    descriptor, unfinished = mkstemp(dir=file.parent, prefix="unfinished-")
    try:
        with open(descriptor, "wb") as new:  # noqa: PTH123  as above
            new.write(_FORMAT + _HEADER.pack(stamp, len(entries), zlib.crc32(index)) + index)
            new.writelines(entries.values())
        Path(unfinished).replace(file)
    except OSError:
        Path(unfinished).unlink(missing_ok=True)
        raise
