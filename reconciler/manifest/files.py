"""Which files are manifests: arguments of a command line to sources, in one order, each file once.

A folder is searched with everything below it. Hidden names, the project file and values files are no manifests. A
`_defaults.yaml` holds the defaults of its folder and of everything below. Whoever may change a repository may not make
this program read what lies outside it, so links are followed inside only.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final

from reconciler.errors import ManifestError
from reconciler.manifest.inside import folder_inside, resolved
from reconciler.model.diagnostic import Diagnostic, Origin, error
from reconciler.records import record

__all__ = [
    "HIDDEN",
    "LARGEST_FILE",
    "MOST_FILES",
    "POLICY_FILE",
    "PROJECT_FILE",
    "STANDARD_INPUT",
    "Source",
    "belongs_to",
    "find",
    "is_template",
    "may_be_read",
    "read_inside",
]

LARGEST_FILE: Final = 128 * 1024 * 1024
"""Bytes of one manifest; 400,000 entries in one file are 80 MB."""

MOST_FILES: Final = 100_000

PROJECT_FILE: Final = "reconciler.yaml"
POLICY_FILE: Final = "reconciler-policy.yaml"
STANDARD_INPUT: Final = "-"

_ENDINGS: Final = (".yaml", ".yml")
_TEMPLATE: Final = ".j2"
_DEFAULTS: Final = frozenset(f"_defaults{ending}{more}" for ending in _ENDINGS for more in ("", _TEMPLATE))
_VALUES: Final = "values"
"""A folder of values files, and what the names of such files begin with."""

_FORMS: Final = "`.yaml`, `.yml`, `.yaml.j2` or `.yml.j2`"
HIDDEN: Final = ".git"
"""Holds the credentials a pipeline's checkout was fetched with; nothing in it is of the project."""

_QUIETLY: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@record(frozen=True, slots=True)
class Source:
    """A manifest before it is read.

    Attributes:
        name: what messages call it: its path, relative to where the run started.
        path: where it is, links resolved; None for standard input.
        content: its bytes, where they are already here.
        defaults: the files whose defaults apply to it, the outermost folder's first.
    """

    name: str
    path: Path | None
    content: bytes | None = None
    defaults: tuple[Source, ...] = ()

    @property
    def is_template(self) -> bool:
        """Whether it has to be rendered before it is a manifest."""
        return is_template(self.name)

    def read(self) -> bytes:
        """Read the file.

        Raises:
            ManifestError: `file-unreadable`, `file-not-regular` or `file-too-large`.
        """
        if self.content is not None:
            return self.content
        assert self.path is not None
        try:
            return _content(os.open(self.path, os.O_RDONLY | _QUIETLY), self.name)
        except OSError as problem:
            raise ManifestError((_unreadable(self.name, problem),)) from problem


def may_be_read(name: str) -> bool:
    """Whether a name is one of manifests, of values or of project files, in capitals or not."""
    stem, _, ending = name.lower().removesuffix(_TEMPLATE).rpartition(".")
    return bool(stem) and f".{ending}" in _ENDINGS and "\n" not in name


def is_template(name: str) -> bool:
    """Whether a file of this name has to be rendered before it is a manifest."""
    return name.lower().endswith(_TEMPLATE)


def read_inside(folder: Path, path: Path, name: str) -> bytes:
    """Read a file of a project along no link, so that none can be put in its way between looking and reading.

    Args:
        folder: the project's, links resolved.
        path: links resolved.
        name: what messages call it.

    Raises:
        ManifestError: as `Source.read`.
    """
    *steps, last = path.relative_to(folder).parts or (".",)
    try:
        with folder_inside(folder, steps) as inner:
            return _content(os.open(last, os.O_RDONLY | _QUIETLY, dir_fd=inner), name)
    except OSError as problem:
        raise ManifestError((_unreadable(name, problem),)) from problem


def _content(descriptor: int, name: str) -> bytes:
    """What a regular file of bearable size holds; closes it."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ManifestError((_not_regular(name),))
        if status.st_size > LARGEST_FILE:
            raise ManifestError((_too_large(name),))
        asked = status.st_size + 1
        content = piece = os.read(descriptor, asked)
        while len(piece) == asked:  # it has grown since, or tells no size
            piece = os.read(descriptor, asked := LARGEST_FILE)
            content += piece
        return content
    finally:
        os.close(descriptor)


def belongs_to(folder: Path, path: Path) -> bool:
    """Whether a file or folder, links resolved, is of a project: in its folder, and not in what git keeps there.

    Args:
        folder: the project's, links resolved.
        path: links resolved.
    """
    return path.is_relative_to(folder) and HIDDEN not in (part.lower() for part in path.relative_to(folder).parts)


def find(
    arguments: Sequence[str],
    *,
    start: Path,
    project: Path | None = None,
    exclude: Collection[Path] = (),
    stdin: Callable[[], bytes] | None = None,
    most: int = MOST_FILES,
) -> tuple[Source, ...]:
    """Find the manifests that arguments mean.

    Args:
        arguments: files, folders, or `-` for standard input, as a person wrote them.
        start: the folder relative paths start from; names in messages are relative to it.
        project: the folder nothing inside which may link out of; an argument elsewhere is its own boundary.
        exclude: files that are no manifests though they look like it, such as the values files of this run.
        stdin: reads standard input; called only for `-`.
        most: how many files there may be.

    Returns:
        The sources, sorted by name.

    Raises:
        ManifestError: with everything that is wrong with the paths: one that does not exist, matches no manifest,
            leads outside, or cannot be read.
    """
    search = _Search(start, project, exclude, most)
    if STANDARD_INPUT in arguments:
        search.take_content(stdin)
    for argument in sorted({os.path.normpath(argument) for argument in arguments if argument != STANDARD_INPUT}):
        search.argument(argument)  # an outer folder first: what it hands down holds in the inner one too
    if search.findings:
        raise ManifestError(tuple(search.findings))
    return tuple(sorted(search.sources.values(), key=lambda source: source.name))


@record(frozen=True, slots=True)
class _Place:
    """A file or folder: what messages call it, and where it is with links resolved.

    Text, not paths: there are as many as there are manifests, and a path costs ten times as much.
    """

    name: str
    real: str

    def inside(self, name: str) -> _Place:
        """Something in this folder, if it is no link."""
        return _Place(f"{self.name}/{name}" if self.name != "." else name, f"{self.real}{os.sep}{name}")

    def is_inside(self, folder: Path) -> bool:
        """Whether it is a folder, or something below it that belongs to it."""
        return belongs_to(folder, Path(self.real))


_NOTHING_LEFT: Final = "where nothing is declared any more, keep a file that holds `{}`"


class _Search:
    """One search: what was found so far, and what went wrong."""

    def __init__(self, start: Path, project: Path | None, exclude: Collection[Path], most: int) -> None:
        self.sources: dict[str, Source] = {}
        self.findings: list[Diagnostic] = []
        self._start = resolved(start)
        self._project = resolved(project) if project else None
        self._exclude = {str(resolved(self._start / path)) for path in exclude}
        self._boundary = self._start
        self._folders: set[str] = set()
        self._met = 0
        self._most = most

    def take_content(self, stdin: Callable[[], bytes] | None) -> None:
        """Take standard input as a manifest."""
        name = "<stdin>"
        content = stdin() if stdin else b""
        if len(content) > LARGEST_FILE:
            self.findings.append(_too_large(name))
        self.sources[name] = Source(name, None, content)

    def argument(self, argument: str) -> None:
        """Take a file, or search a folder."""
        path = Path(os.path.normpath(self._start / argument))
        real = resolved(path)
        inside = self._project and (path.is_relative_to(self._project) or real.is_relative_to(self._project))
        self._boundary = self._project if inside and self._project else real if real.is_dir() else real.parent
        place = _Place(self._name(path), str(real))
        if not os.path.exists(real):  # noqa: PTH110  says no where a path is impossible
            self._refuse(
                "path-not-found", argument, "there is no such file or folder", f"check the path; {_NOTHING_LEFT}"
            )
        elif not place.is_inside(self._boundary) or (
            path.is_relative_to(self._start) and not place.is_inside(self._start)
        ):
            self._refuse_outside(argument)
        elif real.is_dir():
            self._folder(place, self._around(path, real))
        else:
            self._file(place, path, real)

    def _folder(self, place: _Place, around: tuple[Source, ...]) -> None:
        before = self._met, len(self.findings)
        self._walk(place, around)
        if before == (self._met, len(self.findings)):
            self._refuse(
                "path-without-manifests",
                place.name,
                "there is no manifest in this folder",
                f"a manifest's name ends in {_FORMS} and does not start with a dot; {_NOTHING_LEFT}",
            )

    def _file(self, place: _Place, path: Path, real: Path) -> None:
        if not may_be_read(path.name):
            self._refuse("path-not-a-manifest", place.name, "this is not a manifest", f"expected a name in {_FORMS}")
        elif path.name == PROJECT_FILE or path.name in _DEFAULTS or place.real in self._exclude:
            self._refuse(
                "path-not-a-manifest",
                place.name,
                "this file is no manifest: it says how manifests are read",
                "name the manifests, or the folder they are in",
            )
        else:
            self._add(place, self._around(path, real))

    def _around(self, path: Path, real: Path) -> tuple[Source, ...]:
        """The defaults of the folders around something, up to the boundary."""
        if real == self._boundary:
            return ()
        path, real = path.parent, real.parent
        names = sorted(entry.name for entry in real.iterdir() if entry.name in _DEFAULTS)
        return self._around(path, real) + self._defaults(_Place(self._name(path), str(real)), names)

    def _walk(self, folder: _Place, around: tuple[Source, ...]) -> None:
        if folder.real in self._folders:
            self._met += 1
            return
        self._folders.add(folder.real)
        try:
            with os.scandir(folder.real) as found:
                entries = sorted((entry for entry in found if entry.name[0] != "."), key=lambda entry: entry.name)
        except OSError as problem:
            self.findings.append(_unreadable(folder.name, problem))
            return
        names = [entry.name for entry in entries if entry.name in _DEFAULTS]
        defaults = around + self._defaults(folder, names)
        for entry in entries:
            place = folder.inside(entry.name)
            try:
                self._entry(entry, place, defaults)
            except OSError as problem:  # links in a circle
                self.findings.append(_unreadable(place.name, problem))

    def _entry(self, entry: os.DirEntry[str], place: _Place, defaults: tuple[Source, ...]) -> None:
        manifest = _is_manifest(entry.name)
        if entry.is_symlink():
            place = _Place(place.name, str(resolved(Path(entry.path))))
            if not place.is_inside(self._boundary):
                if manifest or entry.is_dir():
                    self._refuse_outside(place.name)
                return
        if entry.is_dir():
            if entry.name != _VALUES:
                self._walk(place, defaults)
        elif manifest and place.real not in self._exclude:
            if entry.is_file():
                self._add(place, defaults)
            else:
                self.findings.append(_not_regular(place.name))

    def _defaults(self, folder: _Place, names: Sequence[str]) -> tuple[Source, ...]:
        found = []
        for name in names:
            place = folder.inside(name)
            place = _Place(place.name, str(resolved(Path(place.real))))
            if place.is_inside(self._boundary):
                found.append(Source(place.name, Path(place.real)))
            else:
                self._refuse_outside(place.name)
        return tuple(found)

    def _add(self, place: _Place, defaults: tuple[Source, ...]) -> None:
        self._met += 1
        self.sources.setdefault(place.real, Source(place.name, Path(place.real), defaults=defaults))
        if len(self.sources) > self._most:
            hint = "name the folder the manifests are in"
            raise ManifestError((*self.findings, error("too-many-files", f"more than {self._most:,} files", hint=hint)))

    def _name(self, path: Path) -> str:
        if any(folder and path.is_relative_to(folder) for folder in (self._start, self._project)):
            return os.path.relpath(path, self._start).replace(os.sep, "/")
        return str(path)

    def _refuse(self, identifier: str, name: str, summary: str, hint: str) -> None:
        self.findings.append(error(identifier, summary, hint=hint, origin=Origin(name)))

    def _refuse_outside(self, name: str) -> None:
        summary = "this link leads outside the folder the manifests are in"
        self._refuse("path-outside", name, summary, "put the file itself there")


def _is_manifest(name: str) -> bool:
    if not may_be_read(name):
        return False
    return not (name in (PROJECT_FILE, POLICY_FILE) or name in _DEFAULTS or _holds_values(name))


def _holds_values(name: str) -> bool:
    """Whether a file is one of values by its name: `values.yaml`, `values-NAME.yaml`."""
    stem = name.rpartition(".")[0]
    return name.endswith(_ENDINGS) and (stem == _VALUES or (stem.startswith(f"{_VALUES}-") and stem != f"{_VALUES}-"))


def _unreadable(name: str, problem: OSError) -> Diagnostic:
    reason = problem.strerror or "it cannot be read"
    hint = {errno.ENOENT: "check the path", errno.ELOOP: "links are not followed: put the file itself there"}
    hinted = hint.get(problem.errno or 0, "check its permissions")
    return error("file-unreadable", f"cannot read it: {reason}", hint=hinted, origin=Origin(name))


def _not_regular(name: str) -> Diagnostic:
    return error("file-not-regular", "this is not a regular file", hint="put a file there", origin=Origin(name))


def _too_large(name: str) -> Diagnostic:
    summary = f"the file is larger than {LARGEST_FILE // 1024**2} MiB"
    return error("file-too-large", summary, hint="split it into several files", origin=Origin(name))
