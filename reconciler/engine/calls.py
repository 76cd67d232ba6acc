"""Calls beside each other: each takes its lanes, is written down, sent, and written down again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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

        Some may not be started: after a stop, an error, or too many lost answers in a row.

        Raises:
            Exception: what the writer raised that is no error of ours; after what was in flight has ended.
        """
        lanes = Lanes(operations)
        answers: SimpleQueue[Answered] = SimpleQueue()
        in_flight = lost = 0
        while True:
            while in_flight < self._workers and self.may_go_on and lost < LOST_IN_A_ROW:
                index = lanes.take()
                if index is None:
                    break
                self._started += 1
                in_flight += 1
                yield OperationStarted(operations[index], self._started), None
                self._pool.submit(self._send, index, self._started, operations[index], answers)
            if not in_flight:
                return
            answered = answers.get()
            in_flight -= 1
            lanes.release(answered.position)
            reply = answered.reply
            self._take_down(answered)
            lost = lost + 1 if reply.outcome is Outcome.UNKNOWN and not reply.keys else 0
            operation = operations[answered.position]
            ended = OperationEnded(operation, answered.number, reply.outcome, reply.messages, answered.seconds)
            yield ended, answered

    def _take_down(self, answered: Answered) -> None:
        self.sent += answered.reply.sent
        if isinstance(answered.error, ReconcilerError):
            self.error = self.error or answered.error
        elif answered.error is not None:
            raise answered.error

    def _send(self, position: int, number: int, operation: Operation, answers: SimpleQueue[Answered]) -> None:
        """Run in a thread of the pool: whatever happens, an answer is given."""
        begin = self._clock()
        error: BaseException | None = None
        try:
            reply, error = self._sent(number, operation)
        except BaseException as fault:  # noqa: BLE001  raised again where it can be seen
            reply, error = Reply(Outcome.UNKNOWN), fault
        answers.put(Answered(position, number, reply, self._clock() - begin, error))

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
