"""Planning without a server: what a fork's pull request may do."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.http import serving
from reconciler.simulator.snapshot import load
from tests.acceptance.person import KEY, READ_ONLY_KEY, VERSIONS, Ended, Person
from tests.kinds.samples import whole_manifest
from tests.kinds.server import SECRETS
from tests.repository import made

Welcome = Callable[..., Person]

PENDING, API, REFUSED, USAGE = 2, 4, 5, 64

MAIL = """
domains:
  - {name: acme.example, max_mailboxes: 5, max_aliases: 400, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}
  - {name: other.example, max_mailboxes: 5, max_aliases: 400, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}
mailboxes:
  - {address: anna@acme.example, quota: 2GiB, rate_limit: 10/h, initial: {password: {hash: "{BLF-CRYPT}$2y$10$abc"}}}
  - {address: ben@other.example, quota: 2GiB, initial: {password: {hash: "{BLF-CRYPT}$2y$10$abc"}}}
aliases:
  - {address: sales@acme.example, to: [anna@acme.example]}
relayhosts:
  - {host: "smtp.example:587", username: acme, password: {env: SMTP_ACME}}
transports:
  - {destination: far.example, nexthop: "[smtp.example]:587", username: acme, password: {env: SMTP_ACME}}
"""


@pytest.fixture(params=VERSIONS)
def person(request: pytest.FixtureRequest, welcome: Welcome) -> Person:
    person = welcome(request.param)
    person.environ["SMTP_ACME"] = "canary-password"
    person.writes("mail/all.yaml", MAIL)
    applied = person.types("apply", "mail", "--auto-approve", "--skip-unsupported")
    assert applied.code == 0, applied.out + applied.err
    return person


def _take(person: Person, *words: str) -> dict[str, Any]:
    taken = person.types("snapshot", "--out", "live.json", *words, key=READ_ONLY_KEY)
    assert taken.code == 0, taken.err
    document: dict[str, Any] = json.loads((person.folder / "live.json").read_text())
    return document


def _offline(person: Person, *words: str) -> Ended:
    """Plan as a fork's pipeline does: without key, server or secrets."""
    alone = Person(person.simulator, "", person.folder)
    alone.environ = {"MAILCOW_URL": "http://127.0.0.1:9", "MAILCOW_API_KEY": "", "SMTP_ACME": ""}
    return alone.types("plan", "mail", "--live", "live.json", "--format", "json", "--skip-unsupported", *words)


def test_a_snapshot_plans_as_its_server_does(person: Person) -> None:
    _take(person)
    same = _offline(person, "--detailed-exitcode")
    assert same.code == 0, same.out + same.err
    person.writes("mail/all.yaml", MAIL.replace("to: [anna", "to: [ben@other.example, anna").replace("10/h", "20/h"))
    live = person.types("plan", "mail", "--format", "json", "--skip-unsupported").document
    offline = _offline(person).document
    assert offline["changes"] == live["changes"] != []
    assert offline["server"] == live["server"]


def test_nothing_in_a_snapshot_is_secret_and_only_its_owner_may_read_it(person: Person) -> None:
    person.does("add/oauth2-client", {"redirect_uri": "https://x.example"})
    document = _take(person, "--details")
    text = json.dumps(document)
    secret = [row["client_secret"] for row in person.asks("oauth2-client/all")]
    assert secret
    for canary in ("canary-password", "a:colon", KEY, READ_ONLY_KEY, *secret):
        assert canary not in text
    assert [row["password"] for row in document["get/relayhost/all"]] == ["********"]
    assert stat.S_IMODE((person.folder / "live.json").stat().st_mode) == 0o600


def test_what_was_masked_is_not_compared_and_that_is_said(person: Person) -> None:
    _take(person)
    told = {(each["kind"], each["field"]): each["reason"] for each in _offline(person).document["not_compared"]}
    assert told["relayhost", "password"] == "masked in the snapshot"


def test_a_simulator_starts_with_a_snapshot_as_with_the_server_s_answers(person: Person) -> None:
    document = _take(person)
    copy = Simulator(person.simulator.version, api_key=KEY)
    load(copy.server, document)
    other = Person(copy, "", person.folder)
    for path in ("domain/all", "alias/all"):
        assert _without_times(other.asks(path)) == _without_times(person.asks(path))
    names = [[row["username"] for row in each.asks("mailbox/all")] for each in (other, person)]
    assert names[0] == names[1] == ["anna@acme.example", "ben@other.example"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_simulator_that_starts_with_a_snapshot_is_all_that_its_server_is(welcome: Welcome, version: str) -> None:
    person = welcome(version)
    person.environ |= SECRETS
    person.writes("whole.yaml", json.dumps(whole_manifest()))
    applied = person.types("apply", "whole.yaml", "--auto-approve", "--skip-unsupported")
    exported = person.types("export", "--out", "mail", "--all-fields")
    assert (applied.code, exported.code) == (0, 0), applied.err + exported.err

    copy = Simulator(version, api_key=KEY)
    load(copy.server, _take(person, "--details"))
    with serving(copy) as url:
        planned = Person(copy, url, person.folder).types("plan", "mail", "--detailed-exitcode")

    assert planned.code == 0, planned.out + planned.err


def _without_times(rows: Any) -> Any:
    return [{name: value for name, value in row.items() if name not in ("created", "modified")} for row in rows]


def test_a_run_narrowed_to_a_domain_sees_only_its_rows(person: Person) -> None:
    _take(person)
    person.writes("mail/all.yaml", MAIL.replace("quota: 2GiB", "quota: 3GiB"))
    (change,) = _offline(person, "--domain", "other.example").document["changes"]
    assert change["address"] == "mailbox/ben@other.example"


def test_what_a_snapshot_lacks_is_an_error_not_an_empty_list(welcome: Welcome) -> None:
    person = welcome()
    person.environ["SMTP_ACME"] = "canary-password"
    person.writes("mail/all.yaml", MAIL)
    assert person.types("apply", "mail", "--auto-approve").code == 0
    _take(person)
    person.writes(
        "mail/all.yaml", MAIL.replace("rate_limit: 10/h", "rate_limit: 10/h, spam_score: {junk: 4, reject: 9}")
    )
    lacking = _offline(person)
    assert (lacking.code, "snapshot-lacks" in lacking.err) == (API, True), lacking.err
    _take(person, "--details")
    assert _offline(person).code == 0


def test_what_is_in_a_mailbox_or_domain_that_is_not_there_is_no_lack(welcome: Welcome) -> None:
    person = welcome()
    person.environ["SMTP_ACME"] = "canary-password"
    person.writes("mail/all.yaml", MAIL)
    assert person.types("apply", "mail", "--auto-approve").code == 0
    _take(person, "--details")
    phone = "{mailbox: anna@new.example, name: Phone, protocols: [imap], password: {env: SMTP_ACME}}"
    person.writes(
        "mail/more.yaml",
        "domains: [{name: new.example}]\ndkim_keys: [{domain: new.example}]\n"
        "mailboxes: [{address: anna@new.example, initial: {password: {env: SMTP_ACME}}}]\n"
        f"app_passwords: [{phone}]\nmoved: [{{mailbox: {{from: gone@new.example, to: anna@new.example}}}}]\n",
    )
    planned = _offline(person)
    assert planned.code in (0, 2), planned.err
    kinds = sorted(each["address"].partition("/")[0] for each in planned.document["changes"])
    assert kinds == ["app_password", "dkim_key", "domain", "mailbox"]


def test_an_empty_server_s_snapshot_is_no_lack(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail/all.yaml", MAIL.partition("relayhosts")[0])
    _take(person)
    created = [change["address"] for change in _offline(person).document["changes"]]
    assert "mailbox/anna@acme.example" in created


def test_a_fork_s_pull_request_is_planned_with_the_base_it_has(welcome: Welcome) -> None:
    person = welcome()
    repository = made(person.folder)
    person.environ["SMTP_ACME"] = "canary-password"
    repository.commit({"mail/all.yaml": MAIL, ".gitignore": "live.json\n"})
    assert person.types("apply", "mail", "--auto-approve").code == 0
    _take(person)
    repository.commit({"mail/all.yaml": MAIL.partition("\naliases:")[0] + "\n"})
    deletes = [each["address"] for each in _offline(person).document["changes"] if each["action"] == "delete"]
    assert "alias/sales@acme.example" in deletes


def test_a_plan_against_a_snapshot_is_kept_and_carried_out_on_its_server_only(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail/all.yaml", MAIL.partition("relayhosts")[0])
    _take(person)
    assert _offline(person, "--out", "plan.json").code == 0
    applied = person.types("apply", "plan.json", "mail")
    assert applied.code == 0, applied.out + applied.err
    assert person.asks("mailbox/anna@acme.example")["username"] == "anna@acme.example"


@pytest.mark.parametrize(
    "content",
    [b"{}", b"[]", b"[" * 9_999, b"not json", b"\xff\xfe", b'{"snapshot": {"origin": 1, "format_version": "1.0"}}'],
)
def test_what_is_no_snapshot_is_refused(welcome: Welcome, content: bytes) -> None:
    person = welcome()
    person.writes("mail/all.yaml", MAIL)
    (person.folder / "live.json").write_bytes(content)
    refused = _offline(person)
    assert (refused.code, "snapshot-malformed" in refused.err) == (USAGE, True)
