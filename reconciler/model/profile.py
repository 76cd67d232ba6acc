"""What the requests of a run cost."""

from __future__ import annotations

from reconciler.records import record


@record(frozen=True, slots=True)
class RequestCost:
    """What requests of one kind have cost together.

    Attributes:
        call: the kind, such as ``get mailbox/reduced``; names of objects are left out.
        requests: how many there were, repeated ones included.
        failures: how many of them brought no usable answer.
        sent: bytes of the bodies sent.
        received: bytes of the bodies received, as they came over the wire.
        seconds: time spent waiting and receiving, summed over those beside each other.
    """

    call: str
    requests: int
    failures: int
    sent: int
    received: int
    seconds: float
