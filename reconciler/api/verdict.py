"""What the server said about a write, as a value."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from reconciler.api.envelope import BROKEN, Answer
from reconciler.api.jsontext import decode_json
from reconciler.errors import ProtocolError
from reconciler.records import record

__all__ = ["Entry", "Judgement", "Verdict", "verdict_of"]


class Judgement(StrEnum):
    """What became of a write, as far as its answer tells."""

    ACCEPTED = "accepted"
    """Every entry says success. Whether they are the expected ones is for the caller to check."""
    MIXED = "mixed"
    """Some entries say success and some do not: partly done, or done with a warning, or not at all."""
    REFUSED = "refused"
    """Entries, and none of them says success. What a crash-free server refuses may still be half done: nothing it
    does is a transaction."""
    SILENT = "silent"
    """`Task completed`: the server had nothing to say, which proves nothing."""
    UNKNOWN = "unknown"
    """An empty body, a page of HTML, a lost connection: done, partly done, or not."""
    UNSENT = "unsent"
    """Nothing left this machine: not done."""


@record(frozen=True, slots=True)
class Entry:
    """One thing the server says about a write.

    Its log is dropped: that echoes the request, with relayhost and sync job passwords in clear, and says nothing that
    was not sent.

    Attributes:
        type: `success`, `info`, `warning`, `danger` or `error`; other words are kept as they came.
        message: The message key (`domain_added`), or raw English where the server has no key.
        arguments: What the message is about, as the server sent it (strings mostly; ids, None).
    """

    type: str
    message: str
    arguments: tuple[Any, ...] = ()

    @property
    def is_success(self) -> bool:
        """Whether the entry says that something was done."""
        return self.type == "success"

    @property
    def is_failure(self) -> bool:
        """Whether the entry says that something was not done."""
        return self.type in ("danger", "error")


@record(frozen=True, slots=True)
class Verdict:
    """What the server said about a write, or that it said nothing.

    Entries carry no stable reference to the items of the request, come in item order, and include those of side
    effects (a domain's DKIM key, its rate limit).

    Attributes:
        judgement: The whole, in a word.
        entries: Its parts, in the server's order.
        status: The HTTP status; 0 when no answer came.
        cause: Why it is unknown or unsent, as a stable word: `empty-body`, `not-json`, `server-error`, `redirected`,
            or a `FailureReason`.
    """

    judgement: Judgement
    entries: tuple[Entry, ...] = ()
    status: int = 0
    cause: str = ""

    @property
    def any_failure(self) -> bool:
        """Whether any entry says `danger` or `error`."""
        return any(entry.is_failure for entry in self.entries)


def verdict_of(answer: Answer) -> Verdict:
    """Say what a write's answer tells; a denial is to be looked for first."""
    if answer.is_redirect:
        return Verdict(Judgement.UNKNOWN, status=answer.status, cause="redirected")
    if answer.is_failure:
        cause = "not-json" if answer.status < BROKEN else "server-error"
        return Verdict(Judgement.UNKNOWN, status=answer.status, cause=cause)
    if answer.is_blank:
        return Verdict(Judgement.UNKNOWN, status=answer.status, cause="empty-body")
    try:
        said = _said(answer)
        entries = tuple(_entry(each) for each in (said if isinstance(said, list) else [said]))
    except (ProtocolError, KeyError, TypeError):
        return Verdict(Judgement.UNKNOWN, status=answer.status, cause="not-json")
    return Verdict(_judge(entries), entries, answer.status)


def _said(answer: Answer) -> Any:
    """Read an answer, or the first of several in one body, which is that of the route that was called.

    From 2025-03 to 2025-10a `edit/cors` goes on into the route below it, which answers too (json_api.php).
    """
    try:
        return decode_json(answer.body)
    except ProtocolError:
        from reconciler.api.plainjson import first_of_several  # noqa: PLC0415  seldom needed

        said = first_of_several(answer.body)
        if said is None:
            raise
        return said


def _judge(entries: tuple[Entry, ...]) -> Judgement:
    if not entries or (len(entries) == 1 and entries[0].message == "Task completed"):
        return Judgement.SILENT
    successes = sum(entry.is_success for entry in entries)
    if successes == len(entries):
        return Judgement.ACCEPTED
    return Judgement.MIXED if successes else Judgement.REFUSED


def _entry(said: dict[str, Any]) -> Entry:
    message = said["msg"]
    key, *arguments = message if isinstance(message, list) and message else [message]
    return Entry(str(said["type"]), str(key), tuple(arguments))
