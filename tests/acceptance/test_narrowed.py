"""A run that is narrowed to some domains or resources: it does these, and what they need, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator.faults import Faults
from tests.acceptance.person import KEY, Ended, Person
from tests.properties.town import Watched
from tests.repository import made

Welcome = Callable[..., Person]

WRONG = 3
INCOMPLETE = 6

MAIL = """
relayhosts:
  - {host: "smtp.example:587", username: acme, password: {env: SMTP_ACME}}
  - {host: "spare.example:587", username: acme, password: {env: SMTP_ACME}}
domain_templates:
  - {name: Customer, max_mailboxes: 5}
domains:
  - {name: acme.example, template: Customer, relayhost: acme@smtp.example:587}
  - {name: other.example, relayhost: acme@spare.example:587}
alias_domains:
  - {name: short.example, target: acme.example}
mailboxes:
  - {address: anna@acme.example, name: Anna, initial: {password: {env: SMTP_ACME}}}
  - {address: ben@acme.example, name: Ben, initial: {password: {env: SMTP_ACME}}}
  - {address: olga@other.example, name: Olga, initial: {password: {env: SMTP_ACME}}}
aliases:
  - {address: sales@acme.example, to: [anna@acme.example, olga@other.example]}
  - {address: sales@other.example, to: [olga@other.example]}
"""
GOING = """
removed:
  - {tls_policy: bank.example}
  - {mailbox: gone@acme.example}
  - {mailbox: left@other.example, step: no-login}
"""


@pytest.fixture
def person(welcome: Welcome) -> Person:
    """Somebody with a manifest, and a server that has nothing of it."""
    somebody = welcome()
    somebody.environ["SMTP_ACME"] = "Correct.Horse.7"
    somebody.writes("mail.yaml", MAIL)
    return somebody


def _plan(person: Person, *words: str) -> list[tuple[str, str]]:
    ended = person.types("plan", "mail.yaml", "--format", "json", *words)
    assert ended.code == 0, ended.out + ended.err
    return [(change["action"], change["address"]) for change in ended.document["changes"]]


def _apply(person: Person, *words: str) -> Ended:
    return person.types("apply", "mail.yaml", "--auto-approve", *words)


def test_a_target_is_made_with_everything_it_needs_and_nothing_else(person: Person) -> None:
    target = ("--target", "mailbox/anna@acme.example")
    assert _plan(person, *target) == [
        ("create", "domain_template/Customer"),
        ("create", "relayhost/acme@smtp.example:587"),
        ("create", "domain/acme.example"),
        ("create", "mailbox/anna@acme.example"),
    ]
    applied = _apply(person, *target)
    assert applied.code == 0, applied.out
    assert [row["username"] for row in person.asks("mailbox/all")] == ["anna@acme.example"]
    assert _plan(person, *target) == []


def test_what_a_target_needs_is_left_alone_where_it_is_there(person: Person) -> None:
    assert _apply(person).code == 0
    person.writes("mail.yaml", MAIL.replace("max_mailboxes: 5", "max_mailboxes: 6").replace("name: Anna", "name: Anne"))
    assert _plan(person, "--target", "mailbox/anna@acme.example") == [("update", "mailbox/anna@acme.example")]


def test_a_domain_brings_the_relayhost_it_needs(person: Person) -> None:
    applied = _apply(person, "--domain", "acme.example")
    assert applied.code == 0, applied.out
    assert [row["hostname"] for row in person.asks("relayhost/all")] == ["smtp.example:587"]
    assert [row["domain_name"] for row in person.asks("domain/all")] == ["acme.example"]
    assert _plan(person, "--domain", "acme.example") == []


def test_an_alias_domain_is_not_refused_for_a_target_that_is_there_and_in_no_manifest(person: Person) -> None:
    assert _apply(person, "--domain", "acme.example").code == 0
    person.writes("mail.yaml", "alias_domains:\n  - {name: short.example, target: acme.example}\n")
    for narrowed in (("--domain", "short.example"), ("--target", "alias_domain/*")):
        assert _plan(person, *narrowed) == [("create", "alias_domain/short.example")]


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ((), {"tls_policy/bank.example", "mailbox/gone@acme.example", "mailbox/left@other.example"}),
        (("--domain", "acme.example"), {"mailbox/gone@acme.example"}),
        (("--domain", "other.*"), {"mailbox/left@other.example"}),
        (("--target", "tls_policy/*"), {"tls_policy/bank.example"}),
        (("--target", "mailbox/*", "--domain", "other.example"), {"mailbox/left@other.example"}),
        (("--target", "alias/*"), set()),
    ],
)
def test_what_is_listed_as_removed_goes_only_where_the_run_is_about_it(
    person: Person, narrowed: tuple[str, ...], expected: set[str]
) -> None:
    leaving = "".join(
        f"  - {{address: {name}, initial: {{password: {{env: SMTP_ACME}}}}}}\n"
        for name in ("gone@acme.example", "left@other.example")
    )
    before = MAIL.replace("mailboxes:\n", f"mailboxes:\n{leaving}", 1)
    person.writes("mail.yaml", before + "tls_policies:\n  - {destination: bank.example, policy: none}\n")
    assert _apply(person).code == 0
    person.writes("mail.yaml", MAIL + GOING)
    assert {address for _, address in _plan(person, *narrowed)} == expected


def test_only_what_a_target_needs_is_read(welcome: Welcome) -> None:
    server = Watched("2026-07a", api_key=KEY)
    somebody = welcome(simulator=server)
    somebody.environ["SMTP_ACME"] = "Correct.Horse.7"
    somebody.writes("mail.yaml", MAIL)
    assert _apply(somebody).code == 0
    server.requests.clear()
    assert _plan(somebody, "--target", "relayhost/*") == []
    assert [path for _, path, _ in server.requests] == ["get/status/version", "get/relayhost/all"]
    server.requests.clear()
    assert _plan(somebody, "--target", "alias/sales@other.example") == []
    assert [path for _, path, _ in server.requests if path.startswith("get/alias/")] == ["get/alias/all/other.example"]


@pytest.mark.parametrize(
    "words",
    [
        ("--target", "mailbox/ana@acme.example"),
        ("--target", "mailboxes/anna@acme.example"),
        ("--domain", "acne.example"),
    ],
)
def test_a_misspelt_pattern_is_an_error_and_not_an_empty_plan(person: Person, words: tuple[str, str]) -> None:
    ended = person.types("plan", "mail.yaml", *words)
    assert ended.code == WRONG
    assert f"error[pattern-unmatched]: nothing is declared that `{' '.join(words)}` could mean" in ended.err


def test_a_misspelt_domain_is_told_where_things_without_a_domain_are_managed(person: Person) -> None:
    person.writes("mail.yaml", "tls_policies: [{destination: partner.example, policy: encrypt}]\n")
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    ended = person.types("plan", "mail.yaml", "--domain", "acne.example")
    assert ended.code == WRONG
    assert "error[pattern-unmatched]: nothing is declared that `--domain acne.example` could mean" in ended.err


def test_a_kept_plan_keeps_to_its_targets(person: Person) -> None:
    made: Any = person.types(
        "plan", "mail.yaml", "--out", "plan.json", "--format", "json", "--target", "mailbox/anna@acme.example"
    )
    assert made.document["terms"]["targets"] == ["mailbox/anna@acme.example"]
    applied = person.types("apply", "plan.json", "mail.yaml", "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    assert [row["username"] for row in person.asks("mailbox/all")] == ["anna@acme.example"]


def _footed(text: str) -> str:
    """The manifest with a footer of one domain, which no server shows."""
    before = "relayhost: acme@smtp.example:587"
    return MAIL.replace(before, f"{before}, footer: {{plain: {text}}}")


TARGET = ("--target", "domain/acme.example")


def test_what_the_server_never_shows_is_not_planned_again_after_a_narrowed_run_that_wrote_it(person: Person) -> None:
    repository = made(person.folder)
    repository.commit({"mail.yaml": MAIL})
    assert _apply(person).code == 0
    repository.commit({"mail.yaml": _footed("Bye")})
    assert _plan(person, *TARGET) == [("update", "domain/acme.example")]
    assert "applied-in-part" in _apply(person, *TARGET).out
    assert _plan(person) == []
    repository.commit({"mail.yaml": _footed("Hello")})
    assert _plan(person) == [("update", "domain/acme.example")]
    assert _apply(person, *TARGET).code == 0
    assert (_plan(person), len(repository.opened.refs("refs/reconciler"))) == ([], 2)
    assert _apply(person).code == 0
    assert (_plan(person), len(repository.opened.refs("refs/reconciler"))) == ([], 1)


def test_what_only_a_narrowed_run_wrote_is_taken_back_when_its_declaration_is(person: Person) -> None:
    repository = made(person.folder)
    repository.commit({"mail.yaml": _footed("Bye")})
    assert _apply(person).code == 0
    more = "  - {address: info@acme.example, to: [anna@acme.example]}\n"
    repository.commit({"mail.yaml": _footed("Hello") + more})
    assert _apply(person, "--domain", "acme.example").code == 0
    repository.commit({"mail.yaml": _footed("Bye")})
    assert _plan(person) == [("update", "domain/acme.example"), ("delete", "alias/info@acme.example")]
    assert _apply(person).code == 0
    assert _plan(person) == []


def test_a_narrowed_run_says_nothing_of_what_it_was_not_about(person: Person) -> None:
    repository = made(person.folder)
    repository.commit({"mail.yaml": MAIL})
    assert _apply(person).code == 0
    person.does("add/alias", {"address": "hers@other.example", "goto": "olga@other.example", "active": 1})
    repository.commit({"mail.yaml": _footed("Bye") + "  - {address: hers@other.example, to: [olga@other.example]}\n"})
    assert _apply(person, *TARGET).code == 0
    repository.commit({"mail.yaml": _footed("Bye")})
    assert _plan(person) == []


def test_where_only_parts_are_ever_applied_a_change_of_what_is_never_shown_is_sent_once(person: Person) -> None:
    repository = made(person.folder)
    for text in ("Bye", "Hello", "Bye"):
        repository.commit({"mail.yaml": _footed(text)})
        assert _apply(person, *TARGET).code == 0
        assert _plan(person, *TARGET) == []
        assert len(repository.opened.refs("refs/reconciler")) == 1
    (row,) = person.simulator.state.table("domain_wide_footer")
    assert "Bye" in str(row)


CORS = "cors: {allowed_origins: ['https://panel.example']}\n"


def test_what_no_whole_run_has_sent_yet_is_sent_by_the_first_though_a_narrowed_run_was_about_it(person: Person) -> None:
    repository = made(person.folder)
    repository.commit({"mail.yaml": CORS})
    assert _apply(person, "--target", "cors/*").code == 0
    assert _plan(person) == [("update", "cors/cors")]
    assert _apply(person).code == 0
    repository.commit({"mail.yaml": CORS.replace("panel", "board")})
    assert _apply(person, "--no-base", "--target", "cors/*").code == 0
    assert _plan(person) == [("update", "cors/cors")]


def test_what_a_narrowed_run_began_and_did_not_finish_counts_too(welcome: Welcome) -> None:
    person = welcome(faults=Faults.of("pretended:add/alias"))
    repository = made(person.folder)
    home = "domains: [{name: acme.example, footer: {plain: Bye}}]\n"
    repository.commit({"mail.yaml": home})
    assert _apply(person).code == 0
    more = home.replace("Bye", "Hello") + "aliases: [{address: a@acme.example, to: discard}]\n"
    repository.commit({"mail.yaml": more})
    assert _apply(person, "--domain", "acme.example").code == INCOMPLETE
    repository.commit({"mail.yaml": home})
    assert _plan(person, "--domain", "acme.example") == [("update", "domain/acme.example")]


def test_what_a_narrowed_run_deleted_is_not_missed_when_it_is_declared_again(person: Person) -> None:
    repository = made(person.folder)
    home = "domains: [{name: acme.example}]\n"
    alias = "aliases: [{address: info@acme.example, to: discard}]\n"
    repository.commit({"mail.yaml": home + alias})
    assert _apply(person).code == 0
    repository.commit({"mail.yaml": home})
    assert _apply(person, "--domain", "acme.example").code == 0
    repository.commit({"mail.yaml": home + alias})
    assert _apply(person).code == 0
    assert _plan(person) == []
