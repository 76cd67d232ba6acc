"""Servers that do not say which release they are: on another branch than `master`, or without git."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator import Answer, Simulator
from tests.acceptance.person import KEY, Person

Welcome = Callable[..., Person]
API = 4
MAIL = "domains: [{name: acme.example, max_mailboxes: 5, tags: [new]}]\n"


class Unnamed(Simulator):
    """A server that says something else than its release."""

    told: Any = ""

    def handle(self, method: str, path: str, *given: Any, **named: Any) -> Answer:
        answer = super().handle(method, path, *given, **named)
        if not path.endswith("get/status/version"):
            return answer
        return Answer(answer.status, answer.headers, json.dumps({"version": self.told}).encode())


def _unnamed(welcome: Welcome, version: str, told: Any) -> Person:
    simulator = Unnamed(version, api_key=KEY, random=random.Random(1))
    simulator.told = told
    person = welcome(simulator=simulator)
    person.writes("mail.yaml", MAIL)
    return person


@pytest.mark.parametrize("told", ["", None, "1a2b3c4", "nightly"])
def test_one_that_does_not_say_its_release_is_asked_for_nothing_until_somebody_else_says_it(
    welcome: Welcome, told: Any
) -> None:
    person = _unnamed(welcome, "2024-08a", told)
    refused = person.types("plan", "mail.yaml")
    assert (refused.code, "server-version-unknown" in refused.err, "server: {version:" in refused.err) == (
        API,
        True,
        True,
    )

    person.writes("reconciler.yaml", "manifests: [mail.yaml]\nserver: {version: 2024-08a}\n")
    assert person.types("apply", "--auto-approve").code == 0
    assert person.types("plan", "--format", "json").document["server"]["version"] == "2024-08a"


def test_a_server_is_believed_rather_than_what_is_said_of_it(welcome: Welcome) -> None:
    person = _unnamed(welcome, "2024-08a", "2024-08a")
    person.writes("reconciler.yaml", "manifests: [mail.yaml]\nserver: {version: 2026-07a}\n")
    assert person.types("plan", "--format", "json").document["server"]["version"] == "2024-08a"


def test_a_release_that_came_later_is_taken_for_one_that_can_do_everything(welcome: Welcome) -> None:
    person = _unnamed(welcome, "2026-07a", "2027-01b")
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    assert person.types("plan", "mail.yaml", "--format", "json").document["server"]["version"] == "2027-01b"


def test_what_is_said_of_a_server_is_kept_in_its_snapshot(welcome: Welcome) -> None:
    person = _unnamed(welcome, "2024-08a", "1a2b3c4")
    person.writes("reconciler.yaml", "manifests: [mail.yaml]\nserver: {version: 2024-08a}\n")
    assert person.types("snapshot", "--out", "live.json").code == 0
    assert person.types("plan", "--live", "live.json", "--format", "json").document["server"]["version"] == "2024-08a"


def test_what_is_no_release_is_no_word_on_a_server(welcome: Welcome) -> None:
    person = _unnamed(welcome, "2024-08a", "")
    person.writes("reconciler.yaml", "manifests: [mail.yaml]\nserver: {version: nightly}\n")
    told = person.types("plan")
    assert (told.code, "is no release of mailcow" in told.err) == (3, True)
