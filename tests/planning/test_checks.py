"""What the live state makes impossible, and how that is told."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.planning.checks import check
from reconciler.planning.options import PlanOptions
from tests.planning.states import NEW, compared, desired, live

ROOM = {"max_mailboxes": 1, "max_total_quota": "1GiB", "max_mailbox_quota": "4GiB", "default_mailbox_quota": "1GiB"}


@pytest.mark.parametrize(
    ("quotas", "told"),
    [
        (["2GiB"], ["`domain/acme.example` allows 1024 MiB (`max_total_quota`), 2048 MiB are wanted"]),
        (["1MiB", "1MiB"], ["`domain/acme.example` allows 1 (`max_mailboxes`), 2 are wanted"]),
        (["1GiB"], []),
    ],
)
def test_what_is_too_much_for_a_domain_is_told_in_what_its_limit_counts(quotas: list[str], told: list[str]) -> None:
    domain: dict[str, Any] = {"name": "acme.example", **ROOM}
    people = [
        {"address": f"u{number}@acme.example", "quota": quota, "password": {"env": "P"}}
        for number, quota in enumerate(quotas)
    ]
    want, have = desired({"domains": [domain], "mailboxes": people}), live({"domains": [domain]})
    changes = compared(want, have).changes

    found = check(registry(), want, have, changes, capabilities=NEW, options=PlanOptions())

    assert [each.summary for each in found if each.id == "limit-exceeded"] == told


def test_of_many_that_may_have_been_meant_a_few_are_named() -> None:
    hosts = [{"host": "one.example", "username": f"u{number}", "id": str(number)} for number in range(7)]
    wanted = desired({"domains": [{"name": "acme.example", "relayhost": "one.example"}]})
    there = live({"relayhosts": hosts})
    found = compared(wanted, there)
    told = check(registry(), wanted, there, found.changes, capabilities=NEW, options=PlanOptions())
    names = ", ".join(f"u{number}@one.example" for number in range(5))
    assert [each.hint for each in told] == [f"declare it, or write one of: {names} and 2 more"]
