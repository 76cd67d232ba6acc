"""Several repositories on one server: each changes what it may, and leaves what is another's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.person import Ended, Person
from tests.repository import Made, made

Welcome = Callable[..., Person]

WRONG, REFUSED = 3, 5
LIMITS = "max_mailboxes: 5, max_aliases: 40, max_total_quota: 9GiB, max_mailbox_quota: 5GiB"
DOMAINS = f"domains:\n  - {{name: acme.example, {LIMITS}}}\n  - {{name: other.example, {LIMITS}}}\n"
BOX = """mailboxes:
  - {address: anna@acme.example, name: Anna, quota: 2GiB, initial: {password: {hash: "{BLF-CRYPT}$2y$10$abc"}}}
"""
POLICY = "domains: [acme.example]\nkinds: [aliases, mailboxes]\nfields: {mailboxes: [name, quota]}\n"


def _aliases(*addresses: str) -> str:
    return "".join(["aliases:\n", *(f"  - {{address: {each}, to: [anna@acme.example]}}\n" for each in addresses)])


@pytest.fixture
def team(welcome: Welcome, tmp_path: Path) -> tuple[Person, Made]:
    """Somebody with a repository that may only do some things, on a server that others look after."""
    person = welcome()
    administrator = Person(person.simulator, person.url, tmp_path / "administrator")
    administrator.folder.mkdir()
    administrator.writes("all.yaml", DOMAINS + BOX)
    assert administrator.types("apply", "all.yaml", "--auto-approve").code == 0
    repository = made(person.folder)
    repository.commit({"reconciler-policy.yaml": POLICY, "mail/aliases.yaml": _aliases("sales@acme.example")})
    return person, repository


def _plan(person: Person, *words: str) -> Ended:
    return person.types("plan", "mail", "--format", "json", "--policy-from", "main", *words)


def _apply(person: Person, *words: str) -> Ended:
    return person.types("apply", "mail", "--auto-approve", "--policy-from", "main", *words)


def _refusals(ended: Ended) -> list[str]:
    return [each["summary"].partition("permit ")[2] for each in ended.document["refusals"]]


def _on_a_branch(repository: Made, files: dict[str, str | None]) -> None:
    repository.git("checkout", "--quiet", "-b", "pull-request")
    repository.commit(files)


def test_what_the_policy_permits_is_done(team: tuple[Person, Made]) -> None:
    person, repository = team
    box = "mailboxes:\n  - {address: anna@acme.example, name: Anna B., quota: 3GiB}\n"
    repository.commit({"mail/box.yaml": box})
    applied = _apply(person)
    assert applied.code == 0, applied.out + applied.err
    assert person.asks("mailbox/anna@acme.example")["name"] == "Anna B."


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (_aliases("info@other.example"), "to change aliases in other.example"),
        (f"domains:\n  - {{name: acme.example, description: mine, {LIMITS}}}\n", "to change domains in acme.example"),
        ("mailboxes:\n  - {address: anna@acme.example, state: 'off'}\n", "to set `state` of mailboxes"),
        ("removed: [{mailbox: anna@acme.example}]\n", "to delete mailboxes"),
        ("removed: [{alias: by-hand@other.example}]\n", "to change aliases in other.example"),
        ("moved: [{mailbox: {from: anna@acme.example, to: ann@acme.example}}]\n", "to move mailboxes"),
        (
            "relayhosts:\n  - {host: 'smtp.example:587', username: acme, password: {env: SMTP_ACME}}\n",
            "to change relayhosts of no domain",
        ),
    ],
)
def test_what_the_policy_does_not_permit_is_shown_and_refused(
    team: tuple[Person, Made], manifest: str, why: str
) -> None:
    person, repository = team
    person.does("add/alias", {"address": "by-hand@other.example", "goto": "anna@acme.example", "active": 1})
    _on_a_branch(repository, {"mail/more.yaml": manifest})
    before = [person.asks(f"{kind}/all") for kind in ("domain", "mailbox", "alias", "relayhost")]
    planned = _plan(person)
    assert planned.code == REFUSED, planned.out + planned.err
    assert why in _refusals(planned)
    assert _apply(person, "--allow-delete", "mailbox/anna@acme.example").code == REFUSED
    assert [person.asks(f"{kind}/all") for kind in ("domain", "mailbox", "alias", "relayhost")] == before


def test_a_pull_request_cannot_change_its_own_policy_or_its_guards(team: tuple[Person, Made]) -> None:
    person, repository = team
    repository.commit({"reconciler.yaml": "guards: {max_changes: 2}\n"})
    many = _aliases(*(f"a{number}@acme.example" for number in range(5)))
    wide = {"reconciler-policy.yaml": "domains: ['*']\n", "reconciler.yaml": "guards: {max_changes: 1000}\n"}
    _on_a_branch(repository, {**wide, "mail/more.yaml": many + BOX.replace("Anna,", "Anna, state: 'off',")})
    planned = _plan(person)
    assert [each["id"] for each in planned.document["refusals"]] == ["outside-policy", "too-many-changes"]


def test_a_domain_handed_to_another_repository_by_policy_is_not_deleted(team: tuple[Person, Made]) -> None:
    person, repository = team
    repository.commit({"reconciler-policy.yaml": POLICY.replace("[acme.example]", "[acme.example, other.example]")})
    handed = ("info@other.example", "help@other.example")
    repository.commit({"mail/other.yaml": _aliases(*handed)})
    assert _apply(person).code == 0
    repository.commit({"reconciler-policy.yaml": POLICY, "mail/other.yaml": None})
    assert [each["action"] for each in _plan(person).document["changes"]] == []
    assert _apply(person).code == 0
    addresses = [row["address"] for row in person.asks("alias/all")]
    assert set(handed) <= set(addresses)


def test_without_the_policy_the_same_commit_would_delete_them(team: tuple[Person, Made]) -> None:
    person, repository = team
    repository.commit({"mail/other.yaml": _aliases("info@other.example")})
    assert person.types("apply", "mail", "--auto-approve").code == 0
    repository.commit({"mail/other.yaml": None})
    planned: Any = person.types("plan", "mail", "--format", "json").document
    assert [(each["action"], each["address"]) for each in planned["changes"]] == [
        ("delete", "alias/info@other.example")
    ]


def test_references_to_what_another_repository_declares_resolve_on_the_server(team: tuple[Person, Made]) -> None:
    person, repository = team
    filters = "bcc_maps:\n  - {for: acme.example, direction: outgoing, to: archive@acme.example}\n"
    repository.commit({"reconciler-policy.yaml": "domains: [acme.example]\n", "mail/more.yaml": filters})
    assert _plan(person).code == 0
    missing = "aliases:\n  - {address: x@nowhere.example, to: [a@b.example]}\n"
    repository.commit({"reconciler-policy.yaml": "domains: ['*']\n", "mail/wrong.yaml": missing})
    planned = _plan(person)
    assert (planned.code, "domain-missing" in planned.out) == (WRONG, True)


def test_a_prune_scope_ends_where_the_policy_ends(team: tuple[Person, Made]) -> None:
    person, _ = team
    for domain in ("acme.example", "other.example"):
        person.does("add/alias", {"address": f"by-hand@{domain}", "goto": "anna@acme.example", "active": 1})
    planned = _plan(person, "--prune", "alias").document
    deletes = [each["address"] for each in planned["changes"] if each["action"] == "delete"]
    assert deletes == ["alias/by-hand@acme.example"]


def test_a_revision_without_a_policy_permits_nothing(team: tuple[Person, Made]) -> None:
    person, repository = team
    first = repository.git("rev-parse", "HEAD")
    repository.commit({"reconciler-policy.yaml": None})
    for revision in ("main", "no-such", "--help"):
        refused = person.types("plan", "mail", f"--policy-from={revision}")
        assert (refused.code, "policy-missing" in refused.err) == (WRONG, True), revision
    assert person.types("plan", "mail", "--policy-from", first).code == 0


def test_the_policy_may_lie_elsewhere_and_the_project_file_may_name_it(team: tuple[Person, Made]) -> None:
    person, repository = team
    repository.commit(
        {"limits/team.yaml": "kinds: [bcc_maps]\n", "reconciler.yaml": "policy_from: main:limits/team.yaml\n"}
    )
    planned = person.types("plan", "mail", "--format", "json")
    assert (planned.code, _refusals(planned)) == (REFUSED, ["to change aliases in acme.example"])


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("domain: [x]\n", "did you mean `domains`?"),
        ("kinds: [alises]\n", "did you mean `aliases`?"),
        ("fields: {mailboxes: [quotta]}\n", "did you mean `quota`?"),
        ("guards: {max_deletes: 3}\n", "a policy has no `guards`"),
        ("- x\n", "not a mapping"),
    ],
)
def test_a_wrong_policy_is_told_with_its_place(team: tuple[Person, Made], text: str, finding: str) -> None:
    person, repository = team
    repository.commit({"reconciler-policy.yaml": text})
    wrong = _plan(person)
    assert wrong.code == WRONG
    assert finding in wrong.err
    assert "reconciler-policy.yaml of main:1" in wrong.err
