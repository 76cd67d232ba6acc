"""A change of anything at all while anything goes wrong: what is told is so, and the next apply gets there."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kinds.server import SECRETS
from tests.properties.anything import anything
from tests.properties.belongings import furnished
from tests.properties.bystanders import rows_of, settle_in
from tests.properties.effort import examples, versions
from tests.properties.schedules import schedules
from tests.properties.town import FOUND_WRONG, Town, founded
from tests.properties.turn import DENIED, DONE, INCOMPLETE, REPORTED
from tests.properties.wishes import Manifest, removals, with_passwords
from tests.repository import made

PENDING = 2
UNSEEN = "redeclared"
SCORES = ("lowspamlevel", "highspamlevel")
STRONG = "Pa:ss.Word.77"
"""Enough for every password policy."""


def _whole() -> st.SearchStrategy[Manifest]:
    return st.one_of(furnished().map(with_passwords), anything())


def _exported(town: Town) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        exported = town.person.types("export", "--out", str(out))
        assert exported.code == DONE, exported.err
        return {str(file.relative_to(out)): file.read_text("utf-8") for file in sorted(out.rglob("*.yaml"))}


def _counted(town: Town) -> dict[str, int]:
    """How many rows there are of each sort, so that what no list shows is seen too.

    But for spam scores: one that is like the filter's own is shown alike whether there is a row of it or not, and not
    sent again.
    """
    memory = town.memory()
    memory["filterconf"] = [row for row in memory.get("filterconf", ()) if row["option"] not in SCORES]
    return {name: len(rows) for name, rows in memory.items()}


def _unlike(now: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    return {name: (now.get(name), then.get(name)) for name in {**now, **then} if now.get(name) != then.get(name)}


def _is_true(town: Town, told: str, *, report: Any, code: int) -> None:
    """What is told done is not planned again, but for what nobody can see."""
    planned = town.plans("--format", "json")
    assert planned.code in (DONE, PENDING), planned.err
    pending = {each["address"] for each in planned.document["changes"] if each["reason"] != UNSEEN}
    assert code in (DONE, DENIED, INCOMPLETE), told
    assert code != DONE or not pending, (pending, told)
    if report is None:
        return
    left = {each["address"] for each in report["leftovers"]}
    done = {each["address"] for each in report["changes"] if each["outcome"] == "done"}
    assert not (done & pending) - left, (done & pending, told)


@pytest.mark.parametrize("version", versions("2022-01a", "2024-08a", "2026-07a", few=("2024-08a",)))
@examples(1, many=100)
@given(first=_whole(), second=_whole(), faults=schedules(), seed=st.integers(0, 999), workers=st.sampled_from((1, 4)))
def test_whatever_goes_wrong_with_whatever_is_told_truly_and_overcome(
    version: str, first: Manifest, second: Manifest, faults: list[str], seed: int, workers: int
) -> None:
    with founded(version) as town:
        town.person.environ.update({**SECRETS, "CREDENTIAL": STRONG})
        settle_in(town)
        repository = made(town.person.folder)
        theirs = rows_of(town)
        wanted = second | {"removed": removals(first, second)}
        if not town.makes_sense(first):
            return
        repository.commit({})
        town.converges_to(first)
        if not town.makes_sense(wanted):
            return
        repository.commit({})
        shutil.copytree(town.person.folder / ".git", town.person.folder / ".git-before")
        before = town.simulator.state.copy()
        town.converges_to(wanted)
        exported, counted = _exported(town), _counted(town)
        town.simulator.server.state = before
        shutil.rmtree(town.person.folder / ".git")
        (town.person.folder / ".git-before").rename(town.person.folder / ".git")
        town.suffers(*faults, seed=seed)
        ended = town.applies("--format", "json", "--parallelism", str(workers))
        town.suffers()
        told = f"with {faults} {seed} {workers}\n{ended.out[-5000:]}\n{ended.err}"
        assert ended.code != FOUND_WRONG, told
        said = [json.loads(line) for line in ended.out.splitlines()]
        report = next((each for each in said if each["type"] == REPORTED), None)
        assert rows_of(town) == theirs, told
        _is_true(town, told, report=report, code=ended.code)
        town.converges_to(wanted)
        assert _unlike(_exported(town), exported) == {}, told
        assert _unlike(_counted(town), counted) == {}, told
        assert rows_of(town) == theirs, told
