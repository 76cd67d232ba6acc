"""Events and reports: what an apply did."""

from __future__ import annotations

from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.operation import Operation
from reconciler.records import record


class Outcome(StrEnum):
    """How a change ended.

    DONE: the server said so. PARTIAL: some of its calls took, some did not. FAILED: the server refused it. BLOCKED:
    something it needs failed, it was not tried. UNKNOWN: the answer proved nothing and reading again could not tell.
    """

    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@record(frozen=True, slots=True)
class OperationStarted:
    """A call is about to be sent."""

    operation: Operation
    number: int


@record(frozen=True, slots=True)
class OperationEnded:
    """A call was answered, or not.

    Attributes:
        outcome: what the answer alone tells: DONE, PARTIAL (some of it, and a refusal), FAILED or UNKNOWN.
        messages: what the server said, without secrets.
        seconds: how long it took.
    """

    operation: Operation
    number: int
    outcome: Outcome
    messages: tuple[str, ...]
    seconds: float


@record(frozen=True, slots=True)
class ChangeEnded:
    """All that can be done for a change has been done."""

    address: Address
    outcome: Outcome
    messages: tuple[str, ...] = ()


Event = OperationStarted | OperationEnded | ChangeEnded


STILL_THERE = "still there"
GONE = "gone"
THERE_TWICE = "there more than once"


@record(frozen=True, slots=True)
class Leftover:
    """A field that is not what was declared after the apply.

    Attributes:
        field: its name; `STILL_THERE` for what was to be deleted, `GONE` for what was there and went with the changes,
            `THERE_TWICE` for what was made by somebody else too, or by a proxy that repeated the call.
    """

    address: Address
    field: str


@record(frozen=True, slots=True)
class Stopped:
    """Why a run ended before all was tried.

    Attributes:
        id: stable and kebab-case: ``interrupted``, or that of the error.
        summary: what happened, one sentence without a full stop.
        exit_code: what the process exits with.
    """

    id: str
    summary: str
    hint: str = ""
    exit_code: int = 6


@record(frozen=True, slots=True)
class Report:
    """What came of an apply.

    Attributes:
        changes: every change of the plan with how it ended, in the plan's order.
        calls: how many writes were sent.
        converged: reading again found the server as declared; None when it could not be read.
        leftovers: what it found otherwise.
        interrupted: a person stopped the run before all was tried.
        stopped: why it ended before all was tried; None when all was.
        notes: what else a person should know, such as which revision is remembered as applied.
        left: how many changes were not the run's to make, and are left for another one.
    """

    changes: tuple[ChangeEnded, ...]
    calls: int
    converged: bool | None
    leftovers: tuple[Leftover, ...] = ()
    interrupted: bool = False
    seconds: float = 0.0
    stopped: Stopped | None = None
    notes: tuple[Diagnostic, ...] = ()
    left: int = 0

    def count(self, outcome: Outcome) -> int:
        """How many changes ended so."""
        return sum(change.outcome is outcome for change in self.changes)
