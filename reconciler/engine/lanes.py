"""Which operations may run beside each other.

Operations that share a lane run one after another, in the order they are listed; an operation takes all its lanes at
once or waits. So what one lane sees does not depend on timing, and nothing starves.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence

from reconciler.model.operation import Operation


class Lanes:
    """Operations waiting for their lanes; used by one thread.

    Args:
        operations: in the order in which those that share a lane run.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self._queues: dict[str, deque[int]] = {}
        self._blocked_by: list[int] = []
        for index, operation in enumerate(operations):
            behind = 0
            for lane in operation.lanes:
                queue = self._queues.setdefault(lane, deque())
                behind += bool(queue)
                queue.append(index)
            self._blocked_by.append(behind)
        self._ready = [index for index, behind in enumerate(self._blocked_by) if not behind]
        heapq.heapify(self._ready)

    def first(self) -> int | None:
        """The operation `take` would take."""
        return self._ready[0] if self._ready else None

    def take(self) -> int | None:
        """Take the first operation whose lanes are all free; None when there is none now."""
        return heapq.heappop(self._ready) if self._ready else None

    def next_after(self, index: int, most: int) -> list[int]:
        """Guess which operations come next, while one that was taken is under way.

        Args:
            index: the operation that was taken.
            most: how many of those that could be taken already are named; those behind the one that was are besides.
        """
        queues = (self._queues[lane] for lane in self._operations[index].lanes)
        return [*(queue[1] for queue in queues if len(queue) > 1), *self._ready[:most]]

    def release(self, index: int) -> None:
        """Give back the lanes of an operation that was taken."""
        for lane in self._operations[index].lanes:
            queue = self._queues[lane]
            queue.popleft()
            if queue:
                self._blocked_by[queue[0]] -= 1
                if not self._blocked_by[queue[0]]:
                    heapq.heappush(self._ready, queue[0])
