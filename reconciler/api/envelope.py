"""One answer of the server as it came, and what can be said of any: broken, redirected, denied.

The server says almost everything with status 200 (mailcow 2022-01a to 2026-07a; recorded exchanges, tests/contract):
a refusal is a list of `danger` entries, a crash is an empty body, a missing database is a page of HTML, a collection
without members is `{}`. Content types can't be trusted either: 2022-01a sends its JSON as text/html when it refuses
a key. So an answer is judged by its body first.
"""

from __future__ import annotations

from typing import Final

from reconciler.api.jsontext import Ahead, Body, decode_json
from reconciler.errors import ProtocolError
from reconciler.records import record

__all__ = ["BROKEN", "MISSING", "OK", "Answer", "error_message_in"]

OK: Final = 200
MISSING: Final = 404
TOO_MANY: Final = 429
BROKEN: Final = 500
"""Statuses from here on say that the server is broken. These are plain numbers since `http` takes long to import."""

_LARGEST_ERROR_OBJECT = 2_000
_BRACKETS = frozenset(b"{[")
_BLANK = 64
"""Bytes that are looked at first for one that is not blank."""


@record(frozen=True, slots=True)
class Answer:
    """One answer as it came over the wire.

    Attributes:
        status: The HTTP status.
        body: The decompressed body.
        content_type: As sent, for messages only.
        location: Where a redirect points; empty otherwise.
        ahead: Rows of a list that were decoded while the body came, which is a list of the others then.
    """

    status: int
    body: Body
    content_type: str = ""
    location: str = ""
    ahead: Ahead | None = None

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
        text = self.body[:_BLANK].lstrip() or self.body.lstrip()
        return text[0] if text else None

    @property
    def is_redirect(self) -> bool:
        """Whether the server, or a proxy before it, points elsewhere."""
        return self.status in (301, 302, 303, 307, 308)

    @property
    def is_denied(self) -> bool:
        """Whether the server, or something before it, lets nobody in."""
        return self.status in (401, 403)

    @property
    def is_failure(self) -> bool:
        """Whether the server behind the API is broken rather than answering: 5xx, 429, or something that is not JSON.

        A missing Redis, database or dockerapi gives HTML with 500, and with 200 on 2022-01a (prerequisites.inc.php).
        """
        broken = self.status >= BROKEN or self.status == TOO_MANY
        return broken or not (self.speaks_json or self.is_blank)


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
