"""Typed records of rows, by msgspec, for answers that are large enough to import it for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from reconciler.lean import msgspec
from reconciler.spec.rowform import MISSING, place_in

__all__ = ["RowRecords"]


class RowRecords:
    """Records with a place for what is wanted of a row.

    Made by one thread before others use it: several that decode a type for the first time at once crash the process
    (msgspec 0.22).
    """

    def __init__(self, types: Mapping[str, Any]) -> None:
        """Define them.

        Args:
            types: the paths in a row, each with the type it is decoded as.
        """
        members: dict[str, dict[str, Any]] = {"": {}}
        for path, type_ in types.items():
            outer, inner = place_in(path)
            members.setdefault(outer, {})[inner] = type_
        plain = members.pop("")
        self._nested = {outer: _Struct(inner) for outer, inner in members.items()}
        self._whole = _Struct({**plain, **{outer: inner.type | None for outer, inner in self._nested.items()}})
        self._decode = msgspec.json.Decoder(list[self._whole.type], strict=False).decode  # type: ignore[name-defined]

    def decode(self, text: bytes | bytearray | memoryview) -> list[Any] | None:
        """Read the JSON text of a list of objects; None where it is no such list."""
        try:
            found: list[Any] = self._decode(text)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return None
        return found

    def of(self, row: Mapping[str, Any]) -> Any:
        """Make a record of a mapping, whatever the types of its values."""
        plain = {name: value for name, value in row.items() if name not in self._nested}
        nested = {
            outer: struct.of(row[outer]) for outer, struct in self._nested.items() if isinstance(row.get(outer), dict)
        }
        return self._whole.of({**plain, **nested})

    def mapping(self, record: Any) -> dict[str, Any]:
        """A record as a mapping, with what is there."""
        found = self._whole.mapping(record)
        for outer, struct in self._nested.items():
            within = found.pop(outer, None)
            if within is not None:
                found[outer] = struct.mapping(within)
        return found

    def column(self, records: Sequence[Any], path: str) -> list[Any]:
        """What stands at a path in each record, `MISSING` where nothing does."""
        outer, inner = place_in(path)
        found: list[Any] = list(map(attrgetter(self._whole.attributes[outer or inner]), records))
        if outer:
            attribute = self._nested[outer].attributes[inner]
            return [getattr(each, attribute, MISSING) for each in found]
        return found


class _Struct:
    """One type of record.

    Attributes:
        attributes: what each name is called in it: not everything the server says is a name in Python.
    """

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.attributes = {name: f"f{number}" for number, name in enumerate(members)}
        fields = [(self.attributes[name], type_, MISSING) for name, type_ in members.items()]
        rename = {attribute: name for name, attribute in self.attributes.items()}
        self.type: Any = msgspec.defstruct("Row", fields, rename=rename, gc=False)

    def mapping(self, record: Any) -> dict[str, Any]:
        """One as a mapping, with what is there."""
        named = self.attributes.items()
        return {name: value for name, attribute in named if (value := getattr(record, attribute)) is not MISSING}

    def of(self, said: Mapping[str, Any]) -> Any:
        """Make one, of those names it has a place for."""
        return self.type(**{attribute: said[name] for name, attribute in self.attributes.items() if name in said})
