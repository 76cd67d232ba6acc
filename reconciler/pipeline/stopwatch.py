"""Where the time of a run goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field

from reconciler.records import record


@record(slots=True)
class Stopwatch:
    """Where the time of a run goes, by stage."""

    now: Callable[[], float]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what runs inside to a stage."""
        begin = self.now()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self.now() - begin
