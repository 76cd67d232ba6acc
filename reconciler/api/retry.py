"""Which failed reads are tried again, and how long to wait: values and pure functions.

Only reads come here. A write is never repeated by this package: whoever sent it reads again and decides again.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.api.failures import Failure, FailureReason
from reconciler.records import record

__all__ = ["Patience", "Timing"]

_PASSING = frozenset({FailureReason.BROKEN, FailureReason.SERVER})
_PASSING_ON_A_SERVER_THAT_WORKED = frozenset(
    {
        FailureReason.NAME,
        FailureReason.REFUSED,
        FailureReason.UNREACHABLE,
        FailureReason.PROXY,
        FailureReason.TLS,
        FailureReason.CONNECT_TIMEOUT,
        FailureReason.UNINTELLIGIBLE,
        FailureReason.REDIRECTED,
    }
)


@record(frozen=True, slots=True)
class Timing:
    """The clock, handed in, so that nothing here reads the machine's and tests need not wait.

    Attributes:
        now: Seconds on a clock that never goes back.
        sleep: Waits for so many seconds.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]


@record(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a read is tried, and how long to wait between.

    Attributes:
        attempts: How often at most, the first time included.
        first_pause: Seconds before the second attempt; each further pause is twice as long.
        longest_pause: Seconds that no pause exceeds.
    """

    attempts: int = 4
    first_pause: float = 0.5
    longest_pause: float = 8.0

    def pause_after(self, failure: Failure, *, attempt: int, answered_before: bool) -> float | None:
        """Say how many seconds to wait before trying again; None for giving up.

        A server that has never answered is given no second chance for what is usually a wrong address, so that a
        typing error is told at once. A timeout was long enough already, and is tried once more only.

        Args:
            failure: What broke.
            attempt: The attempt that failed; 1 is the first.
            answered_before: Whether the server has answered any request of this run.
        """
        if failure.reason is FailureReason.READ_TIMEOUT:
            limit = min(2, self.attempts)
        elif failure.reason in _PASSING or (answered_before and failure.reason in _PASSING_ON_A_SERVER_THAT_WORKED):
            limit = self.attempts
        else:
            limit = 1
        if attempt >= limit:
            return None
        return min(self.first_pause * 2.0 ** (attempt - 1), self.longest_pause)
