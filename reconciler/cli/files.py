"""Files a command writes: whole or not at all, and nothing that was there is lost."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from reconciler.errors import UsageError
from reconciler.manifest.inside import resolved

_TOP: Final = 1000
"""How many characters the comment at the top of a manifest may have."""


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; a reader sees the old content or the new.

    Half a character, as names of files have that are not UTF-8, is escaped as JSON does.

    Raises:
        OSError: it cannot be written; with its name.
    """
    _write(path, text, private=True)


def _write(path: Path, text: str, *, private: bool) -> None:
    from tempfile import NamedTemporaryFile  # noqa: PLC0415  slow to import, and most runs write no file

    target = resolved(path)  # a link stays one
    try:
        if target.exists() and not target.is_file():  # a device or a pipe takes it, and is never replaced
            target.write_text(text, encoding="utf-8", errors="backslashreplace")
            return
        beside = NamedTemporaryFile(  # noqa: SIM115  it is closed below
            "w",
            dir=target.parent,
            prefix=f".{target.name}.",
            delete=False,
            encoding="utf-8",
            errors="backslashreplace",
        )
        try:
            with beside as file:
                file.write(text)
                if not private:
                    os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode) if target.exists() else _usual_mode())
            Path(beside.name).replace(target)
        except BaseException:
            Path(beside.name).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, str(path)) from problem


def _usual_mode() -> int:
    """What a new file of this person's may be done with by whom."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def write_folder(folder: Path, files: Mapping[str, str], *, overwrite: bool) -> None:
    """Write files into a folder, making it where it is missing.

    Raises:
        UsageError: ``file-exists`` when one is there already and may not be overwritten; nothing was written then.
    """
    present = [name for name in files if (folder / name).exists()]
    if present and not overwrite:
        raise UsageError(
            f"{os.path.relpath(folder / present[0])} is there already",
            id="file-exists",
            hint="choose an empty folder, or pass `--overwrite`",
            files=tuple(present[:10]),
        )
    inside = resolved(folder)
    for name, text in files.items():
        target = resolved(folder / name)
        if not target.is_relative_to(inside):
            raise ValueError(f"{name} is outside the folder it is for")  # names of files come from a server's names
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, text, private=False)


def left_behind(folder: Path, files: Collection[str], *, marked: str) -> list[str]:
    """Find manifests below a folder that are not among some files, and that say at their top what those say.

    Args:
        files: names relative to the folder.
        marked: what stands in the first lines of a file that was written as these were.
    """
    found = sorted(set(folder.rglob("*.yaml")) - {folder / name for name in files})
    return [str(path.relative_to(folder)) for path in found if marked in _top(path)]


def _top(path: Path) -> str:
    """How a file begins; what is no file, or may not be read, begins with nothing."""
    try:
        if not path.is_file():
            return ""
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_TOP)
    except OSError:
        return ""
