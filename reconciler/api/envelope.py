"""One answer of the server as it came, and what can be said of any: broken, redirected, denied.

The server says almost everything with status 200 (mailcow 2022-01a to 2026-07a; recorded exchanges, tests/contract):
a refusal is a list of `danger` entries, a crash is an empty body, a missing database is a page of HTML, a collection
without members is `{}`. Content types can't be trusted either: 2022-01a sends its JSON as text/html when it refuses
a key. So an answer is judged by its body first.
"""

import re
from enum import StrEnum
from http import HTTPStatus

from reconciler.api.jsontext import Body, decode_json
from reconciler.errors import ProtocolError
from reconciler.records import record

__all__ = ["Answer", "Denial", "DenialReason", "denial_in", "error_message_in"]

_LARGEST_ERROR_OBJECT = 2_000
_BRACKETS = frozenset(b"{[")
_NOT_BLANK = re.compile(rb"\S")
_ADDRESS_IN_REFUSAL = re.compile(r"^api access denied for ip (\S+)$")


@record(frozen=True, slots=True)
class Answer:
    """One answer as it came over the wire.

    Attributes:
        status: The HTTP status.
        body: The decompressed body.
        content_type: As sent, for messages only.
        location: Where a redirect points; empty otherwise.
    """

    status: int
    body: Body
    content_type: str = ""
    location: str = ""

    @property
    def speaks_json(self) -> bool:
        """Whether the body begins like the objects and lists the API sends (not whether it is whole)."""
        return self._begins_with in _BRACKETS

    @property
    def is_blank(self) -> bool:
        """Whether nothing was said."""
        return self._begins_with is None

    @property
    def _begins_with(self) -> int | None:
        """The first byte that is not blank; found without copying, since lists can be large."""
        if self.body and self.body[0] in _BRACKETS:
            return self.body[0]
        found = _NOT_BLANK.search(self.body)
        return self.body[found.start()] if found else None

    @property
    def is_redirect(self) -> bool:
        """Whether the server, or a proxy before it, points elsewhere."""
        return self.status in (301, 302, 303, 307, 308)

    @property
    def is_failure(self) -> bool:
        """Whether the server behind the API is broken rather than answering: 5xx, 429, or something that is not JSON.

        A missing Redis, database or dockerapi gives HTML with 500, and with 200 on 2022-01a (prerequisites.inc.php).
        """
        broken = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR or self.status == HTTPStatus.TOO_MANY_REQUESTS
        return broken or not (self.speaks_json or self.is_blank)


class DenialReason(StrEnum):
    """Why the server lets nobody in."""

    WRONG_KEY = "wrong-key"
    ADDRESS = "address"
    READ_ONLY_KEY = "read-only-key"
    OTHER = "other"


@record(frozen=True, slots=True)
class Denial:
    """A 401 or 403.

    Attributes:
        reason: Which of the server's refusals it is; `OTHER` where something before the server may have spoken.
        address: The client address the server saw, where it names one.
    """

    reason: DenialReason
    address: str = ""


def denial_in(answer: Answer) -> Denial | None:
    """Tell whether the server refused the key, the address or the right to write; None when it did not.

    401 means one of two things, told apart by the message only; each 401 counts towards a ban of the address
    (sessions.inc.php). 403 is the answer to a write with a read-only key (json_api.php).
    """
    if answer.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return None
    message = error_message_in(answer) or ""
    if message == "authentication failed":
        return Denial(DenialReason.WRONG_KEY)
    if message == "API read/write access denied":
        return Denial(DenialReason.READ_ONLY_KEY)
    if named := _ADDRESS_IN_REFUSAL.match(message):
        return Denial(DenialReason.ADDRESS, named[1])
    return Denial(DenialReason.OTHER)


def error_message_in(answer: Answer) -> str | None:
    """Read the message of `{"type": "error", "msg": ...}`, the form of answers from outside the business functions.

    Returns:
        None for everything else; what is too large to be such an object is not decoded.
    """
    if len(answer.body) > _LARGEST_ERROR_OBJECT or not answer.speaks_json:
        return None
    try:
        said = decode_json(answer.body)
    except ProtocolError:
        return None
    if isinstance(said, dict) and said.keys() == {"type", "msg"} and said["type"] in ("error", "danger"):
        return str(said["msg"])
    return None
