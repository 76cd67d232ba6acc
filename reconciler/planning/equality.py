"""Equality first: which declared resources surely are on the server as declared, without making any of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import compress
from typing import cast

from reconciler.model.amended import Amended
from reconciler.model.resource import Declared, Observed
from reconciler.model.table import LiveTable, Sheet, sheets_of
from reconciler.spec.kind import Kind

__all__ = ["doubtful"]


def doubtful(kind: Kind, declared: Mapping[str, Declared], live: Mapping[str, Observed]) -> Collection[str]:
    """List the keys of declared resources that may not be on the server as declared.

    All others have a live one with their key, with equal values in every declared field.
    """
    if isinstance(live, Amended):
        amended = live.otherwise.keys() & declared.keys()
        below = set(doubtful(kind, declared, live.below))
        return [key for key in declared if key in below or key in amended] if amended else below
    if not isinstance(live, LiveTable):
        return declared
    return [key for sheet in sheets_of(declared) for key in _doubtful(kind, sheet, live)]


def _doubtful(kind: Kind, sheet: Sheet, live: LiveTable) -> Iterator[str]:
    keys: Sequence[str] = sheet.keys
    columns = dict(zip(sheet.names, sheet.columns, strict=True))
    positions = list(map(live.positions.get, keys))
    if None in positions:
        there = [position is not None for position in positions]
        yield from (key for key, is_there in zip(keys, there, strict=True) if not is_there)
        keys = list(compress(keys, there))
        columns = {name: list(compress(column, there)) for name, column in columns.items()}
        positions = list(compress(positions, there))
    found = cast("list[int]", positions)
    differing: set[int] = set()
    for name, wanted in columns.items():
        if name not in kind.key and name != kind.replaceable:
            differing.update(live.differing(name, found, wanted))
    yield from (keys[place] for place in sorted(differing))
