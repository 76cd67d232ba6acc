"""Calls beside each other: each takes its lanes, is written down, sent, and written down again.

The threads that send also fetch their next operation themselves, so that nobody waits for whoever watches; the
watcher is told through a queue. While calls are under way, those that come next are announced to whoever writes them
down, so that their intents are on the disk when their turn comes, and no lane waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Final, NamedTuple, Self

from reconciler.engine.lanes import Lanes
from reconciler.engine.ports import Clock, Record, Writer
from reconciler.errors import ApiError, ReconcilerError
from reconciler.model.operation import Operation
from reconciler.model.reply import Reply
from reconciler.model.report import Event, OperationEnded, OperationStarted, Outcome

LOST_IN_A_ROW: Final = 5
"""After so many calls without a usable answer, find out first whether the server is there at all."""


class Answered(NamedTuple):
    """What came of a call.

    Attributes:
        position: which of the operations.
        error: what ends the run.
    """

    position: int
    number: int
    reply: Reply
    seconds: float
    error: BaseException | None = None


class Calls:
    """Sends operations from a small pool of threads; use it as a context, which waits for what is in flight.

    Args:
        workers: how many calls are under way at once.
        stop: set from elsewhere, nothing more is started.
        record: keeps intents and outcomes; None keeps nothing.
    """

    def __init__(
        self, writer: Writer, *, workers: int, stop: threading.Event, clock: Clock, record: Record | None
    ) -> None:
        self._writer = writer
        self._workers = workers
        self._stop = stop
        self._clock = clock
        self._record = record
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="write")
        self._numbered = 0
        self.sent = 0
        self.error: ReconcilerError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True)

    @property
    def may_go_on(self) -> bool:
        """Whether anything more may be started."""
        return self.error is None and not self._stop.is_set()

    def run(
        self, operations: Sequence[Operation], *, most_at_risk: int | None = None
    ) -> Iterator[tuple[Event, Answered | None]]:
        """Send operations, as many as may be; an answer comes with its event.

        Some may not be started: after a stop, an error, too many lost answers in a row, when nobody watches any more,
        or when those that went wrong leave no room for more.

        Args:
            operations: what to send; those that share a lane in the order in which they are.
            most_at_risk: how many changes may be under way, or have gone wrong, at once; a call about more than that
                is made alone.

        Raises:
            Exception: what the writer raised that is no error of ours; after what was in flight has ended.
        """
        turn = _Turn(operations, self._numbered, most_at_risk)
        workers = [self._pool.submit(self._work, turn) for _ in range(min(self._workers, len(operations)))]
        try:
            for _ in workers:
                while (told := turn.told.get()) is not None:
                    answered, started = told
                    if answered is not None:
                        yield self._heard(turn, answered)
                    if started is not None:
                        yield OperationStarted(turn.operations[started], turn.number(started)), None
        finally:
            turn.end()
            wait(workers)
            self._numbered = turn.number(len(operations) - 1)
            if self._record is not None:
                self._record.withdraw()

    def _heard(self, turn: _Turn, told: Answered) -> tuple[Event, Answered]:
        """Make an event of an answer."""
        self.sent += told.reply.sent
        if told.error is not None and not isinstance(told.error, ReconcilerError):
            raise told.error
        operation, reply = turn.operations[told.position], told.reply
        return OperationEnded(operation, told.number, reply.outcome, reply.messages, told.seconds), told

    def _work(self, turn: _Turn) -> None:
        """Send one operation after another; runs in a thread of the pool."""
        answered: Answered | None = None
        while (position := turn.take(self, answered)) is not None:
            number = turn.number(position)
            begin = self._clock()
            error: BaseException | None = None
            try:
                self._announce(turn, position)
                reply, error = self._sent(number, turn.operations[position])
            except BaseException as fault:  # noqa: BLE001  raised again where it can be seen
                reply, error = Reply(Outcome.UNKNOWN), fault
            if isinstance(error, ReconcilerError):
                self.error = self.error or error
            answered = Answered(position, number, reply, self._clock() - begin, error)
        turn.told.put(None)

    def _announce(self, turn: _Turn, position: int) -> None:
        """Have written down what comes next, and what is sent now, with one wait for the disk."""
        if self._record is not None:
            for each in turn.announced_with(position, self._workers):
                self._record.announce(turn.number(each), turn.operations[each])

    def _sent(self, number: int, operation: Operation) -> tuple[Reply, ReconcilerError | None]:
        """Write down, send, write down; what ends the run does not hide what the answer told."""
        try:
            if self._record is not None:
                self._record.intend(number, operation)
            reply = self._writer.send(operation)
        except ReconcilerError as error:
            return Reply(Outcome.FAILED, (error.summary,), sent=isinstance(error, ApiError)), error
        try:
            if self._record is not None:
                self._record.settle(number, reply)
        except ReconcilerError as error:
            return reply, error
        return reply, None


class _Turn:
    """Operations that are sent beside each other, as the threads that send them share them.

    Attributes:
        told: for whoever watches: what came of a call, and the position of the one that starts in its place, or either;
            None from each thread that ends.
    """

    def __init__(self, operations: Sequence[Operation], numbered: int, most_at_risk: int | None) -> None:
        self.operations = operations
        self.told: SimpleQueue[tuple[Answered | None, int | None] | None] = SimpleQueue()
        self._numbered = numbered
        self._lanes = Lanes(operations)
        self._announced: set[int] = set()
        self._most_at_risk = most_at_risk
        self._in_flight = self._lost = self._waiting = self._at_risk = 0
        self._ended = False
        self._changed = threading.Condition()

    def number(self, position: int) -> int:
        """The number of a call, unlike any other's of the run."""
        return self._numbered + position + 1

    def take(self, calls: Calls, answered: Answered | None) -> int | None:
        """Free the lanes of a call that was answered, or not, and wait for an operation whose lanes are free.

        Returns:
            The operation's position; None when all is over.
        """
        with self._changed:
            if answered is not None:
                self._free(answered)
            while calls.may_go_on and not self._ended and self._lost < LOST_IN_A_ROW:
                position = self._lanes.first()
                if position is not None and self._may_risk(position):
                    self._lanes.take()
                    self._in_flight += 1
                    self._at_risk += _changes(self.operations[position])
                    self.told.put((answered, position))
                    return position
                if not self._in_flight:
                    break
                if answered is not None:
                    self.told.put((answered, None))
                    answered = None
                self._waiting += 1
                self._changed.wait()
                self._waiting -= 1
        if answered is not None:
            self.told.put((answered, None))
        return None

    def announced_with(self, position: int, most: int) -> list[int]:
        """What is to be announced now that an operation is about to be sent, itself included; each once."""
        with self._changed:
            new = [each for each in (position, *self._lanes.next_after(position, most)) if each not in self._announced]
            self._announced.update(new)
        return new

    def _may_risk(self, position: int) -> bool:
        """Whether, should everything go wrong that is under way, an operation could go wrong too."""
        if self._most_at_risk is None or not self._at_risk:
            return True
        return self._at_risk + _changes(self.operations[position]) <= self._most_at_risk

    def _free(self, answered: Answered) -> None:
        if answered.reply.outcome is Outcome.DONE and answered.error is None:
            self._at_risk -= _changes(self.operations[answered.position])
        lost = answered.reply.outcome is Outcome.UNKNOWN and not answered.reply.keys
        self._in_flight -= 1
        self._lost = self._lost + 1 if lost else 0
        self._ended = self._ended or (answered.error is not None and not isinstance(answered.error, ReconcilerError))
        self._lanes.release(answered.position)
        if self._waiting:
            self._changed.notify_all()

    def end(self) -> None:
        """Start nothing more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _changes(operation: Operation) -> int:
    return len(set(operation.changes))
