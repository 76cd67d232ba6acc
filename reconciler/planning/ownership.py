"""Which live resources a run deletes: by `removed:`, by prune scope, or because the base declared them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet

from reconciler.model.address import Address
from reconciler.model.amended import hold
from reconciler.model.change import Reason
from reconciler.model.resource import Observed
from reconciler.model.state import DesiredState, LiveState, Removal
from reconciler.planning.options import PlanOptions
from reconciler.records import record
from reconciler.spec.kind import Kind
from reconciler.spec.names import PLACEHOLDER, domain_of


@record(frozen=True, slots=True)
class Departure:
    """A live resource that is to be deleted, and why."""

    observed: Observed
    reason: Reason
    removal: Removal | None = None


def step_today(removal: Removal, today: str) -> str:
    """What a ``removed:`` entry asks for on a day: its step, or ``delete`` once its date is there."""
    if removal.delete_after is not None and today >= removal.delete_after:
        return "delete"
    if removal.delete_after is not None and removal.step == "delete":
        return "forget"
    return removal.step


def kept(
    kind: Kind, desired: DesiredState, live: LiveState, options: PlanOptions, left: Collection[str]
) -> list[Address]:
    """The live resources of a protected kind that were declared and are not any more, without a word on what to do.

    Args:
        left: domains that were let go of; each speaks for all that is in it.
    """
    if _may_go(kind, options):
        return []
    spoken = _spoken_of(desired)
    before = {key for state in options.earlier for key in state.of(kind.name)} - desired.of(kind.name).keys()
    there = live.of(kind.name)
    found = ((Address(kind.name, key), kind.domain_of(there[key].values)) for key in sorted(before & there.keys()))
    told = ((address, domain) for address, domain in found if not (kind.within and domain in left))
    return [address for address, domain in told if address not in spoken and options.focus.covers(address, domain)]


def _spoken_of(desired: DesiredState) -> set[Address]:
    """What is listed under ``removed:`` or ``moved:``."""
    moved = {address for each in desired.relocations for address in (each.source, each.target)}
    return moved | {each.address for each in desired.removals}


@record(frozen=True, slots=True)
class LetGo:
    """The domains that were declared and were let go of, not removed: what is in them is somebody else's now.

    Attributes:
        homes: all of them; what was declared in them is not deleted because it is not any more.
        forgotten: those that are listed under ``removed:`` to be forgotten: no prune scope is about these.
    """

    homes: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()


def let_go_of(kinds: Mapping[str, Kind], desired: DesiredState, live: LiveState, options: PlanOptions) -> LetGo:
    """Find the domains that were let go of, with other names that point at them and are not declared either."""
    if not (desired.removals or any(_lets_go(state, desired) for state in options.earlier)):
        return LetGo()
    homes = {home for kind in kinds.values() for home in kind.within if kinds[home].protected}
    steps = {each.address: step_today(each, options.today) for each in desired.removals}
    forgotten = {address.key for address, step in steps.items() if address.kind in homes and step == "forget"}
    left = set(forgotten)
    for home in homes - options.delete_protected:
        before = {key for state in options.earlier for key in state.of(home)} - desired.of(home).keys()
        left |= {key for key in before if Address(home, key) not in steps}
    for name in {home for kind in kinds.values() for home in kind.within} - homes if left else ():
        pointing = [each.name for each in kinds[name].fields.values() if each.mark.refers in homes]
        known = {key: each.values for state in options.earlier for key, each in state.of(name).items()}
        there = {key: each.values for key, each in live.of(name).items()} if forgotten else {}
        for key, values in {**known, **there}.items():
            if key in desired.of(name) or Address(name, key) in steps:
                continue
            targets = {values.get(field) for field in pointing}
            left |= {key} if key in known and targets & left else set()
            forgotten |= {key} if targets & forgotten else set()
    return LetGo(frozenset(left | forgotten), frozenset(forgotten))


def _lets_go(earlier: DesiredState, desired: DesiredState) -> bool:
    """Whether something was declared that is not declared any more."""
    if earlier is desired:
        return False
    return any(not before.keys() <= desired.of(kind).keys() for kind, before in earlier.resources.items())


def departures(
    kind: Kind, desired: DesiredState, live: LiveState, options: PlanOptions, let_go: LetGo
) -> Iterator[Departure]:
    """Find the live resources of a kind that a run deletes, in key order.

    What is in a domain that was let go of without a word goes by a prune scope at once: no later run would know of it.
    """
    if kind.routes.delete is None:
        return
    removals = {each.address: each for each in desired.removals}
    spoken = _spoken_of(desired)
    asked_for = _left_behind(desired) if kind.space is not None else frozenset()
    declared = desired.of(kind.name)
    before = {key for state in options.earlier for key in state.of(kind.name)}
    there = live.of(kind.name)
    gone = {address.key for address in removals if address.kind == kind.name} & there.keys()
    leaving = gone | _loose(kind, declared.keys(), there.keys(), before, options)
    hold(live, (Address(kind.name, key) for key in leaving))
    for key in sorted(leaving):
        observed = there[key]
        if kind.stays is not None and kind.stays(observed.values):
            continue  # the server would not let it go
        removal = removals.get(observed.address)
        domain = kind.domain_of(observed.values)
        if not options.focus.covers(observed.address, domain):
            continue
        if removal is not None:
            if step_today(removal, options.today) == "delete":
                yield Departure(observed, Reason.REMOVED, removal)
            continue
        about = domain or domain_of(key)  # a rewriting of an address belongs to no domain, and is about one
        if observed.address in spoken or about in let_go.forgotten or not _is_ours(kind, domain, options):
            continue
        if key in before and about not in let_go.homes and _may_go(kind, options):
            yield Departure(observed, Reason.NO_LONGER_DECLARED)
        elif key not in asked_for and any(scope.covers(kind.name, domain) for scope in options.prune):
            yield Departure(observed, Reason.UNDECLARED)
    yield from _never_made(kind, desired, there, options)


def _may_go(kind: Kind, options: PlanOptions) -> bool:
    return not kind.protected or kind.name in options.delete_protected


def _left_behind(desired: DesiredState) -> frozenset[str]:
    """The old names that renamed resources are to keep: what the server makes of these is as good as declared."""
    return frozenset(each.source.key for each in desired.relocations if each.keep_alias)


def _never_made(
    kind: Kind, desired: DesiredState, there: Mapping[str, Observed], options: PlanOptions
) -> Iterator[Departure]:
    """Find the placeholders of creations that ended too early, of what is there by now or not wanted any more.

    Of what is there they are left when somebody made it otherwise, or when a proxy repeated the call.
    """
    untouched = kind.untouched
    left = [] if untouched is None else [name for name in there if name.startswith(PLACEHOLDER)]
    if untouched is None or not left or not _is_ours(kind, None, options):
        return
    from reconciler.spec.placeholder import left_for  # noqa: PLC0415  seldom needed

    declared, spoken = desired.of(kind.name), _spoken_of(desired)
    before = {key for state in options.earlier for key in state.of(kind.name)} - declared.keys()
    over = {key for key in before if Address(kind.name, key) not in spoken}
    over |= {key for key in declared if key in there}
    over |= {
        each.address.key
        for each in desired.removals
        if each.address.kind == kind.name and step_today(each, options.today) == "delete"
    }
    for observed in (there[name] for key in sorted(over) for name in left_for(key, left)):
        if untouched(observed.values) and options.focus.covers(observed.address, None):
            yield Departure(observed, Reason.NO_LONGER_DECLARED)


def _loose(
    kind: Kind, declared: AbstractSet[str], there: AbstractSet[str], before: AbstractSet[str], options: PlanOptions
) -> set[str]:
    """The keys of what is there, is not declared and may go: there may be many more that are nobody's concern."""
    loose = set(there - declared)
    return loose if any(scope.kind == kind.name for scope in options.prune) else loose & before


def _is_ours(kind: Kind, domain: str | None, options: PlanOptions) -> bool:
    """Whether a policy leaves it to this repository; what was handed to another one is not deleted by this one."""
    return options.policy is None or options.policy.covers(kind.name, domain)


def unmanaged(kind: Kind, desired: DesiredState, live: LiveState) -> list[Address]:
    """The live resources of a kind that nothing in the manifests speaks of."""
    if kind.routes.delete is None:
        return []
    spoken = _spoken_of(desired)
    loose = live.of(kind.name).keys() - desired.of(kind.name).keys()
    return sorted(address for address in (Address(kind.name, key) for key in loose) if address not in spoken)
