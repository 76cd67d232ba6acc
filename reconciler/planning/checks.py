"""What the live state makes impossible, found before anything is sent: dangling references, taken addresses, limits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, error, few_of
from reconciler.model.resource import Declared
from reconciler.model.state import DesiredState, LiveState
from reconciler.model.table import sheets_of
from reconciler.planning.future import future_of
from reconciler.planning.options import PlanOptions
from reconciler.planning.room import Room, Shortage
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.encode import situation_of
from reconciler.spec.kind import Kind
from reconciler.spec.names import domain_of
from reconciler.spec.needs import homes, named
from reconciler.spec.secrets import secrets_in, unfit


def check(
    kinds: Mapping[str, Kind],
    desired: DesiredState,
    live: LiveState,
    changes: Sequence[Change],
    *,
    capabilities: Capabilities,
    options: PlanOptions,
) -> list[Diagnostic]:
    """Find what the server would refuse, and what deletions would leave hanging.

    Besides that only what changes is looked at: a server that is as declared has nothing to refuse.
    """
    going = {each.address for each in changes if each.action is Action.DELETE}
    there = _Presence(desired, live, going)
    found = [*_left_hanging(kinds, desired, there, going, options)]
    sharing: dict[str | None, list[Kind]] = defaultdict(list)
    for other in kinds.values():
        if other.space is not None:
            sharing[other.space].append(other)
    vacated = going | set(_vacated(kinds, sharing, changes, live, going))
    for change in changes:
        if change.action is Action.DELETE or not desired.has(change.address):
            continue
        kind = kinds[change.address.kind]
        found += _secrets(kind, change, options)
        found += _references(kind, desired, change, there, options)
        if change.action in (Action.CREATE, Action.MOVE):
            found += _home(kind, desired, change, there, options)
            found += _space(sharing[kind.space], change, desired, live, vacated, options)
    found += _rivals(kinds, desired, changes, options)
    future = future_of(kinds, changes, live)
    for change in changes:
        clashes = kinds[change.address.kind].clashes
        if clashes is not None:
            observed = live.get(change.moved_from or change.address)
            situation = situation_of(change, observed, live=live, future=future, capabilities=capabilities)
            found += [_clash(change, *reason) for reason in clashes(situation)]
    found += [_shortage(kinds, desired, each, options) for each in Room(kinds, changes, live, future).shortages()]
    return found


class _Presence:
    """What will be there once the plan is carried out."""

    def __init__(self, desired: DesiredState, live: LiveState, going: set[Address]) -> None:
        self._desired = desired
        self._live = live
        self._going = going
        self._behind: dict[str, dict[str, list[str]]] = {}

    def __contains__(self, address: Address) -> bool:
        if self._desired.has(address):
            return True
        return self._live.has(address) and address not in self._going

    def loses(self, address: Address) -> bool:
        """Whether this plan deletes it."""
        return address in self._going

    def knows(self, kind: str) -> bool:
        """Whether the kind was read, so that absence means something."""
        return self._live.was_read(kind)

    def like(self, kind: str, key: str) -> list[str]:
        """The keys in which this one stands behind an ``@``: what may have been meant."""
        if kind not in self._behind:
            behind = self._behind[kind] = defaultdict(list)
            for each in sorted({*self._desired.of(kind), *self._live.of(kind)}):
                for sign in re.finditer("@", each):
                    behind[each[sign.end() :]].append(each)
        return self._behind[kind].get(key, [])


def _clash(change: Change, name: str, why: str, hint: str) -> Diagnostic:
    what = f"`{name}` of `{change.address}`" if name else f"`{change.address}`"
    return error("change-refused", f"{what}: {why}", hint=hint, origin=change.origin, address=change.address)


def _shortage(kinds: Mapping[str, Kind], desired: DesiredState, short: Shortage, options: PlanOptions) -> Diagnostic:
    unit = kinds[short.container.kind].fields[short.limit].codec.unit
    allowed, wanted = (f"{amount} {unit}".rstrip() for amount in (short.allowed, short.wanted))
    declared = desired.get(short.change.address)
    return error(
        "limit-exceeded",
        f"`{short.container}` allows {allowed} (`{short.limit}`), {wanted} are wanted",
        hint=f"raise `{short.limit}`, or use less",
        origin=options.locate(declared.place) if declared is not None else None,
        address=short.change.address,
    )


def _left_hanging(
    kinds: Mapping[str, Kind], desired: DesiredState, there: _Presence, going: set[Address], options: PlanOptions
) -> Iterator[Diagnostic]:
    """Find what is declared and needs something that this plan deletes, whether or not it changes itself."""
    if not going:
        return
    losing = {address.kind for address in going}
    for kind in kinds.values():
        names = [each.name for each in kind.fields.values() if each.mark.refers in losing]
        goes_with = {name for each in kind.fields.values() for mark in each.mark.follows for name in mark.kinds}
        within = goes_with & losing & {*kind.within}
        if not (names or within):
            continue
        for declared in _concerned(kind, desired, [*names, *([kind.domain_field] if within else [])], going):
            values = {name: declared.values[name] for name in names if name in declared.values}
            for name, target in named(kind, values):
                if target in going and target not in there:
                    yield _dangling(declared, name, target, "which this plan deletes", "name another", options)
            possible = homes(kind, declared.values) if within else ()
            if any(home in going for home in possible) and not any(home in there for home in possible):
                yield _homeless(declared, possible[0].key, "which this plan deletes", "remove it too", options)


def _concerned(kind: Kind, desired: DesiredState, names: Sequence[str], going: set[Address]) -> Iterator[Declared]:
    """The declared resources of which a field may name something that goes, or the domain of which goes."""
    keys = {address.key for address in going}
    resources = desired.of(kind.name)
    for sheet in sheets_of(resources):
        places: set[int] = set()
        for name in {*names} & {*sheet.names}:
            for place, value in enumerate(sheet.column(name)):
                listed = map(str, value) if isinstance(value, tuple) else (str(value),)
                if not keys.isdisjoint(listed) or (name == kind.domain_field and domain_of(str(value)) in keys):
                    places.add(place)
        yield from (resources[sheet.keys[place]] for place in sorted(places))


def _rivals(
    kinds: Mapping[str, Kind], desired: DesiredState, changes: Sequence[Change], options: PlanOptions
) -> Iterator[Diagnostic]:
    """Find declared resources that want what only one of them can have."""
    touched = {change.address.kind for change in changes}
    for kind in (kinds[name] for name in sorted(touched)):
        first: dict[str, Declared] = {}
        for declared in desired.of(kind.name).values() if kind.rivals is not None else ():
            prize = kind.rivals({**kind.defaults, **declared.values}) if kind.rivals is not None else None
            if prize is None or first.setdefault(prize, declared) is declared:
                continue
            yield error(
                "only-one-allowed",
                f"`{declared.address}` and `{first[prize].address}` cannot both be {prize}",
                hint="the server lets only one of them; switch the others off",
                origin=options.locate(declared.place),
                related=(options.locate(first[prize].place),),
                address=declared.address,
            )


def _secrets(kind: Kind, change: Change, options: PlanOptions) -> Iterator[Diagnostic]:
    """Find secrets the server would not take, as far as they may be looked at already."""
    for name, source, codec in secrets_in(kind, change.after):
        secret = options.secret(source, change.address) if codec.unfit is not None else None
        why = unfit(codec, secret) if secret is not None else None
        if why is not None:
            yield error(
                "secret-refused",
                f"`{name}` of `{change.address}`: what {source} gives {why[0]}",
                hint=why[1],
                origin=change.origin,
                address=change.address,
            )


def _references(
    kind: Kind, desired: DesiredState, change: Change, there: _Presence, options: PlanOptions
) -> Iterator[Diagnostic]:
    for name, target in named(kind, change.after):
        if target not in there and there.knows(target.kind) and not there.loses(target):
            meant = there.like(target.kind, target.key)
            hint = f"declare it, or write one of: {few_of(meant)}" if meant else "declare it, or mend the name"
            declared = desired.of(kind.name)[change.address.key]
            yield _dangling(declared, name, target, "which is neither declared nor on the server", hint, options)


def _dangling(declared: Declared, name: str, target: Address, why: str, hint: str, options: PlanOptions) -> Diagnostic:
    return error(
        "reference-dangling",
        f"`{name}` of `{declared.address}` names `{target}`, {why}",
        hint=hint,
        origin=options.locate(declared.place),
        address=declared.address,
    )


def _home(
    kind: Kind, desired: DesiredState, change: Change, there: _Presence, options: PlanOptions
) -> Iterator[Diagnostic]:
    declared = desired.of(kind.name)
    is_told = kind.domain_field in change.after
    possible = homes(kind, change.after if is_told else declared[change.address.key].values)
    if any(each in there or there.loses(each) for each in possible):
        return
    if not possible or not all(there.knows(each.kind) for each in possible):
        return
    hint = "declare the domain, or mend its name"
    why = "which is neither declared nor on the server"
    yield _homeless(declared[change.address.key], possible[0].key, why, hint, options)


def _homeless(declared: Declared, domain: str, why: str, hint: str, options: PlanOptions) -> Diagnostic:
    return error(
        "domain-missing",
        f"`{declared.address}` is in `{domain}`, {why}",
        hint=hint,
        origin=options.locate(declared.place),
        address=declared.address,
    )


def _vacated(
    kinds: Mapping[str, Kind],
    sharing: Mapping[str | None, Sequence[Kind]],
    changes: Sequence[Change],
    live: LiveState,
    going: set[Address],
) -> Iterator[Address]:
    """Find the addresses that are given up by renaming what has them: what waits for its own new name gives up none."""
    for change in changes:
        if change.moved_from is not None:
            holders = _holders(sharing[kinds[change.address.kind].space], change, live)
            if going.issuperset(holders):
                yield change.moved_from


def _holders(sharing: Sequence[Kind], change: Change, live: LiveState) -> list[Address]:
    """What has the address on the server that something of another kind is to have."""
    others = (Address(other.name, change.address.key) for other in sharing if other.name != change.address.kind)
    return [other for other in others if live.has(other)]


def _space(
    sharing: Sequence[Kind],
    change: Change,
    desired: DesiredState,
    live: LiveState,
    vacated: set[Address],
    options: PlanOptions,
) -> Iterator[Diagnostic]:
    for holder in _holders(sharing, change, live):
        if holder not in vacated:
            yield error(
                "address-occupied",
                f"`{change.address}` cannot be created: `{holder}` has that address on the server",
                hint=f"write `removed: [{{{holder.kind}: {holder.key}}}]`, or choose another address",
                origin=options.locate(desired.of(change.address.kind)[change.address.key].place),
                address=change.address,
            )
