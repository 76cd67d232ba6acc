"""Stale plans, wrong servers, large cleanups, handed domains, hostile pull requests: the whole server is compared."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.grounds import Grounds, Welcome, fresh, office, remembered, rows_of, watched
from tests.acceptance.person import KEY, READ_ONLY_KEY, VERSIONS
from tests.repository import made

REFUSED, USAGE = 5, 64
NOREPLY = "  - {address: noreply, to: discard} # accepted, and thrown away\n"
OFFICE = "  - {address: office, to: [anna, emma], comment: Whoever is there first}\n"
MANY = 1000
A_CALL_AT_MOST = 100
"""So many deletions are one call."""


@pytest.fixture(params=VERSIONS)
def grounds(welcome: Welcome, tmp_path: Path, request: pytest.FixtureRequest) -> Grounds:
    return office(welcome, tmp_path / "office", request.param)


def _rewrites(grounds: Grounds, file: str, **texts: str) -> None:
    """Replace words of a file by others, and commit it."""
    path = grounds.repository.folder / file
    text = path.read_text(encoding="utf-8")
    for number, (before, after) in enumerate(zip(texts["before"].split("|"), texts["after"].split("|"), strict=True)):
        assert before in text, number
        text = text.replace(before, after)
    grounds.repository.commit({file: text})


def test_a_stale_plan_does_what_stands_and_leaves_what_moved(grounds: Grounds) -> None:
    person = grounds.person
    _rewrites(
        grounds,
        "people.yaml",
        before=f"name: Anna Adler|name: Ben Brook|{NOREPLY}|to: [anna, emma]",
        after="name: Anna Ahorn|name: Ben Beck||to: [anna, grace]",
    )
    kept = person.types("plan", "--out", "plan.json", "--skip-unsupported", key=READ_ONLY_KEY)
    assert (kept.code, grounds.changes, grounds.server.writes) == (0, {}, [])
    person.does("edit/mailbox", {"items": ["anna@acme.example"], "attr": {"quota": 1024}})
    (office,) = (row["id"] for row in person.asks("alias/all") if row["address"] == "office@acme.example")
    person.does("edit/alias", {"items": [office], "attr": {"goto": "hugo@acme.example", "active": 1}})
    person.does("add/alias", {"address": "since@acme.example", "goto": "hugo@acme.example", "active": 1})
    grounds.looks()

    applied = person.types("apply", "plan.json")

    assert applied.code == REFUSED, applied.out + applied.err
    for address in ("mailbox/anna@acme.example", "alias/office@acme.example"):
        assert f"`{address}` is left as it is" in applied.out
    gone = {place for place in grounds.changes if place.startswith("alias/noreply@acme.example")}
    assert gone
    assert set(grounds.changes) - gone == {"mailbox/ben@acme.example: name", "mailbox/ben@acme.example: modified"}
    grounds.looks()
    again = person.types("apply", "plan.json")
    assert (again.code, grounds.changes, grounds.server.writes) == (REFUSED, {}, [])


def test_a_plan_of_another_server_and_a_memory_of_another_server_touch_nothing(
    grounds: Grounds, welcome: Welcome
) -> None:
    """Staging's plan on production; and production named by mistake, with a repository that belongs to staging."""
    production = watched(grounds.server.version)
    other = welcome(simulator=production, folder=grounds.person.folder)
    other.does(
        "add/domain", {"domain": "old.example", "aliases": 9, "mailboxes": 9, "defquota": 1, "maxquota": 9, "quota": 9}
    )
    other.does("add/alias", {"address": "office@acme.example", "goto": "x@elsewhere.example", "active": 1})
    _rewrites(
        grounds,
        "people.yaml",
        before=f"name: Anna Adler|{OFFICE}",
        after="name: Anna Ahorn|",
    )
    assert grounds.person.types("plan", "--out", "plan.json", "--skip-unsupported").code == 0
    before = remembered(production)
    del production.requests[:]
    refused = other.types("apply", "plan.json")
    assert (refused.code, "plan-of-another-server" in refused.err) == (REFUSED, True)
    assert production.requests == []
    planned = other.types("plan", "--skip-unsupported", "--format=json", key=READ_ONLY_KEY).document
    assert {change["action"] for change in planned["changes"]} == {"create"}
    assert "base-of-another-server" in {each["id"] for each in planned["diagnostics"]}
    stopped = other.types("apply", "--skip-unsupported")
    assert (stopped.code, production.writes) == (USAGE, []), "nobody approved it"
    assert remembered(production) == before
    assert (grounds.changes, grounds.server.writes) == ({}, [])


@pytest.mark.parametrize(("version", "way"), [("2022-01a", "scope"), ("2026-07a", "base")])
def test_a_thousand_aliases_are_cleaned_up_in_few_calls_and_nothing_else_changes(
    welcome: Welcome, tmp_path: Path, version: str, way: str
) -> None:
    grounds = fresh(welcome, tmp_path / "checkout", version)
    grounds.settles()
    person, repository = grounds.person, grounds.repository
    names = [f"old{number}@acme.example" for number in range(MANY)]
    for name in names:
        person.does("add/alias", {"address": name, "goto": "x@elsewhere.example", "active": 1})
    keep = {"aliases": [{"address": "keep@acme.example", "to": ["x@elsewhere.example"]}]}
    old = {"aliases": [{"address": name, "to": ["x@elsewhere.example"]} for name in names if way == "base"]}
    repository.commit({"mail/keep.yaml": json.dumps(keep), "mail/old.yaml": json.dumps(old)})
    assert grounds.applies("mail").code == 0
    repository.commit({"mail/old.yaml": None})
    words = () if way == "base" else ("--prune", "alias:acme.example")
    grounds.looks()

    begun = time.process_time()
    refused = person.types("apply", "mail", *words, "--auto-approve")
    permits = dict.fromkeys(re.findall(r"--allow-[a-z-]+ \d+", refused.out))
    assert (refused.code, list(permits)) == (REFUSED, [f"--allow-deletes {MANY}", "--allow-delete-percent 100"])
    fewer = person.types(
        "apply", "mail", *words, f"--allow-deletes={MANY - 1}", "--allow-delete-percent=100", "--auto-approve"
    )
    assert (fewer.code, grounds.changes, grounds.server.writes) == (REFUSED, {}, [])
    grounds.looks()
    allowed = person.types("apply", "mail", *words, *" ".join(permits).split(), "--auto-approve")
    assert allowed.code == 0, allowed.out[-2000:]
    assert len(grounds.server.writes) == math.ceil(MANY / A_CALL_AT_MOST)
    reads = len(grounds.server.requests) - len(grounds.server.writes)
    assert reads <= 25, [path for _, path, _ in grounds.server.requests]
    assert rows_of(grounds.changes) == {f"alias/{name}" for name in names}
    assert grounds.plans("mail", *words) == []
    assert time.process_time() - begun < 60


def test_a_domain_with_everything_in_it_is_handed_to_another_repository_and_untouched(
    grounds: Grounds, welcome: Welcome, tmp_path: Path
) -> None:
    """Its mailboxes, aliases, other name, copies and rewritings with it; whichever of the two is applied first."""
    giver, folder = grounds, grounds.repository.folder
    taker = welcome(simulator=giver.server, folder=tmp_path / "taker")
    taker.url = giver.person.url
    other = made(taker.folder)
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in ("people.yaml", "server.yaml")}
    parts = texts["server.yaml"].split("\n\n")
    stays = ("relayhosts:", "transports:", "tls_policies:")  # of the whole server
    handed = "\n\n".join(part for part in parts if not part.startswith(stays))
    left = "\n\n".join(part for part in parts if part.startswith(stays))
    other.commit({"mail/people.yaml": texts["people.yaml"], "mail/server.yaml": handed})
    giver.repository.commit({"people.yaml": "{}\n", "server.yaml": left})
    giver.looks()
    told: list[int] = []
    for _ in range(2):
        applied = giver.applies()
        assert (applied.code, "Nothing to do" in applied.out) == (0, True), applied.out
        told.append(applied.out.count("is not declared any more"))
        took = taker.types("apply", "mail", "--auto-approve", "--skip-unsupported")
        assert (took.code, "Nothing to do" in took.out) == (0, True), took.out + took.err
    assert told == [1, 0], "the domain speaks for all that is in it, once"
    assert (giver.changes, giver.server.writes) == ({}, [])


HOSTILE: dict[str, str | None] = {
    "reconciler.yaml": 'manifests: [people.yaml, server.yaml, evil.yaml]\nserver: {url: "https://evil.example"}\n'
    "guards: {max_deletes: 9999, max_delete_percent: 100, max_delete_size: 9PiB, recent_login_days: 0}\n"
    "prune: [{kinds: [aliases, bcc_maps], domains: ['*']}]\n",
    "reconciler-policy.yaml": "{}\n",
    "evil.yaml": "removed:\n  - {mailbox: anna@bystander.example}\n  - {recipient_map: old@bystander.example}\n"
    "aliases:\n  - {address: info@bystander.example, to: [thief@evil.example]}\n"
    "bcc_maps:\n  - {for: bystander.example, direction: incoming, to: thief@evil.example}\n"
    "domains:\n  - {name: bystander.example, state: off}\n"
    "mailboxes:\n  - {address: spy@acme.example, quota: 1GiB, initial: {password: {command: [touch, pwned]}}}\n",
}
POLICY: dict[str, str | None] = {
    "reconciler-policy.yaml": "domains: [acme.example, acme-mail.example]\n"
    "kinds: [aliases, mailboxes, domains, alias_domains, bcc_maps]\n",
}


def test_a_hostile_pull_request_is_planned_refused_and_learns_and_changes_nothing(grounds: Grounds) -> None:
    """It takes guards, prune scopes and a policy of its own along, and wants what is another's."""
    repository, person = grounds.repository, grounds.person
    trusted = repository.commit(POLICY)
    assert grounds.applies().code == 0
    repository.git("checkout", "--quiet", "-b", "evil")
    repository.commit(HOSTILE)
    grounds.looks()
    person.environ["CI"] = "true"
    words = ("--policy-from", trusted, "--skip-unsupported")
    planned = person.types("plan", *words, "--format=json", "--show-calls", key=READ_ONLY_KEY)
    assert planned.code == REFUSED, planned.err
    refused = {address for each in planned.document["refusals"] for address in each.get("addresses", ())}
    assert refused == {
        *("mailbox/anna@bystander.example", "recipient_map/old@bystander.example", "alias/info@bystander.example"),
        *("bcc_map/incoming:bystander.example", "domain/bystander.example"),
    }
    applied = person.types("apply", *words, "--auto-approve")
    unnamed = replace(person, url="").types("plan", "--skip-unsupported", key=READ_ONLY_KEY)
    assert (applied.code, unnamed.code) == (REFUSED, USAGE)
    assert "server-not-confirmed" in unnamed.err
    for said in (planned, applied, unnamed):
        assert not any(key in said.out + said.err for key in (KEY, READ_ONLY_KEY))
    assert not (repository.folder / "pwned").exists()
    assert {method for method, _, _ in grounds.server.requests} == {"GET"}
    assert (grounds.changes, grounds.server.writes) == ({}, [])
