"""Calls beside each other: each takes its lanes, is written down, sent, and written down again.

The threads that send also fetch their next operation themselves, so that nobody waits for whoever watches; the
watcher is told through a queue.
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
        self._started = 0
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

    def run(self, operations: Sequence[Operation]) -> Iterator[tuple[Event, Answered | None]]:
        """Send operations, as many as may be; an answer comes with its event.

        Some may not be started: after a stop, an error, too many lost answers in a row, or when nobody watches any
        more.

        Raises:
            Exception: what the writer raised that is no error of ours; after what was in flight has ended.
        """
        turn = _Turn(operations, self._started)
        workers = [self._pool.submit(self._work, turn) for _ in range(min(self._workers, len(operations)))]
        try:
            for _ in workers:
                while (told := turn.told.get()) is not None:
                    yield self._heard(turn, told)
        finally:
            turn.end()
            wait(workers)
            self._started = turn.started

    def _heard(self, turn: _Turn, told: int | Answered) -> tuple[Event, Answered | None]:
        """Make an event of what a worker tells."""
        if isinstance(told, int):
            return OperationStarted(turn.operations[turn.positions[told]], told), None
        self.sent += told.reply.sent
        if told.error is not None and not isinstance(told.error, ReconcilerError):
            raise told.error
        operation, reply = turn.operations[told.position], told.reply
        return OperationEnded(operation, told.number, reply.outcome, reply.messages, told.seconds), told

    def _work(self, turn: _Turn) -> None:
        """Send one operation after another; runs in a thread of the pool."""
        while (taken := turn.take(self)) is not None:
            number, position = taken
            begin = self._clock()
            error: BaseException | None = None
            try:
                reply, error = self._sent(number, turn.operations[position])
            except BaseException as fault:  # noqa: BLE001  raised again where it can be seen
                reply, error = Reply(Outcome.UNKNOWN), fault
            if isinstance(error, ReconcilerError):
                self.error = self.error or error
            turn.give_back(Answered(position, number, reply, self._clock() - begin, error))
        turn.told.put(None)

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
        told: for whoever watches: the number of a call that starts, what came of one, None from each thread that ends.
        positions: by number of a call, which of the operations it is.
    """

    def __init__(self, operations: Sequence[Operation], started: int) -> None:
        self.operations = operations
        self.started = started
        self.positions: dict[int, int] = {}
        self.told: SimpleQueue[int | Answered | None] = SimpleQueue()
        self._lanes = Lanes(operations)
        self._in_flight = self._lost = 0
        self._ended = False
        self._changed = threading.Condition()

    def take(self, calls: Calls) -> tuple[int, int] | None:
        """Wait for an operation whose lanes are free: the call's number, and which it is; None when all is over."""
        with self._changed:
            while calls.may_go_on and not self._ended and self._lost < LOST_IN_A_ROW:
                position = self._lanes.take()
                if position is not None:
                    self.started += 1
                    self._in_flight += 1
                    self.positions[self.started] = position
                    self.told.put(self.started)
                    return self.started, position
                if not self._in_flight:
                    break
                self._changed.wait()
        return None

    def give_back(self, answered: Answered) -> None:
        """Free the lanes of a call that was answered, or not."""
        lost = answered.reply.outcome is Outcome.UNKNOWN and not answered.reply.keys
        fault = answered.error is not None and not isinstance(answered.error, ReconcilerError)
        with self._changed:
            self._in_flight -= 1
            self._lost = self._lost + 1 if lost else 0
            self._ended = self._ended or fault
            self._lanes.release(answered.position)
            self.told.put(answered)
            self._changed.notify_all()

    def end(self) -> None:
        """Start nothing more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
