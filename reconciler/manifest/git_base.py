"""What earlier revisions declared, so that a run knows what is not declared any more.

A ref for each environment remembers the last revision that converged, and further refs those whose apply began since
and did not. What any of them declared may be on the server because of us.

    refs/reconciler/applied/ENV             the last revision whose apply converged
    refs/reconciler/attempted/ENV/COMMIT    revisions whose apply began since

Each points at an annotated tag that names the server. A clone has none of them until they are fetched:
``git fetch origin 'refs/reconciler/*:refs/reconciler/*'``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, NoReturn

from reconciler.errors import ManifestError
from reconciler.manifest.checkout import Checkout
from reconciler.manifest.git import Repository
from reconciler.manifest.git_tree import Asked, declared_at
from reconciler.model.diagnostic import Diagnostic, Severity, error
from reconciler.model.state import DesiredState

__all__ = ["Base", "applied_ref", "find_base", "remember_attempt", "remember_success"]

_ROOT: Final = "refs/reconciler"
_DEFAULT: Final = "default"
_SERVER: Final = re.compile(r"^Server: (.+)$", re.MULTILINE)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]")
_SHORT: Final = 12


class Memory(NamedTuple):
    """One remembered revision.

    Attributes:
        target: what the ref points at.
        commit: the revision; None where its objects are not here.
        server: which server it was applied to; None where the ref does not say.
    """

    ref: str
    target: str
    commit: str | None
    server: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What earlier revisions declared.

    Attributes:
        checkout: what this run reads, as git knows it; None outside of any repository.
        applied: what the last converged revision declared; None where none is known.
        attempted: what revisions declared whose apply began since.
        commits: the revisions of these, in that order.
        findings: what a person should know about them.
        stays: why a converged apply of this run is not remembered; empty when it is.
        remembered: what the refs said.
        settled: the refs that are settled when this run converges.
    """

    checkout: Checkout | None = None
    environment: str = _DEFAULT
    server: str = ""
    applied: DesiredState | None = None
    attempted: tuple[DesiredState, ...] = ()
    commits: tuple[str, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    stays: str = ""
    remembered: tuple[Memory, ...] = field(default=(), repr=False)
    settled: frozenset[str] = field(default=frozenset(), repr=False)


def applied_ref(environment: str | None) -> str:
    """The ref that remembers the last converged revision of an environment."""
    return f"{_ROOT}/applied/{_safe(environment or _DEFAULT)}"


def _attempts(environment: str | None) -> str:
    return f"{_ROOT}/attempted/{_safe(environment or _DEFAULT)}"


def _safe(environment: str) -> str:
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), environment)


def find_base(
    checkout: Checkout,
    asked: Asked,
    desired: DesiredState,
    *,
    server: str,
    revision: str | None = None,
    several: tuple[str, ...] = (),
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
        several: the revisions a saved plan was made with, taken as they are.

    Raises:
        ManifestError: ``base-missing`` when a revision's objects are not here, ``base-unreadable`` when it declares
            nothing that can be read.
    """
    search = _Search(checkout, asked, desired, server)
    if revision is not None or several:
        named = [revision] if revision is not None else list(several)
        commits = [search.named(each) for each in named]
        states = [search.declared(each) for each in commits]
        return search.base(states[0], tuple(states[1:]), tuple(commits))
    return search.remembered()


class _Search:
    """One search: what it is for, and what a person should know."""

    def __init__(self, checkout: Checkout, asked: Asked, desired: DesiredState, server: str) -> None:
        self._repository = checkout.repository
        self._checkout = checkout
        self._asked = asked
        self._desired = desired
        self._server = server
        self._environment = asked.environment or _DEFAULT
        self._findings: list[Diagnostic] = []
        self._memories = tuple(_memories(self._repository, self._environment))
        self._settled = {each.ref for each in self._memories}
        self._stays = ""

    def base(self, applied: DesiredState | None, attempted: tuple[DesiredState, ...], commits: tuple[str, ...]) -> Base:
        """What was found, as one value."""
        stays = self._stays
        if any(_is_elsewhere(each, self._server) for each in self._memories):
            stays = "the ref of this environment belongs to another server; give each server an environment (`--env`)"
        elif self._checkout.commit is None:
            stays = "there is no commit"
        elif self._checkout.changed:
            shown = ", ".join(self._checkout.changed[:3])
            more = len(self._checkout.changed) - 3
            stays = f"the work tree is not exactly a commit: {shown}" + (f" and {more} more" if more > 0 else "")
        return Base(
            checkout=self._checkout,
            environment=self._environment,
            server=self._server,
            applied=applied,
            attempted=attempted,
            commits=commits,
            findings=tuple(self._findings),
            stays=stays,
            remembered=self._memories,
            settled=frozenset(self._settled),
        )

    def remembered(self) -> Base:
        """Take the remembered revisions."""
        mine = [each for each in self._memories if not _is_elsewhere(each, self._server)]
        if len(mine) < len(self._memories):
            self._warn(
                "base-of-another-server",
                f"what was applied last in environment `{self._environment}` was applied to another server",
                "give each server an environment of its own in reconciler.yaml, and name it with `--env`",
            )
        ref = applied_ref(self._environment)
        applied = next((each for each in mine if each.ref == ref), None)
        if applied is None and len(mine) == len(self._memories):
            self._findings.append(
                Diagnostic(
                    "base-unknown",
                    Severity.NOTE,
                    "no revision is known to have been applied: nothing is deleted for being no longer declared",
                    hint=f"the first apply that converges sets {ref}; a clone gets it with "
                    "`git fetch origin 'refs/reconciler/*:refs/reconciler/*'`",
                )
            )
        commits: list[str] = []
        states: list[DesiredState] = []
        for each in mine:
            commit = self._counting(each)
            if commit is not None and commit not in commits:
                commits.append(commit)
                states.append(self.declared(commit))
        first = applied is not None and bool(states)
        return self.base(states[0] if first else None, tuple(states[1:] if first else states), tuple(commits))

    def named(self, revision: str) -> str:
        """The commit a person named.

        Raises:
            ManifestError: ``base-missing``.
        """
        commit = self._repository.commit(revision)
        if commit is None:
            self._missing(f"there is no revision `{revision}` here", "check its name, or fetch it")
        return commit

    def declared(self, commit: str) -> DesiredState:
        """What a commit declares; nothing is read twice."""
        head = self._checkout.commit
        if (
            self._checkout.is_exact
            and head is not None
            and self._repository.tree(commit) == self._repository.tree(head)
        ):
            return self._desired
        return declared_at(self._repository, commit, self._asked)

    def _counting(self, memory: Memory) -> str | None:
        """The commit that counts for a remembered one: itself, or where the histories part."""
        head = self._checkout.commit
        if memory.commit is None:
            self._missing(
                f"{memory.ref} is set, but its commit is not here", "fetch it, or name another with `--base REV`"
            )
        if head is None or memory.commit == head or self._repository.is_ancestor(memory.commit, head):
            return memory.commit
        if self._repository.is_shallow:
            self._missing(
                f"whether {memory.ref} is part of this history cannot be told: the clone is shallow", _FETCH_HINT
            )
        name = memory.commit[:_SHORT]
        self._settled.discard(memory.ref)
        if memory.ref == applied_ref(self._environment):
            self._stays = f"{name}, applied before, is not part of this history"
        self._warn(
            "base-diverged",
            f"{name} was applied, and is not part of this history: what only it declared is left alone",
            f"a branch that is behind: merge what was applied; a rewritten history: `--base {name}` deletes what only "
            "that revision declared",
        )
        return self._repository.common_ancestor(memory.commit, head)

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


_FETCH_HINT: Final = (
    "this clone is shallow: `git fetch --unshallow`, or `fetch-depth: 0` where the pipeline checks out; "
    "`--no-base` goes on without, and deletes nothing for being no longer declared"
)


def _memories(repository: Repository, environment: str) -> Iterator[Memory]:
    """The remembered revisions of an environment, the one that converged first."""
    applied, attempted = applied_ref(environment), f"{_attempts(environment)}/"
    refs = {**repository.refs(applied), **repository.refs(_attempts(environment))}
    for ref in sorted(refs, key=lambda each: (each != applied, each)):
        if ref == applied or ref.startswith(attempted):
            told = _SERVER.search(repository.text_of_tag(refs[ref]) or "")
            yield Memory(ref, refs[ref], repository.commit(ref), told[1] if told else None)


def _is_elsewhere(memory: Memory, server: str) -> bool:
    return memory.server is not None and memory.server != server


def remember_attempt(base: Base) -> str:
    """Take down that an apply of this revision begins.

    Returns:
        Why it could not be; empty when it was, or need not be.
    """
    if base.stays or base.checkout is None or base.checkout.commit is None:
        return base.stays
    commit = base.checkout.commit
    ref = f"{_attempts(base.environment)}/{commit}"
    if any(each.commit == commit for each in base.remembered):
        return ""
    return base.checkout.repository.update_refs([f"update {ref} {_tag(base, commit, 'began')}"])


def remember_success(base: Base) -> str:
    """Take down that an apply of this revision converged, and forget the attempts before it.

    Returns:
        Why it could not be; empty when it was.
    """
    if base.checkout is None or base.checkout.commit is None or base.stays:
        return base.stays
    commit, repository = base.checkout.commit, base.checkout.repository
    ref = applied_ref(base.environment)
    now = {each.ref: each for each in _memories(repository, base.environment)}
    over = [each for each in now.values() if each.ref != ref and (each.ref in base.settled or each.commit == commit)]
    orders = [f"delete {each.ref} {each.target}" for each in over]
    before = next((each for each in base.remembered if each.ref == ref), None)
    if before is None or before.commit != commit:
        old = before.target if before is not None else "0" * len(commit)
        orders.insert(0, f"update {ref} {_tag(base, commit, 'converged')} {old}")
    return repository.update_refs(orders) if orders else ""


def _tag(base: Base, commit: str, what: str) -> str:
    """Store a tag that says which server a commit was applied to; the commit itself where that cannot be."""
    assert base.checkout is not None
    repository = base.checkout.repository
    # the tag is dated as its commit is, so that the same fact is the same object everywhere
    text = (
        f"object {commit}\ntype commit\ntag applied\n"
        f"tagger reconciler <reconciler@localhost> {repository.time_of(commit)}\n\n"
        f"An apply of this revision {what}.\n\nServer: {base.server}\n"
    )
    return repository.write_tag(text) or commit
