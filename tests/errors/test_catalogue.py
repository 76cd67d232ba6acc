"""Everything that can be told has its id, and each id its wrong input, whose message is kept to be looked at."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import GOLDEN, Golden
from tests.errors.catalogue import COMMANDS, KEPT, MANIFESTS
from tests.properties.bystanders import settle_in
from tests.properties.town import FOUND_WRONG, Town, founded

ROOT = Path(__file__).parents[2]
USAGE = 64
NOT_BY_NAME = {
    *("api-refused", "api-route-missing", "applied-remembered", "change-moved", "done-already", "left-for-later"),
    *("plan-of-a-snapshot", "plan-refused", "project-wrong", "secrets-missing", "server-version-unknown"),
    "value-unreadable",
}
"""Tests know these by their words or their exit codes."""
GIVEN_FIRST = {
    **dict.fromkeys(("refuse", "error", "Diagnostic", "Refusal", "_remark"), 0),
    **dict.fromkeys(("Complaint", "_complain", "_refuse", "_give_up"), 1),
}
"""Calls that are given an id without its name, and where."""


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """A server that has something already."""
    with founded() as town:
        settle_in(town)
        yield town


@pytest.mark.parametrize("wrong", MANIFESTS)
def test_what_is_wrong_is_told_with_its_place_and_what_to_do(town: Town, golden: Golden, wrong: str) -> None:
    (town.person.folder / "mail.yaml").write_text(MANIFESTS[wrong], encoding="utf-8")
    planned = town.person.types("plan", "mail.yaml")
    assert (planned.code, planned.out) == (FOUND_WRONG, "")
    assert f"error[{wrong}]" in planned.err
    assert re.search(r"--> mail\.yaml:\d+:\d+", planned.err)
    assert "hint: " in planned.err
    golden(f"errors/{wrong}.txt", planned.err)


@pytest.mark.parametrize("wrong", COMMANDS)
def test_a_command_that_is_wrong_is_told_with_what_to_do(town: Town, golden: Golden, wrong: str) -> None:
    town.person.writes("mail.yaml", "domains: []\n")
    ended = town.person.types(*COMMANDS[wrong])
    assert (ended.code, ended.out) == (USAGE, "")
    assert f"error[{wrong}]" in ended.err
    assert "hint: " in ended.err
    golden(f"errors/commands/{wrong}.txt", ended.err.replace(str(town.person.folder), "FOLDER"))


@pytest.mark.parametrize("spoilt", KEPT)
def test_a_kept_plan_that_is_not_carried_out_is_told_with_what_to_do(town: Town, golden: Golden, spoilt: str) -> None:
    case, person = KEPT[spoilt], town.person
    person.writes("mail.yaml", "aliases: [{address: sales@bystander.example, to: [x@y.example]}]\n")
    assert person.types("plan", "mail.yaml", "--out", "plan.json").code == 0
    person.writes("plan.json", case.text((person.folder / "plan.json").read_text(encoding="utf-8")))
    del town.simulator.requests[:]
    ended = person.types("apply", "plan.json", "mail.yaml", *case.words)
    told = ended.out + ended.err
    assert (ended.code, f"[{case.told}]" in told, town.simulator.writes) == (case.code, True, [])
    assert "hint: " in told
    golden(f"errors/kept/{spoilt}.txt", told.replace(person.url, "SERVER"))


def test_the_catalogue_keeps_nothing_else() -> None:
    kept = {path.stem: path for path in (GOLDEN / "errors").rglob("*.txt")}
    assert kept.keys() == MANIFESTS.keys() | COMMANDS.keys() | KEPT.keys()


def ids() -> set[str]:
    """Every id that stands in the code."""
    found = set()
    for path in (ROOT / "reconciler").rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
        for call in calls:
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            place = GIVEN_FIRST.get(name)
            given = [each.value for each in call.keywords if each.arg == "id"]
            given += call.args[place : place + 1] if place is not None else []
            found |= {each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return {each for each in found if re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", each)}


@cache
def all_tests() -> str:
    """All tests, and all that outputs are compared with."""
    files = [path for form in ("*.py", "*.txt") for path in (ROOT / "tests").rglob(form)]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if path != Path(__file__))


@pytest.mark.parametrize("told", sorted(ids() - NOT_BY_NAME))
def test_every_id_in_the_code_is_told_in_some_test(told: str) -> None:
    assert re.search(rf"(?<![\w-]){told}(?![\w-])", all_tests())
