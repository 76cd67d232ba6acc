"""What people and domain administrators change themselves in mailcow, and applies that leave all of it alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.spec.mark import Owner
from tests.acceptance.grounds import Grounds, Welcome, office, remembered, rows_of
from tests.acceptance.person import VERSIONS

ANNA = "anna@acme.example"
BEN = "ben@acme.example"
DOMAIN = "acme.example"
OWN = {"password": "Users.Own.77", "password2": "Users.Own.77"}
PEOPLE = [ANNA, BEN]

BY_USERS: tuple[tuple[str, Any], ...] = (
    ("edit/mailbox", {"items": PEOPLE, "attr": OWN}),
    ("edit/tls_policy", {"items": PEOPLE, "attr": {"tls_enforce_in": 1, "tls_enforce_out": 1}}),
    ("edit/quarantine_notification", {"items": PEOPLE, "attr": {"quarantine_notification": "daily"}}),
    ("edit/quarantine_category", {"items": PEOPLE, "attr": {"quarantine_category": "all"}}),
    ("edit/delimiter_action", {"items": PEOPLE, "attr": {"tagged_mail_handler": "subfolder"}}),
    ("edit/spam-score", {"items": PEOPLE, "attr": {"spam_score": "3,9"}}),
    ("add/mailbox-policy", {"username": ANNA, "object_list": "wl", "object_from": "friend@elsewhere.example"}),
    ("add/mailbox-policy", {"username": ANNA, "object_list": "bl", "object_from": "*@shop.example"}),
    ("add/time_limited_alias", {"username": ANNA, "domain": DOMAIN, "validity": 744, "description": "A raffle"}),
    (
        "add/syncjob",
        {
            "username": ANNA,
            "host1": "imap.old.example",
            "port1": 993,
            "user1": "anna",
            "password1": "old",
            "enc1": "SSL",
            "mins_interval": 20,
            "subfolder2": "External",
            "maxage": 0,
            "maxbytespersecond": 0,
            "timeout1": 600,
            "timeout2": 600,
            "exclude": "(?i)spam",
            "active": 1,
            "custom_params": "",
        },
    ),
    (
        "add/app-passwd",
        {
            "username": ANNA,
            "app_name": "Phone",
            "app_passwd": "Users.Own.78",
            "app_passwd2": "Users.Own.78",
            "protocols": ["imap_access", "smtp_access"],
            "active": 1,
        },
    ),
    (
        "add/filter",
        {
            "username": ANNA,
            "filter_type": "postfilter",
            "script_desc": "Away",
            "active": 1,
            "script_data": 'require "vacation"; vacation "Away until Monday.";',
        },
    ),
    ("edit/pushover", {"items": [ANNA], "attr": {"key": "k" * 30, "token": "t" * 30, "active": 1, "title": "Mail"}}),
    ("delete/eas_cache", [ANNA]),
    ("delete/sogo_profile", [ANNA]),
)
"""What mailcow's pages for users offer, over the API (2022-01a to 2026-07a, user.php and its templates).

The pages for passwords and recovery use sessions: see `_uses_the_pages`.
"""

BY_DOMAIN_ADMINISTRATORS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "edit/mailbox",
        {
            "items": [BEN],
            "attr": dict.fromkeys(
                (
                    "imap_access",
                    "pop3_access",
                    "smtp_access",
                    "sieve_access",
                    "eas_access",
                    "dav_access",
                    "sogo_access",
                ),
                0,
            ),
        },
    ),
    ("add/domain-policy", {"domain": DOMAIN, "object_list": "wl", "object_from": "*@partner.example"}),
    ("add/domain-policy", {"domain": DOMAIN, "object_list": "bl", "object_from": "*@spam.example"}),
    ("add/domain-policy", {"domain": "acme-mail.example", "object_list": "wl", "object_from": "*@partner.example"}),
    ("add/domain-policy", {"domain": "acme-mail.example", "object_list": "bl", "object_from": "*@spam.example"}),
    ("edit/domain-admin", {"items": ["warden"], "attr": {"username_new": "warden", "active": 1, **OWN}}),
    ("add/mailbox", {"local_part": "guest", "domain": DOMAIN, "name": "Guest", "quota": 1024, "active": 1, **OWN}),
    ("add/alias", {"address": f"party@{DOMAIN}", "goto": BEN, "active": 1}),
    (
        "add/resource",
        {"description": "Room", "domain": DOMAIN, "kind": "location", "multiple_bookings": 0, "active": 1},
    ),
    ("add/bcc", {"local_dest": BEN, "type": "sender", "bcc_dest": "x@vault.example", "active": 1}),
)

HAND_WRITTEN = """
domain_admins:
  - {username: warden, domains: [acme.example], initial: {password: {hash: "{BLF-CRYPT}$2y$10$abc"}}}
"""


def _uses_the_pages(grounds: Grounds) -> None:
    """What only a session can do, and what using a mailbox leaves behind (functions.inc.php, edit_user_account)."""
    table = grounds.server.state.table("mailbox")
    row = table.get(ANNA)
    assert row is not None
    recovery = {"recovery_email": "anna@elsewhere.example"} if grounds.server.version >= "2024-08" else {}
    attributes = {**row["attributes"], "force_pw_update": "0", **recovery}
    table.update(ANNA, attributes=attributes, bytes=2**30, messages=512, password="{BLF-CRYPT}$2y$10$own")


def _everybody_changes_everything(grounds: Grounds) -> None:
    for path, body in (*BY_USERS, *BY_DOMAIN_ADMINISTRATORS):
        said = grounds.person.does(path, body)
        assert said, path
        assert all(each["type"] == "success" for each in said), (path, said)
    _uses_the_pages(grounds)


@pytest.fixture(params=VERSIONS)
def grounds(welcome: Welcome, tmp_path: Path, request: pytest.FixtureRequest) -> Grounds:
    found = office(welcome, tmp_path / "office", request.param)
    found.repository.commit({"warden.yaml": HAND_WRITTEN})
    found.repository.write({"reconciler.yaml": "manifests: [people.yaml, server.yaml, warden.yaml]\n"})
    found.repository.commit({})
    assert found.applies().code == 0
    return found


def test_whatever_people_change_themselves_nightly_applies_send_nothing(grounds: Grounds) -> None:
    person = grounds.person
    assert person.types("export", "--out", "exported").code == 0
    _everybody_changes_everything(grounds)
    grounds.looks()
    for words in ((), ("exported",), (), ("exported",)):
        assert grounds.plans(*words) == [], words
        applied = grounds.applies(*words)
        assert (applied.code, "Nothing to do" in applied.out) == (0, True), applied.out
    assert grounds.server.writes == []
    assert remembered(grounds.server) == grounds.before


@pytest.mark.parametrize("grounds", ["2026-07a"], indirect=True)
def test_they_did_change_every_field_that_is_theirs(grounds: Grounds) -> None:
    """So that the applies had something to leave alone: an export of every field from before differs in all of them."""
    person = grounds.person
    assert person.types("export", "--out", "before", "--all-fields").code == 0
    _everybody_changes_everything(grounds)
    planned = person.types("plan", "before", "--format", "json").document
    shown = {
        (change["address"].partition("/")[0], each["name"])
        for change in planned["changes"]
        for each in change["fields"]
    }
    theirs = {
        (kind.name, each.name)
        for kind in map(registry().__getitem__, ("mailbox", "domain", "alias_domain"))
        for each in kind.fields.values()
        if each.mark.owner is not Owner.OPERATOR and each.mark.read
    }
    assert len(theirs) >= 20
    assert theirs - shown == set()
    hidden = {f"mailbox/{ANNA}: password", f"redis RCPT_WANTS_SUBFOLDER_TAG {ANNA}", f"pushover/{ANNA}: key"}
    assert hidden <= grounds.changes.keys()
    assert {"imapsync", "app_passwd", "sieve_filters", "spamalias"} <= {
        row.partition("/")[0] for row in rows_of(grounds.changes)
    }


def test_what_the_operator_changes_afterwards_leaves_what_people_changed(grounds: Grounds) -> None:
    """An edit of a mailbox or domain sends what mailcow would reset, and so carries what people chose."""
    _everybody_changes_everything(grounds)
    folder = grounds.repository.folder
    people = (folder / "people.yaml").read_text(encoding="utf-8")
    server = (folder / "server.yaml").read_text(encoding="utf-8")
    people = people.replace("name: Anna Adler, quota: 20GiB", "name: Anna Ahorn, quota: 15GiB")
    people = people.replace("name: Ben Brook", "name: Ben Brook, quota: 6GiB, state: no-login, rate_limit: 9/h")
    server = server.replace("Acme, the whole office", "Acme").replace("max_mailboxes: 20", "max_mailboxes: 30")
    grounds.repository.commit({"people.yaml": people, "server.yaml": server})
    grounds.looks()
    applied = grounds.applies()
    assert applied.code == 0, applied.out
    dates = {place for place in grounds.changes if place.endswith(": modified")}
    assert {place.partition(":")[0].partition(" ")[0] for place in dates} == {
        *(f"mailbox/{ANNA}", f"mailbox/{BEN}", f"domain/{DOMAIN}"),
        f"alias/{BEN}",  # a mailbox is an alias to itself, and goes on and off with it
    }
    assert {re.sub(r" \d+:", ":", place) for place in grounds.changes.keys() - dates} == {
        *(f"mailbox/{ANNA}: name", f"mailbox/{ANNA}: quota"),
        *(f"mailbox/{BEN}: quota", f"mailbox/{BEN}: active", f"alias/{BEN}: active", f"redis RL_VALUE {BEN}"),
        *(f"domain/{DOMAIN}: description", f"domain/{DOMAIN}: mailboxes"),
    }
