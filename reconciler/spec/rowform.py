"""The compact form of a kind's rows: typed records of only what is wanted, decoded from JSON at once.

A list of a large server is hundreds of megabytes of which a third is wanted. Decoded into records it takes a quarter
of the time and a fifth of the memory that mappings take. It needs msgspec; without it, in small answers, and in those
that have odd values, rows stay mappings, and columns of them are the same. Kinds whose rows are reshaped by code have
no form.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import MAIN, WHOLE

if TYPE_CHECKING:
    from reconciler.spec.rowrecords import RowRecords

__all__ = ["MISSING", "RowForm", "row_form"]


class Missing:
    """Stands for what a row does not have; as untrue as nothing."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()

_DEEPEST: Final = 2
"""Names in a path that a record can follow: ``attributes.relayhost``."""


class RowForm:
    """How rows of one kind are kept: large answers as typed records of what is wanted, small ones as they came."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        """Make a form; nothing is imported for it until a large answer comes.

        Args:
            types: the paths in a row, each with the type it is decoded as.
        """
        self._places = {path: place_in(path) for path in types}
        self._types = types
        self._making = Lock()
        self._made: RowRecords | None = None

    def decode(self, text: bytes | bytearray | memoryview) -> list[Any] | None:
        """Read the JSON text of a list of objects into records, leaving out what they have no place for.

        Truths may be spelled as numbers and words. To be called where msgspec is installed only.

        Returns:
            The records; None where the text is no such list, whatever else it is.
        """
        return self._records().decode(text)

    def alike(self, rows: list[Any]) -> list[Any]:
        """Rows of several answers, all of them records where some are."""
        if self._made is None or len(set(map(type, rows))) == 1:
            return rows
        made = self._made
        return [made.of(row) if type(row) is dict else row for row in rows]

    def column(self, rows: Sequence[Any], path: str) -> list[Any]:
        """What stands at a path in each row, `MISSING` where nothing does; the rows are alike."""
        outer, inner = self._places[path]
        if not rows or type(rows[0]) is not dict:
            return self._made.column(rows, path) if self._made is not None else []
        if not outer:
            return [row.get(inner, MISSING) for row in rows]
        holders = [row.get(outer) for row in rows]
        return [each.get(inner, MISSING) if type(each) is dict else MISSING for each in holders]

    def mapping(self, row: Any) -> Mapping[str, Any]:
        """A row as a mapping, with what is wanted in it at least."""
        if type(row) is dict:
            return row
        return self._made.mapping(row) if self._made is not None else {}

    def _records(self) -> RowRecords:
        """What makes records, made by one thread for all."""
        with self._making:
            if self._made is None:
                from reconciler.spec.rowrecords import RowRecords  # noqa: PLC0415  slow to import

                self._made = RowRecords(self._types)
            return self._made


def row_form(kind: Kind, capabilities: Capabilities, wanted: Collection[str]) -> RowForm | None:
    """The compact form of rows of which some fields are wanted; None where they have none."""
    if kind.on_read is not None or kind.singleton:
        return None
    chosen = [
        each
        for name, each in kind.fields.items()
        if (name in wanted or name in kind.key) and each.mark.source == MAIN and each.readable(capabilities)
    ]
    types = {path: _type_of(each) for each in chosen for path in each.mark.read}
    for path in _further_paths(kind):
        types.setdefault(path, Any)
    holders = {path.rpartition(".")[0] for path in types}
    if any(path == WHOLE or path in holders or path.count(".") >= _DEEPEST for path in types):
        return None
    return _form(tuple(types.items()))


@cache
def _form(types: tuple[tuple[str, Any], ...]) -> RowForm:
    return RowForm(dict(types))


def _type_of(field: Field) -> Any:
    return field.codec.wire_type if len(field.mark.read) == 1 else Any


def _further_paths(kind: Kind) -> list[str]:
    """What is kept of a row besides its fields."""
    measures = [path for paths in kind.measures.values() for path in ((paths,) if isinstance(paths, str) else paths)]
    paths = (kind.handle, kind.present, *kind.kept.values(), *kind.witnesses.values(), *measures)
    return [path for path in paths if path]


def place_in(path: str) -> tuple[str, str]:
    """The two names in a path, the first empty where there is only one."""
    outer, _, inner = path.rpartition(".")
    return outer, inner
