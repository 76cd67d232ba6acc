"""Servers with a past: states that were read from real servers, and those that the recordings leave behind."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from random import Random

import pytest

from reconciler.simulator import Simulator, snapshot
from tests.acceptance.person import KEY, Person
from tests.contract.replay import RECORDINGS, recordings, simulator_after
from tests.properties.town import ALLOWING_ALL, Watched

Welcome = Callable[..., Person]

LIVE = RECORDINGS.parent / "live"
STAYS = {("domain_template", "Default"), ("mailbox_template", "Default"), ("admin", "admin")}
WRITTEN = {"x": "@x"}
"""A domain without a dot is told from a local part by its `@`."""


def loaded(version: str) -> Watched:
    """A server with the state of a real one."""
    simulator = Watched(version, api_key=KEY, random=Random(1))
    snapshot.load(simulator.server, json.loads(lzma.decompress((LIVE / f"{version}.json.xz").read_bytes())))
    return simulator


def remembered(recording: str) -> Watched:
    """A server as a recording leaves it."""
    past: Simulator = simulator_after(RECORDINGS / f"{recording}.jsonl.xz")
    return Watched(past.version, api_key=KEY, random=Random(1), state=past.state)


STATES = {
    **{f"live {version}": (loaded, version) for version in ("2022-01a", "2026-07a")},
    **{f"after {name}": (remembered, name) for name in recordings()},
}


def unmanaged(person: Person) -> set[tuple[str, str]]:
    """All that nothing declares, and that has a name to be declared by (a redirect URI may be empty)."""
    document = person.types("plan", "mail.yaml", "--show-unmanaged", "--format", "json").document
    return {(kind, key) for kind, keys in document.get("unmanaged_keys", {}).items() for key in keys if key}


@pytest.mark.parametrize("words", [(), ("--all-fields",)], ids=["usual", "all fields"])
@pytest.mark.parametrize("state", STATES)
def test_what_is_exported_plans_nothing(welcome: Welcome, state: str, words: tuple[str, ...]) -> None:
    make, name = STATES[state]
    person = welcome(simulator=make(name))

    exported = person.types("export", "--out", "mail", *words)
    planned = person.types("plan", "mail", "--detailed-exitcode")

    assert exported.code == 0, exported.err
    assert planned.code == 0, planned.out + planned.err


@pytest.mark.parametrize("state", [name for name in STATES if name.startswith("live")])
def test_a_manifest_that_says_nothing_reads_nothing_and_sends_nothing(welcome: Welcome, state: str) -> None:
    make, name = STATES[state]
    simulator = make(name)
    person = welcome(simulator=simulator)
    person.writes("mail.yaml", "domains: []\n")

    applied = person.types("apply", "mail.yaml", "--auto-approve")

    assert (applied.code, "Nothing to do" in applied.out) == (0, True)
    assert simulator.writes == []


@pytest.mark.parametrize("state", STATES)
def test_all_that_is_there_can_be_deleted_in_one_apply(welcome: Welcome, state: str) -> None:
    make, name = STATES[state]
    person = welcome(simulator=make(name))
    person.writes("mail.yaml", "domains: []\n")
    going = [{kind: WRITTEN.get(key, key)} for kind, key in sorted(unmanaged(person) - STAYS)]
    person.writes("mail.yaml", json.dumps({"removed": going}))

    applied = person.types("apply", "mail.yaml", "--auto-approve", *ALLOWING_ALL)

    assert applied.code == 0, applied.out + applied.err
    assert unmanaged(person) <= STAYS
