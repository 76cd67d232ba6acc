"""What earlier revisions declared, so that a run knows what is not declared any more.

What the last converged revision declared may be on the server because of us, and so may what revisions declared whose
apply began since and did not converge. `applied` remembers which these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NoReturn

from reconciler.errors import ManifestError
from reconciler.history.applied import (
    DEFAULT_ENVIRONMENT,
    Base,
    Memory,
    applied_ref,
    applied_refs,
    memories,
)
from reconciler.history.asked import Asked, Choice
from reconciler.history.checkout import Checkout, checkout_of
from reconciler.history.git import RunGit, open_repository
from reconciler.manifest.files import Source
from reconciler.manifest.inside import resolved
from reconciler.manifest.reading import LearningMemory
from reconciler.model.diagnostic import Diagnostic, Severity, error
from reconciler.model.focus import Part
from reconciler.model.state import DesiredState
from reconciler.records import replace

__all__ = ["base_of_run", "find_base"]

_SHORT: Final = 12
_NO_DIGESTS: Final[Mapping[str, bytes]] = {}


def base_of_run(  # noqa: PLR0913  it is handed what a run knows of itself
    asked: Asked,
    desired: DesiredState,
    sources: Iterable[Source],
    *,
    paths: Iterable[str],
    git: RunGit | None,
    server: str,
    choice: Choice,
    memory: Callable[[], LearningMemory | None] = lambda: None,
    digests: Mapping[str, bytes] = _NO_DIGESTS,
) -> Base:
    """Find what earlier revisions declared, as a run is told to.

    Args:
        asked: what the run reads, in the words of its command line.
        desired: what it declares.
        sources: every file it read.
        paths: where it looked for manifests, those of the project file included.
        git: runs git; None where there is none.
        server: the server's origin.
        choice: which revisions are wanted.
        memory: makes what spares reading manifests that were read before.
        digests: of the contents of what it read, by the names of sources.

    Raises:
        ManifestError: as `find_base`; or ``base-missing``, when a revision is wanted and there is no repository.
    """
    wanted = choice.revision is not None
    findings: tuple[Diagnostic, ...] = ()
    try:
        repository = open_repository(asked.start, git) if git is not None else None
    except ManifestError as problem:
        if wanted:
            raise
        repository = None
        findings = tuple(replace(each, severity=Severity.WARNING) for each in problem.diagnostics)
    folders = [asked.start / path for path in paths]
    if repository is None:
        if wanted:
            hint = "run it inside the repository the manifests are in"
            raise ManifestError(
                (error("base-missing", "there is no git repository here", hint=hint),), id="base-missing"
            )
        return Base(findings=findings or tuple(_elsewhere(folders, None)))
    checkout = checkout_of(repository, sources, start=asked.start, folders=folders, digests=digests)
    if choice.off:
        return Base(
            checkout=checkout,
            environment=asked.environment or DEFAULT_ENVIRONMENT,
            server=server,
            stays=_unfit(checkout),
            beside="`--no-base` was given, so what was declared before may still be there",
        )
    base = find_base(checkout, asked, desired, server=server, revision=choice.revision, memory=memory)
    return replace(base, findings=(*base.findings, *_elsewhere(folders, repository.root)))


def _elsewhere(folders: Iterable[Path], root: Path | None) -> Iterator[Diagnostic]:
    """Say that manifests are in another repository than the run, which remembers nothing of theirs."""
    for folder in map(resolved, folders):
        if root is not None and folder.is_relative_to(root):
            continue
        other = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)
        if other is not None:
            import shlex  # noqa: PLC0415  few runs are elsewhere

            yield Diagnostic(
                "base-elsewhere",
                Severity.WARNING,
                f"the manifests are in the repository {other}, and this run is not: nothing of theirs is deleted for "
                "being no longer declared, or remembered",
                hint=f"run it in there: `cd {shlex.quote(str(other))}`",
            )
            return


def find_base(
    checkout: Checkout,
    asked: Asked,
    desired: DesiredState,
    *,
    server: str,
    revision: str | None = None,
    memory: Callable[[], LearningMemory | None] = lambda: None,
) -> Base:
    """Find what earlier revisions declared.

    A remembered revision that is not part of the history that is checked out (a branch behind, a rewritten history)
    counts only as far as both histories agree: what a branch never had, it does not delete.

    Args:
        checkout: what this run reads.
        asked: the same in the words of the command line.
        desired: what it declares.
        server: the server's origin.
        revision: a revision to take in place of the remembered ones, whatever its history.
        memory: makes what spares reading manifests that were read before.

    Raises:
        ManifestError: ``base-missing`` when a revision's objects are not here, ``base-unreadable`` when it declares
            nothing that can be read.
    """
    search = _Search(checkout, asked, desired, server, memory)
    if revision is None:
        return search.remembered()
    commit = search.named(revision)
    return search.base(search.declared(commit), (), (commit,))


class _Search:
    """One search: what it is for, and what a person should know."""

    def __init__(
        self,
        checkout: Checkout,
        asked: Asked,
        desired: DesiredState,
        server: str,
        memory: Callable[[], LearningMemory | None],
    ) -> None:
        self._repository = checkout.repository
        self._checkout = checkout
        self._asked = asked
        self._desired = desired
        self._server = server
        self._memory = memory
        self._environment = asked.environment or DEFAULT_ENVIRONMENT
        self._findings: list[Diagnostic] = []
        self._memories = tuple(memories(self._repository, self._environment))
        self._settled = {each.ref for each in self._memories}
        self._beside = ""

    def base(
        self,
        applied: DesiredState | None,
        attempted: tuple[DesiredState, ...],
        commits: tuple[str, ...],
        parts: tuple[Part, ...] = (),
    ) -> Base:
        """What was found, as one value."""
        stays = _unfit(self._checkout)
        if any(each.is_of_another(self._server) for each in self._memories):
            stays = "the ref of this environment belongs to another server; give each server an environment (`--env`)"
        return Base(
            checkout=self._checkout,
            environment=self._environment,
            server=self._server,
            applied=applied,
            attempted=attempted,
            commits=commits,
            findings=tuple(self._findings),
            stays=stays,
            beside=self._beside,
            parts=parts,
            remembered=self._memories,
            settled=frozenset(self._settled),
        )

    def remembered(self) -> Base:
        """Take the remembered revisions."""
        mine = [each for each in self._memories if not each.is_of_another(self._server)]
        ref = applied_ref(self._environment)
        if len(mine) < len(self._memories):
            other = next(each for each in self._memories if each.is_of_another(self._server))
            self._warn(
                "base-of-another-server",
                f"what was applied last in environment `{self._environment}` was applied to {other.server}",
                "give each server an environment of its own in reconciler.yaml, and name it with `--env`; if it is the "
                f"same by another name: `git update-ref -d {other.ref}`, and once `--base {other.target[:_SHORT]}`",
            )
        applied = next((each for each in mine if each.ref == ref), None)
        if applied is None and len(mine) == len(self._memories):
            self._findings.append(
                Diagnostic(
                    "base-unknown",
                    Severity.NOTE,
                    "no revision is known to have been applied: nothing is deleted for being no longer declared",
                    hint=f"the first apply that converges sets {ref}; a clone gets it with "
                    "`git fetch origin 'refs/reconciler/*:refs/reconciler/*'`" + self._under_other_names(),
                )
            )
        found: dict[tuple[str, tuple[str, ...] | None], DesiredState] = {}
        for each in (memory for memory in mine if not memory.focus):
            commit, paths = self._counting(each), self._paths_of(each)
            if commit is not None and (commit, paths) not in found:
                found[commit, paths] = self.declared(commit, paths)
        states = tuple(found.values())
        first = applied is not None and bool(states)
        commits = tuple(dict.fromkeys(commit for commit, _ in found))
        parts = tuple(self._parts(applied, [each for each in mine if each.focus]))
        return self.base(states[0] if first else None, states[1:] if first else states, commits, parts)

    def _parts(self, applied: Memory | None, narrowed: Iterable[Memory]) -> Iterator[Part]:
        """What narrowed applies were about, as far as they are part of this history: of others nothing is made."""
        head = self._checkout.commit
        for each in narrowed:
            commit, before = each.commit, applied.commit if applied is not None else None
            if commit is None or head is None or not self._is_in(commit, head):
                self._settled.discard(each.ref)
                continue
            settles = each.converged and before is not None and self._is_in(before, commit)
            yield Part(self.declared(commit, self._paths_of(each)), each.focus, each.converged, settles)

    def _is_in(self, commit: str, of: str) -> bool:
        return commit == of or self._repository.is_ancestor(commit, of)

    def _under_other_names(self) -> str:
        """What is known of other environments: one of them may have had another name."""
        others = applied_refs(self._repository)
        if not others:
            return ""
        return f"; remembered here: {', '.join(others)}; if one is this environment's old name, `--base` takes it once"

    def named(self, revision: str) -> str:
        """The commit a person named.

        Raises:
            ManifestError: ``base-missing``.
        """
        commit = self._repository.commit(revision)
        if commit is None:
            self._missing(f"there is no revision `{revision}` here", "check its name, or fetch it")
        return commit

    def declared(self, commit: str, paths: tuple[str, ...] | None = None) -> DesiredState:
        """What a commit declares in some files and folders, or where this run looks; nothing is read twice."""
        head = self._checkout.commit
        if paths is not None:
            named = tuple(str(self._repository.root / path) for path in paths)
            return self._read(commit, replace(self._asked, paths=named)) if named else _NOTHING
        if (
            self._checkout.is_exact
            and head is not None
            and (commit == head or self._repository.tree(commit) == self._repository.tree(head))
        ):
            return self._desired
        return self._read(commit, self._asked)

    def _read(self, commit: str, asked: Asked) -> DesiredState:
        from reconciler.history.tree import declared_at  # noqa: PLC0415  most runs need no other revision

        return declared_at(self._repository, commit, asked, self._memory(), self._checkout)

    def _counting(self, memory: Memory) -> str | None:
        """The commit that counts for a remembered one: itself, or where the histories part."""
        head = self._checkout.commit
        if memory.commit is None:
            self._missing(
                f"{memory.ref} is set, but its commit is not here",
                "fetch it, or name another with `--base REV` (`--base HEAD` begins anew, and deletes nothing)",
            )
        if head is None or memory.commit == head or self._repository.is_ancestor(memory.commit, head):
            return memory.commit
        if self._repository.is_shallow:
            self._missing(
                f"whether {memory.ref} is part of this history cannot be told: the clone is shallow", _FETCH_HINT
            )
        name = memory.commit[:_SHORT]
        self._settled.discard(memory.ref)
        what = f"an apply of {name} began, which"
        if memory.ref == applied_ref(self._environment):
            what = f"{name} was applied, and"
            self._beside = f"{name}, applied before, is not part of this history"
        self._warn(
            "base-diverged",
            f"{what} is not part of this history: what only it declared is left alone",
            f"a branch that is behind: merge what was applied; a rewritten history: `--base {name}` deletes what only "
            "that revision declared",
        )
        return self._repository.common_ancestor(memory.commit, head)

    def _paths_of(self, memory: Memory) -> tuple[str, ...] | None:
        """What counts of the manifests that were applied then; None where they are those of this run.

        What was applied and is not read by this run although it is there says nothing about what should be. What is
        gone declares nothing any more: a file that was named, such as by a shell's `*`, and was deleted or renamed.
        """
        now, then = self._checkout.manifests, memory.manifests
        if then is None or then == now:
            return None
        if not self._asked.paths:  # the project file decides what there is, at each revision
            return then
        counting: list[str] = []
        for path in then:
            if any(_is_within(path, each) for each in now) or not (self._repository.root / path).exists():
                counting.append(path)
                continue
            counting += [each for each in now if _is_within(each, path)]
            self._settled.discard(memory.ref)
            self._beside = (
                f"this run does not read all of `{path or '.'}`, which was applied before; name it too, or begin anew "
                "with `--base REV`"
            )
        return tuple(counting)

    def _missing(self, summary: str, hint: str) -> NoReturn:
        shallow = self._repository.is_shallow
        finding = error(
            "base-missing",
            summary,
            hint=_FETCH_HINT if shallow else f"{hint}; `--no-base` goes on without, and deletes nothing for that",
        )
        raise ManifestError((finding,), id="base-missing", summary="what was applied last cannot be found")

    def _warn(self, identifier: str, summary: str, hint: str) -> None:
        self._findings.append(Diagnostic(identifier, Severity.WARNING, summary, hint=hint))


def _unfit(checkout: Checkout) -> str:
    """Why no commit stands for what is read; empty when one does."""
    if checkout.commit is None:
        return "there is no commit"
    if not checkout.changed:
        return ""
    if checkout.nested is not None:
        return f"`{checkout.nested}` is a repository of its own, so no commit of this one holds it; run it in there"
    shown = ", ".join(checkout.changed[:3])
    more = len(checkout.changed) - 3
    return f"the work tree is not exactly a commit: {shown}" + (f" and {more} more" if more > 0 else "")


def _is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder, or in it; the top is called by the empty text."""
    return folder in ("", path) or path.startswith(f"{folder}/")


_NOTHING: Final = DesiredState({})
_FETCH_HINT: Final = (
    "this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` where the pipeline checks out; "
    "`--no-base` goes on without, and deletes nothing for being no longer declared"
)
