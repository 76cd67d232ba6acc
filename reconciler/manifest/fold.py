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
    shared = [name for name in entries[0] if name not in never and all(name in entry for entry in entries)]
    found = {}
    for name in shared:
        values = Counter(_frozen(entry[name]) for entry in entries)
        (value, count), *_ = sorted(values.items(), key=lambda pair: (-pair[1], repr(pair[0])))
        lines_now = len(entries) - (values[_frozen(above[name])] if name in above else 0)
        if count * 2 > len(entries) and 1 + len(entries) - count < lines_now:
            found[name] = next(entry[name] for entry in entries if _frozen(entry[name]) == value)
    return found


def without(entry: Entry, inherited: Entry) -> dict[str, Any]:
    """The entry without what it inherits anyway."""
    return {name: value for name, value in entry.items() if name not in inherited or inherited[name] != value}


def _frozen(value: Any) -> Any:
    """The value as something that can be counted; a truth and a number are never the same."""
    if isinstance(value, Mapping):
        return tuple((name, _frozen(each)) for name, each in value.items())
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    return type(value).__name__, value
