"""What a server has of one kind, kept as it came in compact form; resources are made when somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.model.resource import Observed, Value
from reconciler.model.table import LiveTable
from reconciler.remote.joins import Joined
from reconciler.spec.decode import Decoder
from reconciler.spec.mark import MAIN
from reconciler.spec.rowform import RowForm

__all__ = ["CompactRows", "ObservedTable"]


@dataclass(frozen=True, slots=True)
class CompactRows:
    """The rows of one answer in compact form."""

    form: RowForm
    records: Sequence[Any]

    def mappings(self) -> list[Mapping[str, Any]]:
        """The rows as mappings."""
        return [self.form.mapping(record) for record in self.records]


class ObservedTable(LiveTable):
    """Live resources of which no two have the same key; one after the other they come in the order of keys."""

    __slots__ = ("_columns", "_decoder", "_handles", "_joins", "_rows")

    def __init__(self, decoder: Decoder, rows: CompactRows, keys: Mapping[str, int], handles: Sequence[str]) -> None:
        """Keep rows.

        Args:
            decoder: what reads them.
            rows: all of them.
            keys: where the row of each key stands.
            handles: what the API calls each row's resource by.
        """
        super().__init__(dict(keys))
        self._decoder = decoder
        self._rows = rows
        self._handles = handles
        self._joins: tuple[Joined, ...] = ()
        self._columns: dict[str, Sequence[Value] | None] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.positions))

    @property
    def handles(self) -> Sequence[str]:
        """What the API calls each resource by, by position."""
        return self._handles

    def column(self, name: str) -> Sequence[Value] | None:
        """The values of a field, by position, `UNKNOWN` where it is not known; None where they are not at hand."""
        if name not in self._columns:
            self._columns[name] = self._column(name)
        return self._columns[name]

    def joined(self, joined: Joined) -> ObservedTable:
        """The same resources with the fields of a further source."""
        table = ObservedTable(self._decoder, self._rows, self.positions, self._handles)
        table._joins = (*self._joins, joined)
        return table

    def _column(self, name: str) -> Sequence[Value] | None:
        if self._decoder.kind.fields[name].mark.source == MAIN:
            return self._decoder.column(self._rows.form, self._rows.records, name)
        return next((found for join in self._joins if (found := join.column(name, self._handles)) is not None), None)

    def _made(self, key: str, position: int) -> Observed:
        observed = self._decoder.observe(self._rows.form.mapping(self._rows.records[position]))
        assert observed is not None, f"the row of {key} is a resource"
        for join in self._joins:
            observed = join.to(observed)
        return observed
