"""What deleting something does to others is in the plan; it is undone where they are declared, or told to be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.person import VERSIONS, Ended, Person

Welcome = Callable[..., Person]
Manifest = dict[str, list[dict[str, Any]]]

WRONG = 3

HASH = {"initial": {"password": {"hash": "{BLF-CRYPT}$2y$10$abc"}}}
ACME = {"name": "acme.example", "max_mailboxes": 5, "max_total_quota": "20GiB", "max_mailbox_quota": "5GiB"}
PEOPLE = [{"address": f"{name}@acme.example", "quota": "1GiB", **HASH} for name in ("anna", "dora")]


def applies(person: Person, manifest: Manifest) -> Ended:
    person.writes("mail.yaml", json.dumps(manifest))
    applied = person.types("apply", "mail.yaml", "--auto-approve", "--format", "json", "--allow-deletes=99")
    if applied.code == 0:
        second = person.types("plan", "mail.yaml", "--detailed-exitcode")
        assert second.code == 0, second.out
    return applied


def plan_of(applied: Ended) -> dict[str, Any]:
    return dict(next(each for each in map(json.loads, applied.out.splitlines()) if each["type"] == "plan"))


def effects(applied: Ended) -> dict[str, list[str]]:
    return {each["address"]: each["effects"] for each in plan_of(applied)["changes"] if each.get("effects")}


def findings(ended: Ended) -> list[tuple[str, str | None]]:
    found = [json.loads(line) for line in ended.out.splitlines()]
    return [(each["id"], each.get("address")) for document in found for each in document.get("diagnostics", ())]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_alias_that_goes_on_naming_a_deleted_mailbox_stays_as_declared_with_a_warning(
    welcome: Welcome, version: str
) -> None:
    person = welcome(version)
    sales = {"address": "sales@acme.example", "to": ["anna@acme.example", "dora@acme.example"]}
    alone = {"address": "dora.d@acme.example", "to": ["dora@acme.example"], "comment": "dora's own"}
    assert applies(person, {"domains": [ACME], "mailboxes": PEOPLE, "aliases": [sales, alone]}).code == 0

    removed: Manifest = {"domains": [ACME], "mailboxes": PEOPLE[:1], "aliases": [sales, alone]}
    applied = applies(person, {**removed, "removed": [{"mailbox": "dora@acme.example"}]})

    assert applied.code == 0, applied.out
    assert findings(applied) == [
        ("deleted-but-named", "alias/dora.d@acme.example"),
        ("deleted-but-named", "alias/sales@acme.example"),
    ]
    assert {row["address"]: row["goto"] for row in person.asks("alias/all")} == {
        "sales@acme.example": "anna@acme.example,dora@acme.example",
        "dora.d@acme.example": "dora@acme.example",
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_deleted_mailbox_takes_along_is_shown_where_nothing_declares_it(welcome: Welcome, version: str) -> None:
    person = welcome(version)
    assert applies(person, {"domains": [ACME], "mailboxes": PEOPLE}).code == 0
    person.does("add/alias", {"address": "a@acme.example", "goto": "dora@acme.example", "active": 1})
    person.does("add/alias", {"address": "b@acme.example", "goto": "dora@acme.example,x@y.example", "active": 1})
    person.does("add/bcc", {"local_dest": "dora@acme.example", "type": "rcpt", "bcc_dest": "x@y.example", "active": 1})

    removal = [{"mailbox": "dora@acme.example"}]
    applied = applies(person, {"domains": [ACME], "mailboxes": PEOPLE[:1], "removed": removal})

    assert applied.code == 0, applied.out
    assert effects(applied) == {
        "mailbox/dora@acme.example": [
            "deletes `alias/a@acme.example` with it",
            "takes `dora@acme.example` out of `to` of `alias/b@acme.example`",
            "deletes `bcc_map/incoming:dora@acme.example` with it",
        ]
    }
    assert [row["goto"] for row in person.asks("alias/all")] == ["x@y.example"]
    assert person.asks("bcc/all") == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_mailbox_and_an_alias_change_places_under_the_eyes_of_an_alias_that_names_both(
    welcome: Welcome, version: str
) -> None:
    person = welcome(version)
    everyone = {"address": "all@acme.example", "to": ["anna@acme.example", "dora@acme.example"]}
    dora = {"address": "dora@acme.example", "to": ["anna@acme.example"]}
    before: Manifest = {"domains": [ACME], "mailboxes": PEOPLE, "aliases": [everyone]}
    after: Manifest = {"domains": [ACME], "mailboxes": PEOPLE[:1], "aliases": [everyone, dora]}
    assert applies(person, before).code == 0

    to_alias = applies(person, {**after, "removed": [{"mailbox": "dora@acme.example"}]})
    to_mailbox = applies(person, {**before, "removed": [{"alias": "dora@acme.example"}]})

    assert (to_alias.code, to_mailbox.code) == (0, 0), to_alias.out + to_mailbox.out
    assert findings(to_alias) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_domain_becomes_an_alias_domain_and_keeps_an_alias(welcome: Welcome, version: str) -> None:
    person = welcome(version)
    other = {"name": "other.example"}
    info = {"address": "info@other.example", "to": ["anna@acme.example"]}
    copy = {"for": "other.example", "direction": "incoming", "to": "x@vault.example"}
    people: Manifest = {"mailboxes": PEOPLE, "aliases": [info], "bcc_maps": [copy]}
    assert applies(person, {"domains": [ACME, other], **people}).code == 0

    swapped: Manifest = {
        "domains": [ACME],
        "alias_domains": [{"name": "other.example", "target": "acme.example"}],
        **people,
    }
    applied = applies(person, {**swapped, "removed": [{"domain": "other.example"}]})

    assert applied.code == 0, applied.out


@pytest.mark.parametrize("version", VERSIONS)
def test_what_goes_with_a_domain_is_shown(welcome: Welcome, version: str) -> None:
    person = welcome(version)
    assert applies(person, {"domains": [ACME]}).code == 0
    person.does("add/alias-domain", {"alias_domain": "a.example", "target_domain": "acme.example", "active": 1})
    person.does("add/alias", {"address": "b@acme.example", "goto": "x@y.example", "active": 1})
    person.does("add/bcc", {"local_dest": "acme.example", "type": "rcpt", "bcc_dest": "x@y.example", "active": 1})

    applied = applies(person, {"removed": [{"domain": "acme.example"}]})

    assert applied.code == 0, applied.out
    assert sorted(effects(applied)["domain/acme.example"]) == [
        "deletes `alias/b@acme.example` with it",
        "deletes `alias_domain/a.example` with it",
        "hides `bcc_map/incoming:acme.example`, which copies mail again when the domain is made again",
    ]


def test_a_domain_that_is_not_empty_is_not_tried(welcome: Welcome) -> None:
    person = welcome()
    assert applies(person, {"domains": [ACME], "mailboxes": PEOPLE}).code == 0

    seen = applies(person, {"mailboxes": [], "removed": [{"domain": "acme.example"}]})
    unseen = applies(person, {"removed": [{"domain": "acme.example"}]})

    assert (seen.code, findings(seen)) == (3, [("change-refused", "domain/acme.example")])
    assert (unseen.code, findings(unseen)) == (3, [("change-refused", "domain/acme.example")])


def test_what_is_declared_in_a_domain_that_goes_is_told(welcome: Welcome) -> None:
    person = welcome()
    info = {"address": "info@acme.example", "to": ["x@y.example"]}
    assert applies(person, {"domains": [ACME], "aliases": [info]}).code == 0

    applied = applies(person, {"aliases": [info], "removed": [{"domain": "acme.example"}]})

    assert (applied.code, findings(applied)) == (3, [("domain-missing", "alias/info@acme.example")])


def test_a_relayhost_that_somebody_declares_to_use_does_not_go(welcome: Welcome) -> None:
    person = welcome()
    relay = {"host": "smtp.example:587"}
    domain = {**ACME, "relayhost": "smtp.example:587"}
    mailbox = {**PEOPLE[0], "relayhost": "smtp.example:587"}
    assert applies(person, {"domains": [domain], "mailboxes": [mailbox], "relayhosts": [relay]}).code == 0

    removal = [{"relayhost": "smtp.example:587"}]
    applied = applies(person, {"domains": [domain], "mailboxes": [mailbox], "removed": removal})
    unmanaged = applies(person, {"domains": [ACME], "mailboxes": PEOPLE[:1], "removed": removal})

    assert applied.code == 3
    assert ("reference-dangling", "mailbox/anna@acme.example") in findings(applied)
    assert ("reference-dangling", "domain/acme.example") in findings(applied)
    assert unmanaged.code == 0
    assert effects(unmanaged) == {"relayhost/smtp.example:587": ["sets `relayhost` of `domain/acme.example` to `none`"]}


def test_the_last_alias_goes_with_the_mailbox_and_the_domain_it_is_about(welcome: Welcome) -> None:
    person = welcome()
    assert applies(person, {"domains": [ACME], "mailboxes": PEOPLE[:1]}).code == 0
    person.does("add/alias", {"address": "info@acme.example", "goto": "anna@acme.example", "active": 1})

    applied = applies(person, {"removed": [{"domain": "acme.example"}, {"mailbox": "anna@acme.example"}]})

    assert applied.code == 0, applied.err
    assert "alias/info@acme.example" in str(effects(applied))
    assert person.simulator.state.table("domain").get("acme.example") is None


@pytest.mark.parametrize(
    ("kind", "key"),
    [("alias_domain", "other.example"), ("alias", "x@acme.example"), ("bcc_map", "outgoing:acme.example")],
)
def test_what_is_only_switched_off_does_not_go_with_a_domain_unasked(welcome: Welcome, kind: str, key: str) -> None:
    person = welcome()
    manifest: Manifest = {
        "domains": [ACME],
        "alias_domains": [{"name": "other.example", "target": "acme.example"}],
        "aliases": [{"address": "x@acme.example", "to": ["x@y.example"]}],
        "bcc_maps": [{"for": "acme.example", "direction": "outgoing", "to": "x@vault.example"}],
    }
    assert applies(person, manifest).code == 0

    applied = applies(person, {"removed": [{"domain": "acme.example"}, {kind: key, "step": "off"}]})

    assert (applied.code, findings(applied)) == (3, [("change-refused", f"{kind}/{key}")])


def test_an_alias_that_would_come_along_with_its_alias_domain_makes_room_before(welcome: Welcome) -> None:
    person = welcome()
    other = {"name": "other.example", "max_aliases": 1}
    first: Manifest = {
        "domains": [ACME],
        "alias_domains": [{"name": "b.example", "target": "acme.example"}],
        "aliases": [{"address": "old@b.example", "to": ["x@y.example"]}],
    }
    second: Manifest = {
        "domains": [ACME, other],
        "alias_domains": [{"name": "b.example", "target": "other.example"}],
        "aliases": [{"address": "new@other.example", "to": ["x@y.example"]}],
        "removed": [{"alias": "old@b.example"}],
    }
    assert applies(person, first).code == 0
    applied = applies(person, second)
    assert applied.code == 0, applied.out


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("place", ["acme.example", "short.example"])
@pytest.mark.parametrize("moves", [False, True])
def test_an_alias_takes_the_address_of_a_mailbox_that_goes_in_its_own_domain_and_behind_an_alias_domain(
    welcome: Welcome, version: str, place: str, moves: bool
) -> None:
    person = welcome(version)
    home: Manifest = {"domains": [ACME], "alias_domains": [{"name": "short.example", "target": "acme.example"}]}
    before = [{"address": "sales@short.example", "to": ["anna@acme.example"]}] if moves else []
    assert applies(person, {**home, "mailboxes": PEOPLE, "aliases": before}).code == 0
    after = [{"address": f"dora@{place}", "to": ["anna@acme.example"]}]
    moved = [{"alias": {"from": "sales@short.example", "to": f"dora@{place}"}}] if moves else []
    refused = applies(person, {**home, "mailboxes": PEOPLE, "aliases": after, "moved": moved})
    assert refused.code == WRONG
    removed = [{"mailbox": "dora@acme.example"}]
    applied = applies(person, {**home, "mailboxes": PEOPLE[:1], "aliases": after, "removed": removed, "moved": moved})
    assert applied.code == 0, applied.out
    assert [row["address"] for row in person.asks("alias/all")] == [f"dora@{place}"]
