"""Who follows whom: what the server does to other resources when one is deleted, from the marks of their fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.amended import Amended, hold, listed, naming
from reconciler.model.resource import Observed, Value
from reconciler.model.state import LiveState
from reconciler.records import record, replace
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Kind
from reconciler.spec.mark import Follows
from reconciler.spec.names import domain_of


@record(frozen=True, slots=True)
class Consequence:
    """What becomes of a resource when another one is deleted.

    Attributes:
        field: the field that named the other one.
        before, after: its value; ``after`` is meaningless where the resource goes.
        gone: whether the resource goes too.
        told: what to tell people.
    """

    address: Address
    field: str
    before: Value
    after: Value
    gone: bool
    told: str


def followers(kinds: Mapping[str, Kind], deleted: Iterable[str]) -> frozenset[str]:
    """The kinds of which a resource may change, or go, when one of some kinds is deleted."""
    going = set(deleted)
    return frozenset(kind.name for kind in kinds.values() if any(going & set(each.kinds) for _, each in _marks(kind)))


def _marks(kind: Kind) -> Iterator[tuple[str, Follows]]:
    for name, each in kind.fields.items():
        for mark in each.mark.follows:
            yield name, mark


class Followers:
    """A state that deletions are let happen to, one after another.

    Args:
        deleted: what will be deleted.
    """

    def __init__(self, kinds: Mapping[str, Kind], state: LiveState, deleted: Iterable[Address]) -> None:
        self._kinds = kinds
        self._state = state
        self._changed: dict[str, Amended] = {}
        self._sought: dict[str, frozenset[str] | None] = {}
        self._named: dict[str, Mapping[str, list[tuple[Address, str, Follows]]]] = {}
        keys: dict[str, set[str]] = defaultdict(set)
        for kind, key in deleted:
            keys[kind].add(key.lower())
        self._sought.update({kind: frozenset(found) for kind, found in keys.items()})

    @property
    def state(self) -> LiveState:
        """What there is by now."""
        if not self._changed:
            return self._state
        return replace(self._state, resources={**self._state.resources, **self._changed})

    def consequences(self, deleted: Address) -> Iterator[Consequence]:
        """What the server would do if a resource were deleted now; what has happened by the time of asking counts."""
        for address, name, mark in self._naming(deleted.kind, deleted.key.lower()):
            observed = self._of(address.kind).get(address.key)
            consequence = None if observed is None else _consequence(observed, name, mark, deleted.key)
            if consequence is not None:
                yield consequence

    def suffer(self, consequence: Consequence) -> None:
        """Let it happen."""
        kind, key = consequence.address
        if kind not in self._changed:
            self._changed[kind] = Amended(self._state.of(kind))
        resources = self._changed[kind]
        observed = resources[key]
        if consequence.gone:
            resources.remove(key)
        else:
            resources.put(replace(observed, values={**observed.values, consequence.field: consequence.after}))

    def _of(self, kind: str) -> Mapping[str, Observed]:
        return self._changed[kind] if kind in self._changed else self._state.of(kind)

    def _naming(self, kind: str, key: str) -> Sequence[tuple[Address, str, Follows]]:
        """What named a resource at first, and in which field."""
        sought = self._sought.get(kind, None)
        if kind not in self._named or not (sought is None or key in sought):
            if sought is not None and key not in sought:
                sought = None  # it goes with something else, as may others of which nothing is known yet
            self._sought[kind] = sought
            self._named[kind] = self._index(kind, sought)
        return self._named[kind].get(key, ())

    def _index(self, deleted: str, sought: frozenset[str] | None) -> Mapping[str, list[tuple[Address, str, Follows]]]:
        """Find what names resources of a kind, by their keys in lower case."""
        found: dict[str, list[tuple[Address, str, Follows]]] = defaultdict(list)
        for kind in self._kinds.values():
            here: list[tuple[str, str, str, Follows]] = []
            for name, mark in _marks(kind):
                if deleted in mark.kinds:
                    names = _hosts if mark.by_domain else listed
                    pairs = naming(self._state.of(kind.name), name, names, sought)
                    here += [(key, named, name, mark) for key, named in pairs]
            for key, named, name, mark in sorted(here, key=_by_key):
                found[named].append((Address(kind.name, key), name, mark))
        hold(self._state, (address for each in found.values() for address, _, _ in each))
        return found


def _by_key(found: tuple[str, str, str, Follows]) -> str:
    return found[0]


def _hosts(value: Value) -> tuple[str, ...]:
    """The domains of what a field names."""
    return tuple(map(domain_of, listed(value)))


def _consequence(observed: Observed, name: str, mark: Follows, key: str) -> Consequence | None:
    """What happens to a resource when something that one of its fields may name is deleted.

    A name that differs in case is not taken out of a list; a resource with no other name goes all the same (mailcow
    2022-01a to 2026-07a, functions.mailbox.inc.php: delete mailbox).
    """
    before = observed.values.get(name)
    names = _hosts(before) if mark.by_domain else listed(before)
    if len(names) == 1 and not mark.stays:
        told = mark.told.format(address=observed.address)
        return Consequence(observed.address, name, before, before, gone=True, told=told) if _is(names[0], key) else None
    if key not in names:
        return None
    address = observed.address
    if not isinstance(before, tuple):
        return Consequence(address, name, before, NONE, gone=False, told=f"sets `{name}` of `{address}` to `{NONE}`")
    left = tuple(each for each in before if each != key)
    return Consequence(address, name, before, left, gone=False, told=f"takes `{key}` out of `{name}` of `{address}`")


def _is(name: str, key: str) -> bool:
    return name.lower() == key.lower()
