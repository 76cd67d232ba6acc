"""Whether the domains have room for what is planned, and which deletions must make it first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.amended import Amended, values_of
from reconciler.model.change import Action, Change
from reconciler.model.resource import Observed, Values
from reconciler.model.state import LiveState
from reconciler.model.table import LiveTable
from reconciler.records import record
from reconciler.spec.kind import Kind


@record(frozen=True, slots=True)
class Shortage:
    """A limit that what is planned would exceed.

    Attributes:
        container: whose limit it is.
        limit: the field that holds it; ``allowed`` its magnitude, ``wanted`` what would be used.
        change: one of the changes that use it up.
    """

    container: Address
    limit: str
    allowed: int
    wanted: int
    change: Change


@record(slots=True)
class _Use:
    before: int = 0
    after: int = 0
    peak: int = 0
    change: Change | None = None


class Room:
    """What the limits of one plan's containers allow."""

    def __init__(
        self, kinds: Mapping[str, Kind], changes: Sequence[Change], live: LiveState, future: LiveState
    ) -> None:
        self._kinds = kinds
        self._live = live
        self._future = future
        self._planned = {change.address: change for change in changes}
        self._uses: dict[tuple[Address, str], _Use] = defaultdict(_Use)
        self._stand_ins = {
            name: each.name
            for kind in kinds.values()
            for name in kind.within[1:]
            for each in kinds[name].fields.values()
            if each.mark.refers == kind.within[0]
        }
        touched = {each.address.kind for each in changes if kinds[each.address.kind].consumes}
        for name in {*touched, *self._squeezed()}:
            self._count_live(kinds[name])
        for change in changes:
            self._count_change(change)

    def _squeezed(self) -> set[str]:
        """The kinds that were read and use up limits that are changed."""
        set_limits = {(address.kind, name) for address, each in self._planned.items() for name in each.after}
        return {
            kind.name
            for kind in self._kinds.values()
            if kind.within and self._live.was_read(kind.name)
            if any((kind.within[0], limit) in set_limits for limit in kind.consumes)
        }

    def shortages(self) -> list[Shortage]:
        """Every limit that would be exceeded once all is done, where something planned adds to its use or lowers it."""
        found = []
        for (container, limit), use in sorted(self._uses.items()):
            allowed = self._allowed(container, limit)
            lowered = self._planned.get(container)
            if lowered is not None and limit in lowered.after and allowed is not None and use.after > allowed:
                found.append(Shortage(container, limit, allowed, use.after, use.change or lowered))
            elif use.change is not None and allowed is not None and use.after > max(allowed, use.before):
                found.append(Shortage(container, limit, allowed, use.after, use.change))
        return found

    def must_be_deleted_first(self, change: Change) -> bool:
        """Whether a deletion must come before creations, because both do not fit."""
        kind = self._kinds[change.address.kind]
        values = self._values(change)
        domain = kind.domain_of(values)
        homes = {self._container(kind, domain, state) for state in (self._live, self._future)} - {None}
        for container, limit in ((home, limit) for home in homes if home is not None for limit in kind.consumes):
            allowed = self._allowed(container, limit, at_its_highest=True)
            if allowed is not None and self._uses[container, limit].peak > allowed:
                return True
        return False

    def container_of(self, change: Change) -> Address | None:
        """Whose room a change takes up or frees; None where it does neither."""
        kind = self._kinds[change.address.kind]
        if not kind.consumes:
            return None
        state = self._live if change.action is Action.DELETE else self._future
        return self._container(kind, kind.domain_of(self._values(change)), state)

    def _count_live(self, kind: Kind) -> None:
        for (domain, limit), amount in _used(kind, self._live.of(kind.name)).items():
            container = self._container(kind, domain, self._live)
            if container is not None:
                use = self._uses[container, limit]
                use.before += amount
                use.after += amount
                use.peak += amount
            moved_to = self._container(kind, domain, self._future)
            if moved_to not in (None, container):  # with its alias domain, and without being asked for room
                self._uses[moved_to, limit].peak += amount

    def _count_change(self, change: Change) -> None:
        kind = self._kinds[change.address.kind]
        observed = self._live.get(change.moved_from or change.address)
        grown: dict[tuple[Address, str], int] = defaultdict(int)
        if observed is not None:
            self._take(grown, kind, observed.values, self._live, -1)
        if change.action is not Action.DELETE:
            self._take(grown, kind, self._values(change), self._future, 1)
        for place, growth in grown.items():
            use = self._uses[place]
            use.after += growth
            if growth > 0:
                use.peak += growth
                use.change = use.change or change

    def _take(
        self, grown: dict[tuple[Address, str], int], kind: Kind, values: Values, state: LiveState, sign: int
    ) -> None:
        container = self._container(kind, kind.domain_of(values), state)
        if container is not None:
            for limit, amount in _amounts(kind, values):
                grown[container, limit] += sign * amount

    def _values(self, change: Change) -> Values:
        """What a resource will be, or was before it goes."""
        observed = self._future.get(change.address) or self._live.get(change.moved_from or change.address)
        return observed.values if observed is not None else change.after

    def _container(self, kind: Kind, domain: str | None, state: LiveState) -> Address | None:
        """Whose room something in a domain takes up: the domain's, or that of what it stands for."""
        if domain is None or not kind.within:
            return None
        for name in kind.within[1:]:
            stand_in = state.of(name).get(domain)
            stands_for = self._stand_ins.get(name)
            if stand_in is not None and stands_for is not None:
                domain = str(stand_in.values.get(stands_for))
        return Address(kind.within[0], domain)

    def _allowed(self, container: Address, limit: str, *, at_its_highest: bool = False) -> int | None:
        """The limit as it will be; at its highest, the larger of now and then (limits rise early and fall late)."""
        each = self._kinds[container.kind].fields[limit]
        if each.codec.magnitude is None:
            return None
        change = self._planned.get(container)
        values = [self._live.value(container, limit)]
        if change is not None:
            after = self._future.value(container, limit)
            values = [*values, after] if at_its_highest else [after]
        amounts = [each.codec.magnitude(value) for value in values if isinstance(value, str | int)]
        return max(amounts) if amounts else None


def _amounts(kind: Kind, values: Values) -> list[tuple[str, int]]:
    """How much of which limits something uses up."""
    found = []
    for limit, name in kind.consumes.items():
        if name is None:
            found.append((limit, 1))
            continue
        each = kind.fields[name]
        value = values.get(name)
        if each.codec.magnitude is not None and isinstance(value, str | int):
            found.append((limit, each.codec.magnitude(value)))
    return found


def _used(kind: Kind, resources: Mapping[str, Observed]) -> Mapping[tuple[str | None, str], int]:
    """How much of which limits all resources of a kind use up together, by domain."""
    if isinstance(resources, LiveTable):
        return resources.once("used", lambda: _counted(kind, resources))
    if not isinstance(resources, Amended):
        return _counted(kind, resources)
    used = dict(_used(kind, resources.below))
    for key, observed in resources.otherwise.items():
        for each, sign in ((resources.below.get(key), -1), (observed, 1)):
            for limit, amount in _amounts(kind, each.values) if each is not None else ():
                place = (kind.domain_of(each.values), limit) if each is not None else (None, limit)
                used[place] = used.get(place, 0) + sign * amount
    return used


def _counted(kind: Kind, resources: Mapping[str, Observed]) -> Mapping[tuple[str | None, str], int]:
    used: dict[tuple[str | None, str], int] = defaultdict(int)
    names = tuple(dict.fromkeys(name for name in (kind.domain_field, *kind.consumes.values()) if name))
    for _, found in values_of(resources, *names):
        values = dict(zip(names, found, strict=True))
        domain = kind.domain_of(values)
        for limit, amount in _amounts(kind, values):
            used[domain, limit] += amount
    return used
