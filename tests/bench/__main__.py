"""Measures everything this tool promises about speed, in one run: `python -m tests.bench [--small] [--out FOLDER]`.

Every figure is a ratio to something measured in turns with it, in the same minutes, each in a process of its own; the
median counts. Times drift with the machine, ratios much less.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.bench.changes import many_changes
from tests.bench.findings import Findings
from tests.bench.limit import __doc__ as limit
from tests.bench.mixed_writes import mixed_changes
from tests.bench.plans import against_others, plans
from tests.bench.plot import plot
from tests.bench.servers import bulk_calls, creations, full_read
from tests.bench.starting import starts

_PARTS: Final = ("starts", "plans", "changes", "others", "reads", "writes")


def main() -> int:
    """Measure, print the table, write `bench.json` and `bench.svg`; 1 where a goal was missed."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--small", action="store_true", help="small sizes and few runs: two minutes")
    asked.add_argument("--out", type=Path, default=Path("build/bench"), help="where the results go")
    asked.add_argument("--only", choices=_PARTS, action="append", help="only this part; may be given several times")
    given = asked.parse_args()
    begun = time.perf_counter()
    findings = Findings(say=_say)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        for part, measure in _parts(findings, Path(name), small=given.small).items():
            if not given.only or part in given.only:
                measure()
    _say(f"\nThe limit and reading bytes only:\n\n{(limit or '').partition(chr(10))[2].strip()}\n")
    _say(findings.table())
    given.out.mkdir(parents=True, exist_ok=True)
    findings.write(given.out / "bench.json")
    if "plans" in findings.figures:
        (given.out / "bench.svg").write_text(_drawn(findings.figures["plans"]), encoding="utf-8")
    _say(f"{given.out}/bench.json, {given.out}/bench.svg; {time.perf_counter() - begun:.0f} s altogether")
    return int(any(row.verdict == "missed" for row in findings.rows))


def _parts(findings: Findings, folder: Path, *, small: bool) -> dict[str, Callable[[], object]]:
    def others() -> None:
        against_others(findings, folder / "others", 1_000 if small else 10_000, 2 if small else 5)

    def planned() -> None:
        runs = {1_000: 5, 10_000: 3} if small else {1_000: 15, 10_000: 11, 100_000: 5, 400_000: 5}
        plans(findings, folder / "plans", tuple(runs), runs)

    def changed() -> None:
        many_changes(findings, folder / "changes", {1_000: 1} if small else {10_000: 2, 100_000: 1})

    def read() -> None:
        mailboxes, domains = (200, 10) if small else (2_000, 20)
        full_read(findings, folder / "reads", mailboxes=mailboxes, domains=domains, runs=3)

    def written() -> None:
        creations(findings, folder / "adds", mailboxes=1_000 if small else 5_000, domains=64, runs=1 if small else 3)
        bulk_calls(findings, folder / "bulk", objects=250)
        mixed_changes(findings, folder / "mixed", domains=4 if small else 16, runs=1)
        mixed_changes(findings, folder / "alike", domains=4 if small else 16, runs=1, alike=True)

    def started() -> None:
        starts(findings, folder / "starts", runs=11 if small else 21)

    return dict(zip(_PARTS, (started, planned, changed, others, read, written), strict=True))


def _drawn(found: dict[int, dict[str, list[dict[str, Any]]]]) -> str:
    lines = {
        name: [
            (size, sorted(run["seconds"] for run in by_name[name])[len(by_name[name]) // 2])
            for size, by_name in found.items()
        ]
        for name in ("cold", "warm", "limit", "floor")
    }
    return plot("A plan without changes", lines, across="objects", up="seconds")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
