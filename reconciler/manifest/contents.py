"""What documents declare, read and checked: entries that say the same fields side by side, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.model.address import Address
from reconciler.model.resource import EntryOptions, Value, Values
from reconciler.model.state import Relocation, Removal
from reconciler.model.table import Sheet
from reconciler.records import field, record
from reconciler.spec.kind import Kind

__all__ = ["Batch", "Contents", "batches_of", "keys_of", "numbered", "section_place"]


@record(frozen=True, slots=True)
class Batch:
    """Entries of one kind in one document that say the same fields.

    Attributes:
        names: the fields, in the order of the record.
        columns: for each field its values, in the order of keys.
        options: how each entry is to be treated.
        indexes: where each entry stands in its section.
    """

    names: tuple[str, ...]
    keys: Sequence[str]
    columns: Sequence[Sequence[Value]]
    options: Sequence[EntryOptions]
    indexes: Sequence[int]


@record(frozen=True, slots=True)
class Contents:
    """What some documents declare together.

    Attributes:
        sections: their resources by kind, and by the fields they say.
    """

    sections: dict[str, dict[tuple[str, ...], Sheet]] = field(default_factory=dict)
    removals: list[Removal] = field(default_factory=list)
    relocations: list[Relocation] = field(default_factory=list)

    def add(self, kind: Kind, file: str, batches: Iterable[Batch]) -> None:
        """Add a section of a document."""
        sheets = self.sections.setdefault(kind.name, {})
        for batch in batches:
            sheet = sheets.get(batch.names) or sheets.setdefault(batch.names, Sheet(batch.names))
            indexes = None if kind.singleton else batch.indexes
            place = section_place(kind)
            sheet.append(batch.keys, batch.columns, batch.options, file=file, place=place, indexes=indexes)


def section_place(kind: Kind) -> tuple[str | int, ...]:
    """The way to a kind's section in a document."""
    return (kind.plural,)


def keys_of(kind: Kind, names: Sequence[str], columns: Sequence[Sequence[Value]], size: int) -> list[str]:
    """The keys of entries with these values."""
    if kind.singleton:
        return [kind.name] * size
    if kind.key_text is None and len(kind.key) == 1:
        keys = list(map(str, columns[names.index(kind.key[0])]))
        return list(map(str.lower, keys)) if kind.fold_key else keys
    return [kind.key_of(dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)]


def batches_of(kind: Kind, entries: Iterable[tuple[Values, EntryOptions, int]]) -> list[Batch]:
    """Put entries that were read one by one side by side.

    Args:
        entries: the canonical values, the options and the index of each.
    """
    alike: dict[tuple[str, ...], list[tuple[Values, EntryOptions, int]]] = {}
    for entry in entries:
        alike.setdefault(tuple(entry[0]), []).append(entry)
    found = []
    for names, group in alike.items():
        columns = [[values[name] for values, _, _ in group] for name in names]
        options = [each for _, each, _ in group]
        keys = numbered(kind, keys_of(kind, names, columns, len(group)), options)
        found.append(Batch(names, keys, columns, options, [index for _, _, index in group]))
    return found


def numbered(kind: Kind, keys: list[str], options: Sequence[EntryOptions]) -> list[str]:
    """The keys with what tells those apart that the server lets several resources have."""
    if kind.unique:
        return keys
    pairs = zip(keys, options, strict=True)
    return [Address(kind.name, key).nth(each.nth or 1).key for key, each in pairs]
