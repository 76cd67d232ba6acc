"""A kept plan that is told apart from every other by its fingerprint, also from one with other terms."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.render.plan_json import fingerprint
from tests.acceptance.person import KEY, Ended, Person
from tests.properties.town import Watched

Welcome = Callable[..., Person]

REFUSED, USAGE = 5, 64
ALIASES = "aliases:\n  - {address: sales@acme.example, to: [x@elsewhere.example]}\n"
MAIL = f"domains: [{{name: acme.example, max_aliases: 9, default_mailbox_quota: 1GiB}}]\n{ALIASES}"


@pytest.fixture
def server() -> Watched:
    return Watched("2026-07a", api_key=KEY)


@pytest.fixture
def person(welcome: Welcome, server: Watched) -> Person:
    """Somebody with manifests, an empty server, and a plan that was kept."""
    person = welcome(simulator=server)
    person.writes("mail/all.yaml", MAIL)
    person.writes("reconciler.yaml", "guards: {max_changes: 7}\n")
    assert person.types("plan", "mail", "--out", "plan.json").code == 0
    del server.requests[:]
    return person


def _told(person: Person) -> str:
    """The fingerprint, as a program learns it."""
    return str(person.types("show", "plan.json", "--format", "json").document["fingerprint"])


def _apply(person: Person, *words: str) -> Ended:
    return person.types("apply", "plan.json", "mail", *words)


def _writes_into(person: Person, edit: Callable[[Any], None]) -> None:
    file = person.folder / "plan.json"
    document = json.loads(file.read_text())
    edit(document)
    file.write_text(json.dumps(document, indent=2) + "\n")


def test_the_plan_with_the_fingerprint_is_carried_out(person: Person, server: Watched) -> None:
    applied = _apply(person, "--fingerprint", _told(person))
    assert (applied.code, len(server.writes)) == (0, 2), applied.out + applied.err


def test_looser_terms_are_refused_before_the_server_is_asked_anything(person: Person, server: Watched) -> None:
    reviewed = _told(person)
    _writes_into(person, lambda plan: plan["terms"]["limits"].update(deletes=1000))
    refused = _apply(person, "--fingerprint", reviewed)
    assert (refused.code, refused.out, server.requests) == (REFUSED, "", [])
    assert "error[plan-of-another-fingerprint]: plan.json is not the plan that was reviewed" in refused.err
    assert f"expected: {reviewed}" in refused.err
    assert f"found: {_told(person)}" in refused.err
    assert _apply(person).code == 0, "without the fingerprint, the plan is taken as it is"


def test_another_plan_of_the_same_manifests_is_refused(person: Person, server: Watched) -> None:
    reviewed = _told(person)
    assert person.types("plan", "mail", "--out", "plan.json", "--allow-deletes", "99").code == 0
    del server.requests[:]
    assert (_apply(person, "--fingerprint", reviewed).code, server.requests) == (REFUSED, [])


def test_a_refusal_is_told_to_programs_with_both_fingerprints(person: Person) -> None:
    zeros = f"sha256:{'0' * 64}"
    refused = _apply(person, "--fingerprint", zeros, "--format", "json")
    told = json.loads(refused.out)["error"]
    assert (told["id"], told["exit_code"]) == ("plan-of-another-fingerprint", REFUSED)
    assert told["details"] == {"expected": zeros, "found": _told(person)}


def test_what_is_no_plan_at_all_is_refused_for_its_fingerprint_too(person: Person) -> None:
    reviewed = _told(person)
    person.writes("plan.json", "<html>404</html>")
    refused = _apply(person, "--fingerprint", reviewed)
    assert (refused.code, "plan-of-another-fingerprint" in refused.err) == (REFUSED, True)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_who_plans_and_who_shows_are_told_the_same_fingerprint_in_every_format(person: Person, form: str) -> None:
    planned = person.types("plan", "mail", "--out", "plan.json", "--format", form)
    shown = person.types("show", "plan.json", "--format", form)
    told = fingerprint((person.folder / "plan.json").read_bytes())
    assert told in planned.out
    assert f"Kept in plan.json; `apply --fingerprint {told}` takes no other\n" in planned.err
    assert shown.out == planned.out


def test_a_plan_that_no_file_keeps_has_no_fingerprint(person: Person) -> None:
    assert "fingerprint" not in person.types("plan", "mail", "--format", "json").document
    assert "ingerprint" not in (person.folder / "plan.json").read_text()


def test_it_is_what_a_shell_says_of_the_file_and_is_taken_as_the_shell_writes_it(person: Person) -> None:
    digits = subprocess.run(
        ["sha256sum", "plan.json"], cwd=person.folder, capture_output=True, text=True, check=True
    ).stdout.split()[0]
    assert _told(person) == f"sha256:{digits}"
    assert _apply(person, "--fingerprint", f"{digits.upper()}\n").code == 0


@pytest.mark.parametrize("said", ["", " ", "abc", "sha256:", f"sha256:{'0' * 63}", f"md5:{'0' * 64}", "0" * 65])
def test_what_is_no_fingerprint_is_never_taken_for_none(person: Person, server: Watched, said: str) -> None:
    refused = _apply(person, "--fingerprint", said)
    assert (refused.code, server.requests) == (USAGE, [])
    assert f"error[{'fingerprint-malformed' if said else 'usage'}]" in refused.err


def test_a_fingerprint_without_a_kept_plan_is_not_overlooked(person: Person, server: Watched) -> None:
    refused = person.types("apply", "mail", "--auto-approve", "--fingerprint", _told(person))
    assert (refused.code, "fingerprint-without-plan" in refused.err, server.requests) == (USAGE, True, [])


def test_a_plan_that_is_not_named_first_is_told(person: Person, server: Watched) -> None:
    refused = person.types("apply", "mail", "plan.json", "--auto-approve")
    assert (refused.code, "plan-not-first" in refused.err, server.requests) == (USAGE, True, [])


def test_a_plan_that_apply_would_refuse_is_kept_to_be_looked_at_only(person: Person) -> None:
    person.writes("reconciler.yaml", "guards: {max_changes: 1}\n")
    planned = person.types("plan", "mail", "--out", "plan.json")
    assert (planned.code, planned.err) == (REFUSED, "Kept in plan.json, to be looked at: apply refuses it as it is\n")
    refused = _apply(person, "--fingerprint", _told(person))
    assert (refused.code, "error[plan-refused]" in refused.err) == (REFUSED, True)


def test_a_brief_plan_is_brief(person: Person, tmp_path: Path) -> None:
    planned = person.types("plan", "mail", "--out", str(tmp_path / "plan.json"), "--quiet")
    assert (planned.out.count("\n"), planned.err) == (1, "")
