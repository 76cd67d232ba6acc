"""How long commands take that have next to nothing to do, beside Python itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tests.bench.findings import Findings, Row
from tests.bench.measure import Command, side_by_side
from tests.bench.ours import ours

__all__ = ["starts"]

_TINY: Final = """\
domains:
  - name: acme.example
mailboxes:
  - {address: anna@acme.example, name: Anna, quota: 2GiB}
aliases:
  - {address: sales@acme.example, to: [anna@acme.example]}
"""


def starts(findings: Findings, folder: Path, *, runs: int) -> None:
    """Measure `--version`, `--help` and `validate` beside a Python that does nothing."""
    findings.say(f"\nstart-up, {runs} runs each")
    folder.mkdir(parents=True)
    (folder / "mail.yaml").write_text(_TINY, encoding="utf-8")
    goals = {"--version": 1.3, "--help": 2.0, "validate mail.yaml": 4.5}
    commands = {name: ours(name.split(), home=folder) for name in goals}
    nothing = Command([sys.executable, "-c", "pass"], folder, {})
    for command in commands.values():
        command.run()
    found = side_by_side({"nothing": nothing, **commands}, runs=runs)
    for name, goal in goals.items():
        note = f"{found[name].seconds * 1e3:.0f} ms / {found['nothing'].seconds * 1e3:.0f} ms"
        ratio = found[name].times(found["nothing"])
        findings.add(Row(f"`{name}` against `python -c pass`", ratio, goal=goal, note=note))
    findings.figures["starts"] = {name: [run.seconds for run in each.each] for name, each in found.items()}
