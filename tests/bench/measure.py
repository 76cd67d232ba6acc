"""Runs commands and says what they took: seconds, processor seconds, the most memory they ever had."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import MappingProxyType

__all__ = ["Command", "Run", "Runs", "side_by_side"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command.

    Attributes:
        seconds: from its start to its end.
        processor: seconds of all its threads.
        peak: the most memory it ever had, in MB (10^6 bytes).
    """

    seconds: float
    processor: float
    peak: float
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Runs:
    """Several runs of one command.

    Attributes:
        turns: the runs of each turn, in which what it is compared with had its own.
    """

    turns: tuple[tuple[Run, ...], ...]

    @property
    def each(self) -> tuple[Run, ...]:
        """All runs."""
        return tuple(run for turn in self.turns for run in turn)

    def times(self, other: Runs) -> float:
        """How many times as long as another command it took: the median of what each turn says.

        A machine shared with others is a third slower for minutes and faster again; within a turn it is the same one.
        """
        pairs = zip(self.turns, other.turns, strict=True)
        return median(median(one.seconds for one in mine) / median(one.seconds for one in its) for mine, its in pairs)

    @property
    def seconds(self) -> float:
        """The median."""
        return median(run.seconds for run in self.each)

    @property
    def peak(self) -> float:
        """The median of the most memory, in MB."""
        return median(run.peak for run in self.each)

    @property
    def middle(self) -> Run:
        """The run that took the median, or just above."""
        return sorted(self.each, key=lambda run: run.seconds)[len(self.each) // 2]


@dataclass(frozen=True, slots=True)
class Command:
    """What is run.

    Attributes:
        status: the exit code it must have.
        before: done before each run, and not counted.
    """

    words: Sequence[str]
    folder: Path
    environ: Mapping[str, str]
    status: int = 0
    before: Callable[[], object] = bool

    def run(self) -> Run:
        """Run it once.

        Raises:
            RuntimeError: it ended with another exit code.
        """
        self.before()
        environ = {**os.environ, **self.environ}
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            begun = time.perf_counter()
            process = subprocess.Popen(
                self.words, cwd=self.folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
            )
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            errors.seek(0)
            said, complained = output.read().decode(), errors.read().decode()
        if process.returncode != self.status:
            words = " ".join(self.words)
            raise RuntimeError(f"{words}\nended with {process.returncode}:\n{said[-2000:]}\n{complained[-2000:]}")
        return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6, said, complained)


def side_by_side(
    commands: Mapping[str, Command], *, runs: int, at_a_turn: Mapping[str, int] = MappingProxyType({})
) -> dict[str, Runs]:
    """Run each command so many times, in turns, so that what else the machine does troubles all of them alike.

    Args:
        runs: how many turns each has.
        at_a_turn: how often a command is run in a turn, where that is more than once: what takes a hundredth of what it
            is compared with is troubled by less, so one run says little of it.
    """
    os.sync()  # what preparing them has written would be written out while the first ones run
    found: dict[str, list[tuple[Run, ...]]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(tuple(command.run() for _ in range(at_a_turn.get(name, 1))))
    return {name: Runs(tuple(turns)) for name, turns in found.items()}
