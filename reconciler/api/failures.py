"""Why an exchange did not come about, as a value."""

from __future__ import annotations

from enum import StrEnum

from reconciler.records import record

__all__ = ["Failure", "FailureReason", "broken"]


class FailureReason(StrEnum):
    """What broke."""

    NAME = "name-not-found"
    REFUSED = "connection-refused"
    UNREACHABLE = "unreachable"
    PROXY = "not-through-proxy"
    CERTIFICATE = "certificate-not-trusted"
    TLS = "tls-failed"
    CONNECT_TIMEOUT = "connect-timeout"
    READ_TIMEOUT = "read-timeout"
    BROKEN = "connection-broken"
    TOO_LARGE = "answer-too-large"
    SERVER = "server-failing"
    UNINTELLIGIBLE = "not-an-api-answer"
    REDIRECTED = "redirected"


@record(frozen=True, slots=True)
class Failure:
    """One exchange that brought no usable answer.

    Attributes:
        reason: What broke.
        sent: Whether any of the request may have reached the server. False is certain, True is not.
        detail: What the library or the operating system says, or an address; never the body of an answer.
        status: The HTTP status, where there was one.
    """

    reason: FailureReason
    sent: bool = True
    detail: str = ""
    status: int = 0


def broken(error: OSError) -> Failure:
    """Read what was raised once something may have been sent."""
    if isinstance(error, TimeoutError):
        return Failure(FailureReason.READ_TIMEOUT)
    return Failure(FailureReason.BROKEN, detail=str(error))
