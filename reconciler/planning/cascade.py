"""What the deletions of a plan do to others, foreseen, and which of them must come before everything else.

Deletions come last, so that nothing is lost when something before them fails. Some cannot wait: they make room, give up
an address, or would undo what the plan has just done to others. What those do to others is done already when the rest
begins, so the rest is planned for a server where it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.resource import Values
from reconciler.model.state import LiveState
from reconciler.planning.following import Consequence, Followers
from reconciler.planning.future import future_of
from reconciler.planning.room import Room
from reconciler.records import field, record
from reconciler.spec.kind import Kind

Wanted = Callable[[Address], Values | None]
"""(a resource) -> the fields it is to have; None for one that nothing is wanted of."""


@record(frozen=True, slots=True)
class Cascade:
    """What the deletions of a plan do.

    Attributes:
        live: what was read, as the deletions that come first leave it; those themselves are still in it.
        first: the deletions that come first.
        effects: by deletion, a sentence for each thing it does to others.
        causes: by resource that is wanted otherwise, the deletions that come first and change it.
        gone: by resource that goes along without being deleted on its own account, the deletion it goes with.
    """

    live: LiveState
    first: frozenset[Address] = frozenset()
    effects: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    causes: Mapping[Address, frozenset[Address]] = field(default_factory=dict)
    gone: Mapping[Address, Address] = field(default_factory=dict)


def cascade(kinds: Mapping[str, Kind], changes: Sequence[Change], live: LiveState, *, wanted: Wanted) -> Cascade:
    """Foresee what the deletions among some changes do."""
    deletions = {change.address: None for change in changes if change.action is Action.DELETE}
    if not deletions:
        return Cascade(live)
    return _Foresight(kinds, changes, live, wanted, deletions).cascade()


def sets(changes: Iterable[Change]) -> Wanted:
    """What some changes want."""
    return {change.address: change.after for change in changes if change.action is not Action.DELETE}.get


@record(frozen=True, slots=True)
class _Foresight:
    kinds: Mapping[str, Kind]
    changes: Sequence[Change]
    live: LiveState
    wanted: Wanted
    deletions: Mapping[Address, None]

    def cascade(self) -> Cascade:
        future = future_of(self.kinds, self.changes, self.live)
        early = Followers(self.kinds, self.live, self.deletions)
        late = Followers(self.kinds, future, self.deletions)
        undoing = {address for address in self.deletions if any(map(self._undoes, self._all(late, address)))}
        first = self._with_all_inside({*self._making_way(future), *undoing}, early)
        effects: dict[Address, list[str]] = defaultdict(list)
        causes: dict[Address, set[Address]] = defaultdict(set)
        gone: dict[Address, Address] = {}
        for address in self.deletions:
            there = early if address in first else late
            for each in self._all(there, address):
                effects[address].append(each.told)
                there.suffer(each)
                if each.gone:
                    gone[each.address] = address
                if address in first and self.wanted(each.address) is not None:
                    causes[each.address].add(address)
        return Cascade(
            early.state,
            frozenset(first),
            {address: tuple(found) for address, found in effects.items()},
            {address: frozenset(found) for address, found in causes.items()},
            gone,
        )

    def _making_way(self, future: LiveState) -> Iterator[Address]:
        """The deletions that free an address somebody takes, or room somebody needs."""
        spaces = {name: kind.space for name, kind in self.kinds.items() if kind.space is not None}
        taken = {
            (spaces[each.address.kind], key)
            for each in self.changes
            if each.action in (Action.CREATE, Action.MOVE) and each.address.kind in spaces
            for key in self.kinds[each.address.kind].keys_taken(each.address.key, future)
        }
        room = Room(self.kinds, self.changes, self.live, future)
        for change in self.changes:
            if change.action is Action.DELETE:
                place = (spaces.get(change.address.kind), change.address.key)
                if place in taken or room.must_be_deleted_first(change):
                    yield change.address

    def _undoes(self, consequence: Consequence) -> bool:
        wanted = self.wanted(consequence.address)
        if wanted is None or consequence.gone:
            return wanted is not None
        each = self.kinds[consequence.address.kind].fields[consequence.field]
        return each.name in wanted and not each.codec.same(wanted[each.name], consequence.after)

    def _with_all_inside(self, first: set[Address], early: Followers) -> set[Address]:
        """Add the deletions of what is in, or goes with, what is deleted first: they come before it."""
        inside: dict[Address, list[Address]] = defaultdict(list)
        for address in self.deletions:
            for home in homes_of(self.kinds[address.kind], self.live, address):
                inside[home].append(address)
        found: set[Address] = set()
        waiting = list(first)
        while waiting:
            address = waiting.pop()
            if address not in found:
                found.add(address)
                gone = (each.address for each in early.consequences(address) if each.gone)
                waiting += [*inside[address], *(each for each in gone if each in self.deletions)]
        return found

    def _all(self, there: Followers, address: Address) -> Iterator[Consequence]:
        """What a deletion does, and what goes with it does in turn; but not to what is deleted on its own account."""
        for each in there.consequences(address):
            if each.address not in self.deletions:
                yield each
                if each.gone:
                    yield from self._all(there, each.address)


def homes_of(kind: Kind, live: LiveState, address: Address) -> Iterator[Address]:
    """What a live resource is in."""
    observed = live.get(address)
    domain = kind.domain_of(observed.values) if observed is not None else None
    for name in kind.within if domain is not None else ():
        yield Address(name, domain or "")
