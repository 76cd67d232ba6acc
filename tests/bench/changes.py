"""Plans of many changes, beside plans without any of the same organisation, against a server that answers at once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from math import log
from pathlib import Path
from typing import Any, Final

from tests.bench import prebuilt
from tests.bench.findings import Findings, Row
from tests.bench.measure import Command, Run, Runs, side_by_side
from tests.bench.ours import ours, stages_in
from tests.bench.prepare import MANIFESTS, commit, prepare

__all__ = ["ALLOWED", "many_changes"]

ALLOWED: Final = (
    *("--allow-deletes", "1000000", "--allow-delete-percent", "100", "--allow-delete-bytes", "1000000000000"),
    *("--allow-delete-kind", "mailbox", "--allow-delete-kind", "domain"),
)
_GROWTH: Final = 1.15
"""What a change costs may grow a little: what is planned for is looked up in larger tables, that fit no cache."""

_MEANT: Final = (10_000, 100_000)
_IN_EVERY_FORM: Final = 10_000
"""Larger plans are only shown as text: the forms grow alike."""

_SUMMARY: Final = re.compile(r"^Plan: ([\d,]+) to create, ([\d,]+) to update, ([\d,]+) to delete, ", re.MULTILINE)


def many_changes(findings: Findings, folder: Path, runs: Mapping[int, int]) -> None:
    """Measure plans in which a fifth of everything changes: shown as text, as JSON, and kept in a file.

    Args:
        runs: how many of each, by the number of objects.
    """
    found: dict[int, tuple[int, dict[str, Runs]]] = {}
    for size, each in runs.items():
        findings.say(f"\nplan of many changes among {size:,} objects, {each} runs each")
        found[size] = _side_by_side(folder / f"organisation-{size}", size, each)
        _tell(findings, size, *found[size])
    small, large = min(found), max(found)
    if small != large:
        counts, seconds = zip(*(_cost(*found[size]) for size in (small, large)), strict=True)
        growth = log(seconds[1] / seconds[0]) / log(counts[1] / counts[0])
        what = f"growth of what changes cost, {counts[0]:,} to {counts[1]:,}: exponent"
        goal = _GROWTH if (small, large) == _MEANT else None
        findings.add(Row(what, growth, unit="", goal=goal, note="of comparing and ordering"))
    findings.figures["many changes"] = {size: _figures(*each) for size, each in found.items()}


def _side_by_side(folder: Path, size: int, runs: int) -> tuple[int, dict[str, Runs]]:
    """How many changes there are, and what the plans took."""
    prepared = prepare(size, folder, later=True)
    with prebuilt.serving(prepared.answers) as server:
        home = folder / "home"
        ours(["apply", MANIFESTS, "--auto-approve"], home=home, folder=folder, url=server.url).run()
        shutil.copytree(folder / ".git", prepared.later / ".git")
        commit(prepared.later)

        def plan(*words: str, of: Path) -> Command:
            return ours(["plan", MANIFESTS, *words], home=home, folder=of, url=server.url)

        kept = ("--quiet", "--out", str(folder / "plan.json"))
        commands = {"no-op": plan(of=folder), "text": plan(*ALLOWED, of=prepared.later)}
        commands["calls"] = plan("--profile", "--show-calls", *ALLOWED, of=prepared.later)
        if size <= _IN_EVERY_FORM:
            commands["JSON"] = plan("--format", "json", *ALLOWED, of=prepared.later)
            commands["kept"] = plan(*kept, *ALLOWED, of=prepared.later)
            commands["shown"] = ours(["show", str(folder / "plan.json")], home=home)
        found = side_by_side(commands, runs=runs)
    told = _SUMMARY.search(found["text"].middle.output)
    if told is None or "0" in told.groups():
        raise RuntimeError(f"not a plan of many changes:\n{found['text'].middle.output[-2000:]}")
    return sum(int(number.replace(",", "")) for number in told.groups()), found


def _tell(findings: Findings, size: int, changes: int, found: Mapping[str, Runs]) -> None:
    told = _SUMMARY.search(found["text"].middle.output)
    note = f"{found['text'].seconds:.2f} s / {found['no-op'].seconds:.3f} s{f'; {told[0][6:-2]}' if told else ''}"
    what = f"plan of {changes:,} changes among {size:,} objects, against no-op"
    findings.add(Row(what, found["text"].times(found["no-op"]), note=note))
    forms = (("calls", "with its calls"), ("JSON", "as JSON"), ("kept", "kept in a file"), ("shown", "shown from it"))
    for name, words in ((name, words) for name, words in forms if name in found):
        note = f"{found[name].seconds:.2f} s, {found[name].peak:.0f} MB"
        findings.add(Row(f"the same {words}, against as text", found[name].times(found["text"]), note=note))
    _, seconds = _cost(changes, found)
    findings.add(Row("comparing and ordering, a change", 1e3 * seconds / changes, unit="ms"))
    findings.add(Row(f"peak memory, {changes:,} changes among {size:,} objects", found["text"].peak, unit="MB"))
    stages = ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in stages_in(found["calls"].middle.errors).items())
    findings.say(f"  stages of a plan of many changes, in seconds: {stages}")


def _cost(changes: int, found: Mapping[str, Runs]) -> tuple[int, float]:
    """What grows with changes: the rest is reading, where each file is another one than was remembered."""
    stages = stages_in(found["calls"].middle.errors)
    return changes, stages["comparing"] + stages["ordering"]


def _figures(changes: int, found: Mapping[str, Runs]) -> dict[str, Any]:
    def figures(run: Run) -> dict[str, float]:
        return {"seconds": run.seconds, "processor": run.processor, "peak": run.peak}

    return {"changes": changes, **{name: [figures(run) for run in each.each] for name, each in found.items()}}
