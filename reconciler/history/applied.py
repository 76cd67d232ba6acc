"""What is remembered of earlier applies: a ref for each environment, and further ones for what did not converge.

    refs/reconciler/applied/ENV             the last revision whose apply converged
    refs/reconciler/attempted/ENV/COMMIT    revisions whose apply began since
    refs/reconciler/attempted/ENV/COMMIT-X  the same of a part, of applies that were narrowed

Each points at an annotated tag that names the server and what was read: a run that reads less says nothing of the rest.
That of a narrowed apply names what it was narrowed to, and whether it converged.
A clone has none of them until they are fetched, and nobody else
has them until they are pushed:

    git fetch origin 'refs/reconciler/*:refs/reconciler/*'
    git push --prune origin 'refs/reconciler/*:refs/reconciler/*'
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from reconciler.errors import ProtocolError
from reconciler.history.checkout import Checkout
from reconciler.history.git import Repository, TaggedRef
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.focus import EVERYTHING, Focus, Part
from reconciler.model.state import DesiredState
from reconciler.records import field, record

__all__ = [
    "DEFAULT_ENVIRONMENT",
    "Base",
    "Memory",
    "applied_ref",
    "applied_refs",
    "memories",
    "remember_attempt",
    "remember_part",
    "remember_success",
    "remembering",
]

DEFAULT_ENVIRONMENT: Final = "default"
_ROOT: Final = "refs/reconciler"
_SERVER: Final = "Server: "
_MANIFESTS: Final = "Manifests: "
_DOMAINS: Final = "Domains: "
_TARGETS: Final = "Targets: "
_STORY: Final = "An apply of this revision {}."
_CONVERGED: Final = "converged"
_SAFE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@record(frozen=True, slots=True)
class Memory:
    """One remembered revision.

    Attributes:
        target: what the ref points at.
        commit: the revision; None where its objects are not here.
        server: which server it was applied to; None where the ref does not say.
        manifests: the files and folders that were read, from the top; None where the ref does not say.
        focus: what the apply was narrowed to.
        converged: whether it did, where it was narrowed.
    """

    ref: str
    target: str
    commit: str | None
    server: str | None
    manifests: tuple[str, ...] | None = None
    focus: Focus = EVERYTHING
    converged: bool = False

    def is_of_another(self, server: str) -> bool:
        """Whether it was applied to another server than this one."""
        return self.server is not None and self.server != server


@record(frozen=True, slots=True, kw_only=True)
class Base:
    """What earlier revisions declared.

    Attributes:
        checkout: what this run reads, as git knows it; None outside of any repository.
        applied: what the last converged revision declared; None where none is known.
        attempted: what revisions declared whose apply began since.
        parts: what narrowed applies were about since.
        commits: the revisions of the last converged one and those attempted, in that order.
        findings: what a person should know about them.
        stays: why nothing of an apply of this run is remembered; empty when something is.
        beside: why a converged apply is remembered as an attempt only, beside what was applied before: it says nothing
            of all that was; empty when it is as good as that.
        remembered: what the refs said.
        settled: the refs that are settled when this run converges.
    """

    checkout: Checkout | None = None
    environment: str = DEFAULT_ENVIRONMENT
    server: str = ""
    applied: DesiredState | None = None
    attempted: tuple[DesiredState, ...] = ()
    parts: tuple[Part, ...] = ()
    commits: tuple[str, ...] = ()
    findings: tuple[Diagnostic, ...] = ()
    stays: str = ""
    beside: str = ""
    remembered: tuple[Memory, ...] = field(default=(), repr=False)
    settled: frozenset[str] = field(default=frozenset(), repr=False)


def applied_ref(environment: str | None) -> str:
    """The ref that remembers the last converged revision of an environment."""
    return f"{_ROOT}/applied/{_safe(environment or DEFAULT_ENVIRONMENT)}"


def applied_refs(repository: Repository) -> list[str]:
    """The refs that remember what was applied, of every environment."""
    return sorted(repository.refs(f"{_ROOT}/applied"))


def _attempts(environment: str | None) -> str:
    return f"{_ROOT}/attempted/{_safe(environment or DEFAULT_ENVIRONMENT)}"


def _safe(environment: str) -> str:
    coded = (each if each in _SAFE else "".join(f"%{byte:02X}" for byte in each.encode()) for each in environment)
    return "".join(coded)


def remembering(repository: Repository, environment: str) -> tuple[TaggedRef, ...]:
    """What git holds of the remembered revisions of an environment."""
    return repository.tagged_refs(applied_ref(environment), _attempts(environment))


def memories(repository: Repository, environment: str) -> Iterator[Memory]:
    """The remembered revisions of an environment, the one that converged first."""
    applied, attempted = applied_ref(environment), f"{_attempts(environment)}/"
    refs = remembering(repository, environment)
    for each in sorted(refs, key=lambda each: (each.ref != applied, each.ref)):
        if each.ref == applied or each.ref.startswith(attempted):
            told = (each.text or "").split("\n")
            server = _said(_SERVER, told)
            manifests = _words_in(_said(_MANIFESTS, told))
            focus = Focus(_words_in(_said(_DOMAINS, told)) or (), _words_in(_said(_TARGETS, told)) or ())
            converged = bool(focus) and _STORY.format(_CONVERGED) in told
            yield Memory(each.ref, each.target, each.commit, server, manifests, focus, converged)


def _said(word: str, told: Iterable[str]) -> str | None:
    """What a tag says behind a word, in the first line that says something."""
    return next((line.removeprefix(word) for line in told if line.startswith(word) and line != word), None)


def _words_in(said: str | None) -> tuple[str, ...] | None:
    if said is None:
        return None
    from reconciler.api import decode_json  # noqa: PLC0415  only where something was applied before

    try:
        return tuple(map(str, decode_json(said.encode())))
    except (ProtocolError, TypeError):
        return None


def remember_attempt(base: Base, focus: Focus = EVERYTHING) -> str:
    """Take down that an apply of this revision begins.

    Args:
        focus: what it is narrowed to.

    Returns:
        Why it could not be; empty when it was, or need not be.
    """
    if base.stays or base.checkout is None or base.checkout.commit is None:
        return base.stays
    commit = base.checkout.commit
    ref = _attempt_of(base, commit, focus)
    same = [each for each in base.remembered if each.commit == commit and each.focus in (focus, EVERYTHING)]
    if any(_holds(each, base.checkout.manifests) for each in same):
        return ""
    read = {path for each in same if each.ref == ref for path in each.manifests or ()}
    tag = _tag(base, commit, "began", also=read, focus=focus)
    return base.checkout.repository.update_refs([f"update {ref} {tag}"])


def _attempt_of(base: Base, commit: str, focus: Focus) -> str:
    """The ref of an apply that began."""
    ref = f"{_attempts(base.environment)}/{commit}"
    if not focus:
        return ref
    from hashlib import sha256  # noqa: PLC0415  few runs are narrowed

    return f"{ref}-{sha256(repr((focus.domains, focus.targets)).encode()).hexdigest()[:12]}"


def remember_part(base: Base, focus: Focus) -> str:
    """Take down that an apply converged which was narrowed, and forget those before it that were narrowed alike.

    Returns:
        Why it could not be; empty when it was.
    """
    if base.checkout is None or base.checkout.commit is None or base.stays or base.beside:
        return base.stays or base.beside
    commit, repository = base.checkout.commit, base.checkout.repository
    ref = _attempt_of(base, commit, focus)
    alike = [each for each in memories(repository, base.environment) if each.focus == focus and each.ref != ref]
    orders = [f"delete {each.ref} {each.target}" for each in alike if each.ref in base.settled]
    return repository.update_refs([f"update {ref} {_tag(base, commit, _CONVERGED, focus=focus)}", *orders])


def remember_success(base: Base) -> str:
    """Take down that an apply of this revision converged, and forget the attempts before it.

    Returns:
        Why it could not be; empty when it was.
    """
    if base.checkout is None or base.checkout.commit is None or base.stays:
        return base.stays
    commit, repository = base.checkout.commit, base.checkout.repository
    ref = applied_ref(base.environment)
    now = {each.ref: each for each in memories(repository, base.environment)}
    if base.beside:
        if f"{_attempts(base.environment)}/{commit}" in now:  # it answers for those before it
            over = [each for each in now.values() if each.ref in base.settled - {ref} and each.commit != commit]
            repository.update_refs([f"delete {each.ref} {each.target}" for each in over])
        return base.beside
    over = [each for each in now.values() if each.ref != ref and (each.ref in base.settled or each.commit == commit)]
    orders = [f"delete {each.ref} {each.target}" for each in over]
    before = next((each for each in base.remembered if each.ref == ref), None)
    if before is None or before.commit != commit or not _holds(before, base.checkout.manifests):
        old = before.target if before is not None else "0" * len(commit)
        orders.insert(0, f"update {ref} {_tag(base, commit, _CONVERGED)} {old}")
    return repository.update_refs(orders) if orders else ""


def _holds(memory: Memory, manifests: Collection[str]) -> bool:
    """Whether a memory is of these manifests, and maybe of others."""
    return memory.manifests is None or set(manifests) <= set(memory.manifests)


def _tag(base: Base, commit: str, what: str, also: Collection[str] = (), focus: Focus = EVERYTHING) -> str:
    """Store a tag that says which server a commit was applied to; the commit itself where that cannot be."""
    assert base.checkout is not None
    import json  # noqa: PLC0415  only an apply writes

    repository = base.checkout.repository
    # the tag is dated as its commit is, so that the same fact is the same object everywhere
    text = (
        f"object {commit}\ntype commit\ntag applied\n"
        f"tagger reconciler <reconciler@localhost> {repository.time_of(commit)}\n\n"
        f"{_STORY.format(what)}\n\n{_SERVER}{base.server}\n"
        f"{_MANIFESTS}{json.dumps(sorted({*base.checkout.manifests, *also}))}\n"
    )
    if focus:
        text += f"{_DOMAINS}{json.dumps(focus.domains)}\n{_TARGETS}{json.dumps(focus.targets)}\n"
    return repository.write_tag(text) or commit
