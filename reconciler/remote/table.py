"""What a server has of one kind, kept as it came in compact form; resources are made when somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from reconciler.model.resource import Observed, Value
from reconciler.model.table import UNKNOWN, LiveTable
from reconciler.records import record
from reconciler.remote.joins import Joined
from reconciler.spec.decode import Decoder
from reconciler.spec.mark import MAIN
from reconciler.spec.rowform import RowForm

__all__ = ["CompactRows", "ObservedTable"]

REMEMBERED: Final = 1_000
"""How many resources that were made are remembered: as many domains as most servers have, and no share of mailboxes.

What a plan changes is remembered besides, see `ObservedTable.hold`.
"""


@record(frozen=True, slots=True)
class CompactRows:
    """The rows of one answer in compact form."""

    form: RowForm
    records: Sequence[Any]

    def mappings(self) -> list[Mapping[str, Any]]:
        """The rows as mappings."""
        return [self.form.mapping(record) for record in self.records]


class ObservedTable(LiveTable):
    """Live resources of which no two have the same key; one after the other they come in the order of keys."""

    __slots__ = ("_decoder", "_held", "_joined", "_joins", "_made_before", "_rows", "_standing")

    def __init__(
        self, decoder: Decoder, rows: CompactRows, keys: Mapping[str, int], joins: tuple[Joined, ...] = ()
    ) -> None:
        """Keep rows.

        Args:
            decoder: what reads them.
            rows: all of them.
            keys: where the row of each key stands.
            joins: what further sources show of the resources.
        """
        super().__init__(dict(keys))
        self._decoder = decoder
        self._rows = rows
        self._joins = joins
        self._standing: tuple[Sequence[int], Sequence[Any]] = ((), ())
        self._made_before: dict[str, Observed] = {}
        self._held: dict[str, Observed | None] = {}
        self._joined: dict[str, Sequence[Value] | None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.positions))

    @property
    def handles(self) -> Sequence[str]:
        """What the API calls each resource by, by position."""
        return list(map(str, self._rows.form.column(self._rows.records, self._decoder.kind.handle)))

    def measured(self, name: str) -> Mapping[str, int]:
        """What a measure says of each resource, by key; those of which it says nothing are left out."""
        path = self._decoder.kind.measures.get(name)
        if not isinstance(path, str):
            return {}
        column = self._rows.form.column(self._rows.records, path)
        return {key: column[place] for key, place in self.positions.items() if isinstance(column[place], int)}

    def hold(self, keys: Iterable[str]) -> None:
        """Remember some resources once they are made; see `LiveTable`."""
        for key in keys:
            if key in self.positions and key not in self._held:
                self._held[key] = self._made_before.get(key)

    def joined(self, joined: Joined) -> ObservedTable:
        """The same resources with the fields of a further source."""
        return ObservedTable(self._decoder, self._rows, self.positions, (*self._joins, joined))

    def column(self, name: str) -> Sequence[Value] | None:
        """The values of a field, by position, `UNKNOWN` where it is not known; None where they are not at hand."""
        if self._decoder.kind.fields[name].mark.source != MAIN:
            if self._decoder.kind.fields[name].mark.source not in {join.name for join in self._joins}:
                return [UNKNOWN] * len(self._rows.records)
            if name not in self._joined:
                columns = (join.column(name, self.handles) for join in self._joins)
                self._joined[name] = next((column for column in columns if column is not None), None)
            return self._joined[name]
        wires = self._decoder.wires(self._rows.form, self._rows.records, name)
        return None if wires is None else self._decoder.canonical(name, wires)

    def differing(self, name: str, positions: Sequence[int], wanted: Sequence[Value]) -> Sequence[int]:
        """Find where a field may have other values than those that are wanted; see `LiveTable`.

        Values that are on the wire what the wanted ones most likely are there need not be decoded.
        """
        found = self._decoder.wires(self._rows.form, self._standing_at(positions), name)
        if found is None:
            column = self.column(name)
            if column is None:
                return range(len(positions))
            return _unequal(list(map(column.__getitem__, positions)), wanted)
        shown = self._decoder.kind.fields[name].codec.shown
        if shown is None:
            canonical = self._decoder.canonical(name, found)
            return range(len(found)) if canonical is None else _unequal(canonical, wanted)
        suspects = _unequal(found, shown(wanted))
        if not suspects:
            return ()
        canonical = self._decoder.canonical(name, [found[place] for place in suspects])
        if canonical is None:
            return suspects
        return [suspects[place] for place in _unequal(canonical, [wanted[place] for place in suspects])]

    def _standing_at(self, positions: Sequence[int]) -> Sequence[Any]:
        """The rows at some positions; one field after the other is compared of the same ones."""
        if self._standing[0] is not positions:
            self._standing = (positions, list(map(self._rows.records.__getitem__, positions)))
        return self._standing[1]

    def _made(self, key: str, position: int) -> Observed:
        """The resource at a position; a few are remembered: a domain is looked up for each of its mailboxes."""
        if key in self._held:
            held = self._held[key]
            if held is None:
                held = self._held[key] = self._make(key, position)
            return held
        known = self._made_before.get(key)
        if known is None:
            if len(self._made_before) >= REMEMBERED:
                self._made_before.clear()
            known = self._made_before[key] = self._make(key, position)
        return known

    def _make(self, key: str, position: int) -> Observed:
        observed = self._decoder.observe(self._rows.form.mapping(self._rows.records[position]))
        assert observed is not None, f"the row of {key} is a resource"
        for join in self._joins:
            observed = join.to(observed)
        return observed


def _unequal(found: Sequence[Any], wanted: Sequence[Any]) -> Sequence[int]:
    """Where two columns differ; that they do not is found out without looking at each value here."""
    if found == wanted:
        return ()
    return [place for place, (one, other) in enumerate(zip(found, wanted, strict=True)) if one != other]
