"""The manifests of a revision, laid out in a folder of their own and read as any others: one way to find manifests.

Most of them are those of today. What git calls their contents says so, and what they declare is known then by what they
were read as today: they are laid out as empty files, to be found, and neither got from git nor read nor parsed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from reconciler.errors import ManifestError, UsageError
from reconciler.history.asked import Asked
from reconciler.history.checkout import Checkout
from reconciler.history.git import Repository
from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.files import LARGEST_FILE, PROJECT_FILE, STANDARD_INPUT, Source, find, may_be_read
from reconciler.manifest.inside import resolved
from reconciler.manifest.project import Project, Settings, find_project
from reconciler.manifest.reading import LearningMemory, read
from reconciler.manifest.values import Assignment, read_values
from reconciler.model.diagnostic import Diagnostic, Origin, error
from reconciler.model.state import DesiredState
from reconciler.records import field, record, replace

__all__ = ["Layout", "declared_at", "laid_out", "project_at"]

_MARKER: Final = ".git"
_UNREADABLE: Final = "base-unreadable"
_ABSENT: Final = frozenset({"path-not-found", "path-without-manifests"})


@record(frozen=True, slots=True)
class Layout:
    """A revision's files in a folder.

    Attributes:
        folder: where they are; it stands for `repository.root`.
        name: the revision, short, for messages.
        left_out: what git calls the contents of files that are empty here, by where they are.
    """

    folder: Path
    repository: Repository
    name: str
    left_out: Mapping[str, str] = field(default_factory=dict)

    def place_of(self, path: Path) -> Path | None:
        """What stands here for a place in the work tree; None for a place outside."""
        root = self.repository.root
        real = resolved(path.parent) / path.name if path.name else resolved(path)
        return self.folder / real.relative_to(root) if real.is_relative_to(root) else None

    def filled(self, sources: Sequence[Source]) -> Sequence[Source]:
        """The sources, and the defaults around them, with the contents that were left out here.

        Raises:
            ManifestError: git cannot give them.
        """
        every = [each for source in sources for each in (*source.defaults, source)]
        wanted = {identity for each in every if (identity := self.identity_of(each)) is not None}
        contents = self.repository.contents(sorted(wanted)) if wanted else {}

        def fill(source: Source) -> Source:
            identity = self.identity_of(source)
            content = source.content if identity is None else contents[identity]
            return replace(source, content=content, defaults=tuple(map(fill, source.defaults)))

        return list(map(fill, sources))

    def identity_of(self, source: Source) -> str | None:
        """What git calls the content of a source that was left out; None for one that is here."""
        return self.left_out.get(str(source.path))


@contextmanager
def laid_out(repository: Repository, commit: str, known: Collection[str] = ()) -> Iterator[Layout]:
    """Lay out what may be a manifest, values, a project file or a link to one.

    Args:
        known: what git calls contents that need not be there.

    Raises:
        ManifestError: git cannot give the files, or one is too large.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415  most runs need no other revision

    entries = [each for each in repository.entries(commit) if each.is_link or may_be_read(each.path)]
    name = commit[:12]
    large = [each for each in entries if each.size > LARGEST_FILE]
    if large:
        summary = f"the file is larger than {LARGEST_FILE // 1024**2} MiB"
        raise ManifestError(
            tuple(error("file-too-large", summary, origin=Origin(_at(name, each.path))) for each in large)
        )
    left_out = {each.path: each.identity for each in entries if each.identity in known and not each.is_link}
    contents = repository.contents(each.identity for each in entries if each.path not in left_out)
    with TemporaryDirectory(prefix="reconciler-") as temporary:
        folder = resolved(Path(temporary)) / "tree"
        folder.mkdir()
        (folder / _MARKER).touch()  # nothing above it is searched for a project file
        blank = folder.with_name("blank")
        blank.touch()
        inside: dict[str, bool] = {}
        for entry in entries:
            target = _target(folder, entry.path, inside)
            if target is None:
                continue
            if entry.path in left_out:
                _put_blank(blank, target)
            elif entry.is_link:
                Path(target).symlink_to(contents[entry.identity].decode("utf-8", "surrogateescape"))
            else:
                Path(target).write_bytes(contents[entry.identity])
        places = {os.path.join(folder, path): identity for path, identity in left_out.items()}  # noqa: PTH118  many
        yield Layout(folder, repository, name, places)


def _target(folder: Path, path: str, inside: dict[str, bool]) -> str | None:
    """Where a file goes; git keeps `..`, `.git` and files below links out of trees, and this does not rely on it.

    Args:
        inside: which folders there are by now, and whether they are where they seem to be; as texts, because there are
            as many files as there are manifests.
    """
    *parts, name = path.split("/")
    if {"", ".", "..", _MARKER} & {*parts, name}:
        return None
    around = os.path.join(folder, *parts)  # noqa: PTH118  see above
    if around not in inside:
        Path(around).mkdir(parents=True, exist_ok=True)
        inside[around] = resolved(Path(around)).is_relative_to(folder)
    target = f"{around}{os.sep}{name}"
    return target if inside[around] and not os.path.lexists(target) else None


def _put_blank(blank: Path, target: str) -> None:
    """Put an empty file; another name for one that is there takes a quarter of the time, where that can be had."""
    try:
        os.link(blank, target)
    except OSError:
        Path(target).touch()


def project_at(layout: Layout, asked: Asked) -> tuple[Project | None, Settings]:
    """The project file of that revision, and what it says for the environment.

    Raises:
        ManifestError: it is wrong.
        UsageError: ``environment-unknown``.
    """
    start = layout.place_of(asked.start)
    if start is None:
        return None, Settings()
    source = None
    if asked.project is None:
        start.mkdir(parents=True, exist_ok=True)
        source = find_project(start)
    else:
        named = layout.place_of(asked.start / asked.project)
        if named is not None and named.is_file() and resolved(named).is_relative_to(layout.folder):
            source = Source(PROJECT_FILE, named)
    if source is None:
        return None, Settings()
    from reconciler.manifest.project_reading import read_project  # noqa: PLC0415  runs without one start faster

    project = read_project(layout.filled([source])[0])
    return project, project.settings(asked.environment)


def declared_at(
    repository: Repository,
    commit: str,
    asked: Asked,
    memory: LearningMemory | None = None,
    today: Checkout | None = None,
) -> DesiredState:
    """What a revision declares, read with its own project file and values.

    Paths and values files that it does not have declare nothing; standard input is of no revision.

    Args:
        asked: what to read, in the words of the command line.
        memory: spares reading what was read before.
        today: what this run has read; it is remembered, so that the same need not be read again.

    Raises:
        ManifestError: ``base-unreadable``, with everything that is wrong there.
    """
    try:
        today = today if memory is not None else None
        known = frozenset(today.identities.values()) if today is not None and today.digests else frozenset()
        with laid_out(repository, commit, known) as layout:
            return _told_elsewhere(layout, asked, memory, today)
    except ManifestError as problem:
        if problem.id == _UNREADABLE:
            raise
        raise _unreadable(commit[:12], problem.diagnostics) from problem


@record(frozen=True, slots=True)
class _Unread:
    """What a revision's manifests hold, which is mostly what those of today do; see `manifest.reading.Unread`."""

    layout: Layout
    today: Checkout

    def digest_of(self, source: Source) -> bytes | None:
        """The digest that the file had today, if it has the same name and content."""
        identity = self.layout.identity_of(source)
        if identity is None or self.today.identities.get(source.name) != identity:
            return None
        return self.today.digests.get(source.name)

    def filled(self, sources: Sequence[Source]) -> Sequence[Source]:
        """See `Layout.filled`."""
        return self.layout.filled(sources)


def _told_elsewhere(
    layout: Layout, asked: Asked, memory: LearningMemory | None, today: Checkout | None
) -> DesiredState:
    """Read it; what is wrong is told with places such as ``1a2b3c:mail/a.yaml``, which git understands."""
    try:
        return _declared(layout, asked, memory, today)
    except ManifestError as problem:
        found = tuple(_moved(each, layout, asked) for each in problem.diagnostics)
        raise _unreadable(layout.name, found) from problem
    except UsageError as problem:
        origin = Origin(_at(layout.name, PROJECT_FILE))
        found = (error(problem.id, problem.summary, hint=problem.hint or None, origin=origin),)
        raise _unreadable(layout.name, found) from problem


def _declared(layout: Layout, asked: Asked, memory: LearningMemory | None, today: Checkout | None) -> DesiredState:
    project, settings = project_at(layout, asked)
    start = layout.place_of(asked.start)
    if start is None:
        return DesiredState({})
    start.mkdir(parents=True, exist_ok=True)
    files = [*settings.values, *(_values_file(layout, asked.start / each) for each in asked.values)]
    values = _values(files, asked, layout)
    folder = project.folder if project is not None else None
    sources = _sources(_arguments(layout, asked, settings), start=start, project=folder, exclude=files)
    reading = read(sources, values=values, memory=memory, unread=_Unread(layout, today) if today is not None else None)
    learn = memory.note if memory is not None else None
    declared = build(reading.manifests, registry(), earlier=reading.findings, learn=learn)
    if memory is not None:
        memory.save()
    return declared


def _arguments(layout: Layout, asked: Asked, settings: Settings) -> list[str]:
    given = [asked.start / each for each in asked.paths if each != STANDARD_INPUT]
    if not asked.paths:
        return [str(each) for each in settings.manifests]
    return [str(place) for each in given if (place := layout.place_of(each)) is not None]


def _sources(
    arguments: Sequence[str], *, start: Path, project: Path | None, exclude: Sequence[Path]
) -> tuple[Source, ...]:
    """Find the manifests, without the arguments that mean nothing at this revision."""
    sound = []
    for argument in arguments:
        try:
            find([argument], start=start, project=project, exclude=exclude)
        except ManifestError as problem:
            if all(each.id in _ABSENT for each in problem.diagnostics):
                continue
        sound.append(argument)
    return find(sound, start=start, project=project, exclude=exclude)


def _values_file(layout: Layout, file: Path) -> Path:
    """A values file of that revision; one kept outside the repository has no revisions, and is used as it is."""
    place = layout.place_of(file)
    if place is None:
        return file
    return place if resolved(place).is_relative_to(layout.folder) else layout.folder / _MARKER / "outside"


def _values(files: Sequence[Path], asked: Asked, layout: Layout) -> Mapping[str, Any]:
    sources = [Source(os.path.relpath(each, layout.folder), resolved(each)) for each in files if each.is_file()]
    assignments = [Assignment.read(text) for text in asked.settings]
    assignments += [Assignment.read(text, as_text=True) for text in asked.texts]
    return read_values(layout.filled(sources), assignments)


def _moved(finding: Diagnostic, layout: Layout, asked: Asked) -> Diagnostic:
    if finding.origin is None:
        return finding
    start = layout.place_of(asked.start) or layout.folder
    path = os.path.relpath(start / finding.origin.file, layout.folder)
    origin = replace(finding.origin, file=_at(layout.name, path.replace(os.sep, "/")))
    return replace(finding, origin=origin, related=())


def _at(name: str, path: str) -> str:
    return f"{name}:{path}"


def _unreadable(name: str, findings: tuple[Diagnostic, ...]) -> ManifestError:
    return ManifestError(
        findings,
        id=_UNREADABLE,
        summary=f"what {name} declared cannot be read, so nobody knows what is not declared any more",
        hint="name another revision with `--base REV` (`--base HEAD` begins anew, and deletes nothing), or go on this "
        "time without any: `--no-base`",
    )
