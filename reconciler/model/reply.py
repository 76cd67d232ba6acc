"""Replies: what became of one call, in the engine's words."""

from __future__ import annotations

from reconciler.model.address import Address
from reconciler.model.report import Outcome
from reconciler.records import record


@record(frozen=True, slots=True)
class Reply:
    """What the answer to one call tells.

    Attributes:
        outcome: DONE when every expected success is there and nothing was refused; FAILED when nothing was done;
            PARTIAL when something was refused beside an expected success; UNKNOWN when the answer proves nothing.
        messages: what the server said, for people, without secrets.
        keys: the message keys among it, as the server names them.
        sent: whether anything left this machine; False is certain.
        confirmed: of several that were to be added, those of which the answer says by name that they were.
    """

    outcome: Outcome
    messages: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    sent: bool = True
    confirmed: frozenset[Address] = frozenset()
