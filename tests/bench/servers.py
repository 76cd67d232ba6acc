"""Reading and writing servers that take their time, beside programs written by hand for just that."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from reconciler.simulator import Simulator
from reconciler.simulator.http import serving
from tests.api.scripted_server import CERTIFICATE
from tests.bench import prebuilt
from tests.bench.adding_server import adding
from tests.bench.findings import Findings, Row
from tests.bench.measure import Command, side_by_side
from tests.bench.ours import KEY, ours, stages_in
from tests.bench.prepare import MANIFESTS, prepare

__all__ = ["bulk_calls", "creations", "full_read"]

_HERE: Final = Path(__file__).parent
_BY_HAND: Final = [sys.executable, str(_HERE / "reads_by_hand.py")]
_PASSWORD: Final = "{SHA256}x"
_READ: Final = (2_000, 20)
"""Mailboxes and domains of the server that is meant by the goals."""

_CREATED: Final = 5_000
_LATENCY: Final = 0.02
_CONNECTIONS: Final = 16
_OVER_TLS: Final = ", over TLS"


def full_read(findings: Findings, folder: Path, *, mailboxes: int, domains: int, runs: int) -> None:
    """Read a server on which rows cost what they cost on a real one."""
    meant = (mailboxes, domains) == _READ
    findings.say(f"\nfull read of {mailboxes:,} mailboxes and as many aliases in {domains} domains, {runs} runs each")
    prepared = prepare(mailboxes * 2, folder, per_domain=2 * mailboxes // domains, share=0.5, details=True)
    with prebuilt.serving(prepared.answers, cost=1.0) as server:
        plan = ours(["plan", MANIFESTS, "--profile"], home=folder / "home", folder=folder, url=server.url)
        ours(["apply", MANIFESTS, "--auto-approve"], home=folder / "home", folder=folder, url=server.url).run()
        found = side_by_side(
            {
                "plan": plan,
                "best": Command([*_BY_HAND, "best", server.url], folder, {}),
                "lists": Command([*_BY_HAND, "lists", server.url], folder, {}),
            },
            runs=runs,
        )
        server.requests()
        plan.run()
        findings.figures["full read requests"] = dict(server.requests())
        each = Command([*_BY_HAND, "each", server.url], folder, {}).run()
    reading = median(stages_in(run.errors).get("reading server", 0.0) for run in found["plan"].each)
    best, lists = (median(json.loads(run.output)["seconds"] for run in found[name].each) for name in ("best", "lists"))
    one_by_one = json.loads(each.output)["seconds"]
    for what, other, ratio, goal in (
        ("against the best schedule by hand", best, reading / best, 1.15),
        ("times faster than three `all` lists", lists, lists / reading, 5.0),
        ("times faster than one GET an object", one_by_one, one_by_one / reading, 12.0),
    ):
        note = f"{reading:.2f} s, {other:.2f} s"
        row = Row(f"full read, {what}", ratio, goal=goal if meant else None, most=other is best, note=note)
        findings.add(row)
    whole, by_hand = found["plan"].seconds, found["best"].seconds
    what = "full read, the whole plan against the whole program by hand"
    findings.add(
        Row(what, found["plan"].times(found["best"]), note=f"{whole:.2f} s, {by_hand:.2f} s, start-up included")
    )


def creations(findings: Findings, folder: Path, *, mailboxes: int, domains: int, runs: int) -> None:
    """Add mailboxes to a server that takes 20 ms a call."""
    findings.say(f"\napply of {mailboxes:,} new mailboxes in {domains} domains, {runs} runs each")
    folder.mkdir(parents=True)
    meant = mailboxes == _CREATED
    ideal = mailboxes / _CONNECTIONS * _LATENCY
    bodies = folder / "bodies.jsonl"
    bodies.write_text("".join(_bodies(mailboxes, domains)), encoding="utf-8")
    _write_mailboxes(folder / "mail", mailboxes, domains)
    apply = ["apply", str(folder / "mail"), "--auto-approve", "--profile", "--quiet", "--ca-file", str(CERTIFICATE)]
    apply += ["--parallelism", str(_CONNECTIONS), "--allow-changes", str(mailboxes)]
    by_hand = [sys.executable, str(_HERE / "writes_by_hand.py")]
    taken: dict[str, list[tuple[float, float, dict[str, float]]]] = {
        f"{name}{over}": [] for over in ("", _OVER_TLS) for name in ("apply", "by hand")
    }
    for _ in range(runs):
        for name, each in taken.items():
            with adding(_LATENCY, domains, tls=name.endswith(_OVER_TLS)) as server:
                ours_or_not = (
                    ours(apply, home=folder / "home", url=server.url)
                    if name.startswith("apply")
                    else Command([*by_hand, server.url, KEY, str(bodies), str(CERTIFICATE)], folder, {})
                )
                run = ours_or_not.run()
                told = server.measured()
                if told["calls"] != mailboxes:
                    raise RuntimeError(f"{name}: {told['calls']} calls for {mailboxes} mailboxes")
                each.append((told["seconds"], run.seconds, stages_in(run.errors)))
    seconds = {name: median(first for first, _, _ in each) for name, each in taken.items()}
    whole = {name: median(second for _, second, _ in each) for name, each in taken.items()}
    what = f"apply of {mailboxes:,} creations at 20 ms, {_CONNECTIONS} connections: share of the ideal"
    note = (
        f"ideal {ideal:.2f} s, first call to last answer {seconds['apply']:.2f} s, whole command {whole['apply']:.2f} s"
    )
    findings.add(Row(what, 100 * ideal / seconds["apply"], unit="%", goal=85 if meant else None, most=False, note=note))
    findings.add(Row("the same by hand (http.client in threads)", 100 * ideal / seconds["by hand"], unit="%"))
    findings.add(Row("the same against by hand", seconds["apply"] / seconds["by hand"], goal=1.1 if meant else None))
    apply_tls, by_hand_tls = f"apply{_OVER_TLS}", f"by hand{_OVER_TLS}"
    note = "; ".join(f"{name} {seconds[name]:.2f} s, whole {whole[name]:.2f} s" for name in (apply_tls, by_hand_tls))
    findings.add(Row(f"the same against by hand{_OVER_TLS}", seconds[apply_tls] / seconds[by_hand_tls], note=note))
    findings.figures["creations"] = taken


def _bodies(mailboxes: int, domains: int) -> Iterator[str]:
    for number in range(mailboxes):
        body = {
            "local_part": f"user{number // domains}",
            "domain": f"d{number % domains:03}.example",
            "name": f"User {number}",
            "quota": 1024,
            "active": 1,
            "password": _PASSWORD,
            "password2": _PASSWORD,
        }
        yield json.dumps(body) + "\n"


def _write_mailboxes(folder: Path, mailboxes: int, domains: int) -> None:
    """Manifests that declare what the bodies say, a file a domain."""
    folder.mkdir()
    for domain in range(domains):
        lines = [
            f"  - address: user{number // domains}\n    name: User {number}\n    quota: 1GiB\n    state: active\n"
            f'    initial: {{password: {{hash: "{_PASSWORD}"}}}}\n'
            for number in range(domain, mailboxes, domains)
        ]
        name = f"d{domain:03}.example"
        (folder / f"{name}.yaml").write_text(f"domain: {name}\nmailboxes:\n{''.join(lines)}", encoding="utf-8")


def bulk_calls(findings: Findings, folder: Path, *, objects: int) -> None:
    """Change many alike, and delete many, on the simulator: how many calls that takes."""
    folder.mkdir(parents=True)
    mailboxes = [f"user{number}" for number in range(objects)]

    def declare(quota: str, aliases: str) -> None:
        (folder / "mail.yaml").write_text(
            "domain: one.example\n"
            f"domains:\n  - name: one.example\n    max_mailboxes: {objects}\n    max_aliases: {objects}\n"
            f"    max_total_quota: {2 * objects}GiB\n"
            "defaults: {mailboxes: {quota: " + quota + ', initial: {password: {hash: "' + _PASSWORD + '"}}}}\n'
            "mailboxes:\n" + "".join(f"  - address: {name}\n" for name in mailboxes) + aliases,
            encoding="utf-8",
        )

    declared = "aliases:\n" + "".join(f"  - {{address: to-{name}, to: [{name}]}}\n" for name in mailboxes)
    with _simulated() as (url, sent):
        words = ["apply", "mail.yaml", "--auto-approve", "--quiet", "--prune", "alias", "--allow-changes", "100000"]
        more = ["--allow-deletes", "100000", "--allow-delete-percent", "100", "--allow-vanished", "alias"]
        command = ours([*words, *more], home=folder, url=url)
        declare("1GiB", declared)
        command.run()
        for what, quota, aliases, route in (
            ("equal edits of mailboxes", "2GiB", declared, "edit/mailbox"),
            ("deletions of aliases", "2GiB", "", "delete/alias"),
        ):
            sent.clear()
            declare(quota, aliases)
            command.run()
            least = -(-objects // 100)
            note = f"{route}: {sent[route]} calls for {objects}"
            findings.add(Row(f"{objects} {what}: calls a chunk of 100", sent[route] / least, goal=1, note=note))
            others = sum(count for each, count in sent.items() if each != route and not each.startswith("get/"))
            if others or not sent[route]:
                raise RuntimeError(f"not only {route}: {sent}")


@contextmanager
def _simulated() -> Iterator[tuple[str, Counter[str]]]:
    """A simulator, and what is sent to it: calls by verb and route."""
    sent: Counter[str] = Counter()

    class Counting(Simulator):
        def handle(self, method: str, path: str, *more: Any) -> Any:
            sent["/".join(path.removeprefix("/api/v1/").split("/")[:2])] += 1
            return super().handle(method, path, *more)

    with serving(Counting(api_key=KEY)) as url:
        yield url, sent
