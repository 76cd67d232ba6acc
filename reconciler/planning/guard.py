"""What a plan may not do without being told so. A refused plan is shown all the same, with what would allow it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.focus import Patterns
from reconciler.model.plan import Refusal
from reconciler.model.state import DesiredState, LiveState
from reconciler.planning.options import PlanOptions
from reconciler.planning.policy import refusals
from reconciler.planning.reach import keys_covered
from reconciler.records import record
from reconciler.spec.kind import Kind

_LATEST = 253_402_300_799
"""The last second that a date can tell: the year 9999."""

_TOO_MANY_TO_BE_CHANCE = 3
"""So many resources, all gone at once, were not deleted one by one."""


@record(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one plan may do.

    Attributes:
        deletes: how many deletions.
        delete_percent: how many percent of a kind's live resources, where there are at least `worth_a_percentage`.
        delete_bytes: how many bytes of mail deletions may destroy.
        changes: how many changes altogether; None for any number.
        recent_days: what was logged in to within so many days is not deleted; 0 for no such limit.
        protect: addresses that are never deleted, with wildcards.
        worth_a_percentage: below so many live resources only the count matters.
        allowed: addresses that may be deleted all the same.
        allowed_vanished: kinds that may have vanished.
    """

    deletes: int = 20
    delete_percent: int = 30
    delete_bytes: int = 0
    changes: int | None = None
    recent_days: int = 30
    protect: tuple[str, ...] = ()
    worth_a_percentage: int = 10
    allowed: frozenset[str] = frozenset()
    allowed_vanished: frozenset[str] = frozenset()


def guard(
    kinds: Mapping[str, Kind],
    changes: Sequence[Change],
    desired: DesiredState,
    live: LiveState,
    *,
    options: PlanOptions,
    limits: Limits,
) -> tuple[Refusal, ...]:
    """Find what the plan must not do under these limits."""
    deletions = [change for change in changes if change.action is Action.DELETE]
    found: list[Refusal] = []
    found += _vanished(kinds, desired, live, options, limits)
    found += _protected_kinds(kinds, deletions, options)
    found += _kept(deletions, desired, options, limits)
    found += _in_use(deletions, options, limits)
    found += _numbers(deletions, changes, limits)
    found += _percentages(deletions, live, limits)
    found += _mail(kinds, deletions, live, limits)
    allowed = tuple(each for each in found if not _is_allowed(each, limits))
    return (*(refusals(kinds, changes, live, options.policy) if options.policy is not None else ()), *allowed)


def _is_allowed(refusal: Refusal, limits: Limits) -> bool:
    return bool(refusal.addresses) and all(str(address) in limits.allowed for address in refusal.addresses)


def _vanished(
    kinds: Mapping[str, Kind], desired: DesiredState, live: LiveState, options: PlanOptions, limits: Limits
) -> Iterator[Refusal]:
    """Kinds of which nothing is left that was applied before: more likely a broken answer than what somebody did.

    Several are one refusal: where a server was made anew, that is all of them.
    """
    if options.base is None:
        return
    vanished: dict[str, str] = {}
    for name in kinds:  # not by items: a kind is imported when it is looked at
        if name in limits.allowed_vanished or not live.was_read(name) or kinds[name].singleton:
            continue
        kind = kinds[name]
        expected = desired.of(name).keys() & options.base.of(name).keys()
        for attempt in options.attempted:  # what one did not declare, it may have deleted
            expected &= attempt.of(name).keys()
        for part in options.parts:
            domain_of, entries = kind.domain_of, desired.of(name)
            lost = expected - part.declared.of(name).keys()
            expected -= {key for key in lost if part.focus.covers(Address(name, key), domain_of(entries[key].values))}
        if options.focus:
            expected &= keys_covered(kind, desired.of(name), options.focus)
        there = live.of(name)
        gone = bool(expected) and expected.isdisjoint(there.keys())
        if gone and (not there or len(expected) >= _TOO_MANY_TO_BE_CHANCE):
            vanished[name] = f"{len(expected)} {(kind.plural if len(expected) > 1 else name).replace('_', ' ')}"
    if vanished:
        told = f"nothing is left on the server of what was applied before: {', '.join(vanished.values())}"
        summary = f"{told}; is it another server, or one that was made anew?" if len(vanished) > 1 else told
        yield Refusal("kind-vanished", summary, " ".join(f"--allow-vanished {name}" for name in vanished))


def _protected_kinds(kinds: Mapping[str, Kind], deletions: Sequence[Change], options: PlanOptions) -> Iterator[Refusal]:
    for name in dict.fromkeys(change.address.kind for change in deletions if change.reason is Reason.UNDECLARED):
        if kinds[name].protected and name not in options.delete_protected:
            summary = f"{name} is a kind that is deleted only when it is named: by `removed:`, or by a flag"
            yield Refusal("kind-protected", summary, f"--allow-delete-kind {name}")


def _kept(
    deletions: Sequence[Change], desired: DesiredState, options: PlanOptions, limits: Limits
) -> Iterator[Refusal]:
    """Deletions of what the project protects, or what is or was declared with ``prevent_delete``."""
    protected = Patterns(limits.protect)
    for change in deletions:
        address = change.address
        declared = [state.get(address) for state in (desired, *options.earlier)]
        if any(each is not None and each.options.prevent_delete for each in declared):
            yield _refused(address, "delete-prevented", f"`{address}` is declared with `prevent_delete`")
        elif pattern := protected.meaning(str(address)):
            yield _refused(address, "delete-protected", f"`{address}` is protected by `{pattern}` in the project file")


def _refused(address: Address, identifier: str, summary: str) -> Refusal:
    import shlex  # noqa: PLC0415  few plans are refused

    return Refusal(identifier, summary, f"--allow-delete {shlex.quote(str(address))}", (address,))


def _in_use(deletions: Sequence[Change], options: PlanOptions, limits: Limits) -> Iterator[Refusal]:
    """Deletions of what somebody logged in to a short time ago."""
    if not (deletions and limits.recent_days and options.today):
        return
    from datetime import UTC, date, datetime  # noqa: PLC0415  takes as long to import as many changes to guard

    today = date.fromisoformat(options.today)
    for change in deletions:
        moment = dict(change.cost).get("last_login")
        if not isinstance(moment, int) or moment <= 0:
            continue
        last = datetime.fromtimestamp(min(moment, _LATEST), tz=UTC).date()
        if (today - last).days <= limits.recent_days:
            yield _refused(change.address, "recently-used", f"`{change.address}` was logged in to on {last}")


def _numbers(deletions: Sequence[Change], changes: Sequence[Change], limits: Limits) -> Iterator[Refusal]:
    if len(deletions) > limits.deletes:
        summary = f"{len(deletions)} deletions, {limits.deletes} are allowed"
        yield Refusal("too-many-deletes", summary, f"--allow-deletes {len(deletions)}")
    if limits.changes is not None and len(changes) > limits.changes:
        summary = f"{len(changes)} changes, {limits.changes} are allowed"
        yield Refusal("too-many-changes", summary, f"--allow-changes {len(changes)}")


def _percentages(deletions: Sequence[Change], live: LiveState, limits: Limits) -> Iterator[Refusal]:
    counts: Mapping[str, int] = Counter(change.address.kind for change in deletions)
    shares: dict[str, int] = {}
    for kind, count in sorted(counts.items()):
        there = len(live.of(kind))
        percent = -(-100 * count // there) if there else 0
        if there >= limits.worth_a_percentage and percent > limits.delete_percent:
            shares[kind] = percent
    for kind, percent in shares.items():
        told = f"{counts[kind]} of {len(live.of(kind))} ({percent} %) of kind {kind} deleted"
        summary = f"{told}, {limits.delete_percent} % are allowed"
        yield Refusal("too-large-a-share", summary, f"--allow-delete-percent {max(shares.values())}")


def _mail(kinds: Mapping[str, Kind], deletions: Sequence[Change], live: LiveState, limits: Limits) -> Iterator[Refusal]:
    """Mail that would be destroyed: of mailboxes, or of a domain where that is more than its mailboxes hold."""
    whole: dict[str | None, int] = defaultdict(int)
    parts: dict[str | None, int] = defaultdict(int)
    for change in deletions:
        if _bytes(change) is None:
            summary = f"how much mail `{change.address}` holds cannot be read"
            yield _refused(change.address, "mail-destroyed", summary)
    destructive = [(change, size) for change in deletions if (size := _bytes(change))]
    for change, size in destructive:
        observed = live.get(change.address)
        kind = kinds[change.address.kind]
        domain = kind.domain_of(observed.values) if observed is not None else None
        counted = parts if kind.within else whole
        counted[domain if kind.within else change.address.key] += size
    mail = sum(max(whole[domain], parts[domain]) for domain in {*whole, *parts})
    if mail > limits.delete_bytes:
        addresses = tuple(change.address for change, _ in destructive)
        summary = f"deletions would destroy {mail} bytes of mail, {limits.delete_bytes} are allowed"
        yield Refusal("mail-destroyed", summary, f"--allow-delete-bytes {mail}", addresses)


def _bytes(change: Change) -> int | None:
    """How much mail goes with it; None where the server tells something that is no number."""
    told = dict(change.cost).get("bytes", 0)
    return int(told) if isinstance(told, int | float) else None
