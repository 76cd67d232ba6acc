"""A plan that does too much: it is shown, refused with a code of its own, and each refusal names what allows it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.planning import guard
from tests.acceptance.person import READ_ONLY_KEY, Person
from tests.repository import Made, made

Welcome = Callable[..., Person]

REFUSED = 5
NAMES = [f"a{number}" for number in range(12)]
DOMAIN = (
    "domains:\n"
    "  - {name: acme.example, max_mailboxes: 5, max_aliases: 40, max_total_quota: 9GiB, max_mailbox_quota: 5GiB}\n"
)
BOX = 'mailboxes:\n  - {address: anna@acme.example, quota: 2GiB, initial: {password: {hash: "{BLF-CRYPT}$2y$10$a"}}}\n'
REMOVED = "removed:\n  - {mailbox: anna@acme.example, step: delete}\n"
BEGIN: dict[str, str | None] = {"mail/domain.yaml": DOMAIN, "mail/box.yaml": BOX}


def _aliases(*names: str, more: str = "") -> str:
    entries = (f"  - {{address: {name}@acme.example, to: [crm@elsewhere.example]{more}}}\n" for name in names)
    return "".join(["aliases:\n", *entries])


@pytest.fixture
def team(welcome: Welcome) -> tuple[Person, Made]:
    """Somebody with a repository, and a server as its first commit declares: a mailbox and a dozen aliases."""
    person = welcome()
    repository = made(person.folder)
    repository.commit({**BEGIN, "mail/aliases.yaml": _aliases(*NAMES)})
    applied = person.types("apply", "mail", "--auto-approve")
    assert applied.code == 0, applied.out + applied.err
    return person, repository


Scenario = Callable[[Person, Made], tuple[str, ...]]
"""Brings a refusal about; gives what else is typed."""


def _vanished(person: Person, repository: Made) -> tuple[str, ...]:
    person.does("delete/alias", [row["id"] for row in person.asks("alias/all")])
    repository.commit({"mail/note.yaml": "{}\n"})
    return ()


def _protected_kind(person: Person, repository: Made) -> tuple[str, ...]:
    repository.commit({"mail/box.yaml": None})
    return ("--prune", "mailbox:acme.example")


def _prevented(person: Person, repository: Made) -> tuple[str, ...]:
    keep = ", lifecycle: {prevent_delete: true}"
    repository.commit({"mail/aliases.yaml": _aliases(*NAMES, more=keep)})
    assert person.types("apply", "mail", "--auto-approve").code == 0
    repository.commit({"mail/aliases.yaml": _aliases(*NAMES[1:])})
    return ()


def _protected(_person: Person, repository: Made) -> tuple[str, ...]:
    repository.commit({"mail/aliases.yaml": _aliases(*NAMES[1:]), "reconciler.yaml": "guards: {protect: [alias/a*]}\n"})
    return ()


def _recently_used(person: Person, repository: Made) -> tuple[str, ...]:
    row = person.simulator.state.table("mailbox").get("anna@acme.example")
    assert row is not None
    row["last_imap_login"] = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
    repository.commit({"mail/box.yaml": REMOVED})
    return ()


def _many_deletes(_person: Person, repository: Made) -> tuple[str, ...]:
    repository.commit({"mail/aliases.yaml": _aliases(*NAMES[2:]), "reconciler.yaml": "guards: {max_deletes: 1}\n"})
    return ()


def _many_changes(_person: Person, repository: Made) -> tuple[str, ...]:
    repository.commit({"mail/more.yaml": _aliases("b", "c"), "reconciler.yaml": "guards: {max_changes: 1}\n"})
    return ()


def _large_share(_person: Person, repository: Made) -> tuple[str, ...]:
    repository.commit({"mail/aliases.yaml": _aliases(*NAMES[6:])})
    return ()


def _mail(person: Person, repository: Made) -> tuple[str, ...]:
    row = person.simulator.state.table("mailbox").get("anna@acme.example")
    assert row is not None
    row["bytes"] = 123_456
    repository.commit({"mail/box.yaml": REMOVED})
    return ()


SCENARIOS: dict[str, Scenario] = {
    "kind-vanished": _vanished,
    "kind-protected": _protected_kind,
    "delete-prevented": _prevented,
    "delete-protected": _protected,
    "recently-used": _recently_used,
    "too-many-deletes": _many_deletes,
    "too-many-changes": _many_changes,
    "too-large-a-share": _large_share,
    "mail-destroyed": _mail,
}


def test_there_is_a_scenario_for_every_refusal_there_is() -> None:
    source = Path(guard.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'(?:Refusal\(|_refused\([\w.]+, )"([a-z-]+)"', source)) == set(SCENARIOS)


def _key(change: Any) -> str:
    return str(change["address"]).partition("/")[2]


def _writes(person: Person) -> list[Any]:
    """What the server's own log tells of writes."""
    return [row for row in person.asks("logs/api/1000") or [] if row["method"] == "POST"]


@pytest.mark.parametrize("identifier", SCENARIOS)
def test_a_refused_plan_is_shown_and_the_flag_it_names_allows_exactly_it(
    team: tuple[Person, Made], identifier: str
) -> None:
    person, repository = team
    words = SCENARIOS[identifier](person, repository)
    before = _writes(person)
    planned = person.types("plan", "mail", "--format", "json", *words, key=READ_ONLY_KEY)
    assert planned.code == REFUSED, planned.out + planned.err
    assert planned.document["changes"]
    (refusal,) = planned.document["refusals"]
    assert refusal["id"] == identifier
    for format_ in ("text", "markdown"):
        shown = person.types("plan", "mail", "--format", format_, *words)
        assert (shown.code, refusal["permit"] in shown.out) == (REFUSED, True)
        assert [each["address"] for each in planned.document["changes"] if _key(each) not in shown.out] == []
    refused = person.types("apply", "mail", "--auto-approve", *words)
    assert (refused.code, refusal["permit"] in refused.out) == (REFUSED, True)
    assert _writes(person) == before
    allowed = person.types("apply", "mail", "--auto-approve", *words, *shlex.split(refusal["permit"]))
    assert allowed.code == 0, allowed.out + allowed.err
    assert len(_writes(person)) > len(before)


@pytest.mark.parametrize("identifier", SCENARIOS)
def test_the_flag_of_one_refusal_allows_no_other(team: tuple[Person, Made], identifier: str) -> None:
    person, repository = team
    words = SCENARIOS[identifier](person, repository)
    others = {
        "kind-vanished": ("--allow-vanished", "mailbox"),
        "kind-protected": ("--allow-delete-kind", "domain"),
        "delete-prevented": ("--allow-delete", "alias/a1@acme.example"),
        "delete-protected": ("--allow-delete", "alias/a1@acme.example"),
        "recently-used": ("--allow-delete", "alias/a1@acme.example"),
        "too-many-deletes": ("--allow-deletes", "1"),
        "too-many-changes": ("--allow-changes", "1"),
        "too-large-a-share": ("--allow-delete-percent", "49"),
        "mail-destroyed": ("--allow-delete-bytes", "123455"),
    }
    rest = [word for flag in others.values() if flag[0] not in ("--allow-deletes", "--allow-changes") for word in flag]
    planned = person.types("plan", "mail", "--format", "json", *words, *rest)
    assert (planned.code, [each["id"] for each in planned.document["refusals"]]) == (REFUSED, [identifier])


def test_a_flag_can_be_typed_as_it_is_shown_whatever_the_name(team: tuple[Person, Made]) -> None:
    person, repository = team
    rule = "rspamd_settings:\n  - {description: \"Anna's own rule\", content: 'a = 1;'}\n"
    repository.commit({"mail/rule.yaml": rule})
    assert person.types("apply", "mail", "--auto-approve").code == 0
    repository.commit({"mail/rule.yaml": None, "reconciler.yaml": "guards: {protect: [rspamd_setting/*]}\n"})
    (refusal,) = person.types("plan", "mail", "--format", "json").document["refusals"]
    assert person.types("apply", "mail", "--auto-approve", *shlex.split(refusal["permit"])).code == 0


def test_a_kept_plan_that_was_refused_stays_refused(team: tuple[Person, Made]) -> None:
    person, repository = team
    words = _large_share(person, repository)
    assert person.types("plan", "mail", "--out", "plan.json", *words).code == REFUSED
    refused = person.types("apply", "plan.json", "mail")
    assert (refused.code, "--allow-delete-percent 50" in refused.err) == (REFUSED, True)
    permitted = person.types("plan", "mail", "--out", "plan.json", "--allow-delete-percent", "50")
    assert permitted.code == 0
    assert person.types("apply", "plan.json", "mail").code == 0


@pytest.mark.parametrize(("scope", "gone"), [("alias", 13), ("aliases:*", 13), ("alias:acme.*", 12), ("alias:x.*", 0)])
def test_a_prune_scope_on_the_command_line_covers_a_kind_or_the_domains_that_are_named(
    team: tuple[Person, Made], scope: str, gone: int
) -> None:
    person, repository = team
    sizes = {"mailboxes": 5, "aliases": 5, "quota": 9, "maxquota": 9, "defquota": 9}
    person.does("add/domain", {"domain": "other.example", **sizes})
    person.does("add/alias", {"address": "hand@other.example", "goto": "crm@elsewhere.example", "active": 1})
    repository.commit({"mail/aliases.yaml": "{}\n"})
    permits = ("--allow-delete-percent", "100", "--no-base")
    planned = person.types("plan", "mail", "--format", "json", "--prune", scope, *permits)
    assert planned.code == 0, planned.out
    assert len([each for each in planned.document["changes"] if each["action"] == "delete"]) == gone


@pytest.mark.parametrize(
    ("words", "finding", "hint"),
    [
        (("--allow-delete-kind", "mailboxs"), "kind-unknown", "did you mean `mailbox`?"),
        (("--allow-vanished", "aliass"), "kind-unknown", "did you mean `alias`?"),
        (
            ("--allow-delete", "anna@acme.example"),
            "address-malformed",
            "such as `--allow-delete alias/info@acme.example`",
        ),
        (
            ("--allow-delete", "zzz/anna@acme.example"),
            "kind-unknown",
            "such as `--allow-delete alias/info@acme.example`",
        ),
        (
            ("--resend", "mailbox/ana@acme.example#password"),
            "pattern-unmatched",
            "`mailbox/anna@acme.example#password`",
        ),
    ],
)
def test_a_flag_that_is_misspelt_is_told_and_not_passed_over(
    team: tuple[Person, Made], words: tuple[str, ...], finding: str, hint: str
) -> None:
    person, repository = team
    repository.commit(BEGIN)
    ended = person.types("plan", "mail", *words)
    assert (ended.code != 0, f"error[{finding}]" in ended.err, hint in ended.err) == (True, True, True), ended.err


def test_a_kind_may_be_named_in_the_plural_as_manifests_do(team: tuple[Person, Made]) -> None:
    person, repository = team
    repository.commit(BEGIN)
    assert person.types("apply", "mail", "--auto-approve").code == 0
    repository.commit({"mail/box.yaml": "{}\n"})
    planned = person.types("plan", "mail", "--allow-delete-kind", "mailboxes", "--allow-delete-percent=100")
    assert "- delete mailbox/anna@acme.example" in planned.out
