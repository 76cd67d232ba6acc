"""Plans that are reviewed first and carried out later."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults, parse
from tests.acceptance.person import KEY, Ended, Person
from tests.repository import made

Welcome = Callable[..., Person]

ROOT = Path(__file__).parents[2]
PENDING, REFUSED, INCOMPLETE, USAGE = 2, 5, 6, 64

MAIL = """
domains:
  - {name: acme.example, max_mailboxes: 5, max_aliases: 400, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}
mailboxes:
  - {address: anna@acme.example, name: Anna, quota: 2GiB, initial: {password: {hash: "{BLF-CRYPT}$2y$10$canary"}}}
"""


def _aliases(**targets: str) -> str:
    entries = (f"  - {{address: {name}@acme.example, to: [{to}@acme.example]}}\n" for name, to in targets.items())
    return "".join(["aliases:\n", *entries])


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def person(welcome: Welcome, faults: Faults) -> Person:
    """Somebody with manifests, and a server as they declare."""
    person = welcome(faults=faults)
    person.writes("mail/all.yaml", MAIL)
    person.writes("mail/aliases.yaml", _aliases(sales="anna", info="anna"))
    assert person.types("apply", "mail", "--auto-approve").code == 0
    return person


def _keep(person: Person, *words: str) -> Ended:
    kept = person.types("plan", "mail", "--out", "plan.json", *words)
    assert kept.code == 0, kept.out + kept.err
    return kept


def _carry_out(person: Person, *words: str) -> Ended:
    return person.types("apply", "plan.json", "mail", *words)


def _edit_plan(person: Person, edit: Callable[[Any], None]) -> None:
    document = json.loads((person.folder / "plan.json").read_text())
    edit(document)
    person.writes("plan.json", json.dumps(document))


def _goto(person: Person, name: str) -> str | None:
    rows = [row for row in person.asks("alias/all") or [] if row["address"] == f"{name}@acme.example"]
    return str(rows[0]["goto"]) if rows else None


def _set_goto(person: Person, name: str, goto: str) -> None:
    (number,) = [row["id"] for row in person.asks("alias/all") if row["address"] == f"{name}@acme.example"]
    person.does("edit/alias", {"items": [number], "attr": {"goto": goto}})


def test_a_kept_plan_is_carried_out_without_asking_and_a_second_time_has_nothing_to_do(person: Person) -> None:
    person.writes("mail/aliases.yaml", _aliases(sales="ben", new="anna", info="anna"))
    _keep(person)
    first = _carry_out(person)
    assert first.code == 0, first.out + first.err
    assert (_goto(person, "sales"), _goto(person, "new")) == ("ben@acme.example", "anna@acme.example")
    second = _carry_out(person)
    assert (second.code, "Nothing to do" in second.out) == (0, True)
    assert "2 of the plan's changes are done already" in second.out


def test_what_came_up_since_the_plan_is_left_out_and_said(person: Person) -> None:
    person.writes("mail/aliases.yaml", _aliases(sales="ben", info="anna"))
    _keep(person)
    _set_goto(person, "info", "elsewhere@acme.example")
    applied = _carry_out(person)
    assert applied.code == 0
    assert "beyond-the-plan" in applied.out
    assert "Converged so far" in applied.out
    assert applied.out.endswith("; 1 change left\n")
    assert (_goto(person, "sales"), _goto(person, "info")) == ("ben@acme.example", "elsewhere@acme.example")
    again = _carry_out(person, "--detailed-exitcode")
    assert (again.code, "Nothing to do in this run: 1 change is left, as told above." in again.out) == (PENDING, True)


def test_an_object_that_moved_is_refused_and_the_others_are_done(person: Person) -> None:
    person.writes("mail/aliases.yaml", _aliases(sales="ben", info="ben"))
    _keep(person)
    _set_goto(person, "sales", "carla@acme.example")
    applied = _carry_out(person)
    assert applied.code == REFUSED
    assert "`alias/sales@acme.example` is left as it is: `to` was changed on the server since" in applied.out
    assert applied.out.endswith("; 1 change left\n")
    assert _carry_out(person, "--detailed-exitcode").code == REFUSED
    assert (_goto(person, "sales"), _goto(person, "info")) == ("carla@acme.example", "ben@acme.example")


def test_an_object_whose_other_fields_moved_is_refused_too(person: Person) -> None:
    person.writes("mail/all.yaml", MAIL.replace("quota: 2GiB", "quota: 3GiB"))
    _keep(person)
    person.does("edit/mailbox", {"items": ["anna@acme.example"], "attr": {"name": "Somebody else"}})
    applied = _carry_out(person)
    assert applied.code == REFUSED
    assert "it was changed on the server since" in applied.out
    assert person.asks("mailbox/anna@acme.example")["quota"] == 2 * 1024**3


def test_what_users_change_themselves_moves_nothing(person: Person) -> None:
    person.writes("mail/all.yaml", MAIL.replace("quota: 2GiB", "quota: 3GiB"))
    _keep(person)
    box = ["anna@acme.example"]
    person.does("edit/mailbox", {"items": box, "attr": {"password": "Users.Own.77", "password2": "Users.Own.77"}})
    person.does("edit/tls_policy", {"items": box, "attr": {"tls_enforce_in": 1, "tls_enforce_out": 1}})
    applied = _carry_out(person)
    assert applied.code == 0, applied.out
    assert person.asks("mailbox/anna@acme.example")["quota"] == 3 * 1024**3


def test_a_password_that_was_set_since_is_not_overwritten(person: Person) -> None:
    person.environ["PASSWORD"] = "Correct.Horse.77"
    managed = MAIL.replace('initial: {password: {hash: "{BLF-CRYPT}$2y$10$canary"}}', "password: {env: PASSWORD}")
    person.writes("mail/all.yaml", managed)
    _keep(person, "--resend", "mailbox/anna@acme.example#password")
    mailboxes = person.simulator.state.table("mailbox")
    row = mailboxes.get("anna@acme.example")
    assert row is not None
    mailboxes.update(row["username"], attributes={**row["attributes"], "passwd_update": "2030-01-01 00:00:00"})
    applied = _carry_out(person)
    assert (applied.code, "it was changed on the server since" in applied.out) == (REFUSED, True)


@pytest.mark.parametrize("changed_by_hand", [False, True])
def test_a_password_is_resent_once_by_a_plan_and_never_over_a_later_one(
    welcome: Welcome, changed_by_hand: bool
) -> None:
    seconds = itertools.count()
    person = welcome(simulator=_ticking(seconds))
    person.environ["PASSWORD"] = "Correct.Horse.77"
    managed = MAIL.replace('initial: {password: {hash: "{BLF-CRYPT}$2y$10$canary"}}', "password: {env: PASSWORD}")
    person.writes("mail/all.yaml", managed)
    assert person.types("apply", "mail", "--auto-approve").code == 0
    _keep(person, "--resend", "mailbox/anna@acme.example#password")
    first = _carry_out(person)
    assert (first.code, "1 done" in first.out) == (0, True)
    if changed_by_hand:
        attributes = {"password": "Users.Own.77", "password2": "Users.Own.77"}
        person.does("edit/mailbox", {"items": ["anna@acme.example"], "attr": attributes})
    held = person.simulator.state.table("mailbox").get("anna@acme.example")
    again = _carry_out(person)
    assert (again.code, "it was changed on the server since" in again.out) == (REFUSED, True)
    assert person.simulator.state.table("mailbox").get("anna@acme.example") == held


def _ticking(seconds: Iterator[int]) -> Simulator:
    """A server on which a second passes with every look at its clock: it remembers no shorter times."""
    start = datetime(2026, 11, 22, 12, tzinfo=UTC).replace(tzinfo=None)
    return Simulator("2026-07a", api_key=KEY, clock=lambda: start + timedelta(seconds=next(seconds)))


def test_what_somebody_created_otherwise_meanwhile_is_refused(person: Person) -> None:
    person.writes("mail/aliases.yaml", _aliases(sales="anna", info="anna", new="anna"))
    _keep(person)
    person.does("add/alias", {"address": "new@acme.example", "goto": "elsewhere@acme.example", "active": 1})
    applied = _carry_out(person)
    assert applied.code == REFUSED
    assert "somebody has created it since, and otherwise" in applied.out
    assert _goto(person, "new") == "elsewhere@acme.example"


def test_what_is_gone_already_is_done_and_what_is_gone_before_it_was_changed_is_refused(person: Person) -> None:
    person.writes("mail/aliases.yaml", _aliases(sales="ben") + "removed: [{alias: info@acme.example}]\n")
    _keep(person)
    numbers = [row["id"] for row in person.asks("alias/all") if row["address"].startswith(("info", "sales"))]
    person.does("delete/alias", numbers)
    applied = _carry_out(person)
    assert applied.code == REFUSED
    assert "1 of the plan's changes is done already" in applied.out
    assert "`alias/sales@acme.example` is left as it is: it is gone" in applied.out


def test_what_is_read_only_when_it_goes_does_not_make_a_kept_deletion_stale(person: Person) -> None:
    person.does("add/alias-domain", {"alias_domain": "old.example", "target_domain": "acme.example", "active": 1})
    person.does("add/domain-policy", {"domain": "old.example", "object_list": "wl", "object_from": "*@good.example"})
    person.writes("mail/aliases.yaml", "removed: [{alias_domain: old.example}]\n")
    _keep(person)
    applied = _carry_out(person)
    assert applied.code == 0, applied.out
    assert person.asks("alias-domain/all") == {}
    assert person.asks("policy_wl_domain/old.example") == {}


def test_a_change_that_needs_what_is_refused_is_refused_with_it(person: Person) -> None:
    relay = "relayhosts:\n  - {host: 'smtp.example:587', username: acme, password: {env: SMTP_ACME}}\n"
    person.writes("mail/relay.yaml", relay)
    person.writes("mail/all.yaml", MAIL.replace("{name: acme", "{relayhost: acme@smtp.example:587, name: acme"))
    _keep(person)
    person.does("add/relayhost", {"hostname": "smtp.example:587", "username": "acme", "password": "another"})
    applied = _carry_out(person)
    assert applied.code == REFUSED
    assert "`relayhost/acme@smtp.example:587` is left as it is: somebody has created it since" in applied.out
    assert "`domain/acme.example` is left as it is: it needs relayhost/acme@smtp.example:587" in applied.out


def test_half_applied_and_killed_the_rest_is_done(person: Person, faults: Faults) -> None:
    names = {f"name{number}": f"team{number}" for number in range(6)}  # so that each is a call
    person.writes("mail/aliases.yaml", _aliases(sales="anna", info="anna", **names))
    _keep(person)
    faults.faults = (parse("status=500:add/alias:3+"),)
    assert _carry_out(person).code == INCOMPLETE
    faults.faults = ()
    rest = _carry_out(person)
    assert rest.code == 0, rest.out
    assert "done already" in rest.out
    assert all(_goto(person, name) == f"{to}@acme.example" for name, to in names.items())


def test_a_process_that_is_killed_leaves_a_plan_that_can_be_finished(person: Person, faults: Faults) -> None:
    names = {f"name{number}": f"team{number}" for number in range(6)}  # so that each is a call
    person.writes("mail/aliases.yaml", _aliases(sales="anna", info="anna", **names))
    person.environ["XDG_STATE_HOME"] = str(person.folder / "state")
    _keep(person)
    faults.faults = (parse("latency=3600s:add/alias:3"),)
    environ = {
        **os.environ,
        **person.environ,
        "MAILCOW_URL": person.url,
        "MAILCOW_API_KEY": KEY,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "reconciler", "apply", "plan.json", "mail", "--parallelism", "1"]
    with subprocess.Popen(command, cwd=person.folder, env=environ, stdout=-3, stderr=-3) as process:
        deadline = time.monotonic() + 60
        while faults.seen.get(faults.faults[0], 0) < 3 and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    faults.faults = ()
    assert sum(_goto(person, name) is not None for name in names) == 2
    rest = _carry_out(person)
    assert rest.code == 0, rest.out + rest.err
    assert "last-apply-unfinished" in rest.err
    assert all(_goto(person, name) == f"{to}@acme.example" for name, to in names.items())


def test_a_creation_that_was_left_half_done_is_finished(person: Person, faults: Faults) -> None:
    more = MAIL + "  - {address: ben@acme.example, quota: 1GiB, %s, initial: {password: {env: BEN}}}\n"
    person.environ["BEN"] = "Correct.Horse.77"
    person.writes("mail/all.yaml", more % "custom_attributes: {costs: north}")
    _keep(person)
    faults.faults = (parse("status=500:edit/mailbox/custom-attribute"),)
    assert _carry_out(person).code == INCOMPLETE
    assert person.asks("mailbox/ben@acme.example")["username"] == "ben@acme.example"
    faults.faults = ()
    rest = _carry_out(person)
    assert rest.code == 0, rest.out
    assert person.asks("mailbox/ben@acme.example")["custom_attributes"] == {"costs": "north"}


def test_a_domain_of_which_only_the_first_calls_were_carried_out_is_finished(person: Person, faults: Faults) -> None:
    limited = MAIL.replace("{name: acme", "{tags: [new, kept], rate_limit: 5/h, name: acme")
    person.does("edit/domain", {"items": ["acme.example"], "attr": {"tags": ["old", "kept"]}})
    limits = "max_total_quota: 10GiB, max_mailbox_quota: 5GiB"
    other = f"domains:\n  - {{name: b.example, allowed_senders: [x@y.example], {limits}}}\n"
    person.writes("mail/all.yaml", limited)
    person.writes("mail/other.yaml", other)
    _keep(person)
    faults.faults = tuple(map(parse, ("status=500:edit/domain", "status=500:add/domain-policy")))
    assert _carry_out(person).code == INCOMPLETE
    assert person.asks("domain/acme.example")["tags"] == ["kept"]
    assert person.asks("policy_wl_domain/b.example") == {}
    faults.faults = ()
    rest = _carry_out(person)
    assert rest.code == 0, rest.out
    assert sorted(person.asks("domain/acme.example")["tags"]) == ["kept", "new"]
    assert [each["value"] for each in person.asks("policy_wl_domain/b.example")] == ["x@y.example"]


def test_a_list_somebody_else_added_to_is_refused(person: Person) -> None:
    person.writes("mail/all.yaml", MAIL.replace("{name: acme", "{tags: [new], name: acme"))
    _keep(person)
    person.does("edit/domain", {"items": ["acme.example"], "attr": {"tags": ["strange"]}})
    refused = _carry_out(person)
    assert (refused.code, "`tags` was changed on the server since" in refused.out) == (REFUSED, True)


def test_other_manifests_are_refused(person: Person) -> None:
    repository = made(person.folder)
    first = repository.commit({"mail/aliases.yaml": _aliases(sales="ben", info="anna")})
    _keep(person)
    second = repository.commit({"mail/aliases.yaml": _aliases(sales="carla", info="anna")})
    refused = _carry_out(person)
    assert (refused.code, "plan-of-another-checkout" in refused.err) == (REFUSED, True)
    assert f"made of: {first[:12]}" in refused.err
    assert f"here: {second[:12]}" in refused.err
    assert _goto(person, "sales") == "anna@acme.example"


def test_a_sibling_branch_s_objects_are_left_alone_by_a_plan_made_before_its_merge(person: Person) -> None:
    repository = made(person.folder)
    repository.commit({".gitignore": "plan.json\n"})
    assert person.types("apply", "mail", "--auto-approve").code == 0
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.commit({"mail/aliases.yaml": _aliases(sales="ben", info="anna")})
    _keep(person)
    repository.git("checkout", "--quiet", "main")
    repository.commit({"mail/sibling.yaml": _aliases(sibling="anna")})
    assert person.types("apply", "mail", "--auto-approve").code == 0
    repository.git("checkout", "--quiet", "feature")
    applied = _carry_out(person)
    assert applied.code == 0, applied.out + applied.err
    assert (_goto(person, "sales"), _goto(person, "sibling")) == ("ben@acme.example", "anna@acme.example")


def test_another_server_is_refused_before_it_is_asked_anything(person: Person, welcome: Welcome) -> None:
    _keep(person)
    other = welcome(folder=person.folder)
    refused = _carry_out(other)
    assert (refused.code, "plan-of-another-server" in refused.err) == (REFUSED, True)


def test_a_server_is_known_by_any_spelling_of_its_address(person: Person) -> None:
    person.url = person.url.replace("127.0.0.1", "localhost")
    _keep(person)
    person.url = person.url.replace("localhost", "LocalHost") + "/"
    assert _carry_out(person).code == 0


@pytest.mark.parametrize(
    "written",
    [{"limits": {"explosions": 3}}, {"limits": {"protect": 3}}, {"prune": [{"kind": "calendar", "domains": ["*"]}]}],
)
def test_terms_nobody_knows_are_refused_before_the_server_is_asked(person: Person, written: dict[str, Any]) -> None:
    _keep(person)
    _edit_plan(person, lambda plan: plan["terms"].update(written))
    refused = _carry_out(person)
    assert (refused.code, "plan-of-another-tool" in refused.err) == (REFUSED, True)


def test_the_same_revision_read_otherwise_is_told_apart_from_another_one(person: Person) -> None:
    repository = made(person.folder)
    repository.commit({"mail/who.yaml.j2": "aliases: [{address: {{ who }}@acme.example, to: [a@b.example]}]\n"})
    _keep(person, "--set", "who=x")
    refused = _carry_out(person, "--set", "who=y")
    assert (refused.code, "hint: say the same paths, `--env`, `--values` and `--set`" in refused.err) == (REFUSED, True)
    assert _carry_out(person, "--set", "who=x").code == 0


def test_another_version_is_refused(person: Person) -> None:
    _keep(person)
    _edit_plan(person, lambda plan: plan["server"].update(version="2024-08a"))
    refused = _carry_out(person)
    assert (refused.code, "plan-of-another-version" in refused.err) == (REFUSED, True)


def test_a_plan_that_was_refused_is_not_carried_out(person: Person) -> None:
    person.writes("mail/aliases.yaml", "removed: [{alias: info@acme.example}, {alias: sales@acme.example}]\n")
    person.writes("reconciler.yaml", "guards: {max_deletes: 1}\n")
    assert person.types("plan", "mail", "--out", "plan.json").code == REFUSED
    refused = _carry_out(person)
    assert (refused.code, "--allow-deletes 2" in refused.err) == (REFUSED, True)
    assert _goto(person, "info") is not None
    _keep(person, "--allow-deletes", "2")
    assert _carry_out(person).code == 0


def test_a_plan_somebody_wrote_into_does_nothing_the_manifests_do_not_ask_for(person: Person) -> None:
    person.writes("mail/aliases.yaml", _aliases(sales="ben", info="anna"))
    _keep(person)

    def tamper(plan: Any) -> None:
        delete = {"action": "delete", "address": "mailbox/anna@acme.example", "fields": [], "reason": "removed"}
        plan["changes"].append({**plan["changes"][0], **delete})
        plan["changes"][0]["fields"][0]["after"] = ["attacker@evil.example"]

    _edit_plan(person, tamper)
    applied = _carry_out(person)
    assert applied.code == REFUSED
    assert "nothing says any more that it is to be deleted" in applied.out
    assert "`to` is not to become what the plan says" in applied.out
    assert _goto(person, "sales") == "anna@acme.example"
    assert person.asks("mailbox/anna@acme.example")["username"] == "anna@acme.example"


@pytest.mark.parametrize("said", [("--allow-deletes", "100"), ("--target", "alias/*"), ("--domain", "acme.example")])
def test_what_the_plan_decided_cannot_be_said_again(person: Person, said: tuple[str, str]) -> None:
    _keep(person)
    refused = _carry_out(person, *said)
    assert (refused.code, "plan-decided" in refused.err) == (USAGE, True)


def test_what_was_only_shown_or_is_no_plan_is_refused(person: Person) -> None:
    person.writes("plan.json", "{}")
    assert _carry_out(person).code == USAGE
    _keep(person)
    _edit_plan(person, lambda plan: plan.update(terms=None))
    refused = _carry_out(person)
    assert (refused.code, "plan-not-kept" in refused.err) == (REFUSED, True)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_kept_plan_is_shown_in_every_format_as_it_was_planned(person: Person, form: str) -> None:
    person.writes("mail/aliases.yaml", _aliases(sales="ben", info="anna"))
    planned = _keep(person, "--format", form)
    person.environ = {"MAILCOW_API_KEY": "", "MAILCOW_URL": ""}
    shown = person.types("show", "plan.json", "--format", form, "--detailed-exitcode")
    assert (shown.code, shown.out) == (PENDING, planned.out)


def test_a_plan_says_what_it_was_made_of(person: Person) -> None:
    repository = made(person.folder)
    head = repository.commit({"mail/aliases.yaml": _aliases(sales="ben", info="anna")})
    person.writes("mail/more.yaml", _aliases(more="anna"))
    _keep(person)
    terms = json.loads((person.folder / "plan.json").read_text())["terms"]
    assert (terms["revision"], terms["changed"]) == (head, ["mail/more.yaml"])
    assert "canary" not in (person.folder / "plan.json").read_text()
