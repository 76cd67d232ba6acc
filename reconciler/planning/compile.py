"""From changes to operations: exact calls, in phases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.operation import Item, Operation
from reconciler.model.resource import Observed
from reconciler.model.state import LiveState
from reconciler.planning.cascade import cascade, homes_of, sets
from reconciler.planning.future import future_of
from reconciler.planning.gather import Single, gather
from reconciler.planning.order import phase_of, ranks
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.encode import steps_of
from reconciler.spec.kind import Kind
from reconciler.spec.needs import homes, named
from reconciler.spec.step import Stage, Step

WHOLE_SERVER: Final = "server"
"""The lane of everything on servers that cannot bear parallel writes."""


def compile_changes(
    kinds: Mapping[str, Kind], changes: Sequence[Change], live: LiveState, *, capabilities: Capabilities
) -> tuple[Operation, ...]:
    """Make the calls that bring changes about, in the order they are to be sent."""
    return tuple(gather(_Compiler(kinds, changes, live, capabilities).operations()))


class _Compiler:
    def __init__(
        self, kinds: Mapping[str, Kind], changes: Sequence[Change], live: LiveState, capabilities: Capabilities
    ) -> None:
        self._kinds = kinds
        self._changes = changes
        self._read = live
        self._cascade = cascade(kinds, changes, live, wanted=sets(changes))
        self._live = self._cascade.live
        self._capabilities = capabilities
        self._ranks = ranks(kinds)
        self._future = future_of(kinds, changes, self._live)
        self._planned = {change.address: change for change in changes}
        self._givers: dict[tuple[str, str], list[Address]] = defaultdict(list)
        self._leaving: dict[Address, list[Address]] = defaultdict(list)
        for each in changes:
            if each.action is Action.DELETE:
                self._note_deletion(kinds[each.address.kind], each.address)
            elif each.moved_from is not None:
                self._note_vacancy(kinds[each.address.kind], each.moved_from, by=each.address)
        self._moving_in = {each.address.kind for each in changes if self._moves_in(each)}
        self._late = self._late_moves()

    def _moves_in(self, change: Change) -> bool:
        """Whether something gets the address of what goes, no sooner than itself makes room for others."""
        rank = self._ranks[change.address.kind]
        return change.action is Action.MOVE and any(self._ranks[each.kind] <= rank for each in self._givers_to(change))

    def _late_moves(self) -> Mapping[Address, int]:
        """The renamings that wait for a domain this plan creates, each with its phase.

        What takes the name one of them gives up waits for that one in turn. These are few: one of each kind.
        """
        moves = [each for each in self._changes if each.action is Action.MOVE]
        late: dict[Address, int] = {}
        for change in moves:
            awaited = [self._ranks[home.kind] for home in self._new_homes(change) if self._is_created(home)]
            if awaited:
                late[change.address] = phase_of(Stage.UPDATE, max(awaited))
        takers: dict[Address, list[Address]] = defaultdict(list)
        for change in moves if late else ():
            for giver in self._givers_to(change):
                takers[giver].append(change.address)
        waiting = list(late)
        while waiting:
            giver = waiting.pop()
            behind = [each for each in takers.get(giver, ()) if each not in late]
            late.update(dict.fromkeys(behind, late[giver] + 1))
            waiting += behind
        return late

    def _new_homes(self, change: Change) -> Iterator[Address]:
        """What a resource will be within under the key it is to have: any one of these."""
        kind = self._kinds[change.address.kind]
        domain = kind.domain_of_key(change.address.key) if kind.within else None
        yield from (Address(name, domain) for name in kind.within if domain is not None)

    def _is_created(self, address: Address) -> bool:
        planned = self._planned.get(address)
        return planned is not None and planned.action is Action.CREATE

    def _givers_to(self, change: Change) -> Iterator[Address]:
        """The planned deletions and moves that free the address a resource is to have."""
        kind = self._kinds[change.address.kind]
        if change.action is not Action.UPDATE and kind.space is not None and self._givers:
            for key in kind.keys_taken(change.address.key, self._future):
                yield from (each for each in self._givers.get((kind.space, key), ()) if each != change.address)

    def _note_deletion(self, kind: Kind, address: Address) -> None:
        self._note_vacancy(kind, address, by=address)
        for home in homes_of(kind, self._read, address):
            self._leaving[home].append(address)

    def _note_vacancy(self, kind: Kind, address: Address, *, by: Address) -> None:
        if kind.space is not None:
            self._givers[kind.space, address.key].append(by)

    def operations(self) -> list[Single]:
        made: list[Single] = []
        for change in self._changes:
            kind = self._kinds[change.address.kind]
            observed = self._observed(change)
            requires = frozenset(self._requirements(kind, change))
            steps = steps_of(
                kind,
                change,
                observed,
                live=self._live,
                future=self._future,
                capabilities=self._capabilities,
            )
            made += [self._operation(kind, change, step, requires) for step in steps]
        return made

    def _operation(self, kind: Kind, change: Change, step: Step, requires: frozenset[Address]) -> Single:
        stage = step.stage if step.stage is not None else Stage.UPDATE
        if stage is Stage.DELETE and change.address in self._cascade.first:
            stage = Stage.FREE
        operation = Operation(
            verb=step.verb,
            route=step.route,
            changes=(change.address,),
            items=self._items(change, step, stage),
            attributes=step.attributes,
            successes=step.successes,
            phase=self._phase(kind, change, step, stage),
            lanes=self._lanes(kind, change),
            requires=requires,
            fields=step.fields,
            note=step.note,
            optional=step.optional,
            unclear=step.unclear,
            passing=step.passing,
        )
        joins = kind.routes.adds(step) and not step.alone
        return Single(operation, step.alone or kind.alone, kind.joined_by if joins else "")

    def _phase(self, kind: Kind, change: Change, step: Step, stage: Stage) -> int:
        """The phase of a step.

        What gives something a new name which others give up in the same stage is sent last in it: what it does to
        others by the way is done before, while they still have the names they are called by.
        """
        if change.action is Action.MOVE and stage is Stage.FREE and step.alone:
            if change.address in self._late:
                return self._late[change.address]
            if kind.name in self._moving_in:
                return phase_of(stage, 0)
        return phase_of(stage, self._ranks[kind.name])

    def _items(self, change: Change, step: Step, stage: Stage) -> tuple[Item, ...]:
        """What a step is about: what shrinks before it is renamed still has its old name then."""
        observed = self._live.get(change.moved_from) if change.moved_from is not None else None
        if observed is not None and stage is Stage.SHRINK:
            return (observed.handle,)
        return () if step.item is None else (step.item,)

    def _observed(self, change: Change) -> Observed | None:
        """What is there when the change is made: nothing where something else is created in its place."""
        there = self._read if change.action is Action.DELETE else self._live
        return there.get(change.moved_from or change.address)

    def _lanes(self, kind: Kind, change: Change) -> frozenset[str]:
        if not self._capabilities.parallel_writes:
            return frozenset((WHOLE_SERVER,))
        if kind.serial or kind.singleton:
            return frozenset((kind.name,))
        observed = self._observed(change)
        values = {**(observed.values if observed is not None else {}), **change.after}
        domain = kind.domain_of(values)
        return frozenset((domain if domain is not None else kind.name,))

    def _requirements(self, kind: Kind, change: Change) -> Iterable[Address]:
        """The planned changes without whose success this one cannot or must not be tried."""
        observed = self._observed(change)
        values = {**(observed.values if observed is not None else {}), **change.after}
        if change.action is Action.DELETE:
            yield from self._inhabitants(change)
            return
        within = self._new_homes(change) if change.action is Action.MOVE else homes(kind, values)
        yield from (home for home in within if home in self._planned)
        yield from (address for _, address in named(kind, change.after) if address in self._planned)
        yield from self._givers_to(change)
        yield from self._cascade.causes.get(change.address, ())

    def _inhabitants(self, change: Change) -> Iterable[Address]:
        """The planned deletions of what is within a resource that is deleted too."""
        yield from self._leaving.get(change.address, ())
