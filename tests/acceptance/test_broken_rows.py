"""Servers that answer with rows of nulls: these are told or left alone, and no command breaks down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from reconciler.simulator import Answer
from tests.acceptance.person import KEY, VERSIONS, Person
from tests.kinds.samples import whole_manifest
from tests.kinds.server import SECRETS
from tests.properties.town import Watched

Welcome = Callable[..., Person]

BUG, UNREADABLE = 1, 4


class Broken(Watched):
    """A server one of whose answers has a first row in which nothing is left.

    Attributes:
        broken: the path of that answer.
    """

    broken = ""

    def breaks(self, row: dict[str, Any]) -> dict[str, Any]:
        """Leave nothing in a row."""
        return dict.fromkeys(row)

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        answer = super().handle(method, path, headers, body, peer)
        if path.removeprefix("/api/v1/get/") != self.broken:
            return answer
        found = json.loads(answer.body)
        listed = [self.breaks(found[0]), *found[1:]] if isinstance(found, list) else self.breaks(found)
        return replace(answer, body=json.dumps(listed).encode())


def _lists(person: Person, simulator: Watched) -> list[str]:
    """The lists that an export asks for and that hold something."""
    del simulator.requests[:]
    assert person.types("export", "--out", "mail", "--all-fields").code == 0
    asked = dict.fromkeys(path.removeprefix("get/") for _, path, _ in simulator.requests)
    found = {path: person.asks(path) for path in asked if "version" not in path}
    return sorted(
        path for path, rows in found.items() if rows and (isinstance(rows, dict) or isinstance(rows[0], dict))
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_row_of_nulls_breaks_nothing(welcome: Welcome, version: str) -> None:
    simulator = Broken(version, api_key=KEY, random=Random(1))
    person = welcome(simulator=simulator)
    person.environ |= SECRETS
    person.writes("whole.yaml", json.dumps(whole_manifest()))
    assert person.types("apply", "whole.yaml", "--auto-approve", "--skip-unsupported").code == 0
    for path in _lists(person, simulator):
        simulator.broken = path
        shutil.rmtree(person.folder / "again", ignore_errors=True)
        exported = person.types("export", "--out", "again", "--all-fields")
        planned = person.types("plan", "whole.yaml", "--skip-unsupported")
        assert BUG not in (exported.code, planned.code), (path, exported.err, planned.err)
        if exported.code == 0:
            validated = person.types("validate", "again")
            assert validated.code == 0, (path, validated.err)


class Odd(Broken):
    """A server whose first row says one thing in a way nobody knows."""

    odd: Mapping[str, Any] = {}

    def breaks(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, **self.odd}


def test_what_cannot_be_read_is_told_with_the_row_it_is_in(welcome: Welcome) -> None:
    simulator = Odd("2026-07a", api_key=KEY, random=Random(1))
    simulator.broken, simulator.odd = "domain/all", {"max_quota_for_domain": "plenty"}
    person = welcome(simulator=simulator)
    domain = {"domain": "acme.example", "aliases": 1, "mailboxes": 1, "defquota": 1, "maxquota": 1, "quota": 1}
    person.does("add/domain", domain)

    exported = person.types("export", "--out", "mail")

    assert exported.code == UNREADABLE
    assert (
        "error[value-unreadable]: `max_quota_for_domain` cannot be read in one of the server's domains" in exported.err
    )
    assert "row: domain_name acme.example" in exported.err


class Nameless(Broken):
    """A server whose first row does not say by which number it goes."""

    def breaks(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name != "id"}


@pytest.mark.parametrize("path", ["relayhost/all", "domain/template/all", "transport/all"])
def test_a_row_that_cannot_be_named_to_the_server_is_told(welcome: Welcome, path: str) -> None:
    simulator = Nameless("2026-07a", api_key=KEY, random=Random(1))
    person = welcome(simulator=simulator)
    person.environ |= SECRETS
    person.writes("whole.yaml", json.dumps(whole_manifest()))
    assert person.types("apply", "whole.yaml", "--auto-approve").code == 0
    simulator.broken = path

    planned = person.types("plan", "whole.yaml")

    assert planned.code == UNREADABLE, planned.out + planned.err
    assert "without its id" in planned.err


def test_a_row_with_an_id_is_told_by_it(welcome: Welcome) -> None:
    simulator = Odd("2026-07a", api_key=KEY, random=Random(1))
    simulator.broken, simulator.odd = "mailbox/template/all", {"attributes": "all"}
    person = welcome(simulator=simulator)

    exported = person.types("export", "--out", "mail", "--all-fields")

    assert exported.code == UNREADABLE
    assert "`attributes` cannot be read in one of the server's mailbox templates" in exported.err
    assert "row: id 2" in exported.err


def test_a_key_that_is_no_text_is_told(welcome: Welcome) -> None:
    simulator = Odd("2026-07a", api_key=KEY, random=Random(1))
    person = welcome(simulator=simulator)
    person.environ |= SECRETS
    person.writes("whole.yaml", json.dumps(whole_manifest()))
    assert person.types("apply", "whole.yaml", "--auto-approve").code == 0
    simulator.broken, simulator.odd = "domain-admin/all", {"username": [{"": None}]}

    planned = person.types("plan", "whole.yaml")

    assert planned.code == UNREADABLE
    assert "error[row-without-key]: the server lists one of its domain admins without its username" in planned.err


def test_an_answer_that_is_nested_too_deeply_is_told(welcome: Welcome) -> None:
    simulator = Odd("2026-07a", api_key=KEY, random=Random(1))
    person = welcome(simulator=simulator)
    domain = {"domain": "acme.example", "aliases": 1, "mailboxes": 1, "defquota": 1, "maxquota": 1, "quota": 1}
    person.does("add/domain", domain)
    simulator.broken, simulator.odd = "domain/all", {"more": json.loads("[" * 700 + "]" * 700)}

    kept = person.types("snapshot", "--out", "live.json")

    assert kept.code in (0, UNREADABLE), kept.err
    assert kept.code == 0 or "error[api-too-deep]: the server's answer is nested too deeply" in kept.err
