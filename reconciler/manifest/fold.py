"""Which values to write once, as defaults, instead of in every entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

__all__ = ["common", "without"]

Entry = Mapping[str, Any]
"""An entry in plain values."""


def common(entries: Sequence[Entry], *, above: Entry, never: Collection[str]) -> dict[str, Any]:
    """Find the values that most entries have, where writing them once takes fewer lines.

    A field that any entry leaves out is never among them: that entry would inherit it.

    Args:
        above: what the entries inherit from farther away.
        never: fields that stay in the entries, because they are what an entry is about.
    """
    if not entries:
        return {}
    everywhere = set(entries[0]).difference(never).intersection(*entries)
    found = {}
    for name in (name for name in entries[0] if name in everywhere):
        column = [_frozen(entry[name]) for entry in entries]
        values = Counter(column)
        count = max(values.values())
        if count * 2 <= len(entries):
            continue
        value = next(value for value, times in values.items() if times == count)
        lines_now = len(entries) - (values[_frozen(above[name])] if name in above else 0)
        if 1 + len(entries) - count < lines_now:
            found[name] = entries[column.index(value)][name]
    return found


def without(entry: Entry, inherited: Entry) -> dict[str, Any]:
    """The entry without what it inherits anyway."""
    return {name: value for name, value in entry.items() if name not in inherited or inherited[name] != value}


def _frozen(value: Any) -> Any:
    """The value as something that can be counted; a truth and a number are never the same."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, dict | Mapping):  # asking whether it is the first is much quicker
        return dict, *[(name, _frozen(each)) for name, each in value.items()]
    return type(value).__name__, value
