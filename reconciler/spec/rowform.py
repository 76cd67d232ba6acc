"""The compact form of a kind's rows: typed records of only what is wanted, decoded from JSON at once.

A list of a large server is hundreds of megabytes of which a third is wanted. Decoded into records it takes a quarter
of the time and a fifth of the memory that mappings take. It needs msgspec; without it, and for kinds whose rows are
reshaped by code, rows stay mappings.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from operator import attrgetter
from typing import Any, Final

from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import MAIN, WHOLE

__all__ = ["AVAILABLE", "MISSING", "RowForm", "row_form"]

AVAILABLE: Final = find_spec("msgspec") is not None


class Missing:
    """Stands for what a row does not have; as untrue as nothing."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()

_DEEPEST: Final = 2
"""Names in a path that a record can follow: ``attributes.relayhost``."""


class RowForm:
    """How rows of one kind are kept.

    Attributes:
        record: the type of a row, to decode lists of.
    """

    def __init__(self, types: Mapping[str, Any]) -> None:
        """Make a form.

        Args:
            types: the paths in a row, each with the type it is decoded as.
        """
        from msgspec import UNSET, UnsetType, defstruct  # noqa: PLC0415  optional, and slow to import
        from msgspec.json import Decoder  # noqa: PLC0415  as above

        self._unset = UNSET
        self._places: dict[str, tuple[str, str]] = {}
        outer: dict[str, dict[str, Any]] = {}
        for path, type_ in types.items():
            holder, _, name = path.rpartition(".")
            outer.setdefault(holder, {})[name] = type_ | UnsetType

        def struct(name: str, members: Mapping[str, Any]) -> Any:
            fields = [(f"f{number}", type_, UNSET) for number, type_ in enumerate(members.values())]
            rename = dict(zip((field[0] for field in fields), members, strict=True))
            return defstruct(name, fields, rename=rename, gc=False)

        members = outer.pop("", {})
        nested = {name: struct(f"Row{number}", inner) for number, (name, inner) in enumerate(outer.items())}
        whole = {**members, **{name: inner | None | UnsetType for name, inner in nested.items()}}
        attributes = {name: f"f{number}" for number, name in enumerate(whole)}
        self.record: type = struct("Row", whole)
        # made ready here: threads that decode a type for the first time at once crash the process (msgspec 0.22)
        Decoder(list[self.record])  # type: ignore[name-defined]
        for path in types:
            holder, _, name = path.rpartition(".")
            inside = f"f{list(outer[holder]).index(name)}" if holder else ""
            self._places[path] = (attributes[holder or name], inside)

    def column(self, rows: Sequence[Any], path: str) -> list[Any]:
        """What stands at a path in each row, `MISSING` where nothing does."""
        attribute, inside = self._places[path]
        found: list[Any] = list(map(attrgetter(attribute), rows))
        unset = self._unset
        if inside:
            found = [getattr(each, inside, unset) for each in found]
        if type(unset) in set(map(type, found)):
            return [MISSING if each is unset else each for each in found]
        return found

    def mapping(self, row: Any) -> dict[str, Any]:
        """A row as a mapping again, with what is wanted in it."""
        found: dict[str, Any] = {}
        for path in self._places:
            (value,) = self.column([row], path)
            if value is not MISSING:
                holder, _, name = path.rpartition(".")
                (found.setdefault(holder, {}) if holder else found)[name] = value
        return found


def row_form(kind: Kind, capabilities: Capabilities, wanted: Collection[str]) -> RowForm | None:
    """The compact form of rows of which some fields are wanted; None where rows stay mappings."""
    if not AVAILABLE or kind.on_read is not None or kind.singleton:
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
