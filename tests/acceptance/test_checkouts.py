"""Checkouts that are not a plain clone of one repository: what cannot be remembered is said, however quiet a run is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.acceptance.person import Person
from tests.repository import made

Welcome = Callable[..., Person]

MAIL = "domains: [{name: acme.example}]\naliases:\n  - {address: info@acme.example, to: [x@elsewhere.example]}\n"


def test_manifests_in_a_submodule_are_said_to_be_remembered_by_that_alone(welcome: Welcome, tmp_path: Path) -> None:
    person, inner = welcome(), made(tmp_path / "inner")
    inner.commit({"mail/mail.yaml": MAIL})
    outer = made(person.folder)
    outer.git("submodule", "--quiet", "add", str(inner.folder), "ours")
    outer.commit({"reconciler.yaml": "manifests: [ours/mail]\n"})
    first = person.types("apply", "--auto-approve", "--quiet")
    assert first.code == 0
    assert "`ours` is a repository of its own" in first.out
    again = person.types("apply", "--auto-approve", "--quiet")
    assert "warning[applied-not-remembered]: not remembered as applied: `ours` is a repository" in again.err
    inside = Person(person.simulator, person.url, person.folder / "ours", person.environ)
    assert "remembered as applied: refs/reconciler" in inside.types("apply", "mail", "--auto-approve").err


def test_files_of_values_are_called_what_a_person_calls_them(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail.yaml", MAIL)
    person.writes("values/common.yaml", "a: 1\na: 2\n")
    told = person.types("validate", "mail.yaml", "--values", "values/common.yaml").err
    assert "--> values/common.yaml:2:1" in told
    person.writes("reconciler.yaml", "manifests: [mail.yaml]\nvalues: [values/common.yaml]\n")
    assert "--> values/common.yaml:2:1" in person.types("validate").err


def test_a_quiet_plan_keeps_quiet_about_notes_and_not_about_warnings(welcome: Welcome) -> None:
    person, another = welcome(), welcome()
    repository = made(person.folder)
    repository.commit({"mail.yaml": MAIL})
    assert (
        person.types("plan", "mail.yaml", "--quiet").out == "Plan: 2 to create, 0 to update, 0 to delete, 0 unchanged\n"
    )
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    told = person.types("plan", "mail.yaml", "--quiet", "--url", another.url).out
    assert told.startswith("warning[base-of-another-server]: ")
    assert told.endswith("Plan: 2 to create, 0 to update, 0 to delete, 0 unchanged\n")


def test_a_run_from_outside_of_the_repository_says_that_it_knows_nothing_of_its_history(
    welcome: Welcome, tmp_path: Path
) -> None:
    person = welcome()
    repository = made(person.folder)
    repository.commit({"mail.yaml": MAIL})
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    repository.commit({"mail.yaml": "domains: [{name: acme.example}]\n"})
    outside = Person(person.simulator, person.url, person.folder.parent, person.environ)
    another = Person(person.simulator, person.url, made(tmp_path / "another").folder, person.environ)
    for somewhere, path in ((outside, f"{person.folder.name}/mail.yaml"), (another, str(person.folder / "mail.yaml"))):
        told = somewhere.types("plan", path, "--quiet").out
        assert told.startswith("warning[base-elsewhere]: ")
        assert f"`cd {person.folder}`" in told
        assert "0 to delete" in told
    assert "1 to delete" in person.types("plan", "mail.yaml", "--quiet").out
    within = Person(person.simulator, person.url, person.folder / "deep", person.environ)
    within.folder.mkdir()
    assert within.types("plan", "../mail.yaml", "--quiet").out.startswith("Plan: 0 to create, 0 to update, 1 to delete")
