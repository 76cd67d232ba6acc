"""Where the time of a run goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.records import field, record


@record(slots=True)
class Stopwatch:
    """Where the time of a run goes, by stage; used by one thread.

    Attributes:
        seconds: by stage, without the stages within it; ``STAGE: PART`` is a part of a stage, counted in it too.
    """

    now: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)
    _stages: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what runs inside to a stage, and not to the stage around it."""
        outer = self._stages[-1] if self._stages else None
        self._stages.append(name)
        self.seconds.setdefault(name, 0.0)
        begin = self.now()
        try:
            yield
        finally:
            took = self.now() - begin
            self._stages.pop()
            self._add(name, took)
            if outer is not None:
                self._add(outer, -took)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what runs inside to a part of the stage under way; to nothing where there is none."""
        begin = self.now()
        try:
            yield
        finally:
            if self._stages:
                self._add(f"{self._stages[-1]}: {name}", self.now() - begin)

    def _add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
