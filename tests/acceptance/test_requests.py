"""How often a server is asked: as often as there are kinds and domains, however many objects there are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from reconciler.simulator import snapshot
from tests.acceptance.person import KEY, VERSIONS, Person
from tests.properties.town import Watched

Welcome = Callable[..., Person]
Row = dict[str, Any]

DOMAINS = ("a.example", "b.example")
LIMITS = {"max_mailboxes": 6000, "max_aliases": 6000, "max_total_quota": "100TiB", "max_mailbox_quota": "10GiB"}


def entries(objects: int) -> dict[str, list[Row]]:
    """A manifest of so many mailboxes and aliases together, in always the same domains."""
    names = [f"u{number}@{DOMAINS[number % 2]}" for number in range(objects // 2)]
    return {
        "domains": [{"name": name, **LIMITS} for name in DOMAINS],
        "mailboxes": [{"address": name, "quota": "1GiB", "rate_limit": "unlimited"} for name in names],
        "aliases": [{"address": f"x{name}", "to": [name]} for name in names],
    }


def peopled(version: str, objects: int) -> Watched:
    """A server that is as declared: one mailbox and one alias are made, the others are like them."""
    first = Watched(version, api_key=KEY, random=Random(1))
    person = Person(first, "", None)  # type: ignore[arg-type]  # it types nothing
    limits = {"aliases": 6000, "mailboxes": 6000, "defquota": 3072, "maxquota": 10240, "quota": 100 * 1024**2}
    for name in DOMAINS:
        person.does("add/domain", {"domain": name, "active": 1, "gal": 1, "key_size": 0, **limits})
    password = {"password": "Correct.Horse.77", "password2": "Correct.Horse.77"}
    person.does("add/mailbox", {"local_part": "u0", "domain": "a.example", "quota": 1024, "active": 1, **password})
    person.does("add/alias", {"address": "xu0@a.example", "goto": "u0@a.example", "active": 1})
    (mailbox,), (alias,) = person.asks("mailbox/all"), person.asks("alias/all")
    names = [entry["address"] for entry in entries(objects)["mailboxes"]]
    answers = {
        "get/domain/all": person.asks("domain/all"),
        "get/mailbox/all": [_called(mailbox, username=name) for name in names],
        "get/alias/all": [
            _called(alias, id=number, address=f"x{name}", goto=name) for number, name in enumerate(names, 1)
        ],
    }
    full = Watched(version, api_key=KEY, random=Random(1))
    snapshot.load(full.server, answers)
    return full


def _called(row: Row, **names: Any) -> Row:
    address = str(names.get("username") or names.get("address"))
    local, _, domain = address.partition("@")
    parts = {"local_part": local} if "local_part" in row else {}
    return {**row, **parts, "domain": domain, **names}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plan_asks_as_often_for_ten_thousand_objects_as_for_ten(welcome: Welcome, version: str) -> None:
    asked = []
    for objects in (10, 10_000):
        server = peopled(version, objects)
        person = welcome(simulator=server)
        person.writes("mail.yaml", json.dumps(entries(objects)))
        planned = person.types("plan", "mail.yaml", "--detailed-exitcode")
        assert planned.code == 0, planned.out[:500] + planned.err
        asked.append(Counter(path.partition("?")[0] for _, path, _ in server.requests))

    few, many = asked
    assert few == many
    assert many.total() <= 12


def test_an_apply_of_what_is_so_already_sends_nothing(welcome: Welcome) -> None:
    server = peopled("2026-07a", 1000)
    person = welcome(simulator=server)
    person.writes("mail.yaml", json.dumps(entries(1000)))

    applied = person.types("apply", "mail.yaml", "--auto-approve")

    assert (applied.code, server.writes) == (0, [])
    assert "1,002 unchanged" in applied.out


def test_equal_changes_of_many_objects_are_few_calls(welcome: Welcome) -> None:
    server = peopled("2026-07a", 2000)
    person = welcome(simulator=server)
    wanted = entries(2000)
    person.writes(
        "mail.yaml", json.dumps({**wanted, "mailboxes": [{**each, "imap": False} for each in wanted["mailboxes"]]})
    )

    applied = person.types("apply", "mail.yaml", "--auto-approve")

    assert applied.code == 0, applied.err
    assert server.writes == ["edit/mailbox"] * 10
