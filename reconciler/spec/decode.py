"""From a row of the server's answer to an observed resource."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.errors import ProtocolError
from reconciler.model.resource import Observed, Value
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import MAIN, UNSET, WHOLE

_MISSING: Final = object()
Row = Mapping[str, Any]
KeysByHandle = Mapping[str, Mapping[str, str]]
"""For each kind, the keys of its live resources by handle."""


def dig(row: Row, path: str) -> Any:
    """What stands at a dotted path of a row, `_MISSING` where nothing does."""
    if "." not in path:
        return row.get(path, _MISSING)
    at: Any = row
    for name in path.split("."):
        if not isinstance(at, Mapping) or name not in at:
            return _MISSING
        at = at[name]
    return at


@dataclass(frozen=True, slots=True)
class Decoder:
    """Reads rows of one kind; made once for a run.

    Attributes:
        wanted: the fields to decode; the key's are always.
        keys: the keys of other kinds by handle, for references.
    """

    kind: Kind
    capabilities: Capabilities
    wanted: Collection[str]
    keys: KeysByHandle

    def observe(self, row: Row) -> Observed | None:
        """Read a row of the main source; None for a row that is not a resource."""
        kind = self.kind
        if kind.on_read is not None:
            shaped = kind.on_read(row, self.capabilities)
            if shaped is None:
                return None
            row = shaped
        values: dict[str, Value] = {}
        for name, each in kind.fields.items():
            if each.mark.source == MAIN and (name in self.wanted or name in kind.key):
                self._decode_into(values, each, row)
        return Observed(
            address=kind.address_of(values),
            values=values,
            handle=str(dig(row, kind.handle)) if kind.handle else "",
            kept={name: found for name, path in kind.kept.items() if (found := dig(row, path)) is not _MISSING},
            measures={name: found for name, path in kind.measures.items() if (found := dig(row, path)) is not _MISSING},
        )

    def join(self, observed: Observed, source: str, rows: Sequence[Row]) -> Observed:
        """Add the fields of a further source to a resource, from the rows that are about it."""
        values = dict(observed.values)
        row_ids = dict(observed.rows)
        place = self.kind.sources[source]
        for each in self.kind.fields.values():
            if each.mark.source != source or each.name not in self.wanted or not each.readable(self.capabilities):
                continue
            if place.many:
                pairs = [(str(dig(row, each.mark.read[0])), str(dig(row, place.row_handle or ""))) for row in rows]
                values[each.name] = each.codec.decode([text for text, _ in pairs])
                row_ids[each.name] = dict(pairs)
            elif rows:
                self._decode_into(values, each, rows[0])
            elif each.mark.absent is not UNSET:
                values[each.name] = each.mark.absent
        return replace(observed, values=values, rows=row_ids)

    def _decode_into(self, values: dict[str, Value], each: Field, row: Row) -> None:
        if not each.readable(self.capabilities):
            return
        wire = [row if path == WHOLE else dig(row, path) for path in each.mark.read]
        if _MISSING in wire:
            if each.mark.absent is not UNSET:
                values[each.name] = each.mark.absent
            return
        try:
            value = each.codec.decode(*wire)
        except (ValueError, TypeError, KeyError, AttributeError) as cause:
            raise ProtocolError(
                f"the server's `{each.mark.read[0]}` of a {self.kind.name} cannot be read",
                id="value-unreadable",
                hint="the server may be newer than this tool knows; please report its version and this field",
            ) from cause
        if each.mark.by_handle and each.mark.refers is not None and value != NONE:
            value = self.keys.get(each.mark.refers, {}).get(value, f"#{value}")
        values[each.name] = value


def main_rows(answer: Any) -> list[Row]:
    """The rows of a list the server answered: a list, one object, or ``{}`` for none."""
    if isinstance(answer, Mapping):
        return [answer] if answer else []
    return [row for row in answer or () if isinstance(row, Mapping)]


Observe = Callable[[Row], Observed | None]
