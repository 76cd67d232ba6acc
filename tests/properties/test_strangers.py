"""Somebody else changes the server meanwhile: nothing of theirs is lost, and what is told is so."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pytest

from tests.acceptance.person import Person
from tests.properties.bystanders import rows_of
from tests.properties.conftest import TurnOf
from tests.properties.effort import sweeping
from tests.properties.test_faults import VERSIONS
from tests.properties.town import FOUND_WRONG
from tests.properties.turn import DONE, INCOMPLETE, Turn

PENDING, REFUSED = 2, 5

ENDS = (DONE, FOUND_WRONG, REFUSED, INCOMPLETE)
PASSWORD = {"password": "Correct.Horse.77", "password2": "Correct.Horse.77"}
LIMITS = {"aliases": 20, "mailboxes": 9, "defquota": 1, "maxquota": 10, "quota": 100, "active": 1}


class Meddling(NamedTuple):
    """What somebody does, past the tool.

    Attributes:
        does: by the person's own hand.
        theirs: what a row of theirs says, which must be there in the end; empty where they only take away or change
            what is declared.
    """

    does: Callable[[Person], object]
    theirs: str = ""


def _number(person: Person, route: str, column: str, value: str) -> Any:
    found = person.asks(f"{route}/all")
    return next((row["id"] for row in found if row[column] == value), 0)


def _adds(route: str, /, **attributes: Any) -> Callable[[Person], Any]:
    return lambda person: person.does(f"add/{route}", attributes)


def _one_after_another(*does: Callable[[Person], Any]) -> Callable[[Person], object]:
    return lambda person: [entry for each in does for entry in each(person)]


def _deletes(route: str, name: str) -> Callable[[Person], Any]:
    return lambda person: person.does(f"delete/{route}", [name])


def _edits(route: str, item: str, /, **attributes: Any) -> Callable[[Person], object]:
    return lambda person: person.does(f"edit/{route}", {"items": [item], "attr": attributes})


def _edits_by_number(route: str, column: str, value: str, /, **attributes: Any) -> Callable[[Person], object]:
    def does(person: Person) -> object:
        body = {"items": [_number(person, route, column, value)], "attr": attributes}
        return person.does(f"edit/{route}", body)

    return does


def _deletes_by_number(route: str, column: str, value: str) -> Callable[[Person], Any]:
    def does(person: Person) -> Any:
        number = _number(person, route, column, value)
        return person.does(f"delete/{route}", [number]) if number else []

    return does


MEDDLINGS: dict[str, Meddling] = {
    "adds the alias that is to be added": Meddling(
        _adds("alias", address="new1@acme.example", goto="other@elsewhere.example", active=1)
    ),
    "adds a mailbox where an alias is to be": Meddling(
        _adds("mailbox", local_part="new2", domain="acme.example", quota=1, active=1, **PASSWORD), "new2@acme.example"
    ),
    "adds the mailbox that is to be added": Meddling(
        _adds("mailbox", local_part="dora", domain="new.example", quota=3, active=1, **PASSWORD)
    ),
    "adds the domain that is to be added": Meddling(_adds("domain", domain="new.example", **LIMITS)),
    "adds the alias domain as a domain": Meddling(
        _adds("domain", domain="new-alias.example", **LIMITS), "new-alias.example"
    ),
    "adds the relayhost that is to be added": Meddling(_adds("relayhost", hostname="new.example:25", username="")),
    "adds the copy that is to be added": Meddling(
        _adds("bcc", local_dest="new.example", type="sender", bcc_dest="other@vault.example", active=1)
    ),
    "adds the recipient map that is to be added": Meddling(
        _adds("recipient_map", recipient_map_old="old@elsewhere.example", recipient_map_new="z@y.example", active=1)
    ),
    "adds the TLS policy that is to be added": Meddling(
        _adds("tls-policy-map", dest="partner.example", policy="none", active=1)
    ),
    "adds an alias nobody declares": Meddling(
        _adds("alias", address="stranger@acme.example", goto="x@stranger.example", active=1), "stranger@acme.example"
    ),
    "adds a mailbox nobody declares": Meddling(
        _adds("mailbox", local_part="stranger", domain="acme.example", quota=1, active=1, **PASSWORD),
        "stranger@acme.example",
    ),
    "adds a mailbox to the domain that is to go": Meddling(
        _adds("mailbox", local_part="stranger", domain="gone.example", quota=1, active=1, **PASSWORD),
        "stranger@gone.example",
    ),
    "adds a relayhost nobody declares": Meddling(
        _adds("relayhost", hostname="stranger.example:25", username=""), "stranger.example:25"
    ),
    "adds a transport nobody declares": Meddling(
        _adds("transport", destination="stranger.example", nexthop="[s.example]:25", active=1), "stranger.example"
    ),
    "deletes an alias that is to be edited": Meddling(_deletes_by_number("alias", "address", "sales@acme.example")),
    "deletes an alias that is to be deleted": Meddling(_deletes_by_number("alias", "address", "gone2@acme.example")),
    "deletes a mailbox that is to be edited": Meddling(_deletes("mailbox", "ben@acme.example")),
    "deletes the mailbox that is to be deleted": Meddling(_deletes("mailbox", "leaver@acme.example")),
    "deletes the alias domain that is to be deleted": Meddling(_deletes("alias-domain", "gone-alias.example")),
    "deletes the copy that is to be deleted": Meddling(_deletes_by_number("bcc", "local_dest", "@gone.example")),
    "deletes the transport that is to be edited": Meddling(
        _deletes_by_number("transport", "destination", "partner.example")
    ),
    "deletes the relayhost that is to be used": Meddling(_deletes_by_number("relayhost", "username", "acme")),
    "makes an alias anew that is to be edited": Meddling(
        _one_after_another(
            _deletes_by_number("alias", "address", "sales@acme.example"),
            _adds("alias", address="sales@acme.example", goto="anna@acme.example", active=1),
        )
    ),
    "makes an alias anew that is to be deleted, for somebody else": Meddling(
        _one_after_another(
            _deletes_by_number("alias", "address", "gone1@acme.example"),
            _adds("alias", address="gone1@acme.example", goto="other@elsewhere.example", active=1),
        )
    ),
    "gives the number of an alias that is to be deleted to another": Meddling(
        _one_after_another(
            _deletes_by_number("alias", "address", "gone1@acme.example"),
            _adds("alias", address="stranger@acme.example", goto="x@stranger.example", active=1),
        ),
        "stranger@acme.example",
    ),
    "makes the relayhost anew that is to be used": Meddling(
        _one_after_another(
            _deletes_by_number("relayhost", "username", "acme"),
            _adds("relayhost", hostname="smtp.example:587", username="acme", password="another"),
        )
    ),
    "makes the relayhost anew that is to be deleted": Meddling(
        _one_after_another(
            _deletes_by_number("relayhost", "hostname", "old.example:25"),
            _adds("relayhost", hostname="old.example:25", username="", password=""),
        )
    ),
    "makes the transport anew that is to be edited": Meddling(
        _one_after_another(
            _deletes_by_number("transport", "destination", "partner.example"),
            _adds("transport", destination="partner.example", nexthop="[mx.partner.example]:25", active=1),
        )
    ),
    "makes the copy anew that is to be deleted": Meddling(
        _one_after_another(
            _deletes_by_number("bcc", "local_dest", "@gone.example"),
            _adds("bcc", local_dest="gone.example", type="sender", bcc_dest="other@vault.example", active=1),
        )
    ),
    "makes a mailbox anew that is to be edited": Meddling(
        _one_after_another(
            _deletes("mailbox", "ben@acme.example"),
            _adds("mailbox", local_part="ben", domain="acme.example", quota=1, active=1, **PASSWORD),
        )
    ),
    "makes the domain anew that is to be deleted": Meddling(
        _one_after_another(
            _deletes_by_number("bcc", "local_dest", "@gone.example"),
            _deletes("domain", "gone.example"),
            _adds("domain", domain="gone.example", **LIMITS),
        )
    ),
    "says something of an alias that is to be edited": Meddling(
        _edits_by_number("alias", "address", "sales@acme.example", public_comment="stranger"), "stranger"
    ),
    "names somebody who is to be edited": Meddling(_edits("mailbox", "anna@acme.example", name="stranger"), "stranger"),
    "gives somebody who is to be edited POP3 no more": Meddling(
        _edits("mailbox", "carla@acme.example", pop3_access=0), "'pop3_access': '0'"
    ),
    "describes the domain that is to be edited": Meddling(
        _edits("domain", "acme.example", description="stranger"), "stranger"
    ),
    "redirects an alias that is to be edited": Meddling(
        _edits_by_number("alias", "address", "info@acme.example", goto="other@elsewhere.example")
    ),
    "lists another sender": Meddling(
        _adds("domain-policy", domain="acme.example", object_list="wl", object_from="*@stranger.example")
    ),
    "gives the domain a tag": Meddling(_edits("domain", "acme.example", tags=["stranger"])),
}
"""What is declared whole (lists) is ours; everything else of theirs stays."""


def meddled_with(turn: Turn, name: str, moment: int) -> None:
    """Make the change while somebody does something before one of its calls."""
    town, meddling = turn.town, MEDDLINGS[name]
    turn.begin()
    answers: list[Any] = []
    town.simulator.interrupt((moment, lambda: answers.append(meddling.does(town.person))))
    ended = town.applies("--format", "json", "--parallelism", "1")
    looked_at = town.simulator.looked_at(moment)
    told = f"somebody {name} before call {moment} on {town.simulator.version}\n{ended.out[-3000:]}\n{ended.err}"
    report: Any = json.loads(ended.out.splitlines()[-1]) if ended.out else {"type": "nothing"}
    planned = town.plans("--format", "json")
    pending = {each["address"] for each in planned.document["changes"]} if planned.code in (DONE, PENDING) else None
    assert ended.code in ENDS, told
    if report["type"] == "report" and pending is not None and looked_at:
        left = {each["address"] for each in report["leftovers"]}
        for each in report["changes"]:
            assert each["outcome"] != "done" or each["address"] not in pending - left, (each, told)
        assert (ended.code == DONE) <= (not pending), (pending, told)
    succeeded = any(entry["type"] == "success" for entry in answers[0])
    theirs = meddling.theirs if succeeded else ""
    assert theirs in str(town.memory()), told
    assert rows_of(town) == turn.theirs, told
    if pending is not None:
        again = town.applies()
        assert again.code == DONE, f"{told}\n{again.out}\n{again.err}"
        town.rests()
        assert theirs in str(town.memory()), told
    assert rows_of(town) == turn.theirs, told


def chosen(turn: Turn, few: int) -> list[tuple[str, int]]:
    """Everything somebody may do before every call when sweeping; else a little of it."""
    calls = turn.first_reads + turn.writes + 1
    every = [(name, moment) for name in MEDDLINGS for moment in range(1, calls + 1)]
    return every if sweeping() else Random(turn.town.simulator.version).sample(every, few)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_somebody_else_does_meanwhile_is_not_undone_and_what_is_told_is_so(turn_of: TurnOf, version: str) -> None:
    turn = turn_of(version)
    for name, moment in chosen(turn, few=4):
        meddled_with(turn, name, moment)
