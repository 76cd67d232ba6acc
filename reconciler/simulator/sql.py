"""How MariaDB takes what mailcow hands it: strict mode, column types, comparisons, and the order of an index.

A value that does not fit its column is an error in strict mode, which almost nothing in mailcow catches: the call is
answered with an empty body. Source: mailcow init_db.inc.php (column types); README of the recordings for the errors.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

from . import php
from .php import Row
from .routing import ServerCrash
from .state import Table

TEXT_LENGTH: Final = 255
"""Characters of most text columns."""
LONG_TEXT_BYTES: Final = 65535
"""Bytes of a column of type TEXT."""

TINYINT: Final = (-128, 127)
INT: Final = (-2147483648, 2147483647)

_NOT_NULL = ("23000", 1048)
_OUT_OF_RANGE = ("22003", 1264)
_TOO_LONG = ("22001", 1406)
_TRUNCATED = ("01000", 1265)
_DUPLICATE = ("23000", 1062)


def text(column: str, value: object, length: int = TEXT_LENGTH, *, nullable: bool = False) -> str | None:
    """A value as a VARCHAR column stores it.

    Raises:
        ServerCrash: It is null where that is not allowed, or too long.
    """
    if value is None:
        if nullable:
            return None
        raise ServerCrash.sql(*_NOT_NULL, f"Column '{column}' cannot be null")
    written = "Array" if php.is_array(value) else php.text(value)
    if len(written) > length:
        raise ServerCrash.sql(*_TOO_LONG, f"Data too long for column '{column}' at row 1")
    return written


def long_text(column: str, value: object) -> str | None:
    """A value as a TEXT column stores it that may be null.

    Raises:
        ServerCrash: It is too long.
    """
    written = text(column, value, LONG_TEXT_BYTES, nullable=True)
    if written is not None and len(written.encode("utf-8", "surrogatepass")) > LONG_TEXT_BYTES:
        raise ServerCrash.sql(*_TOO_LONG, f"Data too long for column '{column}' at row 1")
    return written


def integer(column: str, value: int, bounds: tuple[int, int] = TINYINT) -> int:
    """A number as an integer column stores it.

    Raises:
        ServerCrash: It is outside the column's range.
    """
    if not bounds[0] <= value <= bounds[1]:
        raise ServerCrash.sql(*_OUT_OF_RANGE, f"Out of range value for column '{column}' at row 1")
    return value


def choice(column: str, value: object, choices: tuple[str, ...]) -> str:
    """A value as an ENUM column stores it: in the spelling of the declaration, or by its number.

    Raises:
        ServerCrash: It is none of the choices.
    """
    written = "Array" if php.is_array(value) else php.text(value)
    folded = written.rstrip(" ").lower()
    for each in choices:
        if each.lower() == folded:
            return each
    if folded.isdecimal() and 1 <= int(folded) <= len(choices):
        return choices[int(folded) - 1]
    raise ServerCrash.sql(*_TRUNCATED, f"Data truncated for column '{column}' at row 1")


def duplicate(value: str, key: str) -> ServerCrash:
    """The error of a second row with a unique value."""
    return ServerCrash.sql(*_DUPLICATE, f"Duplicate entry '{value}' for key '{key}'")


def number(value: object) -> int | None:
    """The whole number a numeric column is compared with; None where no row can be equal.

    Text counts with its leading digits, "2abc" is 2 and "nope" 0.
    """
    if php.is_array(value) or value is None:
        return None if value is None else 0
    found = php.floatval(php.text(value))
    return int(found) if found.is_integer() else None


def row(table: Table, value: object) -> Row | None:
    """The row whose counted id compares equal."""
    found = number(value)
    return None if found is None else table.get(found)


@lru_cache(maxsize=65536)
def weight(value: str) -> str:
    """What utf8mb4_general_ci sorts text by: capitals, so that ``_`` and ``[`` come after every letter."""
    if value.isascii():
        return value.upper().rstrip(" ")
    stripped = "".join(char for char in unicodedata.normalize("NFD", value) if not unicodedata.combining(char))
    return "".join(char.upper() if len(char.upper()) == 1 else "S" for char in stripped).rstrip(" ")


def by_index(rows: Iterable[Row], column: str) -> list[Row]:
    """Rows in the order of a secondary index, which is how MariaDB lists ids: by the column, then by id."""
    return sorted(rows, key=lambda row: (weight(row[column]), row["id"]))


def same(first: str, second: str) -> bool:
    """Tell whether the database takes two texts as equal: without case, accents and trailing blanks."""
    return weight(first) == weight(second)


def changed(table: Table, key: object, now: str, columns: Row) -> None:
    """Update a row as ON UPDATE CURRENT_TIMESTAMP does: `modified` moves only where a value really changes."""
    current = table.get(key)
    if current is not None and any(current.get(name) != value for name, value in columns.items()):
        table.update(key, **columns, modified=now)


def shown(row: Row, columns: Collection[str]) -> Row:
    """A row's columns in the order a query names them."""
    return {column: row[column] for column in columns}
