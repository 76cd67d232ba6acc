"""A server that lets nobody in: what it says, and the error that ends the run. Imported only where it does."""

from __future__ import annotations

import re
from enum import StrEnum

from reconciler.api.envelope import Answer, error_message_in
from reconciler.errors import AccessDenied
from reconciler.records import record

__all__ = ["Denial", "DenialReason", "denial_of", "denied"]

_ADDRESS_IN_REFUSAL = re.compile(r"^api access denied for ip (\S+)$")


class DenialReason(StrEnum):
    """Why the server lets nobody in."""

    WRONG_KEY = "wrong-key"
    ADDRESS = "address"
    READ_ONLY_KEY = "read-only-key"
    OTHER = "other"


_DENIALS = {
    DenialReason.WRONG_KEY: (
        "api-wrong-key",
        "the server does not know the API key, or it is switched off",
        "compare it with the administrator's settings; ten refused requests get this machine's address banned",
    ),
    DenialReason.ADDRESS: (
        "api-address-refused",
        "the API key is right, but not for this machine's address",
        "add the address to those the key allows; ten refused requests get it banned",
    ),
    DenialReason.READ_ONLY_KEY: (
        "api-key-read-only",
        "the API key may read only",
        "use the read-write key for this; plan and export work with the read-only one",
    ),
    DenialReason.OTHER: (
        "api-access-denied",
        "the server, or something before it, denies access",
        "look for a firewall, a login of a proxy, or a ban of this machine's address",
    ),
}


@record(frozen=True, slots=True)
class Denial:
    """A 401 or 403.

    Attributes:
        reason: Which of the server's refusals it is; `OTHER` where something before the server may have spoken.
        address: The client address the server saw, where it names one.
    """

    reason: DenialReason
    address: str = ""


def denial_of(answer: Answer) -> Denial:
    """Tell what the server refused, of an answer that `is_denied`: the key, the address, or the right to write.

    401 means one of two things, told apart by the message only; each 401 counts towards a ban of the address
    (sessions.inc.php). 403 is the answer to a write with a read-only key (json_api.php).
    """
    message = error_message_in(answer) or ""
    if message == "authentication failed":
        return Denial(DenialReason.WRONG_KEY)
    if message == "API read/write access denied":
        return Denial(DenialReason.READ_ONLY_KEY)
    if named := _ADDRESS_IN_REFUSAL.match(message):
        return Denial(DenialReason.ADDRESS, named[1])
    return Denial(DenialReason.OTHER)


def denied(denial: Denial, *, origin: str) -> AccessDenied:
    """Make the error that ends the run where the server lets nobody in."""
    error_id, summary, hint = _DENIALS[denial.reason]
    return AccessDenied(summary, id=error_id, hint=hint, origin=origin, address=denial.address)
