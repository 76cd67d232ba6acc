"""JSON to values and back, in one place: small texts by the standard library, large ones by msgspec where it is.

Importing msgspec takes as long as the standard library takes for a megabyte, which is more than most servers ever say
in one run. Both give the same values, and refuse the same texts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from reconciler.errors import ProtocolError
from reconciler.records import record

__all__ = [
    "Ahead",
    "Body",
    "Typed",
    "decode_json",
    "decode_large",
    "decode_rows",
    "encode_json",
    "is_worth_msgspec",
    "rows_in",
]

Body = bytes | bytearray
"""An answer's body; a large one is the buffer it came into, because copying hundreds of megabytes takes time."""

Typed = Callable[[Body | memoryview], list[Any] | None]
"""(the JSON text of a list of objects) -> a record for each of them; None where the text is no such list."""


@record(frozen=True, slots=True)
class Ahead:
    """The first rows of a list, decoded while the others were still to come.

    Attributes:
        size: bytes of their text.
    """

    rows: list[Any]
    size: int


_IMPORT_PAYS: Final = 1_000_000
"""Bytes that are decoded in one process before importing msgspec pays (measured: 9 ms, and 9 ms a megabyte)."""


def decode_json(body: Body) -> Any:
    """Read the JSON text of an answer.

    Raises:
        ProtocolError: `api-bad-json`, when the text is cut short or is not JSON. The text itself is not told: it may
            hold secrets.
    """
    return _decoded(body, large=is_worth_msgspec(body))


def decode_rows(body: Body, typed: Typed | None, ahead: Ahead | None = None) -> list[Any]:
    """Read the JSON text of a list, or of an object in place of one.

    Args:
        typed: what makes records of the objects of a list, for large ones.
        ahead: rows that come before those of the text.

    Returns:
        For each object a record, or a mapping; what is no object is left out.

    Raises:
        ProtocolError: `api-bad-json`; or `api-no-objects` for a list of nothing but other things: no mailcow from
            2022-01a to 2026-07a answers so (recorded exchanges, tests/contract), and it is not an empty one.
    """
    large = is_worth_msgspec(body)
    if large and typed is not None:
        records = typed(body)
        if records is not None:
            return records if ahead is None else ahead.rows + records
    if ahead is None:
        value = _decoded(body, large=large)
        rows = rows_in(value)
        if not rows and isinstance(value, list) and value:
            raise ProtocolError(
                "the server answered a list of something else than objects",
                id="api-no-objects",
                hint="something in front of the server may have answered in its place",
                size=len(body),
            )
        return rows
    return ahead.rows + rows_in(_decoded(body, large=large, before=ahead.size))


def rows_in(value: Any) -> list[Any]:
    """The objects of a list, or the one in place of it; what is no object is left out, as is one without content."""
    if isinstance(value, dict):
        return [value] if value else []
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def encode_json(value: Any) -> bytes:
    """Write a request's body, compact, in UTF-8."""
    from reconciler.api.plainjson import encode  # noqa: PLC0415  a plan writes nothing

    return encode(value)


class _SoFar:
    """What this process has decoded without msgspec, and whether it has found out that there is none."""

    size = 0
    lacks_msgspec = False


def is_worth_msgspec(body: Body) -> bool:
    """Whether msgspec is there, and worth importing where it has not been."""
    if _SoFar.lacks_msgspec or sys.modules.get("msgspec") is not None:
        return not _SoFar.lacks_msgspec
    _SoFar.size += len(body)
    if _SoFar.size < _IMPORT_PAYS:
        return False
    try:
        import reconciler.lean  # noqa: F401, PLC0415  optional, and slow to import
    except ImportError:
        _SoFar.lacks_msgspec = True
    return not _SoFar.lacks_msgspec


def _decoded(body: Body, *, large: bool, before: int = 0) -> Any:
    try:
        if large:
            return decode_large(body)
        from reconciler.api.plainjson import decode_small  # noqa: PLC0415  what has msgspec needs no other

        return decode_small(body)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(
            "the server's answer is not valid JSON",
            id="api-bad-json",
            hint="a proxy in front of the server may cut long answers short",
            size=before + len(body),
        ) from error


def decode_large(body: Body | memoryview) -> Any:
    """Read a text by msgspec.

    Raises:
        ValueError, RecursionError: it is no JSON.
    """
    from reconciler.lean import msgspec  # noqa: PLC0415  as above

    try:
        return msgspec.json.decode(body)
    except msgspec.MsgspecError as error:
        raise ValueError("this is no JSON") from error
