"""What a GET brought, as a value."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from reconciler.api.envelope import MISSING, OK, Answer, error_message_in
from reconciler.api.jsontext import Ahead, Body, Typed, decode_json, decode_rows
from reconciler.records import record

__all__ = ["Reading", "ReadingState", "reading_of"]


_LONGEST_EMPTY = 64
"""Bytes; an answer with nothing in it is two, with blanks around them perhaps."""


class ReadingState(StrEnum):
    """What a GET brought."""

    CONTENT = "content"
    """An object or a list with something in it."""
    EMPTY = "empty"
    """`{}` or `[]`: no such object, or none of them."""
    SILENT = "silent"
    """200 and no body: an exception inside, a status the version does not know, or a request without a key."""
    NO_ROUTE = "no-route"
    """404 `route not found`: this version has no such collection."""
    REFUSED = "refused"
    """An error object in place of the content."""
    FAILED = "failed"
    """The server behind the API is broken, or this is no mailcow."""


@record(frozen=True, slots=True)
class Reading:
    """The answer to a GET; its body is not decoded until somebody asks, since lists can be large.

    Attributes:
        state: What came.
        body: The JSON text for `CONTENT` and `EMPTY`.
        message: The server's own words for `NO_ROUTE` and `REFUSED`.
        typed: What makes records of the objects of a list.
        ahead: Rows that were decoded while the body came, which is a list of the others then.
    """

    state: ReadingState
    body: Body = b""
    message: str = ""
    typed: Typed | None = None
    ahead: Ahead | None = None

    @property
    def value(self) -> Any:
        """The decoded content; None for everything but `CONTENT`. Not for what was asked for as records.

        Raises:
            ProtocolError: `api-bad-json`.
        """
        assert self.ahead is None, "the first rows of a long list of records are decoded already"
        return decode_json(self.body) if self.state is ReadingState.CONTENT else None

    @property
    def rows(self) -> list[Any]:
        """The objects of a list, or the one object that came: a record for each, or a mapping; none for `{}`.

        Raises:
            ProtocolError: `api-bad-json`, `api-no-objects`.
        """
        return decode_rows(self.body, self.typed, self.ahead) if self.state is ReadingState.CONTENT else []


def reading_of(answer: Answer, typed: Typed | None = None) -> Reading:
    """Say what a GET brought; a denial or a redirect is to be looked for first."""
    if answer.is_failure:
        return Reading(ReadingState.FAILED)
    if answer.is_blank:
        return Reading(ReadingState.SILENT)
    message = error_message_in(answer)
    if message is not None:
        absent = answer.status == MISSING
        return Reading(ReadingState.NO_ROUTE if absent else ReadingState.REFUSED, message=message)
    if answer.status != OK:
        return Reading(ReadingState.FAILED)
    empty = len(answer.body) <= _LONGEST_EMPTY and answer.body.strip() in (b"{}", b"[]")
    return Reading(ReadingState.EMPTY if empty else ReadingState.CONTENT, answer.body, typed=typed, ahead=answer.ahead)
