"""Writes that are carried out in part: without some of their items, or up to some statement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from . import php
from .faults import Disturbance
from .routing import ServerCrash
from .state import State, Table

_HIGHEST: Final = 1 << 32
_SUMS: Final = {"domain_totals"}
"""What the server counts anew whenever it is asked."""
_CHANGES: Final = {"insert", "update", "delete", "delete_where"}


@dataclass(frozen=True, slots=True)
class Parted:
    """What of a write is carried out.

    Attributes:
        body: With what is left to do.
        remains: Whether anything is.
        refusals: For each refusal to be told, whether it stands at the end.
    """

    body: bytes
    remains: bool = True
    refusals: tuple[bool, ...] = ()


def part(route: str, body: bytes, disturbance: Disturbance) -> Parted:
    """Leave out what a disturbance lets fail.

    Args:
        route: After ``/api/v1/``.
    """
    if not (disturbance.danger or disturbance.half or disturbance.refused):
        return Parted(body)
    decoded = php.json_decode(body)
    items = _items(route, decoded)
    kept = list(items)
    if disturbance.refused:
        kept = [each for each in items if crc32(f"{route} {each}".encode()) / _HIGHEST >= disturbance.refused]
    refusals = [position > 0 for position, each in enumerate(items) if each not in kept]
    if len(kept) > 1 and (disturbance.half or disturbance.danger):
        kept = kept[: len(kept) // 2] if disturbance.half else kept[:-1]
        refusals += [True] * disturbance.danger
    else:
        refusals += [False] * disturbance.danger
    if kept == items:
        return Parted(body, refusals=tuple(refusals))
    return Parted(_with_items(decoded, items, kept), bool(kept), tuple(refusals))


def _items(route: str, decoded: Any) -> list[Any]:
    """What a write is about, one after another: items, the names of an add that has several, or all of it."""
    if route.startswith("add/"):
        names = decoded.get("address") if isinstance(decoded, dict) else None
        return names.split(",") if isinstance(names, str) else [decoded]
    items = decoded.get("items") if isinstance(decoded, dict) else decoded
    return items if isinstance(items, list) else [items]


def _with_items(decoded: Any, items: list[Any], kept: list[Any]) -> bytes:
    if decoded is items:
        return json.dumps(kept).encode()
    if isinstance(decoded, dict) and decoded.get("items") is items:
        return json.dumps({**decoded, "items": kept}).encode()
    return json.dumps({**decoded, "address": ",".join(map(str, kept))} if kept else decoded).encode()


@contextmanager
def torn(state: State, statements: int) -> Iterator[None]:
    """Let a call crash once so many statements have changed something; 0 for never.

    Raises:
        ServerCrash: Inside, as of a database that went away.
    """
    if not statements:
        yield
        return
    tables, left = state.tables, _Left(statements)
    watched: Any = {name: table if name in _SUMS else _Torn(table, left) for name, table in tables.items()}
    state.tables = watched
    try:
        yield
    finally:
        state.tables = tables


@dataclass(slots=True)
class _Left:
    statements: int

    def take(self) -> None:
        if not self.statements:
            raise ServerCrash.sql("HY000", 2006, "MySQL server has gone away")
        self.statements -= 1


class _Torn:
    """A table that can be changed as long as there are statements left."""

    def __init__(self, table: Table, left: _Left) -> None:
        self._table = table
        self._left = left

    def __getattr__(self, name: str) -> Any:
        if name in _CHANGES:
            self._left.take()
        return getattr(self._table, name)

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[php.Row]:
        return iter(self._table)

    def __contains__(self, key: object) -> bool:
        return key in self._table
