"""The main job: manifests in, server changed, second plan empty; on every version, through the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.person import EXAMPLES, KEY, READ_ONLY_KEY, VERSIONS, Person

Welcome = Callable[..., Person]

PENDING = 2
READ_ONLY = 4
INCOMPLETE = 6

OFFICE = """
domains:
  - {name: acme.example, max_mailboxes: 5, max_total_quota: 20GiB, max_mailbox_quota: 5GiB}
mailboxes:
  - {address: anna@acme.example, name: Anna, quota: 2GiB, initial: {password: {hash: "{BLF-CRYPT}$2y$10$abc"}}}
  - {address: ben@acme.example, name: Ben, quota: 2GiB, initial: {password: {hash: "{BLF-CRYPT}$2y$10$abc"}}}
aliases:
  - {address: sales@acme.example, to: [anna@acme.example, ben@acme.example]}
  - {address: noreply@acme.example, to: discard, state: active}
"""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("example", ["small-office", "many-domains"])
def test_an_example_converges_in_one_apply_and_exports_to_itself(
    welcome: Welcome, tmp_path: Path, version: str, example: str
) -> None:
    person = welcome(version, folder=Path(shutil.copytree(EXAMPLES / example, tmp_path / example)))
    person.environ["MAILCOW_PRODUCTION_KEY"] = KEY
    where = ("--env", "production", "--url", person.url) if example == "many-domains" else ()

    applied = person.types("apply", "--auto-approve", "--skip-unsupported", *where)
    again = person.types("plan", "--detailed-exitcode", "--skip-unsupported", *where)

    assert (applied.code, again.code) == (0, 0), applied.out + applied.err + again.out + again.err
    assert "Converged" in applied.out

    exporter = welcome(version)
    exporter.url = person.url
    assert exporter.types("export", "--out", "mail").code == 0
    round_trip = exporter.types("plan", "mail", "--detailed-exitcode")
    assert round_trip.code == 0, round_trip.out + round_trip.err


@pytest.mark.parametrize("version", VERSIONS)
def test_drift_is_shown_and_healed_and_a_plan_that_is_empty_sends_nothing(welcome: Welcome, version: str) -> None:
    person = welcome(version)
    person.writes("mail.yaml", OFFICE)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    person.does("edit/mailbox", {"items": ["ben@acme.example"], "attr": {"quota": 1024}})
    person.does(
        "edit/alias", {"items": [_id_of(person, "noreply@acme.example")], "attr": {"active": 0, "goto_null": 1}}
    )

    drift = person.types("plan", "mail.yaml", "--detailed-exitcode", "--format", "json")
    healed = person.types("apply", "mail.yaml", "--auto-approve")
    quiet = person.types("apply", "mail.yaml", "--auto-approve")

    assert drift.code == PENDING
    changed = [(change["address"], [each["name"] for each in change["fields"]]) for change in drift.document["changes"]]
    assert changed == [("mailbox/ben@acme.example", ["quota"]), ("alias/noreply@acme.example", ["state"])]
    assert healed.code == 0, healed.out
    assert (quiet.code, "Nothing to do" in quiet.out) == (0, True)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_domain_whose_letters_an_editor_took_apart_is_the_same(welcome: Welcome, version: str) -> None:
    person = welcome(version)
    person.writes("mail.yaml", OFFICE.replace("acme.example", "bu\u0308cher.example"))

    applied = person.types("apply", "mail.yaml", "--auto-approve")
    again = person.types("plan", "mail.yaml", "--detailed-exitcode")

    assert (applied.code, again.code) == (0, 0), applied.out + again.out


def test_a_read_only_key_plans_and_cannot_apply(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail.yaml", OFFICE)

    planned = person.types("plan", "mail.yaml", "--detailed-exitcode", key=READ_ONLY_KEY)
    applied = person.types("apply", "mail.yaml", "--auto-approve", key=READ_ONLY_KEY)

    assert planned.code == PENDING
    assert applied.code == READ_ONLY
    assert "Stopped [api-key-read-only]" in applied.out
    assert person.asks("domain/all") == {}


def test_a_wrong_key_is_tried_once(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail.yaml", OFFICE)

    ended = person.types("plan", "mail.yaml", key="WRONG-KEY")

    assert ended.code == READ_ONLY
    assert "api-wrong-key" in ended.err


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_is_deleted_again_from_the_inside_out(welcome: Welcome, version: str) -> None:
    person = welcome(version)
    person.writes("mail.yaml", OFFICE)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    person.writes(
        "mail.yaml",
        """
removed:
  - {domain: acme.example}
  - {mailbox: anna@acme.example}
  - {mailbox: ben@acme.example}
  - {alias: sales@acme.example}
  - {alias: noreply@acme.example}
""",
    )

    gone = person.types("apply", "mail.yaml", "--auto-approve")

    assert gone.code == 0, gone.out + gone.err
    assert [person.asks(f"{kind}/all") for kind in ("domain", "mailbox", "alias")] == [{}, {}, {}]


def test_a_change_the_server_refuses_is_reported_and_the_rest_goes_on(welcome: Welcome) -> None:
    person = welcome()
    person.writes("mail.yaml", OFFICE.replace('{hash: "{BLF-CRYPT}$2y$10$abc"}', "{env: WEAK}", 1))
    person.environ["WEAK"] = "abc"

    applied = person.types("apply", "mail.yaml", "--auto-approve")

    assert applied.code == INCOMPLETE
    assert "password_complexity (it is not what the server's password policy asks for)" in applied.out
    assert person.asks("mailbox/ben@acme.example")["username"] == "ben@acme.example"


def _id_of(person: Person, address: str) -> int:
    return int(next(row["id"] for row in person.asks("alias/all") if row["address"] == address))
