"""What the calls of a run cost: how many, how many bytes, how long, by kind of call."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType

from reconciler.records import record

__all__ = ["CallCost", "Statistics", "Tally"]


@record(frozen=True, slots=True)
class CallCost:
    """What calls of one kind have cost together.

    Attributes:
        requests: How many were sent, repeated ones included.
        failures: How many of them brought no usable answer.
        sent: Bytes of the bodies sent.
        received: Bytes of the bodies received, as they came over the wire (compressed).
        seconds: Time spent waiting and receiving, summed over parallel calls.
    """

    requests: int = 0
    failures: int = 0
    sent: int = 0
    received: int = 0
    seconds: float = 0.0

    def __add__(self, other: CallCost) -> CallCost:
        return CallCost(
            self.requests + other.requests,
            self.failures + other.failures,
            self.sent + other.sent,
            self.received + other.received,
            self.seconds + other.seconds,
        )


@record(frozen=True, slots=True)
class Statistics:
    """The costs of all calls so far.

    Attributes:
        calls: By kind of call, such as `get status/version` or `post edit/CATEGORY`; names of objects are left out.
    """

    calls: Mapping[str, CallCost]

    @property
    def total(self) -> CallCost:
        """Everything together."""
        return sum(self.calls.values(), CallCost())


class Tally:
    """Adds costs up from several threads."""

    def __init__(self) -> None:
        self._calls: dict[str, _Sums] = {}
        self._lock = threading.Lock()

    def add(self, call: str, *, failed: bool, sent: int, received: int, seconds: float) -> None:
        """Count one more exchange."""
        with self._lock:
            sums = self._calls.get(call)
            if sums is None:
                sums = self._calls[call] = _Sums()
            sums.requests += 1
            sums.failures += failed
            sums.sent += sent
            sums.received += received
            sums.seconds += seconds

    def snapshot(self) -> Statistics:
        """Say what has been counted so far."""
        with self._lock:
            calls = {
                call: CallCost(sums.requests, sums.failures, sums.sent, sums.received, sums.seconds)
                for call, sums in self._calls.items()
            }
        return Statistics(MappingProxyType(calls))


class _Sums:
    """A cost that grows."""

    __slots__ = ("failures", "received", "requests", "seconds", "sent")

    def __init__(self) -> None:
        self.requests = self.failures = self.sent = self.received = 0
        self.seconds = 0.0
