"""One apply of changes of many sorts to a server whose calls take what they take on a real one, beside one by hand.

In every domain some mailboxes and aliases are new, others are edited, and others are gone. Each is edited in its own
way, so that next to nothing of it can share a call, but the deletions; or it is edited as one of every other domain is,
and shares a call with these. By hand such a call minds no domain, and each of them is sent by whoever is free; ours has
all its domains for itself. Both ways are looked at afterwards: a plan finds nothing to do.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.bench.answers import answers
from tests.bench.changes import ALLOWED
from tests.bench.findings import Findings, Row
from tests.bench.measure import Command
from tests.bench.organisation import AliasEntry, DomainEntry, Organisation, Person
from tests.bench.ours import KEY, ours, stages_in

__all__ = ["mixed_changes"]

Call = tuple[str, Any]

_BY_HAND: Final = [sys.executable, str(Path(__file__).parent / "mixed_by_hand.py")]
_PASSWORD: Final = "{SHA256}x"
_SHARE_OF_COST: Final = 0.2
_GOAL: Final = 1.1
_MEANT: Final = 16
_PEOPLE, _NEW_PEOPLE, _RENAMED = 30, 15, 15
_ALIASES, _NEW_ALIASES, _NOTED, _GONE = 60, 40, 20, 20


def mixed_changes(findings: Findings, folder: Path, *, domains: int, runs: int, alike: bool = False) -> None:
    """Measure both, in turns, each time on a fresh server.

    Args:
        domains: 90 calls for each of them, or 55 where edits are alike; and deletions, a hundred at a time.
        alike: whether what is edited is edited alike in every domain.
    """
    folder.mkdir(parents=True)
    (folder / "mail").mkdir()
    before = [_domain(number) for number in range(domains)]
    after = [_after(domain, alike=alike) for domain in before]
    organisation = Organisation(tuple(before), (), (), (), ())
    (folder / "snapshot.json").write_text(json.dumps(answers(organisation)), encoding="utf-8")
    phases: list[list[Call]] = [[], [], []]
    for domain, wanted in zip(before, after, strict=True):
        (folder / "mail" / f"{domain.name}.yaml").write_text("".join(_declared(domain, wanted)), encoding="utf-8")
        phases = [phase + calls for phase, calls in zip(phases, _calls(domain, wanted), strict=True)]
    phases = [_gathered(phase) for phase in phases]
    (folder / "phases.json").write_text(json.dumps(phases), encoding="utf-8")
    calls = sum(map(len, phases))
    sorts = "many sorts, its edits alike" if alike else "many sorts"
    findings.say(f"\napply of changes of {sorts}, {calls:,} calls in {domains} domains, {runs} runs each")
    taken: dict[str, list[float]] = {"apply": [], "by hand": []}
    for _ in range(runs):
        for name, each in taken.items():
            with _serving(folder / "snapshot.json") as url:
                each.append(_applied(folder, url) if name == "apply" else _by_hand(folder, url))
                _check(folder, url)
    seconds = {name: median(each) for name, each in taken.items()}
    what = f"apply of {calls:,} calls of {sorts}, against by hand"
    note = f"{seconds['apply']:.2f} s, {seconds['by hand']:.2f} s; calls take a fifth of their time on a real server"
    goal = _GOAL if domains == _MEANT else None
    findings.add(Row(what, seconds["apply"] / seconds["by hand"], goal=goal, note=note))
    findings.figures["mixed writes, alike" if alike else "mixed writes"] = taken


def _applied(folder: Path, url: str) -> float:
    words = ["apply", "mail", "--auto-approve", "--quiet", "--profile", *ALLOWED]
    return stages_in(ours(words, home=folder / "home", folder=folder, url=url).run().errors)["writing"]


def _by_hand(folder: Path, url: str) -> float:
    run = Command([*_BY_HAND, url, KEY, str(folder / "phases.json")], folder, {}).run()
    return float(json.loads(run.output)["seconds"])


def _check(folder: Path, url: str) -> None:
    run = ours(["plan", "mail"], home=folder / "home", folder=folder, url=url).run()
    if "Plan: 0 to create, 0 to update, 0 to delete" not in run.output:
        raise RuntimeError(f"something is left to do:\n{run.output[-2000:]}")


@contextmanager
def _serving(snapshot: Path) -> Iterator[str]:
    """A simulator in a process of its own; only writes take their time."""
    words = ["simulate", "--port", "0", "--api-key", KEY, "--load", str(snapshot)]
    command = [sys.executable, "-m", "reconciler", *words, "--fault", f"cost={_SHARE_OF_COST}:write"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _domain(number: int) -> DomainEntry:
    name = f"d{number:03}.example"
    people = tuple(Person(f"user{each}", f"User {each}", 1, "active", (), None) for each in range(_PEOPLE))
    aliases = tuple(
        AliasEntry(f"alias{each}", (f"user{each % _PEOPLE}@{name}",), "active", None, sender_allowed=True)
        for each in range(_ALIASES)
    )
    return DomainEntry(name, f"Domain {number}", people, aliases, (), None, None, None)


def _after(domain: DomainEntry, *, alike: bool) -> DomainEntry:
    own = "" if alike else f" of {domain.name}"
    people = [
        replace(each, name=f"Person {number}{own}") if number < _RENAMED else each
        for number, each in enumerate(domain.people)
    ]
    people += [Person(f"new{each}", f"New {each}", 1, "active", (), None) for each in range(_NEW_PEOPLE)]
    aliases = [
        replace(each, comment=f"note {number}{own}") if number < _NOTED else each
        for number, each in enumerate(domain.aliases[: _ALIASES - _GONE])
    ]
    aliases += [
        AliasEntry(
            f"more{each}", (f"{people[-1 - each % _NEW_PEOPLE].local}@{domain.name}",), "active", f"{each}", True
        )
        for each in range(_NEW_ALIASES)
    ]
    return replace(domain, people=tuple(people), aliases=tuple(aliases))


def _declared(domain: DomainEntry, after: DomainEntry) -> Iterator[str]:
    yield f"domain: {domain.name}\ndefaults:\n"
    yield f'  mailboxes: {{quota: 1GiB, state: active, initial: {{password: {{hash: "{_PASSWORD}"}}}}}}\n'
    yield "mailboxes:\n"
    yield from (f"  - {{address: {each.local}, name: {each.name}}}\n" for each in after.people)
    yield "aliases:\n"
    for each in after.aliases:
        note = f', private_comment: "{each.comment}"' if each.comment else ""
        yield f"  - {{address: {each.local}, to: [{each.to[0]}]{note}}}\n"
    yield "removed:\n"
    yield from (f"  - {{alias: {each.local}@{domain.name}}}\n" for each in domain.aliases[_ALIASES - _GONE :])


def _calls(domain: DomainEntry, after: DomainEntry) -> tuple[list[Call], list[Call], list[Call]]:
    """What is sent by hand: what depends on nothing, what depends on that, and the deletions, one by one."""
    free: list[Call] = []
    for each in after.people[_PEOPLE:]:
        body = {"local_part": each.local, "domain": domain.name, "name": each.name, "quota": 1024, "active": 1}
        free.append(("add/mailbox", {**body, "password": _PASSWORD, "password2": _PASSWORD}))
    free += [
        ("edit/mailbox", {"items": [f"{each.local}@{domain.name}"], "attr": {"name": each.name}})
        for each in after.people[:_RENAMED]
    ]
    free += [
        ("edit/alias", {"items": [f"{each.local}@{domain.name}"], "attr": {"private_comment": each.comment}})
        for each in after.aliases[:_NOTED]
    ]  # whoever sends them puts their ids in place of their addresses
    then = [
        (
            "add/alias",
            {
                "address": f"{one.local}@{domain.name}",
                "goto": one.to[0],
                "active": 1,
                "sender_allowed": 1,
                "private_comment": one.comment,
            },
        )
        for one in after.aliases[_ALIASES - _GONE :]
    ]
    gone: list[Call] = [("delete/alias", [f"{one.local}@{domain.name}"]) for one in domain.aliases[_ALIASES - _GONE :]]
    return free, then, gone


def _gathered(calls: list[Call]) -> list[Call]:
    """Put deletions, and edits that are alike, into one call for each hundred."""
    items: dict[str, list[str]] = {}
    found: list[Call] = []
    for route, body in calls:
        if route.startswith("add/"):
            found.append((route, body))
        else:
            attributes = body["attr"] if route.startswith("edit/") else None
            named = body["items"] if route.startswith("edit/") else body
            items.setdefault(json.dumps([route, attributes]), []).extend(named)
    for alike, each in items.items():
        route, attributes = json.loads(alike)
        for start in range(0, len(each), 100):
            chunk = each[start : start + 100]
            found.append((route, chunk if attributes is None else {"items": chunk, "attr": attributes}))
    return found
