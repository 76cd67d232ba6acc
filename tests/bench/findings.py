"""What was found: rows with goals, and the figures they come from; as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

__all__ = ["Findings", "Row"]

_LIBRARIES: Final = ("msgspec", "yaml-rs", "PyYAML", "pydantic", "httpx")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured.
        value: what came out; None where it cannot be measured here.
        unit: what stands behind it: `x`, `MB`, `%`, nothing for a bare number.
        goal: what it should be; None where there is no goal.
        most: the goal is an upper bound; otherwise a lower one.
        note: how it came about, or why it did not.
    """

    what: str
    value: float | None
    unit: str = "x"
    goal: float | None = None
    most: bool = True
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the goal is reached."""
        if self.value is None:
            return "not on this machine"
        if self.goal is None:
            return ""
        return "reached" if (self.value <= self.goal if self.most else self.value >= self.goal) else "missed"

    @property
    def goal_text(self) -> str:
        """The goal in words."""
        return "" if self.goal is None else f"at {'most' if self.most else 'least'} {_shown(self.goal, self.unit)}"


def _shown(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{' ' if unit.isalpha() and unit != 'x' else ''}{unit}"


@dataclass(slots=True)
class Findings:
    """What a run of the benchmark found.

    Attributes:
        say: tells how it goes, while it goes.
        figures: the numbers behind the rows.
    """

    say: Callable[[str], object]
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Add a row, and say it at once."""
        self.rows.append(row)
        self.say(_line(row))

    def table(self) -> str:
        """Everything found, a row a line."""
        return "\n".join([f"{'what':66} {'found':>10}  {'goal':17} {'':8}", *map(_line, self.rows)]) + "\n"

    def write(self, file: Path) -> None:
        """Keep it as JSON."""
        rows = [{**asdict(row), "verdict": row.verdict} for row in self.rows]
        document = {"machine": machine(), "rows": rows, "figures": self.figures}
        file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _line(row: Row) -> str:
    value = "-" if row.value is None else _shown(row.value, row.unit)
    line = f"{row.what:66} {value:>10}  {row.goal_text:17} {row.verdict:8}"
    return f"{line}  {row.note}".rstrip()


def machine() -> dict[str, Any]:
    """What it ran on."""

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "missing"

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        "processors": os.cpu_count(),
        "memory_gb": round(memory / 1e9),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: installed(name) for name in _LIBRARIES},
    }
