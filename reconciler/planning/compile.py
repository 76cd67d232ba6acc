"""From changes to operations: exact calls, in phases, gathered into as few as the server takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.operation import Item, Operation, Verb
from reconciler.model.secret import SecretSource, SourceKind
from reconciler.model.state import LiveState
from reconciler.planning.future import future_of
from reconciler.planning.order import phase_of, ranks
from reconciler.planning.room import Room
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codecs import NONE
from reconciler.spec.encode import steps_of
from reconciler.spec.kind import Kind
from reconciler.spec.step import Stage, Step

CHUNK: Final = 100
"""The most items one call carries: enough to save nearly all round trips, few enough to see progress and to retry."""

WHOLE_SERVER: Final = "server"
"""The lane of everything on servers that cannot bear parallel writes."""


def compile_changes(
    kinds: Mapping[str, Kind], changes: Sequence[Change], live: LiveState, *, capabilities: Capabilities
) -> tuple[Operation, ...]:
    """Make the calls that bring changes about, in the order they are to be sent."""
    return tuple(_gather(_Compiler(kinds, changes, live, capabilities).operations()))


@dataclass(frozen=True, slots=True)
class _Single:
    """An operation of one change, and whether it may be gathered with its like."""

    operation: Operation
    alone: bool


class _Compiler:
    def __init__(
        self, kinds: Mapping[str, Kind], changes: Sequence[Change], live: LiveState, capabilities: Capabilities
    ) -> None:
        self._kinds = kinds
        self._changes = changes
        self._live = live
        self._capabilities = capabilities
        self._ranks = ranks(kinds)
        self._future = future_of(kinds, changes, live)
        self._room = Room(kinds, changes, live, self._future)
        self._planned = {change.address: change for change in changes}
        self._givers: dict[tuple[str, str], list[Address]] = defaultdict(list)
        self._leaving: dict[Address, list[Address]] = defaultdict(list)
        for each in changes:
            if each.action is Action.DELETE:
                self._note_deletion(kinds[each.address.kind], each.address)
        self._takers = {
            (kinds[each.address.kind].space, each.address.key): each.address
            for each in changes
            if each.action in (Action.CREATE, Action.MOVE) and kinds[each.address.kind].space is not None
        }

    def _note_deletion(self, kind: Kind, address: Address) -> None:
        if kind.space is not None:
            self._givers[kind.space, address.key].append(address)
        observed = self._live.get(address)
        domain = kind.domain_of(observed.values) if observed is not None else None
        for name in kind.within if domain is not None else ():
            self._leaving[Address(name, domain or "")].append(address)

    def operations(self) -> list[_Single]:
        made: list[_Single] = []
        for change in self._changes:
            kind = self._kinds[change.address.kind]
            observed = self._live.get(change.moved_from or change.address)
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

    def _operation(self, kind: Kind, change: Change, step: Step, requires: frozenset[Address]) -> _Single:
        stage = step.stage if step.stage is not None else Stage.UPDATE
        if change.action is Action.DELETE and stage is Stage.DELETE and self._goes_first(kind, change):
            stage = Stage.FREE
        operation = Operation(
            verb=step.verb,
            route=step.route,
            changes=(change.address,),
            items=self._items(change, step, stage),
            attributes=step.attributes,
            successes=step.successes,
            phase=phase_of(stage, self._ranks[kind.name]),
            lanes=self._lanes(kind, change),
            requires=requires,
            fields=step.fields,
            note=step.note,
            optional=step.optional,
            unclear=step.unclear,
        )
        return _Single(operation, step.alone or kind.alone)

    def _items(self, change: Change, step: Step, stage: Stage) -> tuple[Item, ...]:
        """What a step is about: what shrinks before it is renamed still has its old name then."""
        observed = self._live.get(change.moved_from) if change.moved_from is not None else None
        if observed is not None and stage is Stage.SHRINK:
            return (observed.handle,)
        return () if step.item is None else (step.item,)

    def _goes_first(self, kind: Kind, change: Change) -> bool:
        """Whether a deletion must make room, or give up its address to a taker."""
        taken = (kind.space, change.address.key) in self._takers
        return taken or self._room.must_be_deleted_first(change)

    def _lanes(self, kind: Kind, change: Change) -> frozenset[str]:
        if not self._capabilities.parallel_writes:
            return frozenset((WHOLE_SERVER,))
        if kind.serial or kind.singleton:
            return frozenset((kind.name,))
        observed = self._live.get(change.moved_from or change.address)
        values = {**(observed.values if observed is not None else {}), **change.after}
        domain = kind.domain_of(values)
        return frozenset((domain if domain is not None else kind.name,))

    def _requirements(self, kind: Kind, change: Change) -> Iterable[Address]:
        """The planned changes without whose success this one cannot or must not be tried."""
        observed = self._live.get(change.moved_from or change.address)
        values = {**(observed.values if observed is not None else {}), **change.after}
        domain = kind.domain_of(values)
        if change.action is Action.DELETE:
            yield from self._inhabitants(change)
            return
        for name in kind.within if domain is not None else ():
            if Address(name, domain or "") in self._planned:
                yield Address(name, domain or "")
        for name, value in change.after.items():
            mark = kind.fields[name].mark if name in kind.fields else None
            if mark is not None and mark.refers is not None and value != NONE:
                wanted = (Address(mark.refers, str(each)) for each in (value if isinstance(value, tuple) else (value,)))
                yield from (each for each in wanted if each in self._planned)
        if change.action is not Action.UPDATE and kind.space is not None:
            yield from self._givers.get((kind.space, change.address.key), ())

    def _inhabitants(self, change: Change) -> Iterable[Address]:
        """The planned deletions of what is within a resource that is deleted too."""
        yield from self._leaving.get(change.address, ())


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((name, _freeze(each)) for name, each in value.items()))
    if isinstance(value, list | tuple):
        return tuple(_freeze(each) for each in value)
    return (type(value).__name__, value)


def _has_its_own_secret(value: Any) -> bool:
    """Whether a secret in it is another one for each resource, though its source reads the same."""
    if isinstance(value, SecretSource):
        return value.kind in (SourceKind.GENERATE, SourceKind.HASH_TABLE)
    if isinstance(value, Mapping):
        return any(map(_has_its_own_secret, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_its_own_secret, value))


def _gather(singles: Iterable[_Single]) -> list[Operation]:
    """Put equal edits, and deletions by one route, into one call each, in chunks; then sort by phase."""
    gathered: dict[Any, list[Operation]] = {}
    for place, single in enumerate(singles):
        operation = single.operation
        if single.alone or operation.verb is Verb.ADD or _has_its_own_secret(operation.attributes):
            gathered[place] = [operation]
        else:
            key = (operation.verb, operation.route, operation.phase, operation.successes, _freeze(operation.attributes))
            gathered.setdefault(key, []).append(operation)
    made: list[Operation] = []
    for group in gathered.values():
        made += [_together(group[start : start + CHUNK]) for start in range(0, len(group), CHUNK)]
    return sorted(made, key=lambda operation: operation.phase)


def _together(operations: Sequence[Operation]) -> Operation:
    if len(operations) == 1:
        return operations[0]
    same = all(each.requires == operations[0].requires for each in operations)
    return replace(
        operations[0],
        changes=tuple(change for each in operations for change in each.changes),
        items=tuple(item for each in operations for item in each.items),
        lanes=frozenset().union(*(each.lanes for each in operations)),
        requires=frozenset().union(*(each.requires for each in operations)),
        requires_of=() if same else tuple(each.requires for each in operations),
        fields=frozenset().union(*(each.fields for each in operations)),
    )
