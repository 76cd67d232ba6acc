"""Folders and files whose names are no UTF-8, as those are that an older system made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.pipeline.loading import SMALL
from tests.acceptance.person import Person
from tests.repository import made

Welcome = Callable[..., Person]

ODD = "m\udcfcller"
MAIL = "domains:\n  - {name: acme.example}\naliases:\n  - {address: info@acme.example, to: [x@elsewhere.example]}\n"


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    folder = tmp_path / ODD
    try:
        folder.mkdir()
    except (OSError, UnicodeEncodeError):
        pytest.skip("there can be no such names here")
    (folder / f"{ODD}.yaml").write_text(MAIL, encoding="utf-8")
    return folder


def test_a_plan_of_files_with_odd_names_is_kept_and_applied(welcome: Welcome, odd: Path) -> None:
    person = welcome(folder=odd)
    person.environ["HOME"] = str(odd)
    planned = person.types("plan", ".", "--out", "plan.json")
    assert (planned.code, planned.err.count("Kept in plan.json")) == (0, 1)
    fingerprint = planned.err.partition("sha256:")[2].partition("`")[0]

    applied = person.types("apply", "plan.json", ".", "--auto-approve", "--fingerprint", fingerprint)

    assert applied.code == 0, applied.err
    assert [each["address"] for each in person.asks("alias/all")] == ["info@acme.example"]


def test_odd_names_are_remembered_from_run_to_run(welcome: Welcome, odd: Path) -> None:
    person = welcome(folder=odd)
    person.environ["HOME"] = str(odd.parent)
    for number in range(2):
        (odd / f"{ODD}{number}.yaml").write_text(f"{MAIL}#{'x' * SMALL}".replace("acme", f"{number}"), encoding="utf-8")
    assert [person.types("validate", ".").out for _ in range(2)] == ["Valid: 6 resources in 3 files\n"] * 2
    assert list((odd.parent / ".cache/mailcow-reconciler").iterdir())


def test_a_repository_with_odd_names_knows_what_was_applied(welcome: Welcome, odd: Path) -> None:
    (odd / "linked.yaml").symlink_to(f"{ODD}.yaml")
    repository = made(odd)
    repository.commit({})
    person = welcome(folder=odd)
    person.environ["HOME"] = str(odd.parent)
    applied = person.types("apply", "linked.yaml", "--auto-approve")
    assert applied.code == 0, applied.err

    (odd / f"{ODD}.yaml").write_text("domains: [{name: acme.example}]\n", encoding="utf-8")

    planned = person.types("plan", "linked.yaml")

    assert "- delete alias/info@acme.example\n    declared at the base, not any more" in planned.out
