"""What a GET brought, as a value."""

from enum import StrEnum
from http import HTTPStatus
from typing import Any

from reconciler.api.envelope import Answer, error_message_in
from reconciler.api.jsontext import Body, decode_json, decode_list
from reconciler.errors import ProtocolError
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
    """

    state: ReadingState
    body: Body = b""
    message: str = ""

    @property
    def value(self) -> Any:
        """The decoded content; None for everything but `CONTENT`.

        Raises:
            ProtocolError: `api-bad-json`.
        """
        return decode_json(self.body) if self.state is ReadingState.CONTENT else None

    def records(self, record: type) -> list[Any] | None:
        """The content as a list of records (see `decode_list`); None where it is not one."""
        if self.state is ReadingState.EMPTY:
            return []
        return decode_list(self.body, record) if self.state is ReadingState.CONTENT else None

    @property
    def rows(self) -> list[Any]:
        """The content of a list; empty for `{}`, which is how the server writes a list without members.

        Raises:
            ProtocolError: `api-bad-json`, or `api-not-a-list` when an object came.
        """
        value = self.value
        if value is None:
            return []
        if not isinstance(value, list):
            raise ProtocolError("the server answered an object where a list is expected", id="api-not-a-list")
        return value


def reading_of(answer: Answer) -> Reading:
    """Say what a GET brought; a denial or a redirect is to be looked for first."""
    if answer.is_failure:
        return Reading(ReadingState.FAILED)
    if answer.is_blank:
        return Reading(ReadingState.SILENT)
    message = error_message_in(answer)
    if message is not None:
        absent = answer.status == HTTPStatus.NOT_FOUND
        return Reading(ReadingState.NO_ROUTE if absent else ReadingState.REFUSED, message=message)
    if answer.status != HTTPStatus.OK:
        return Reading(ReadingState.FAILED)
    empty = len(answer.body) <= _LONGEST_EMPTY and answer.body.strip() in (b"{}", b"[]")
    return Reading(ReadingState.EMPTY if empty else ReadingState.CONTENT, answer.body)
