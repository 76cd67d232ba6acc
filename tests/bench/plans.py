"""Plans without changes, against a server that answers at once: beside the limit, beside others, and as they grow."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import log
from pathlib import Path
from typing import Final

from tests.bench import peers, prebuilt
from tests.bench.findings import Findings, Row
from tests.bench.measure import Command, Runs, side_by_side
from tests.bench.ours import ours, stages_in
from tests.bench.prepare import MANIFESTS, Prepared, commit, prepare

__all__ = ["against_others", "plans"]

_WARM_GOALS: Final = {1_000: 3.0, 10_000: 3.0, 100_000: 2.0, 400_000: 2.5}
_COLD_GOALS: Final = {400_000: 6.0}
_MEMORY: Final = {"warm": 600.0, "cold": 900.0}
_GROWTH: Final = {"warm": 1.05, "cold": 1.10}
_HERE: Final = Path(__file__).parent


def plans(findings: Findings, folder: Path, sizes: Sequence[int], runs: Mapping[int, int]) -> dict[int, Runs]:
    """Measure plans of every size, warm and cold, beside the two limits.

    Args:
        runs: how many of each, by size.

    Returns:
        The warm ones.
    """
    found: dict[int, dict[str, Runs]] = {}
    for size in sizes:
        findings.say(f"\nno-op plan of {size:,} objects, {runs[size]} runs each")
        prepared = prepare(size, folder / f"organisation-{size}")
        with prebuilt.serving(prepared.answers) as server:
            found[size] = _beside_the_limit(findings, prepared, server, runs[size])
        _tell(findings, size, found[size])
    _tell_growth(findings, found)
    findings.figures["plans"] = {
        size: {
            name: [asdict(run) | {"output": "", "errors": ""} for run in each.each] for name, each in by_name.items()
        }
        for size, by_name in found.items()
    }
    return {size: by_name["warm"] for size, by_name in found.items()}


def _beside_the_limit(findings: Findings, prepared: Prepared, server: prebuilt.Standin, runs: int) -> dict[str, Runs]:
    place, size = prepared.folder, prepared.objects
    words = ["plan", MANIFESTS, "--profile"]
    warm = ours(words, home=place / "home", folder=place, url=server.url)
    ours(["apply", MANIFESTS, "--auto-approve"], home=place / "home", folder=place, url=server.url).run()
    server.requests()
    run = warm.run()
    findings.figures.setdefault("requests", {})[size] = dict(server.requests())
    if f"{size:,} unchanged" not in run.output:
        raise RuntimeError(f"the plan is not empty:\n{run.output[-2000:]}")
    limit = [sys.executable, str(_HERE / "limit.py")]
    found = side_by_side(
        {
            "limit": Command([*limit, "parse", str(prepared.manifests), server.url], place, {}),
            "floor": Command([*limit, "scan", str(prepared.manifests), server.url], place, {}),
            "warm": warm,
            "cold": ours(words, home=place / "cold", folder=place, url=server.url, cold=True),
        },
        runs=runs,
    )
    _change(prepared)
    found |= side_by_side({"later": warm}, runs=min(runs, 3))
    findings.figures.setdefault("stages", {})[size] = {
        name: stages_in(found[name].middle.errors) for name in ("warm", "cold", "later")
    }
    return found


def _change(prepared: Prepared) -> None:
    """Commit something that changes nothing on the server: what was applied last is another revision then."""
    file = min(prepared.manifests.rglob("*.yaml"))
    file.write_text(f"{file.read_text(encoding='utf-8')}# looked at again\n", encoding="utf-8")
    commit(prepared.folder)


def _tell(findings: Findings, size: int, found: Mapping[str, Runs]) -> None:
    for name, goals in (("warm", _WARM_GOALS), ("cold", _COLD_GOALS)):
        for against, words in (("limit", "the limit"), ("floor", "reading bytes only")):
            findings.add(
                Row(
                    f"no-op plan, {size:,} objects, {name}, against {words}",
                    found[name].times(found[against]),
                    goal=goals.get(size) if against == "limit" else None,
                    note=f"{found[name].seconds:.3f} s / {found[against].seconds:.3f} s",
                )
            )
    later = found["later"].seconds / found["warm"].seconds
    findings.add(Row(f"no-op plan, {size:,} objects, a commit later, against warm", later))
    for name, goal in _MEMORY.items():
        largest = goal if size == max(_WARM_GOALS) else None
        findings.add(Row(f"peak memory, {size:,} objects, {name}", found[name].peak, unit="MB", goal=largest))

    for name, stages in findings.figures["stages"][size].items():
        told = ", ".join(f"{stage} {seconds:.3f}" for stage, seconds in stages.items())
        findings.say(f"  stages of a {name} plan, in seconds: {told}")
    requests = findings.figures["requests"][size]
    findings.say(f"  requests: {sum(requests.values())}, of these {max(requests.values())} of the same kind at most")


def _tell_growth(findings: Findings, found: Mapping[int, Mapping[str, Runs]]) -> None:
    sizes = [size for size in found if size >= 10_000] or list(found)
    small, large = min(sizes), max(sizes)
    if small == large:
        return
    for name, goal in _GROWTH.items():
        growth = log(found[large][name].seconds / found[small][name].seconds) / log(large / small)
        what = f"growth of a no-op plan, {small:,} to {large:,}, {name}: exponent"
        findings.add(Row(what, growth, unit="", goal=goal))


def against_others(findings: Findings, folder: Path, size: int, runs: int) -> None:
    """Measure a warm plan beside terraform, octoDNS, and a plain loop of requests."""
    findings.say(f"\nother tools on {size:,} objects, {runs} runs each")
    prepared = prepare(size, folder / "alone", details=True)
    with prebuilt.serving(prepared.answers) as server:
        warm = ours(["plan", MANIFESTS], home=folder / "home", folder=prepared.folder, url=server.url)
        ours(["apply", MANIFESTS, "--auto-approve"], home=folder / "home", folder=prepared.folder, url=server.url).run()
        reads = [sys.executable, str(_HERE / "reads_by_hand.py")]
        commands: dict[str, Command | None] = {
            "terraform plan": peers.terraform(size, folder / "terraform"),
            "octoDNS": peers.octodns(size, folder / "octodns"),
            "one GET for each object": Command([*reads, "each", server.url], folder, {}),
        }
        there = {name: command for name, command in commands.items() if command is not None}
        found = side_by_side({"warm": warm, **there}, runs=runs, at_a_turn={"warm": 5})
    goals = {"terraform plan": 80.0, "octoDNS": 15.0} if size == 10_000 else {}
    for name in commands:
        what = f"no-op plan, {size:,} objects, times faster than {name}"
        goal = goals.get(name)
        if name not in found:
            findings.add(Row(what, None, goal=goal, most=False))
            continue
        note = f"{found[name].seconds:.2f} s / {found['warm'].seconds:.3f} s"
        ratio = found[name].times(found["warm"])
        findings.add(Row(what, ratio, goal=goal, most=False, note=note))
    findings.figures["others"] = {name: [run.seconds for run in each.each] for name, each in found.items()}
