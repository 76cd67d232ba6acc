"""Settings the server never shows: sent by the first apply that git remembers, then when declared otherwise."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.simulator.faults import Faults
from tests.acceptance.person import Person
from tests.repository import made

Welcome = Callable[..., Person]

PENDING, INCOMPLETE = 2, 6
DOMAIN = """
domains: [{name: acme.example, quota_notification_bcc: {to: [boss@elsewhere.example]}}]
"""
LIMITED = """
domains: [{name: acme.example}]
mailboxes:
  - {address: anna@acme.example, quota: 1GiB, initial: {password: {env: SECRET}, rate_limit: 7/h}}
"""
LINKS = """
custom_login:
  hide_user_link: true
"""


def test_they_are_sent_once_and_again_when_their_declaration_changes(welcome: Welcome) -> None:
    person = welcome()
    repository = made(person.folder)
    repository.commit({"mail/settings.yaml": LINKS})

    first = person.types("apply", "mail", "--auto-approve")
    second = person.types("plan", "mail", "--detailed-exitcode")
    repository.commit({"mail/settings.yaml": LINKS.replace("true", "false")})
    changed = person.types("plan", "mail", "--detailed-exitcode")

    assert "1 done; 1 call" in first.out, first.out + first.err
    assert second.code == 0, second.out
    assert "not readable" in second.out
    assert changed.code == PENDING, changed.out


def test_where_nothing_remembers_them_they_are_named_and_sent_only_when_asked(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail/settings.yaml", LINKS)

    silent = person.types("plan", "mail", "--detailed-exitcode")
    asked = person.types("plan", "mail", "--detailed-exitcode", "--resend", "custom_login/*")

    assert silent.code == 0
    assert "not readable" in silent.out
    assert asked.code == PENDING


def test_what_a_failed_apply_may_have_left_out_is_sent_by_the_next(welcome: Welcome) -> None:
    person = welcome(faults=Faults.of("status=502:edit/quota_notification_bcc:1", "reset-before:edit/custom_login:1"))
    repository = made(person.folder)
    repository.commit({"mail/mail.yaml": DOMAIN + LINKS})

    failed = person.types("apply", "mail", "--auto-approve")
    again = person.types("apply", "mail", "--auto-approve")
    settled = person.types("plan", "mail", "--detailed-exitcode")

    assert failed.code == INCOMPLETE, failed.out
    assert again.code == 0, again.out
    assert person.simulator.state.redis.hash("QW_BCC")["acme.example"]
    assert "Apply: 2 done; 2 calls" in again.out, again.out
    assert settled.code == 0, settled.out


def test_what_is_initial_and_a_failed_creation_left_out_is_told_and_sent_when_asked_by_name(welcome: Welcome) -> None:
    person = welcome("2022-01a", faults=Faults.of("status=502:edit/rl-mbox:1-2"))
    person.environ["SECRET"] = "Correct.Horse.7"
    person.writes("mail/mail.yaml", LIMITED)
    asked = ("apply", "mail", "--auto-approve", "--resend")

    failed = person.types("apply", "mail", "--auto-approve")
    silent = person.types("plan", "mail", "--detailed-exitcode")
    by_pattern = person.types("plan", "mail", "--detailed-exitcode", "--resend", "mailbox/*#rate*")
    sent = person.types(*asked, "mailbox/anna@acme.example#rate_limit")

    assert failed.code == INCOMPLETE, failed.out
    assert "warning[initial-unsent]" in failed.out, failed.out
    assert "--resend 'mailbox/anna@acme.example#rate_limit'" in failed.out, failed.out
    assert (silent.code, by_pattern.code) == (0, 0), by_pattern.out
    assert sent.code == 0, sent.out
    assert person.simulator.state.redis.hash("RL_VALUE")["anna@acme.example"] == "7 / 1h"
