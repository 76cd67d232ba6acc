"""Settings the server never shows: sent by the first apply that git remembers, then when declared otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconciler.engine.lock import locked
from reconciler.simulator.faults import Faults
from tests.acceptance.person import READ_ONLY_KEY, Person
from tests.repository import made

Welcome = Callable[..., Person]

PENDING, INCOMPLETE = 2, 6
ANNA = "anna@acme.example"
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


def test_what_may_not_have_been_sent_is_told_by_every_plan_until_it_is_sent(welcome: Welcome, tmp_path: Path) -> None:
    person = welcome("2022-01a", faults=Faults.of("status=502:edit/rl-mbox:1-2"))
    person.environ |= {"SECRET": "Correct.Horse.7", "HOME": str(tmp_path / "home")}
    person.writes("mail/mail.yaml", LIMITED)

    assert person.types("apply", "mail", "--auto-approve").code == INCOMPLETE
    first = person.types("plan", "mail", "--detailed-exitcode", key=READ_ONLY_KEY)
    person.writes("mail/more.yaml", "domains: [{name: more.example}]\n")
    assert person.types("apply", "mail", "--auto-approve").code == 0
    later = person.types("plan", "mail", key=READ_ONLY_KEY)
    (lock,) = (tmp_path / "home" / ".local" / "state" / "mailcow-reconciler").glob("*/lock")
    with locked(lock, holder="process 7"):
        meanwhile = person.types("plan", "mail", key=READ_ONLY_KEY)
    sent = person.types("apply", "mail", "--auto-approve", "--resend", "mailbox/anna@acme.example#rate_limit")
    settled = person.types("plan", "mail", "--detailed-exitcode", key=READ_ONLY_KEY)

    assert first.code == 0
    assert all("warning[initial-unsent]" in each.out for each in (first, later)), first.out + later.out
    assert "initial-unsent" not in meanwhile.out
    assert sent.code == 0, sent.out
    assert (settled.code, "initial-unsent" in settled.out) == (0, False), settled.out


def test_an_apply_that_dies_before_it_sends_anything_hides_nothing_of_what_an_earlier_one_left(
    welcome: Welcome, tmp_path: Path
) -> None:
    person = welcome("2022-01a", faults=Faults.of("status=502:edit/rl-mbox:1-2"))
    person.environ |= {"SECRET": "Correct.Horse.7", "HOME": str(tmp_path / "home")}
    person.writes("mail/mail.yaml", LIMITED)
    assert person.types("apply", "mail", "--auto-approve").code == INCOMPLETE
    person.writes("mail/more.yaml", "domains: [{name: more.example}]\n")
    assert person.types("apply", "mail", "--auto-approve").code == 0
    newest = max((tmp_path / "home").rglob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes().partition(b"\n")[0] + b"\n")

    told = person.types("plan", "mail", key=READ_ONLY_KEY)

    assert "warning[initial-unsent]" in told.out, told.out


def test_what_was_sent_is_not_told_of_though_apply_after_apply_fails_at_something_else(
    welcome: Welcome, tmp_path: Path
) -> None:
    person = welcome("2022-01a", faults=Faults.of("status=502:add/relayhost"))
    person.environ |= {"SECRET": "Correct.Horse.7", "HOME": str(tmp_path / "home")}
    tagged = LIMITED.replace("rate_limit: 7/h", "tagged_mail: subfolder")
    made(person.folder).commit({"mail/mail.yaml": tagged + "relayhosts: [{host: smtp.example}]\n"})

    applied = [person.types("apply", "mail", "--auto-approve") for _ in range(3)]
    planned = person.types("plan", "mail")

    assert person.simulator.state.redis.hash("RCPT_WANTS_SUBFOLDER_TAG")[ANNA] == "1"
    assert [each.code for each in applied] == [INCOMPLETE] * 3, applied[0].out
    assert not any("initial-unsent" in each.out + each.err for each in (*applied, planned))


def test_lists_that_were_not_sent_are_looked_at_and_sent_when_asked_by_name(welcome: Welcome, tmp_path: Path) -> None:
    person = welcome(faults=Faults.of("status=502:add/mailbox-policy:1-2"))
    person.environ |= {"SECRET": "Correct.Horse.7", "HOME": str(tmp_path / "home")}
    person.writes("mail/mail.yaml", LIMITED.replace("rate_limit: 7/h", "allowed_senders: [x@y.example]"))

    failed = person.types("apply", "mail", "--auto-approve")
    person.does("add/mailbox-policy", {"username": ANNA, "object_list": "wl", "object_from": "hers@y.example"})
    asked = person.types("apply", "mail", "--auto-approve", "--resend", f"mailbox/{ANNA}#allowed_senders")
    settled = person.types("plan", "mail", "--detailed-exitcode")

    assert failed.code == INCOMPLETE
    assert f"--resend 'mailbox/{ANNA}#allowed_senders'" in failed.out, failed.out
    assert asked.code == 0, asked.out
    senders = [each["value"] for each in person.asks("policy_wl_domain/acme.example")]
    assert sorted(senders) == ["hers@y.example", "x@y.example"]
    assert (settled.code, "initial-unsent" in settled.out) == (0, False), settled.out


def test_what_was_there_before_it_was_declared_is_made_as_declared_and_what_is_initial_is_named(
    welcome: Welcome,
) -> None:
    person = welcome()
    person.environ["SECRET"] = "Correct.Horse.7"
    repository = made(person.folder)
    repository.commit({"mail/mail.yaml": "domains: [{name: acme.example, description: Acme}]\n"})
    assert person.types("apply", "mail", "--auto-approve").code == 0
    by_hand = {"local_part": "anna", "domain": "acme.example", "password": "Correct.Horse.7", "quota": "1", "active": 1}
    person.does("add/mailbox", {**by_hand, "password2": "Correct.Horse.7"})
    adopted = (
        f"{{address: {ANNA}, external_send_as: [a@far.example], initial: {{password: {{env: SECRET}}, "
        "spam_score: {junk: 6, reject: 12}}}"
    )

    repository.write({"mail/anna.yaml": f"mailboxes: [{adopted}]\n"})
    uncommitted = person.types("plan", "mail", "--detailed-exitcode")
    repository.commit({})
    applied = person.types("apply", "mail", "--auto-approve")
    settled = person.types("plan", "mail", "--detailed-exitcode")

    assert (uncommitted.code, "initial-passed-over" in uncommitted.out) == (0, False), uncommitted.out
    assert "note[initial-passed-over]" in applied.out, applied.out
    assert "Apply: 1 done; 1 call" in applied.out, applied.out
    assert (settled.code, "initial-passed-over" in settled.out) == (0, False), settled.out


def test_that_git_could_not_take_down_that_an_apply_began_is_told(welcome: Welcome) -> None:
    person = welcome()
    repository = made(person.folder)
    commit = repository.commit({"mail/settings.yaml": LINKS})
    stale = person.folder / ".git" / "refs" / "reconciler" / "attempted" / "default" / f"{commit}.lock"
    stale.parent.mkdir(parents=True)
    stale.touch()

    assert "warning[attempt-not-remembered]" in person.types("apply", "mail", "--auto-approve").out


def test_of_what_is_made_anew_nothing_is_told_that_was_not_sent_before(welcome: Welcome, tmp_path: Path) -> None:
    person = welcome("2022-01a", faults=Faults.of("status=502:edit/rl-mbox:1-2"))
    person.environ |= {"SECRET": "Correct.Horse.7", "HOME": str(tmp_path / "home")}
    person.writes("mail/mail.yaml", LIMITED)

    assert person.types("apply", "mail", "--auto-approve").code == INCOMPLETE
    person.does("delete/mailbox", [ANNA])
    person.writes("mail/mail.yaml", LIMITED.replace(", rate_limit: 7/h", ""))
    assert person.types("apply", "mail", "--auto-approve").code == 0
    person.writes("mail/mail.yaml", LIMITED)
    settled = person.types("plan", "mail", "--detailed-exitcode")

    assert (settled.code, "initial-unsent" in settled.out) == (0, False), settled.out


def test_that_an_apply_of_what_is_not_committed_began_is_not_to_be_taken_down(welcome: Welcome) -> None:
    person = welcome()
    repository = made(person.folder)
    repository.commit({"mail/settings.yaml": LINKS})
    repository.write({"mail/mail.yaml": DOMAIN})

    applied = person.types("apply", "mail", "--auto-approve")

    assert applied.code == 0, applied.out + applied.err
    assert "attempt-not-remembered" not in applied.out + applied.err
