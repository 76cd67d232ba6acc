"""Whether what a run reads is exactly a commit: only then can a revision stand for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from reconciler.history.git import Entry, Repository
from reconciler.manifest.files import Source, may_be_read
from reconciler.manifest.inside import resolved
from reconciler.records import field, record

__all__ = ["Checkout", "checkout_of"]

_LONG_IDENTITY: Final = 64
_DEFAULTS: Final = "_defaults."
_NO_DIGESTS: Final[Mapping[str, bytes]] = {}


@record(frozen=True, slots=True)
class Checkout:
    """What the work tree is, as far as a run reads it.

    Attributes:
        commit: the commit that is checked out; None before the first one.
        changed: what is read and is not as that commit has it: paths from the top, sorted.
        manifests: the files and folders that were searched for manifests, in the same way.
        identities: what git calls the contents of what is read and is as that commit has it, by the names of sources.
        digests: of the contents of what this run has read, by the names of sources.
    """

    repository: Repository
    commit: str | None
    changed: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    identities: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def is_exact(self) -> bool:
        """Whether what is read is exactly the commit."""
        return self.commit is not None and not self.changed

    @property
    def nested(self) -> str | None:
        """The first repository inside this one, such as a submodule, that something read is in."""
        root = self.repository.root
        folders = (folder for path in self.changed for folder in PurePosixPath(path).parents if folder.name)
        return next((str(folder) for folder in folders if (root / folder / ".git").exists()), None)


def checkout_of(
    repository: Repository,
    sources: Iterable[Source],
    *,
    start: Path,
    folders: Sequence[Path],
    digests: Mapping[str, bytes] = _NO_DIGESTS,
) -> Checkout:
    """Compare what a run reads with the commit that is checked out.

    The files themselves are compared, not what git thinks of them: asking git would run the filters a repository names.

    Args:
        sources: every file the run reads: manifests, the defaults around them, values, the project file.
        start: the folder their names are relative to.
        folders: files and folders searched for manifests; what the commit has there and the work tree has not counts.
        digests: see `Checkout`.

    Raises:
        ManifestError: git cannot read the commit.
    """
    commit = repository.checked_out
    if commit is None:
        return Checkout(repository, None)
    comparison = _Comparison(repository, {each.path: each for each in repository.entries(commit)}, resolved(start))
    changed = {*comparison.links()}
    for source in {(each.name, each.path): each for each in sources}.values():
        changed |= set(comparison.source(source))
    searched = comparison.searched(folders)
    changed |= set(comparison.missing(searched))
    return Checkout(repository, commit, tuple(sorted(changed)), searched, comparison.same, digests)


@record(frozen=True, slots=True)
class _Comparison:
    """Compares files with a commit; with paths as texts, because there are as many as there are manifests.

    Attributes:
        entries: what the commit has, by path.
        start: the folder the names of sources are relative to.
        read: the paths of what was compared and is the same.
        same: what git calls it, by the names of sources.
        folders: where folders are, links resolved.
    """

    repository: Repository
    entries: Mapping[str, Entry]
    start: Path
    read: set[str] = field(default_factory=set)
    same: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)

    def links(self) -> Iterable[str]:
        links = [entry for entry in self.entries.values() if entry.is_link]
        if not links:
            return
        targets = self.repository.contents(entry.identity for entry in links)
        for entry in links:
            place = self.repository.root / entry.path
            if not place.is_symlink() or os.fsencode(place.readlink()) != targets[entry.identity]:
                yield entry.path

    def source(self, source: Source) -> Iterable[str]:
        """What is not in the commit as it is here: the file, or the link that leads to it."""
        if source.path is None:
            yield source.name
            return
        path = self._path(self._real(str(source.path)))
        entry = self.entries.get(path) if path is not None else None
        if path is None or entry is None or not _is_same(entry, source.read()):
            yield path or source.name
        else:
            self.read.add(path)
            self.same[source.name] = entry.identity
        named = self._path(os.path.normpath(os.path.join(self.start, source.name)))  # noqa: PTH118  texts, see above
        if named is not None and named != path and not self._is_linked(named):
            yield named

    def searched(self, folders: Sequence[Path]) -> tuple[str, ...]:
        """Where manifests are searched, as far as it is in the repository."""
        return tuple(sorted({path for folder in folders if (path := self._path(str(resolved(folder)))) is not None}))

    def missing(self, searched: Sequence[str]) -> Iterable[str]:
        """What the commit has where manifests are searched, and the work tree has not."""
        for path in self.entries:
            inside = any(where in ("", path) or path.startswith(f"{where}/") for where in searched)
            concerned = (inside and may_be_read(path)) or path.rpartition("/")[2].startswith(_DEFAULTS)
            if concerned and path not in self.read and not (self.repository.root / path).exists():
                yield path

    def _real(self, place: str) -> str:
        """Where a file is, links resolved; each folder is looked at once."""
        folder, name = os.path.split(place)
        if folder not in self.folders:
            self.folders[folder] = os.path.realpath(folder)
        real = os.path.join(self.folders[folder], name)  # noqa: PTH118  texts, see above
        return os.path.realpath(real) if os.path.islink(real) else real  # noqa: PTH114

    def _path(self, place: str) -> str | None:
        """The path of a place in the repository, which is "" for its top; None for a place outside."""
        root = str(self.repository.root)
        if place == root:
            return ""
        inside = root if root.endswith(os.sep) else f"{root}{os.sep}"
        return place.removeprefix(inside).replace(os.sep, "/") if place.startswith(inside) else None

    def _is_linked(self, path: str) -> bool:
        """Whether a path, or a folder it goes through, is a link of the commit."""
        while path:
            entry = self.entries.get(path)
            if entry is not None and entry.is_link:
                return True
            path = path.rpartition("/")[0]
        return False


def _is_same(entry: Entry, content: bytes) -> bool:
    """Whether a content is the entry's, or was before line ends were changed on the way into the work tree."""
    if entry.identity == _identity(content, entry):
        return True
    return b"\r\n" in content and entry.identity == _identity(content.replace(b"\r\n", b"\n"), entry)


def _identity(content: bytes, entry: Entry) -> str:
    """What git would call a content."""
    import hashlib  # noqa: PLC0415  it brings OpenSSL; only where there is a commit to compare with

    digest = hashlib.sha256 if len(entry.identity) == _LONG_IDENTITY else hashlib.sha1
    return digest(b"blob %d\0" % len(content) + content).hexdigest()
