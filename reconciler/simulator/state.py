"""The server's memory: tables of rows, and what it keeps in Redis.

A table is declared once, by the module whose behaviours own it (`declare`); a row is a plain dict of column to value as
the database holds it. Ids are counted per table and never used again. Columns that are searched are declared as
`indexes`, so that one more mailbox costs the same with 100,000 others.

Lookups by key and by index ignore case and trailing blanks as the server's collation does; `Redis` does not.
"""

from __future__ import annotations

import json
import os
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .php import Row

FORMAT = 1


@dataclass(frozen=True, slots=True)
class TableShape:
    """What a table is made of.

    Attributes:
        key: The column that identifies a row.
        counted: The server numbers new rows in the key column.
        indexes: Further columns that rows are looked up by.
    """

    key: str
    counted: bool
    indexes: tuple[str, ...]


_SHAPES: dict[str, TableShape] = {}


def declare(name: str, *, key: str = "id", indexes: tuple[str, ...] = ()) -> None:
    """Declare a table at import; a key column called `id` is numbered by the server."""
    _SHAPES[name] = TableShape(key, key == "id", indexes)


class DuplicateKeyError(Exception):
    """A row with this key is there already; an uncaught one is the server's 1062 and an empty answer."""


def fold(value: Any) -> Any:
    """A value as the database compares it: without case, accents and trailing blanks; it gets an array as a word."""
    if not isinstance(value, str):
        return "array" if isinstance(value, list | dict) else value
    if value.isascii():
        return value.lower().rstrip(" ")
    stripped = "".join(char for char in unicodedata.normalize("NFD", value) if not unicodedata.combining(char))
    return stripped.lower().rstrip(" ")


class Table:
    """Rows by key, in the order they came."""

    __slots__ = ("_indexes", "_rows", "next_id", "shape")

    def __init__(self, shape: TableShape) -> None:
        self.shape = shape
        self.next_id = 1
        self._rows: dict[Any, Row] = {}
        self._indexes: dict[str, dict[Any, dict[Any, None]]] = {column: {} for column in shape.indexes}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        """All rows, oldest first; the iterator survives changes made meanwhile."""
        return iter(list(self._rows.values()))

    def __contains__(self, key: object) -> bool:
        return fold(key) in self._rows

    def get(self, key: object) -> Row | None:
        """The row of this key. Change it with `update` only, or an index goes stale."""
        return self._rows.get(fold(key))

    def insert(self, row: Row) -> Any:
        """Add a row and return its key; a numbered table fills the key in.

        Raises:
            DuplicateKeyError: The key is taken.
        """
        column = self.shape.key
        if self.shape.counted and row.get(column) is None:
            row = {column: self.next_id, **{name: value for name, value in row.items() if name != column}}
        if self.shape.counted:
            self.next_id = max(self.next_id, row[column] + 1)
        key = fold(row[column])
        if key in self._rows:
            raise DuplicateKeyError(row[column])
        self._rows[key] = row
        for name, index in self._indexes.items():
            index.setdefault(fold(row.get(name)), {})[key] = None
        return row[column]

    def update(self, key: object, **columns: Any) -> bool:
        """Set columns of a row, its key included; False where there is no such row.

        Raises:
            DuplicateKeyError: The new key is taken by another row.
        """
        old = fold(key)
        row = self._rows.get(old)
        if row is None:
            return False
        new = fold(columns.get(self.shape.key, row[self.shape.key]))
        if new != old and new in self._rows:
            raise DuplicateKeyError(columns[self.shape.key])
        before = {name: fold(row.get(name)) for name in self._indexes}
        row.update(columns)
        if new != old:
            self._rows = {(new if name == old else name): each for name, each in self._rows.items()}
        for name, value in before.items():
            after = fold(row.get(name))
            if (after, new) != (value, old):
                self._unindex(name, value, old)
                self._indexes[name].setdefault(after, {})[new] = None
        return True

    def delete(self, key: object) -> Row | None:
        """Remove and return the row of this key, if any."""
        folded = fold(key)
        row = self._rows.pop(folded, None)
        if row is not None:
            self._forget(folded, row)
        return row

    def find(self, column: str, value: object) -> list[Row]:
        """The rows whose indexed column has this value, oldest first."""
        keys = self._indexes[column].get(fold(value), ())
        return [self._rows[key] for key in (sorted(keys) if self.shape.counted else keys)]

    def count(self, column: str, value: object) -> int:
        """How many rows have this value in an indexed column."""
        return len(self._indexes[column].get(fold(value), ()))

    def delete_where(self, column: str, value: object) -> int:
        """Remove the rows whose indexed column has this value, and say how many."""
        keys = list(self._indexes[column].get(fold(value), ()))
        for key in keys:
            self.delete(key)
        return len(keys)

    def _forget(self, key: Any, row: Row) -> None:
        for name in self._indexes:
            self._unindex(name, fold(row.get(name)), key)

    def _unindex(self, column: str, value: Any, key: Any) -> None:
        keys = self._indexes[column][value]
        del keys[key]
        if not keys:
            del self._indexes[column][value]


@dataclass(slots=True)
class Redis:
    """What the server keeps in Redis; names are case-sensitive there.

    Attributes:
        strings: Name to value.
        hashes: Name to field to value.
        lists: Name to entries, newest first as LPUSH leaves them.
    """

    strings: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    lists: dict[str, list[Any]] = field(default_factory=dict)

    def hash(self, name: str) -> dict[str, str]:
        """The hash of this name, made where there is none."""
        return self.hashes.setdefault(name, {})

    def hget(self, name: str, key: str) -> str | None:
        """One field of a hash."""
        return self.hashes.get(name, {}).get(key)

    def push(self, name: str, entry: str, *, keep: int) -> None:
        """Put an entry in front of a list and drop the oldest beyond `keep`."""
        entries = self.lists.setdefault(name, [])
        entries.insert(0, entry)
        del entries[keep:]

    def hdel(self, name: str, key: str) -> bool:
        """Remove a field of a hash, telling whether it was there."""
        return self.hashes.get(name, {}).pop(key, None) is not None


class State:
    """Everything the server remembers. Plain values only, so that it can be kept in a file."""

    __slots__ = ("redis", "tables", "values")

    def __init__(self) -> None:
        self.tables = {name: Table(shape) for name, shape in _SHAPES.items()}
        self.redis = Redis()
        self.values: Row = {}

    def table(self, name: str) -> Table:
        """A declared table.

        Raises:
            KeyError: Nobody declared it.
        """
        return self.tables[name]

    def dump(self) -> Row:
        """Everything as one JSON value."""
        return {
            "format": FORMAT,
            "tables": {name: {"next_id": table.next_id, "rows": list(table)} for name, table in self.tables.items()},
            "redis": {"strings": self.redis.strings, "hashes": self.redis.hashes, "lists": self.redis.lists},
            "values": self.values,
        }

    @classmethod
    def load(cls, dumped: Row) -> State:
        """The state a `dump` was made of."""
        state = cls()
        for name, content in dumped["tables"].items():
            table = state.tables[name]
            for row in content["rows"]:
                table.insert(row)
            table.next_id = content["next_id"]
        state.redis = Redis(**dumped["redis"])
        state.values = dumped["values"]
        return state

    def copy(self) -> State:
        """Another state that remembers the same."""
        return State.load(json.loads(json.dumps(self.dump())))

    def save(self, path: Path, *, version: str) -> None:
        """Write the state of a server of some version to a file; a reader sees the old one or the new one whole."""
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                # json.dump would encode in Python, seven times slower
                file.write(json.dumps({"version": version, "state": self.dump()}, separators=(",", ":")))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


Seed = Callable[[Any], None]
_SEEDS: list[Seed] = []


def seeds(function: Seed) -> Seed:
    """Register what puts a fresh server's first rows in place; it is given the `Server`."""
    _SEEDS.append(function)
    return function


def sow(server: Any) -> None:
    """Put everything in place that a freshly installed server has."""
    for seed in _SEEDS:
        seed(server)
