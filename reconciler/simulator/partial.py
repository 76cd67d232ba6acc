"""Writes that are carried out in part: without some of their items, up to some statement, without Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from . import php
from .faults import Disturbance
from .protocol import Answer
from .routing import ServerCrash
from .state import Redis, State, Table

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


@dataclass(slots=True)
class FullRedis:
    """What a call wanted to store in a Redis that takes nothing.

    Attributes:
        is_full: Whether it takes nothing.
        lost: Whether anything was to be stored.
    """

    is_full: bool
    lost: bool = False

    def told(self, given: Answer) -> Answer:
        """The answer of a write: each begins with what became of its line in the log (all versions, json_api.php)."""
        entries = php.json_decode(given.body)
        if not (self.is_full and isinstance(entries, list)):
            return given
        why = "RedisException: MISCONF Redis is configured to save RDB snapshots, but it is currently not able to"
        if self.lost:
            entries = [{**each, "type": "danger", "msg": ["redis_error", {}]} for each in entries]
        told = [{"type": "danger", "msg": f"Redis: {why}"}, *entries]
        return Answer(given.status, given.headers, php.json_encode(told))


@contextmanager
def filled(state: State, is_full: bool) -> Iterator[FullRedis]:  # noqa: FBT001  it is what it is about
    """Keep nothing of what a call stores in Redis, if that is full, and tell whether there was anything."""
    redis, told = state.redis, FullRedis(is_full)
    if not is_full:
        yield told
        return
    state.redis = Redis(dict(redis.strings), {name: dict(kept) for name, kept in redis.hashes.items()})
    try:
        yield told
    finally:
        hashes = {name: kept for name, kept in state.redis.hashes.items() if kept or name in redis.hashes}
        told.lost = (state.redis.strings, hashes) != (redis.strings, redis.hashes)
        state.redis = redis
