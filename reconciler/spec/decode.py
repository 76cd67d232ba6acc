"""From a row of the server's answer to an observed resource."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import compress
from typing import Any, Final

from reconciler.errors import ProtocolError
from reconciler.model.address import Address
from reconciler.model.resource import NOTHING, Observed, Value, Values
from reconciler.model.table import UNKNOWN
from reconciler.records import record
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import MAIN, UNSET, WHOLE
from reconciler.spec.rowform import MISSING, Missing, RowForm

_LONGEST_NUMBER: Final = 20
"""Digits of the largest number a database has."""

_TOO_LARGE: Final = 10**_LONGEST_NUMBER

_UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError)
Row = Mapping[str, Any]
KeysByHandle = Mapping[str, Mapping[str, str]]
"""For each kind, the keys of its live resources by handle."""


def dig(row: Row, path: str) -> Any:
    """What stands at a dotted path of a row, `MISSING` where nothing does."""
    if "." not in path:
        return row.get(path, MISSING)
    at: Any = row
    for name in path.split("."):
        if not isinstance(at, Mapping) or name not in at:
            return MISSING
        at = at[name]
    return at


@record(frozen=True, slots=True)
class _Way:
    """How one field is read from a row, worked out once for all rows.

    Attributes:
        outer, inner: where the value stands, for the usual field with one value: ``row[inner]``, or
            ``row[outer][inner]``; ``inner`` is empty for any other field.
        keys: for a reference by handle, the keys by handle.
    """

    field: Field
    name: str
    outer: str
    inner: str
    decode: Callable[..., Value]
    absent: Value
    keys: Mapping[str, str] | None


class Decoder:
    """Reads rows of one kind; made once for a run.

    Args:
        wanted: the fields to decode; the key's are always.
        keys: the keys of other kinds by handle, for references.
    """

    __slots__ = ("_kept", "_measures", "_way", "_ways", "_witnesses", "capabilities", "kind")

    def __init__(self, kind: Kind, capabilities: Capabilities, wanted: Collection[str], keys: KeysByHandle) -> None:
        self.kind = kind
        self.capabilities = capabilities
        self._kept = tuple(kind.kept.items())
        self._measures = tuple(kind.measures.items())
        self._witnesses = tuple(kind.witnesses.items())
        self._ways: dict[str, list[_Way]] = {source: [] for source in (MAIN, *kind.sources)}
        self._way: dict[str, _Way] = {}
        for name, each in kind.fields.items():
            if (name in wanted or name in kind.key) and each.readable(capabilities):
                self._way[name] = _way(each, keys)
                self._ways[each.mark.source].append(self._way[name])

    def observe(self, row: Row) -> Observed | None:
        """Read a row of the main source; None for a row that is not a resource."""
        kind = self.kind
        if kind.present and not row.get(kind.present):
            return None
        if kind.on_read is not None:
            shaped = kind.on_read(row, self.capabilities)
            if shaped is None:
                return None
            row = shaped
        values: dict[str, Value] = {}
        for way in self._ways[MAIN]:
            self._decode_into(values, way, row)
        handle = str(self._handle(row)) if kind.handle else ""
        return Observed(
            self._address(values),
            values,
            handle=handle,
            kept=_found(row, self._kept),
            measures=_measured(row, self._measures),
            witnesses=_found(row, self._witnesses),
        )

    def wires(self, form: RowForm, rows: Sequence[Any], name: str) -> Sequence[Any] | None:
        """What rows in compact form have of a field, `MISSING` where they lack it; None where it is no single value."""
        way = self._way.get(name)
        if way is None or not way.inner or way.field.mark.source != MAIN:
            return None
        return form.column(rows, way.field.mark.read[0])

    def canonical(self, name: str, wires: Sequence[Any]) -> Sequence[Value] | None:
        """Decode values of one field: `UNKNOWN` where a row lacks it; None where only `observe` can tell more."""
        way = self._way[name]
        types = set(map(type, wires))
        complete = Missing not in types
        there = () if complete else [wire is not MISSING for wire in wires]
        try:
            if complete:
                found = way.field.codec.decode_all(wires, types)
            else:
                found = way.field.codec.decode_all(list(compress(wires, there)), types - {Missing})
        except _UNREADABLE:
            return None
        if not complete:
            values = iter(found)
            absent = UNKNOWN if way.absent is UNSET else way.absent
            found = [next(values) if is_there else absent for is_there in there]
        return found if way.keys is None else [_referred(way.keys, value) for value in found]

    def joined_value(self, source: str, name: str, row: Row) -> Value:
        """Read one field of a further source from the one row that is about a resource; `UNKNOWN` where it is not."""
        values: dict[str, Value] = {}
        way = self._way.get(name)
        if way is not None and way.field.mark.source == source:
            self._decode_into(values, way, row)
        return values.get(name, UNKNOWN)

    def _named(self, row: Row) -> dict[str, str]:
        """What tells people which row is meant, where it says so itself."""
        handle = dig(row, self.kind.handle) if self.kind.handle else MISSING
        return {} if handle is MISSING else {"row": f"{self.kind.handle} {handle}"}

    def _handle(self, row: Row) -> Any:
        handle = dig(row, self.kind.handle)
        if handle is MISSING or handle is None or handle == "":  # nothing could be asked or said of it
            raise self._nameless(self.kind.handle)
        return handle

    def _address(self, values: Values) -> Address:
        for part in self.kind.key:
            if isinstance(values.get(part), list | dict):
                raise self._nameless(part)
        try:
            return self.kind.address_of(values)
        except KeyError as missing:
            raise self._nameless(missing.args[0]) from missing

    @property
    def _plural(self) -> str:
        return self.kind.plural.replace("_", " ")

    def _nameless(self, part: str) -> ProtocolError:
        return ProtocolError(
            f"the server lists one of its {self._plural} without its {part}",
            id="row-without-key",
            hint="what answered may not be mailcow, or newer than this tool knows",
        )

    def join(self, observed: Observed, source: str, rows: Sequence[Row]) -> Observed:
        """Add the fields of a further source to a resource, from the rows that are about it."""
        values = dict(observed.values)
        row_ids = observed.rows
        place = self.kind.sources[source]
        for way in self._ways[source]:
            if place.many:
                path = way.field.mark.read[0]
                pairs = [(str(dig(row, path)), str(dig(row, place.row_handle or ""))) for row in rows]
                values[way.name] = way.decode([text for text, _ in pairs])
                row_ids = {**row_ids, way.name: dict(pairs)}
            elif rows:
                self._decode_into(values, way, rows[0])
            elif way.absent is not UNSET:
                values[way.name] = way.absent
        was = observed
        return Observed(was.address, values, was.handle, was.kept, was.measures, row_ids, was.twins, was.witnesses)

    def _decode_into(self, values: dict[str, Value], way: _Way, row: Row) -> None:
        if way.inner:
            holder = row.get(way.outer) if way.outer else row
            readable = type(holder) is dict or isinstance(holder, Mapping)
            wire = holder.get(way.inner, MISSING) if readable else MISSING  # type: ignore[union-attr]  # as just asked
            missing = wire is MISSING
            wires: tuple[Any, ...] = (wire,)
        else:
            wires = tuple(row if path == WHOLE else dig(row, path) for path in way.field.mark.read)
            missing = any(wire is MISSING for wire in wires)
        if missing:
            if way.absent is not UNSET:
                values[way.name] = way.absent
            return
        try:
            value = way.decode(*wires)
        except _UNREADABLE as cause:
            raise ProtocolError(
                f"`{way.field.mark.read[0]}` cannot be read in one of the server's {self._plural}",
                id="value-unreadable",
                hint="the server may be newer than this tool knows; please report its version and this field",
                **self._named(row),
            ) from cause
        values[way.name] = value if way.keys is None else _referred(way.keys, value)


def _referred(keys: Mapping[str, str], handle: Value) -> Value:
    """The key of what has a handle; the handle itself, marked, where nothing known has it."""
    return handle if handle == NONE or handle is UNKNOWN else keys.get(handle, f"#{handle}")


def _way(each: Field, keys: KeysByHandle) -> _Way:
    path = each.mark.read[0] if len(each.mark.read) == 1 and each.mark.read[0] != WHOLE else ""
    outer, _, inner = path.rpartition(".")
    by_handle = each.mark.by_handle and each.mark.refers is not None
    return _Way(
        field=each,
        name=each.name,
        outer=outer,
        inner="" if "." in outer else inner,
        decode=each.codec.decode,
        absent=each.mark.absent,
        keys=keys.get(each.mark.refers or "", {}) if by_handle else None,
    )


def _found(row: Row, paths: tuple[tuple[str, str], ...]) -> Values:
    """What stands at some paths of a row, by name; what is missing is left out."""
    if not paths:
        return NOTHING
    return {name: value for name, path in paths if (value := dig(row, path)) is not MISSING}


def _measured(row: Row, paths: tuple[tuple[str, str | tuple[str, ...]], ...]) -> Values:
    """What stands at some paths of a row, by name; of several paths, the largest number."""
    if not paths:
        return NOTHING
    found = {}
    for name, path in paths:
        told = [_counted(dig(row, each)) for each in (path if isinstance(path, tuple) else (path,))]
        numbers = [each for each in told if isinstance(each, int)]
        value = max(numbers) if numbers else told[0]
        if value is not MISSING:
            found[name] = value
    return found


def _counted(value: Any) -> Any:
    """A number, also where it comes as text: sums do (2022-01a to 2026-07a, recorded exchanges).

    One that no database has is none: what reckons with it need not expect it.
    """
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        return str(value)
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= _LONGEST_NUMBER else value
