"""What a server has of one kind, with a few resources otherwise: the rest is neither copied nor made."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.model.address import Address
from reconciler.model.resource import Observed, Value
from reconciler.model.state import LiveState
from reconciler.model.table import UNKNOWN, Found, LiveTable, once_in

__all__ = [
    "Amended",
    "Gathered",
    "handles_of",
    "hold",
    "listed",
    "naming",
    "once_of",
    "overlaid",
    "those_called",
    "those_naming",
    "those_with",
    "value_of",
    "values_of",
]


class Gathered(dict[str, Observed]):
    """Live resources that are no table, with what has been worked out from all of them. Not to be changed."""

    __slots__ = ("_worked_out",)

    def __init__(self, resources: Iterable[tuple[str, Observed]]) -> None:
        """Gather them, by key and in this order."""
        super().__init__(resources)
        self._worked_out: dict[Hashable, Any] = {}

    def once(self, what: Hashable, work: Callable[[], Found]) -> Found:
        """What has been worked out from all of it under a name, or is now; see `LiveTable`."""
        return once_in(self._worked_out, what, work)


class Amended(Mapping[str, Observed]):
    """Live resources over others.

    Attributes:
        below: the others.
        otherwise: what stands in place of some of them, or beside them, by key; None for one that is gone.
    """

    __slots__ = ("_worked_out", "below", "otherwise")

    def __init__(self, resources: Mapping[str, Observed]) -> None:
        """Begin with resources as they are; those that are amended already stay as they are themselves."""
        self.below: Mapping[str, Observed] = resources.below if isinstance(resources, Amended) else resources
        self.otherwise: dict[str, Observed | None] = dict(resources.otherwise) if isinstance(resources, Amended) else {}
        self._worked_out: dict[Hashable, Any] = {}

    def __getitem__(self, key: str) -> Observed:
        if key not in self.otherwise:
            return self.below[key]
        found = self.otherwise[key]
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: str, default: Any = None) -> Any:
        """The resource with a key; see `Table`."""
        if key not in self.otherwise:
            return self.below.get(key, default)
        found = self.otherwise[key]
        return default if found is None else found

    def __contains__(self, key: object) -> bool:
        return self.otherwise[key] is not None if key in self.otherwise else key in self.below

    def __iter__(self) -> Iterator[str]:
        yield from (key for key in self.below if key not in self.otherwise)
        yield from (key for key, found in self.otherwise.items() if found is not None)

    def __len__(self) -> int:
        untouched = len(self.below) - sum(1 for key in self.otherwise if key in self.below)
        return untouched + sum(1 for found in self.otherwise.values() if found is not None)

    def hold(self, keys: Iterable[str]) -> None:
        """Remember some resources once they are made; see `LiveTable`."""
        if isinstance(self.below, LiveTable):
            self.below.hold(keys)

    def put(self, resource: Observed) -> None:
        """Have a resource, in place of what has its key."""
        self.otherwise[resource.address.key] = resource
        self._worked_out.clear()

    def remove(self, key: str) -> None:
        """Have nothing under a key."""
        self.otherwise[key] = None
        self._worked_out.clear()

    def amended_naming(self, name: str, names: Names) -> Mapping[str, Sequence[str]]:
        """The keys of what is otherwise, by what a field of it names; worked out anew after a change."""
        there = ((key, each.values.get(name)) for key, each in self.otherwise.items() if each is not None)
        return self.once(("otherwise by name", name, names), lambda: _by_name(there, names))

    def once(self, what: Hashable, work: Callable[[], Found]) -> Found:
        """What has been worked out from all of it under a name, or is now; anew after a change."""
        return once_in(self._worked_out, what, work)


def values_of(resources: Mapping[str, Observed], *names: str) -> Iterator[tuple[str, Sequence[Value]]]:
    """The values of some fields, `UNKNOWN` where they are not known, of each resource by key.

    Resources that are kept in columns are not made for it.
    """
    if isinstance(resources, Amended):
        changed = resources.otherwise
        untouched = ((key, values) for key, values in values_of(resources.below, *names) if key not in changed)
        yield from untouched if changed else values_of(resources.below, *names)
        yield from _looked_up(((key, each) for key, each in changed.items() if each is not None), names)
        return
    if not isinstance(resources, LiveTable):
        yield from _looked_up(resources.items(), names)
        return
    if not names:
        yield from ((key, ()) for key in resources.positions)
        return
    places = resources.positions.values()
    columns = [_column(resources, name) for name in names]
    yield from zip(
        resources.positions, zip(*(map(column.__getitem__, places) for column in columns), strict=True), strict=True
    )


Names = Callable[[Value], Iterable[str]]
"""(the value of a field) -> what it names."""


def naming(
    resources: Mapping[str, Observed], name: str, names: Names, sought: frozenset[str] | None
) -> Sequence[tuple[str, str]]:
    """The keys of resources of which a field names something that is sought, and what it names, in lower case.

    Args:
        name: the field.
        names: the same function for the same question: what it finds among many resources is remembered.
        sought: in lower case; None for everything that is named.
    """

    def scan() -> list[tuple[str, str]]:
        return [(key, each) for key, (value,) in values_of(resources, name) for each in among(value)]

    def among(value: Value) -> Iterable[str]:
        named = map(str.lower, names(value))
        return dict.fromkeys(named if sought is None else filter(sought.__contains__, named))

    if isinstance(resources, LiveTable):
        return resources.once(("naming", name, names, sought), scan)
    if not isinstance(resources, Amended):
        return scan()
    changed = resources.otherwise
    below = naming(resources.below, name, names, sought)
    there = ((key, observed.values.get(name)) for key, observed in changed.items() if observed is not None)
    return [
        *(below if not changed else ((key, each) for key, each in below if key not in changed)),
        *((key, each) for key, value in there for each in among(value)),
    ]


def those_naming(resources: Mapping[str, Observed], name: str, names: Names, sought: str) -> Sequence[str]:
    """The keys of resources of which a field names something, in order.

    However many are asked about, and however often, the resources are looked through once; see `naming` for all of them
    together.

    Args:
        name: the field.
        names: the same function for the same question.
        sought: exactly as `names` has it.
    """
    if isinstance(resources, Amended):
        return resources.once(
            ("those naming", name, names, sought), lambda: _among_both(resources, name, names, sought)
        )

    def indexed() -> Mapping[str, Sequence[str]]:
        found = _by_name(((key, value) for key, (value,) in values_of(resources, name)), names)
        return {each: sorted(keys) for each, keys in found.items()}

    return once_of(resources, ("by name", name, names), indexed).get(sought, ())


def _among_both(resources: Amended, name: str, names: Names, sought: str) -> Sequence[str]:
    below = those_naming(resources.below, name, names, sought)
    otherwise = resources.amended_naming(name, names).get(sought, ())
    return sorted([*(key for key in below if key not in resources.otherwise), *otherwise])


def those_with(resources: Mapping[str, Observed], name: str, text: str) -> Sequence[str]:
    """The keys of resources of which a field is a text, in order; see `those_naming`."""
    return those_naming(resources, name, _itself, text)


def those_called(resources: Mapping[str, Observed], handle: str) -> Sequence[str]:
    """The keys of resources of which the API calls a row so, in their order; looked through once, as above."""

    def indexed() -> Mapping[str, Sequence[str]]:
        rows = ((each.address.key, (each, *each.twins)) for each in resources.values())
        return _by_name(rows, lambda found: dict.fromkeys(row.handle for row in found))

    return once_of(resources, "by handle", indexed).get(handle, ())


def once_of(resources: Mapping[str, Observed], what: Hashable, work: Callable[[], Found]) -> Found:
    """What has been worked out from some resources under a name, or is now; kept where they can keep it."""
    return resources.once(what, work) if isinstance(resources, LiveTable | Gathered | Amended) else work()


def listed(value: Value) -> tuple[str, ...]:
    """What most fields name: the texts a value holds, or the text it is."""
    return value if isinstance(value, tuple) else _itself(value)


def _itself(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else ()


def _by_name(values: Iterable[tuple[str, Value]], names: Names) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for key, value in values:
        for each in names(value):
            found.setdefault(each, []).append(key)
    return found


def value_of(resources: Mapping[str, Observed], key: str, name: str) -> Value:
    """The value of a field of a resource that is there, `UNKNOWN` where it is not known; see `values_of`."""
    if isinstance(resources, Amended) and key not in resources.otherwise:
        resources = resources.below
    if isinstance(resources, LiveTable):
        return _column(resources, name)[resources.positions[key]]
    return resources[key].values.get(name, UNKNOWN)


def handles_of(resources: Mapping[str, Observed]) -> dict[str, str]:
    """What the API calls each resource by, by key; resources that are kept in columns are not made for it."""
    if isinstance(resources, LiveTable):
        handles = resources.handles
        return {key: handles[position] for key, position in resources.positions.items()}
    if not isinstance(resources, Amended):
        return {key: observed.handle for key, observed in resources.items()}
    found = handles_of(resources.below)
    for key, observed in resources.otherwise.items():
        found.pop(key, None)
        if observed is not None:
            found[key] = observed.handle
    return found


def _column(resources: LiveTable, name: str) -> Sequence[Value]:
    """The values of a field, by position; where they are not at hand, all resources are made, once."""

    def made() -> Sequence[Value]:
        column = resources.column(name)
        if column is not None:
            return column
        found: dict[int, Value] = {}
        for key, observed in resources.items():
            found[resources.positions[key]] = observed.values.get(name, UNKNOWN)
        return [found.get(position, UNKNOWN) for position in range(max(found, default=-1) + 1)]

    return resources.once(("column", name), made)


def _looked_up(
    resources: Iterable[tuple[str, Observed]], names: tuple[str, ...]
) -> Iterator[tuple[str, Sequence[Value]]]:
    for key, observed in resources:
        yield key, tuple([observed.values.get(name, UNKNOWN) for name in names])


def overlaid(below: Mapping[str, Observed], above: Mapping[str, Observed]) -> Mapping[str, Observed]:
    """Some resources in place of others with their keys, or beside them."""
    if not above:
        return below
    amended = Amended(below)
    for observed in above.values():
        amended.put(observed)
    return amended


def hold(state: LiveState, addresses: Iterable[Address]) -> None:
    """Have a state remember some resources once they are made: whoever plans looks at them again and again."""
    keys: dict[str, list[str]] = {}
    for kind, key in addresses:
        keys.setdefault(kind, []).append(key)
    for kind, found in keys.items():
        resources = state.of(kind)
        if isinstance(resources, LiveTable | Amended):
            resources.hold(found)
