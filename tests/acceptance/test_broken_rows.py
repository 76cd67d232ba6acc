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
from tests.properties.effort import sweeping
from tests.properties.town import Watched

Welcome = Callable[..., Person]

BUG = 1


class Broken(Watched):
    """A server one of whose answers has a first row in which nothing is left.

    Attributes:
        broken: the path of that answer.
    """

    broken = ""

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        answer = super().handle(method, path, headers, body, peer)
        if path.removeprefix("/api/v1/get/") != self.broken:
            return answer
        return replace(answer, body=json.dumps(_emptied(json.loads(answer.body))).encode())


def _emptied(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_emptied(answer[0]), *answer[1:]]
    return dict.fromkeys(answer)


def _lists(person: Person, simulator: Watched) -> list[str]:
    """The lists that an export asks for and that hold something."""
    del simulator.requests[:]
    assert person.types("export", "--out", "mail", "--all-fields").code == 0
    asked = dict.fromkeys(path.removeprefix("get/") for _, path, _ in simulator.requests)
    found = {path: person.asks(path) for path in asked if "version" not in path}
    return [path for path, rows in found.items() if rows and (isinstance(rows, dict) or isinstance(rows[0], dict))]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_row_of_nulls_breaks_nothing(welcome: Welcome, version: str) -> None:
    simulator = Broken(version, api_key=KEY, random=Random(1))
    person = welcome(simulator=simulator)
    person.environ |= SECRETS
    person.writes("whole.yaml", json.dumps(whole_manifest()))
    assert person.types("apply", "whole.yaml", "--auto-approve", "--skip-unsupported").code == 0
    lists = _lists(person, simulator)
    for path in lists if sweeping() else [*Random(version).sample(lists, 5), "domain/all", "alias-domain/all"]:
        simulator.broken = path
        shutil.rmtree(person.folder / "again", ignore_errors=True)
        exported = person.types("export", "--out", "again", "--all-fields")
        planned = person.types("plan", "whole.yaml", "--skip-unsupported")
        assert BUG not in (exported.code, planned.code), (path, exported.err, planned.err)
        if exported.code == 0:
            validated = person.types("validate", "again")
            assert validated.code == 0, (path, validated.err)
