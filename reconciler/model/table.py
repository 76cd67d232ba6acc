"""Tables: many resources of one kind, kept column by column; each is made when somebody looks at it.

A table is a mapping from key to resource like any other, for whoever wants a few of them. Whoever must look at all
takes columns, which costs a hundredth.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, KeysView, Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeVar, overload

from reconciler.model.address import Address
from reconciler.model.resource import Declared, EntryOptions, Observed, Place, Value
from reconciler.records import field, record

__all__ = ["UNKNOWN", "DeclaredTable", "JoinedTexts", "LiveTable", "Passage", "Sheet", "Table", "once_in", "sheets_of"]

Resource_co = TypeVar("Resource_co", covariant=True)
Found = TypeVar("Found")


class _Unknown:
    """Stands in a column where a resource does not have the field; equal to nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = _Unknown()


class Table(Mapping[str, Resource_co]):
    """Resources of one kind by key."""

    __slots__ = ("positions",)

    def __init__(self, positions: dict[str, int]) -> None:
        """Make a table.

        Args:
            positions: where each key's values stand in columns.
        """
        self.positions = positions

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[str]:
        return iter(self.positions)

    def __contains__(self, key: object) -> bool:
        return key in self.positions

    def keys(self) -> KeysView[str]:
        """The keys, as a view that is as quick as a dictionary's."""
        return self.positions.keys()

    def __getitem__(self, key: str) -> Resource_co:
        return self._made(key, self.positions[key])

    def get(self, key: str, default: Any = None) -> Any:
        """The resource with a key, which many are asked for that are not there: raising for those takes long."""
        position = self.positions.get(key)
        return default if position is None else self._made(key, position)

    @abstractmethod
    def _made(self, key: str, position: int) -> Resource_co:
        """Make the resource that stands at a position."""


class JoinedTexts(Sequence[Value]):
    """A column of sets of texts, each kept as one text; what is no such set stands beside.

    Attributes:
        texts: each set's elements, in order, joined by commas.
        others: other values, by position.
    """

    __slots__ = ("others", "texts")

    def __init__(self, texts: list[str], others: dict[int, Value]) -> None:
        """Keep texts that hold at least one element each, and other values."""
        self.texts = texts
        self.others = others

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, position: int) -> Value: ...

    @overload
    def __getitem__(self, position: slice) -> Sequence[Value]: ...

    def __getitem__(self, position: int | slice) -> Value | Sequence[Value]:
        if isinstance(position, slice):
            return [self[each] for each in range(*position.indices(len(self)))]
        if position in self.others:
            return self.others[position]
        return tuple(self.texts[position].split(","))


@record(frozen=True, slots=True)
class Passage:
    """Entries of one file that stand behind each other in a sheet.

    Attributes:
        start: the position of the first one.
        place: the way to their section.
        indexes: where each stands in the section; None for what is no list.
    """

    start: int
    file: str
    place: tuple[str | int, ...]
    indexes: Sequence[int] | None


@record(slots=True)
class Sheet:
    """Declared resources that say the same fields, from any files.

    Attributes:
        names: the fields, in the order of the record.
        columns: for each field its values, in the order of keys.
        options: how each is to be treated.
        passages: where they stand, in the order of keys.
        starts: of the passages, as far as somebody has asked where entries stand.
    """

    names: tuple[str, ...]
    keys: list[str] = field(default_factory=list)
    columns: list[Sequence[Value]] = field(default_factory=list)
    options: list[EntryOptions] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    starts: list[int] = field(default_factory=list, init=False, repr=False, compare=False)

    def append(
        self,
        keys: Sequence[str],
        columns: Sequence[Sequence[Value]],
        options: Sequence[EntryOptions],
        *,
        file: str,
        place: tuple[str | int, ...],
        indexes: Sequence[int] | None,
    ) -> None:
        """Add entries of one file."""
        self.passages.append(Passage(len(self.keys), file, place, indexes))
        self.keys += keys
        self.options += options
        if not self.columns:
            self.columns = [[] for _ in self.names]
        for number, more in enumerate(columns):
            column = self.columns[number]
            if not isinstance(column, list):
                self.columns[number] = column = list(column)
            column.extend(more)

    def change(self, name: str, values: Mapping[int, Value]) -> None:
        """Give some of the resources other values of a field."""
        number = self.names.index(name)
        self.columns[number] = [values.get(place, value) for place, value in enumerate(self.columns[number])]

    def column(self, name: str) -> Sequence[Value]:
        """The values of one of its fields."""
        return self.columns[self.names.index(name)]

    def place(self, position: int) -> Place:
        """Where an entry stands."""
        from bisect import bisect_right  # noqa: PLC0415  only what is shown, or differs, is looked up

        if len(self.starts) != len(self.passages):
            self.starts = [passage.start for passage in self.passages]
        found = self.passages[bisect_right(self.starts, position) - 1]
        if found.indexes is None:
            return Place(found.file, found.place)
        return Place(found.file, (*found.place, found.indexes[position - found.start]))

    def declared(self, kind: str, position: int) -> Declared:
        """One of the resources."""
        values = {name: column[position] for name, column in zip(self.names, self.columns, strict=True)}
        return Declared(Address(kind, self.keys[position]), values, self.place(position), self.options[position])


class DeclaredTable(Table[Declared]):
    """What is declared of one kind.

    Attributes:
        sheets: the declarations, by what they say.
    """

    __slots__ = ("_kind", "_starts", "sheets")

    def __init__(self, kind: str, sheets: Sequence[Sheet]) -> None:
        """Bring sheets together.

        Raises:
            ValueError: where a key stands twice.
        """
        self._kind = kind
        self.sheets = tuple(sheets)
        self._starts: list[int] = []
        total = 0
        for sheet in self.sheets:
            self._starts.append(total)
            total += len(sheet.keys)
        keys = chain.from_iterable(sheet.keys for sheet in self.sheets)
        super().__init__(dict(zip(keys, range(total), strict=True)))
        if len(self.positions) != total:
            raise ValueError(f"{total - len(self.positions)} keys of {kind} stand twice")

    def _made(self, key: str, position: int) -> Declared:
        del key
        from bisect import bisect_right  # noqa: PLC0415  as above

        number = bisect_right(self._starts, position) - 1
        return self.sheets[number].declared(self._kind, position - self._starts[number])


def once_in(worked_out: dict[Hashable, Any], what: Hashable, work: Callable[[], Found]) -> Found:
    """What has been worked out under a name, or is now and is then kept there."""
    if what not in worked_out:
        worked_out[what] = work()
    found: Found = worked_out[what]
    return found


class LiveTable(Table[Observed]):
    """What a server has of one kind."""

    __slots__ = ("_worked_out",)

    def __init__(self, positions: dict[str, int]) -> None:
        """Make a table; see `Table`."""
        super().__init__(positions)
        self._worked_out: dict[Hashable, Any] = {}

    def once(self, what: Hashable, work: Callable[[], Found]) -> Found:
        """What has been worked out from all of it under a name, or is now: one plan asks the same several times."""
        return once_in(self._worked_out, what, work)

    @abstractmethod
    def hold(self, keys: Iterable[str]) -> None:
        """Remember some resources once they are made: they will be looked at again and again."""

    @abstractmethod
    def column(self, name: str) -> Sequence[Value] | None:
        """The values of a field, by position, `UNKNOWN` where it is not known; None where they are not at hand."""

    @abstractmethod
    def differing(self, name: str, positions: Sequence[int], wanted: Sequence[Value]) -> Sequence[int]:
        """Find where a field may have other values than those that are wanted.

        Args:
            name: the field.
            positions: of the resources that are wanted so.
            wanted: a value for each of them.

        Returns:
            Places in `positions`, in order; all of them where the values are not at hand.
        """

    @property
    @abstractmethod
    def handles(self) -> Sequence[str]:
        """What the API calls each resource by, by position."""


def sheets_of(resources: Mapping[str, Declared]) -> Sequence[Sheet]:
    """What is declared, as sheets, however it is kept."""
    if isinstance(resources, DeclaredTable):
        return resources.sheets
    sheets: dict[tuple[str, ...], Sheet] = {}
    for key, declared in resources.items():
        names = tuple(declared.values)
        values = [[value] for value in declared.values.values()]
        place = declared.place
        sheet = sheets.setdefault(names, Sheet(names))
        sheet.append([key], values, [declared.options], file=place.file, place=place.path, indexes=None)
    return list(sheets.values())
