"""Git, asked what it knows: commits, trees and files at a revision, and the refs of our own.

Nothing here runs what a repository's content or configuration could name. Only plumbing is called, which knows no
pager, external diff or alias; hooks and file system monitors are switched off; contents are read as they are stored,
past filters and text conversions; nothing is fetched, also not what a partial clone leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from reconciler.errors import ManifestError
from reconciler.manifest.inside import resolved
from reconciler.model.diagnostic import error
from reconciler.records import record

__all__ = ["ENVIRONMENT", "Entry", "GitAnswer", "Repository", "RunGit", "TaggedRef", "open_repository"]

ENVIRONMENT: Final[Mapping[str, str]] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
"""Variables every call is made with; a caller's own ``GIT_...`` variables must not get through."""

_COMMAND: Final = (
    "git",
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.fsync=loose-object,reference"),  # that an apply began must outlive a power cut
    *("-c", "protocol.allow=never"),
    *("-c", "safe.bareRepository=explicit"),
)

_LINK_MODE: Final = "120000"
_FILE_MODES: Final = ("100644", "100755")
_NO_REPOSITORY: Final = "not a git repository"
_MISSING_HINT: Final = "install git; without it nothing is known of what was applied before, and nothing is remembered"
_OWNER_HINT: Final = "if it belongs to another user: `git config --global --add safe.directory FOLDER`"
_TAGGED_REF: Final = "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)%00%(contents)%00"
_DIGITS: Final = frozenset("0123456789abcdef")
_LENGTHS: Final = (40, 64)
"""Of names of objects, by SHA-1 and by SHA-256."""


@record(frozen=True, slots=True)
class GitAnswer:
    """What came of a call."""

    status: int
    output: bytes
    complaint: str = ""


class RunGit(Protocol):
    """Runs git: no shell, with `ENVIRONMENT` and without any other ``GIT_...`` variable."""

    def __call__(self, command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        """Run a command in a folder, with bytes on standard input.

        Raises:
            OSError: git cannot be started.
        """


@record(frozen=True, slots=True)
class Entry:
    """A file or link of a tree.

    Attributes:
        path: from the top of the repository.
        identity: what git calls its content.
        size: bytes.
    """

    path: str
    identity: str
    size: int
    is_link: bool


@record(frozen=True, slots=True)
class TaggedRef:
    """A ref of our own.

    Attributes:
        target: what it points at.
        commit: the commit it leads to; None where its objects are not here.
        text: what the annotated tag says it points at; None where it points at something else.
    """

    ref: str
    target: str
    commit: str | None
    text: str | None


@record(frozen=True, slots=True)
class Repository:
    """A repository with a work tree.

    Attributes:
        root: the top of the work tree, links resolved.
        run: runs git.
        head: the commit that was checked out when it was opened, where that is known.
    """

    root: Path
    run: RunGit
    head: str | None = None

    @property
    def checked_out(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        return self.head or self.commit("HEAD")

    def commit(self, revision: str) -> str | None:
        """The commit a revision means; None where there is none, or its objects are not here."""
        answer = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        found = answer.output.decode(errors="replace").strip()
        return found if answer.status == 0 and _is_name(found) else None

    def tree(self, commit: str) -> str:
        """What git calls the whole content of a commit.

        Raises:
            ManifestError: ``git-failed``.
        """
        return self._must("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether a commit is part of another one's history, as far as the history is here."""
        return self._ask("merge-base", "--is-ancestor", commit, of).status == 0

    def common_ancestor(self, one: str, other: str) -> str | None:
        """Where two histories part; None where they have nothing in common."""
        answer = self._ask("merge-base", one, other)
        return answer.output.decode().split("\n", 1)[0] if answer.status == 0 else None

    @property
    def is_shallow(self) -> bool:
        """Whether a part of the history is not here."""
        return self._ask("rev-parse", "--is-shallow-repository").output.strip() == b"true"

    @property
    def has_remote(self) -> bool:
        """Whether there is another repository that this one fetches from or pushes to."""
        return self._ask("config", "--get-regexp", r"^remote\..*\.url$").status == 0

    def entries(self, commit: str) -> tuple[Entry, ...]:
        """Every file and link of a commit.

        Raises:
            ManifestError: ``git-failed``.
        """
        found = []
        for line in self._must("ls-tree", "-r", "-l", "-z", "--full-tree", commit).split(b"\0"):
            if not line:
                continue
            told, _, path = line.partition(b"\t")
            mode, _, identity, size = told.decode().split()
            if mode in _FILE_MODES or mode == _LINK_MODE:
                found.append(Entry(path.decode("utf-8", "surrogateescape"), identity, int(size), mode == _LINK_MODE))
        return tuple(found)

    def contents(self, identities: Iterable[str]) -> dict[str, bytes]:
        """The contents of files, by what git calls them.

        Raises:
            ManifestError: ``git-failed``, or ``git-object-missing`` in a clone that left them out.
        """
        wanted = list(dict.fromkeys(identities))
        if not wanted:
            return {}
        answer = self._must("cat-file", "--batch", given="".join(f"{each}\n" for each in wanted).encode())
        found: dict[str, bytes] = {}
        at = 0
        for identity in wanted:
            end = answer.find(b"\n", at)
            words = answer[at:end].split()
            if end < 0 or len(words) != 3 or words[1] != b"blob":  # noqa: PLR2004  "IDENTITY blob SIZE"
                summary = "git does not have all files of a revision"
                hint = "a partial clone leaves them out: clone without `--filter`"
                raise ManifestError((error("git-object-missing", summary, hint=hint),))
            size = int(words[2])
            found[identity] = answer[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found

    def tagged_refs(self, *prefixes: str) -> tuple[TaggedRef, ...]:
        """The refs below some prefixes, with all that is known of them: in one call, where nothing is missing."""
        answer = self._ask("for-each-ref", f"--format={_TAGGED_REF}", *prefixes)
        if answer.status != 0:
            refs = self.refs(*prefixes).items()
            return tuple(TaggedRef(ref, target, self.commit(ref), self.text_of_tag(target)) for ref, target in refs)
        words = answer.output.decode(errors="replace").split("\0")
        found = []
        for at in range(0, len(words) - 1, 6):
            ref, target, kind, behind, kind_behind, text = words[at : at + 6]
            commit = {kind: target, kind_behind: behind}.get("commit") or self.commit(ref.lstrip("\n"))
            found.append(TaggedRef(ref.lstrip("\n"), target, commit, text if kind == "tag" else None))
        return tuple(found)

    def refs(self, *prefixes: str) -> dict[str, str]:
        """The refs below some prefixes, and the objects they point at."""
        told = self._must("for-each-ref", "--format=%(refname) %(objectname)", *prefixes).decode()
        return {ref: target for ref, _, target in (line.partition(" ") for line in told.splitlines())}

    def text_of_tag(self, identity: str) -> str | None:
        """What an annotated tag says, its head included; None for what is none."""
        answer = self._ask("cat-file", "tag", identity)
        return answer.output.decode(errors="replace") if answer.status == 0 else None

    def write_tag(self, text: str) -> str | None:
        """Store an annotated tag; gives what git calls it, or None where it cannot be stored."""
        answer = self._ask("mktag", given=text.encode())
        return answer.output.decode().strip() if answer.status == 0 else None

    def time_of(self, commit: str) -> str:
        """When a commit was made, as tags write it: seconds and zone.

        Raises:
            ManifestError: ``git-failed``.
        """
        for line in self._must("cat-file", "commit", commit).split(b"\n"):
            if line.startswith(b"committer "):
                return b" ".join(line.rsplit(b" ", 2)[1:]).decode()
        raise _failed("a commit without a committer")

    def update_refs(self, orders: Iterable[str]) -> str:
        """Change refs, all or none.

        Args:
            orders: ``update REF NEW OLD``, ``create REF NEW`` and ``delete REF OLD``.

        Returns:
            Why it could not be done; empty when it was.
        """
        given = "".join(f"{order}\n" for order in orders)
        answer = self._ask("update-ref", "--stdin", given=given.encode())
        return "" if answer.status == 0 else answer.complaint.strip() or "git refused"

    def _ask(self, *arguments: str, given: bytes = b"") -> GitAnswer:
        return self.run((*_COMMAND, *arguments), folder=self.root, given=given)

    def _must(self, *arguments: str, given: bytes = b"") -> bytes:
        answer = self._ask(*arguments, given=given)
        if answer.status != 0:
            raise _failed(answer.complaint.strip() or f"`git {arguments[0]}` failed")
        return answer.output


def open_repository(folder: Path, run: RunGit) -> Repository | None:
    """The repository a folder is in; None where there is none.

    Raises:
        ManifestError: ``git-failed``, where git refuses to look, such as at another user's repository, or is missing.
    """
    where = (*_COMMAND, "rev-parse", "--show-toplevel")
    try:
        answer = run((*where, "HEAD^{commit}"), folder=folder, given=b"")
        told, _, last = answer.output.decode("utf-8", "surrogateescape").rstrip("\n").rpartition("\n")
        if answer.status == 0 and _is_name(last):
            return Repository(resolved(Path(told)), run, last)
        answer = run(where, folder=folder, given=b"") if _NO_REPOSITORY not in answer.complaint else answer
    except OSError as problem:
        if any((each / ".git").exists() for each in (folder, *folder.resolve().parents)):
            raise _failed(f"it cannot be run ({problem.strerror or problem})", _MISSING_HINT) from problem
        return None
    root = answer.output.decode("utf-8", "surrogateescape").rstrip("\n")
    if answer.status == 0 and root:
        return Repository(resolved(Path(root)), run)
    if _NO_REPOSITORY in answer.complaint:
        return None
    raise _failed(answer.complaint.strip() or "it does not say why", _OWNER_HINT)


def _is_name(text: str) -> bool:
    """Whether it is what git calls an object."""
    return len(text) in _LENGTHS and _DIGITS.issuperset(text)


def _failed(why: str, hint: str = "look at the repository with `git fsck`") -> ManifestError:
    return ManifestError((error("git-failed", f"git cannot read the repository: {why.splitlines()[0]}", hint=hint),))
