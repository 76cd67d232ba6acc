"""The walk of an apply: phase after phase, calls beside each other, doubts resolved by reading again, the report."""

from __future__ import annotations

import threading
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.engine.calls import LOST_IN_A_ROW, Answered, Calls
from reconciler.engine.doubts import Attempt, clearing, is_single, rule, settles
from reconciler.engine.effect import strangers, took
from reconciler.engine.ports import Clock, LookAgain, Record, Verify, Writer
from reconciler.engine.progress import Progress, only
from reconciler.errors import ApiError, ApplyIncomplete, ConnectionFailed, UsageError
from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.operation import Operation
from reconciler.model.reply import Reply
from reconciler.model.report import ChangeEnded, Event, Leftover, Outcome, Report, Stopped
from reconciler.model.secret import Resolve
from reconciler.model.state import LiveState
from reconciler.planning.order import levels
from reconciler.records import field, record, replace
from reconciler.spec.kind import Kind

FRUITLESS_ROUNDS: Final = 3
"""How often so many answers may be lost in a row, and none of the calls have taken, before the run is stopped."""

INTERRUPTED: Final = Stopped("interrupted", "interrupted", "run again to continue", exit_code=130)

Answers = list[tuple[Attempt, Answered]]


@record(frozen=True, slots=True, kw_only=True)
class Means:
    """What an apply works with.

    Attributes:
        kinds: every kind by name.
        writer: sends operations.
        look_again: reads resources again, to resolve doubts.
        verify: compares what the plan touched with what was declared, at the end.
        before: what was read before the run.
        workers: how many calls are under way at once; one where the server bears no parallel writes.
        clock: for how long things took.
        resolve: finds a secret's text, to tell whether one took that the server shows; None for not looking.
        stop: set from elsewhere (Ctrl-C): what is in flight is finished, nothing more is started.
        record: keeps intents and outcomes; None keeps nothing.
        most_failures: after more changes than this have failed, nothing more is started, and no calls are under way
            together that could all fail and make it more than one too many; None for no such limit.
    """

    kinds: Mapping[str, Kind]
    writer: Writer
    look_again: LookAgain
    verify: Verify
    before: LiveState
    workers: int
    clock: Clock
    resolve: Resolve | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    record: Record | None = None
    most_failures: int | None = None


def apply(
    changes: Sequence[Change], operations: Sequence[Operation], means: Means, *, first: Sequence[Operation] = ()
) -> Generator[Event, None, Report]:
    """Carry out a plan's operations; gives events as they happen, and returns the report (``yield from`` hands it on).

    Outcomes do not depend on timing or on the number of workers. Nothing is sent again unless reading has shown that it
    did not take, and then once.

    Args:
        changes: the plan's, in its order.
        operations: those the changes compile to, in the order in which they belong within their phases and lanes.
        first: those that are carried out before, and have to be found done by reading again; else nothing more is.

    Raises:
        Exception: only what is no error of ours; what was in flight has ended by then.
    """
    begin = means.clock()
    calls = Calls(means.writer, workers=means.workers, stop=means.stop, clock=means.clock, record=means.record)
    run = _Run(means, calls, Progress(changes, (*first, *operations)))
    with calls:
        for part in (first, operations):
            for level in levels(part):
                if not calls.may_go_on:
                    break
                yield from run.carry_out(level)
            if part is first and part and calls.may_go_on:
                run.expect_done({address for operation in first for address in operation.changes})
    yield from run.give_up_the_rest()
    leftovers = run.verified()
    return Report(
        changes=run.ended(),
        calls=calls.sent,
        converged=None if leftovers is None else not leftovers,
        leftovers=leftovers or (),
        interrupted=run.stopped is INTERRUPTED,
        seconds=means.clock() - begin,
        stopped=run.stopped,
    )


class _Run:
    """One apply under way."""

    def __init__(self, means: Means, calls: Calls, progress: Progress) -> None:
        self._means = means
        self._calls = calls
        self._progress = progress
        self._ended: dict[Address, ChangeEnded] = {}
        self._fruitless = 0
        self._failed: set[Address] = set()

    @property
    def stopped(self) -> Stopped | None:
        """Why not all was tried."""
        error = self._calls.error
        if error is not None:  # what the surroundings do to a run that has begun is no wrong usage
            code = ApplyIncomplete.exit_code if isinstance(error, UsageError) else error.exit_code
            return Stopped(error.id, error.summary, error.hint, code)
        return INTERRUPTED if self._means.stop.is_set() and self._progress.unfinished() else None

    def carry_out(self, operations: Iterable[Operation]) -> Iterator[Event]:
        """Send operations that need nothing of each other, and see to it that each is settled."""
        waiting: list[Attempt] = []
        for operation in operations:
            trimmed = self._progress.trimmed(operation, makes=self._kind(operation).routes.adds(operation))
            for address, why in trimmed.blocked:
                yield from self._settle(address, Outcome.BLOCKED, (why,) if why else ())
            if trimmed.operation is not None:
                waiting.append(Attempt(trimmed.operation))
        while waiting and self._calls.may_go_on:
            doubtful, unsent = yield from self._send(waiting)
            again = (yield from self._resolve(doubtful)) if doubtful else []
            waiting = again + unsent

    def _send(self, attempts: list[Attempt]) -> Generator[Event, None, tuple[Answers, list[Attempt]]]:
        """Send what may be sent; gives back what was answered without settling it, and what was not sent."""
        settled: set[int] = set()
        doubtful: dict[int, Answered] = {}
        operations = [attempt.operation for attempt in attempts]
        for event, answered in self._calls.run(operations, most_at_risk=self._room_for_failures()):
            yield event
            if answered is None:
                continue
            attempt = attempts[answered.position]
            if answered.error is None and not self._settles(attempt, answered.reply):
                doubtful[answered.position] = answered
                continue
            settled.add(answered.position)
            told = () if answered.reply.outcome is Outcome.DONE else answered.reply.messages
            for address in dict.fromkeys(attempt.operation.changes):
                yield from self._settle(address, answered.reply.outcome, told)
        unsent = [each for index, each in enumerate(attempts) if index not in settled and index not in doubtful]
        return [(attempts[index], doubtful[index]) for index in sorted(doubtful)], unsent

    def _settles(self, attempt: Attempt, reply: Reply) -> bool:
        operation = attempt.operation
        return settles(attempt, reply, self._kind(operation), self._progress.changes[operation.changes[0]])

    def _resolve(self, doubtful: Answers) -> Generator[Event, None, list[Attempt]]:
        """Read again what doubtful answers were about, and settle it; gives back what is to be sent once more."""
        try:
            seen = self._means.look_again(self._addresses(doubtful))
        except ApiError as error:
            self._calls.error = self._calls.error or error
            for attempt, answered in doubtful:
                if answered.reply.sent:
                    for address in dict.fromkeys(attempt.operation.changes):
                        yield from self._settle(address, Outcome.UNKNOWN, answered.reply.messages)
            return []
        again: list[Attempt] = []
        took_any = False
        new = self._strangers(doubtful, seen)
        for attempt, answered in doubtful:
            for address in dict.fromkeys(attempt.operation.changes):
                single = only(attempt.operation, (address,)) or attempt.operation
                outcome = yield from self._judge(attempt, answered, address, seen=seen, new=new[address.kind])
                took_any |= outcome is Outcome.DONE
                if outcome is None:
                    again.append(Attempt(single, (*attempt.earlier, answered.reply)))
        self._give_up_on_silence(len(doubtful), took_any=took_any)
        return again

    def _judge(
        self, attempt: Attempt, answered: Answered, address: Address, *, seen: LiveState, new: tuple[str, ...]
    ) -> Generator[Event, None, Outcome | None]:
        """Settle one change of a doubtful operation; None when it is to be sent once more."""
        operation, reply = attempt.operation, answered.reply
        kind = self._kind(operation)
        change = self._progress.changes[address]
        if address in reply.confirmed:
            yield from self._settle(address, Outcome.DONE, ())
            return Outcome.DONE
        if reply.keys & operation.unclear and kind.routes.adds(operation) and is_single(operation):
            reply = replace(reply, outcome=Outcome.FAILED)  # there was one before: done only if it is as wanted
        answered_before = all(each.outcome is not Outcome.UNKNOWN for each in attempt.earlier)
        refuses = reply.outcome is Outcome.FAILED or (reply.outcome is Outcome.PARTIAL and bool(operation.names))
        refused = refuses and answered_before
        what = took(kind, operation, change, seen, self._means.resolve, refused=refused)
        clear = clearing(attempt, reply, what, kind)
        if clear is not None:
            for event, _ in self._calls.run([clear]):
                yield event
            return None
        ruling = rule(attempt, reply, what, new)
        if ruling.outcome is not None:
            told = () if ruling.outcome is Outcome.DONE else reply.messages
            yield from self._settle(address, ruling.outcome, (*told, *ruling.messages))
        return ruling.outcome

    def _give_up_on_silence(self, answers: int, *, took_any: bool) -> None:
        """Stop a run whose calls bring neither answers nor effects."""
        self._fruitless = self._fruitless + 1 if answers >= LOST_IN_A_ROW and not took_any else 0
        if self._fruitless >= FRUITLESS_ROUNDS and self._calls.error is None:
            self._calls.error = ConnectionFailed(
                "the server answers reads, but neither answers writes nor carries them out",
                id="api-writes-unanswered",
                hint="look at the server's log; run again to continue",
            )

    def _room_for_failures(self) -> int | None:
        """How many changes may go wrong until the run is stopped, that one included; None without a limit."""
        most = self._means.most_failures
        return None if most is None else max(1, most + 1 - len(self._failed))

    def _settle(self, address: Address, outcome: Outcome, messages: Iterable[str]) -> Iterator[ChangeEnded]:
        ended = self._progress.settle(address, outcome, messages)
        if ended is not None:
            self._ended[address] = ended
            yield ended
        if outcome not in (Outcome.DONE, Outcome.BLOCKED):
            self._count(address)

    def _count(self, failed: Address) -> None:
        """Stop a run in which too much fails, though more of it may be to come; what is blocked has not failed."""
        most = self._means.most_failures
        self._failed.add(failed)
        if most is not None and len(self._failed) > most and self._calls.error is None:
            self._calls.error = ApplyIncomplete(
                f"{len(self._failed)} changes have failed, {most} are allowed",
                id="too-many-failures",
                hint="see why; run again to continue",
            )

    def expect_done(self, tried: Collection[Address]) -> None:
        """Stop the run unless reading shows that these changes are done."""
        failed = [address for address in sorted(tried) if self._ended[address].outcome is not Outcome.DONE]
        leftovers = self.verified() if not failed else ()
        found = leftovers is not None and not any(each.address in tried for each in leftovers)
        if failed or not found:
            why = f"{failed[0]} was not done" if failed else "reading again did not find it as declared"
            self._calls.error = ApplyIncomplete(
                f"what was tried first did not converge: {why}", id="canary-failed", hint="see why; then run again"
            )

    def give_up_the_rest(self) -> Iterator[ChangeEnded]:
        """End the changes that still had something to come."""
        why = f"not tried: {self.stopped.summary}" if self.stopped is not None else "there is no call that does this"
        for address in self._progress.unfinished():
            self._ended[address] = self._progress.ended(address, why)
            yield self._ended[address]

    def ended(self) -> tuple[ChangeEnded, ...]:
        """How every change ended, in the plan's order."""
        return tuple(self._ended[address] for address in self._progress.changes)

    def verified(self) -> tuple[Leftover, ...] | None:
        """Read once more; None when that was not possible, or nobody wants to wait for it."""
        if self.stopped is INTERRUPTED:
            return None
        try:
            return self._means.verify()
        except ApiError:
            return None

    def _kind(self, operation: Operation) -> Kind:
        return self._means.kinds[operation.changes[0].kind]

    def _strangers(self, doubtful: Answers, seen: LiveState) -> Mapping[str, tuple[str, ...]]:
        """For each kind that doubtful answers are about, the rows that are new and that nothing explains."""
        changes = self._progress.changes.items()
        expected = frozenset(address for address, change in changes if change.action is not Action.DELETE)
        names = {address.kind for attempt, _ in doubtful for address in attempt.operation.changes}
        kinds = self._means.kinds
        return {name: strangers(kinds[name], self._means.before, seen, expected) for name in names}

    def _addresses(self, doubtful: Answers) -> list[Address]:
        found = {address for attempt, _ in doubtful for address in attempt.operation.changes}
        moved = {self._progress.changes[address].moved_from for address in found}
        return sorted(found | {address for address in moved if address is not None})
