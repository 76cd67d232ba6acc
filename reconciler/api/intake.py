"""A body as it comes in: put together, or, where it is a long list whose rows are wanted as records, decoded in blocks.

While a block is decoded the server sends the next one, and the text of a block is dropped when its rows are there: of
a list of hundreds of megabytes there is never more than a few blocks' text at once.

A block may end between two rows only, and `},{` may stand inside a text or a nested list too. Therefore a block is
decoded before it is believed to be one. That settles it: if the text so far, closed by a bracket, is a list, then
whoever reads the whole is at the same place between two elements of the same list there, because what has been read of
JSON does not depend on what follows. What is left at the end, opened by a bracket, is decoded like any answer, so the
whole is refused wherever it would be refused if it had been decoded at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from reconciler.api.exchange import ExchangeFailed
from reconciler.api.failures import Failure, FailureReason
from reconciler.api.jsontext import Ahead, decode_large, is_worth_msgspec, rows_in

if TYPE_CHECKING:
    from reconciler.api.jsontext import Body, Typed

__all__ = ["BLOCK", "Intake"]

BLOCK: Final = 1 << 19
"""Bytes of text that are decoded at once; what is not longer is decoded as a whole when it is there.

Reading 75 MB in two answers took 207 ms and 28 MB for it in blocks of this size, 243 to 257 ms and 69 MB as wholes;
blocks of twice and half the size take as long (one machine, the least of twelve runs each).
"""

_CANDIDATES: Final = 4
"""Ends of a block that are tried before more text is waited for: each takes as long as decoding the block."""

_LOOKED_AT: Final = 1_000
"""Braces among which ends of a block are looked for."""

_MOST_BLANKS: Final = 64
_OPENING, _CLOSING, _COMMA = b"[],"
_BLANKS: Final = frozenset(b" \t\r\n")
_END_OF_OBJECT: Final = ord("}")


class Intake:
    """A body that comes in pieces, decompressed."""

    def __init__(self, largest: int, typed: Typed | None = None, *, block: int = BLOCK) -> None:
        """Begin.

        Args:
            largest: bytes above which it is given up.
            typed: what makes records of the objects of a list; None where the text is wanted.
            block: bytes of text that are decoded at once.
        """
        self._largest = largest
        self._typed = typed
        self._text = bytearray()
        self._rows: list[Any] = []
        self._dropped = 0
        self._block = self._enough = block

    def take(self, piece: bytes) -> None:
        """Add a piece.

        Raises:
            ExchangeFailed: `TOO_LARGE`.
        """
        if self._dropped + len(self._text) + len(piece) > self._largest:
            raise ExchangeFailed(Failure(FailureReason.TOO_LARGE))
        self._text += piece
        if self._typed is not None and len(self._text) >= self._enough:
            self._decode_block(self._typed)

    def end(self) -> tuple[Body, Ahead | None]:
        """The text that has not been decoded, a list by itself if some has been; and what has been decoded."""
        return self._text, Ahead(self._rows, self._dropped) if self._dropped else None

    def _decode_block(self, typed: Typed) -> None:
        """Decode as many whole rows as there are; if none can be made out, wait for as much again."""
        text = self._text
        if not self._dropped and text[:_MOST_BLANKS].lstrip()[:1] != b"[":
            self._typed = None
            return
        tries = _CANDIDATES if self._dropped or is_worth_msgspec(text) else 0
        for comma in islice(_commas_between_objects(text), tries):
            rows = _decoded(text, comma, typed)
            if rows is not None:
                self._rows += rows
                self._dropped += comma
                del text[:comma]
                text[0] = _OPENING
                self._enough = self._block
                return
        self._enough = 2 * len(text)


def _decoded(text: bytearray, comma: int, typed: Typed) -> list[Any] | None:
    """The rows before a comma, if it is one between two elements of the list; the text is left as it was."""
    text[comma] = _CLOSING
    try:
        with memoryview(text) as whole, whole[: comma + 1] as block:
            rows = typed(block)
            return rows if rows is not None else rows_in(decode_large(block))
    except (ValueError, RecursionError):
        return None
    finally:
        text[comma] = _COMMA


def _commas_between_objects(text: bytearray) -> Iterator[int]:
    """Where `},{` stands, whatever it means there, the last one first."""
    brace = len(text)
    for _ in range(_LOOKED_AT):
        brace = text.rfind(b"{", 0, brace)
        if brace < 0:
            return
        comma = _last_before(text, brace)
        if text[comma] == _COMMA and text[_last_before(text, comma)] == _END_OF_OBJECT:
            yield comma


def _last_before(text: bytearray, place: int) -> int:
    """Where the last byte before a place stands that is not blank, or one of many that are; 0 where there is none."""
    nearest = max(0, place - _MOST_BLANKS)
    place -= 1
    while place > nearest and text[place] in _BLANKS:
        place -= 1
    return max(0, place)
