"""The quick way to read a section: field by field for all entries at once, where all of them are surely right.

It gives what reading one by one gives, or nothing: whatever is doubtful is read the careful way, which decides and
explains. That the two agree is tested with random sections.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from reconciler.manifest.contents import Batch, keys_of, numbered
from reconciler.manifest.inheritance import Inherited, overlay
from reconciler.manifest.words import entry_words
from reconciler.model.resource import PLAIN, EntryOptions
from reconciler.records import field, record
from reconciler.spec.accept_many import DoubtfulError
from reconciler.spec.kind import Kind
from reconciler.spec.scope import Scope

__all__ = ["read_columns", "read_section"]


@record(slots=True)
class _Alike:
    """Entries that say the same words.

    Attributes:
        below: what all of them inherit besides.
    """

    below: Mapping[str, Any] = field(default_factory=dict)
    entries: list[Mapping[str, Any]] = field(default_factory=list)
    options: list[EntryOptions] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)


def read_section(kind: Kind, written: Any, inherited: Inherited, scope: Scope) -> list[Batch] | None:
    """Read a section: a list of entries, or the fields of what there is one of.

    Args:
        written: as parsed.

    Returns:
        The entries; None where something might be wrong.
    """
    if kind.singleton:
        return read_columns(kind, [written], inherited, scope)
    return read_columns(kind, written, inherited, scope) if isinstance(written, list) else None


def read_columns(kind: Kind, written: Sequence[Any], inherited: Inherited, scope: Scope) -> list[Batch] | None:
    """Read the entries of a section.

    Args:
        written: as parsed.

    Returns:
        The entries; None where one of them might be wrong.
    """
    with suppress(Exception):  # whatever it is, the careful way says it better
        return [_batch(kind, alike, scope) for alike in _sorted(kind, written, inherited, scope)]
    return None


def _sorted(kind: Kind, written: Sequence[Any], inherited: Inherited, scope: Scope) -> list[_Alike]:
    """Put entries that say the same words together."""
    if set(map(type, written)) - {dict}:
        raise DoubtfulError
    words = entry_words(kind)
    options = _options(kind, inherited.words, scope)
    special = {*words, *options.initial, *kind.sugar}
    by_words: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, entry in enumerate(written):
        by_words[tuple(entry)].append(index)
    found: list[_Alike] = []
    mixed: dict[tuple[str, ...], _Alike] = defaultdict(_Alike)
    for said, indexes in by_words.items():
        if special.isdisjoint(said) and (kind.sugar or kind.on_entry is None):
            entries = [written[index] for index in indexes]
            below = {name: value for name, value in inherited.fields.items() if name not in said}
            found.append(_Alike(below, entries, [options] * len(indexes), indexes))
            continue
        for index in indexes:
            fields, besides = overlay(inherited, written[index], words)
            if kind.on_entry is not None and not (kind.sugar and fields.keys().isdisjoint(kind.sugar)):
                fields = kind.on_entry(fields, scope)
            alike = mixed[tuple(fields)]
            alike.entries.append(fields)
            alike.options.append(_options(kind, besides, scope, written[index]))
            alike.indexes.append(index)
    return [*found, *mixed.values()]


def _options(
    kind: Kind, words: Mapping[str, Any], scope: Scope, entry: Mapping[str, Any] | None = None
) -> EntryOptions:
    if not words:
        return PLAIN
    from reconciler.manifest.options import quick_options  # noqa: PLC0415  most entries say nothing but fields

    return quick_options(kind, words, scope, entry=entry)


def _batch(kind: Kind, alike: _Alike, scope: Scope) -> Batch:
    said = alike.entries[0].keys()
    size = len(alike.entries)
    names = tuple(name for name in kind.fields if name in said or name in alike.below)
    if len(names) != len(said) + len(alike.below):
        raise DoubtfulError
    if any(each.required and name not in names for name, each in kind.fields.items()):
        raise DoubtfulError
    columns = []
    for name in names:
        codec = kind.fields[name].codec
        if name in said:
            columns.append(codec.accept_all([entry[name] for entry in alike.entries], scope))
        else:
            columns.append([*codec.accept_all((alike.below[name],), scope)] * size)
    if kind.on_check is not None:
        for values in zip(*columns, strict=True):
            if kind.on_check(dict(zip(names, values, strict=True))):
                raise DoubtfulError
    keys = numbered(kind, keys_of(kind, names, columns, size), alike.options)
    return Batch(names, keys, columns, alike.options, alike.indexes)
