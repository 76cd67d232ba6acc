"""Which changes go first, and how long it takes to find that out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.model.resource import Place
from reconciler.model.state import Removal
from reconciler.planning.options import PlanOptions
from reconciler.planning.waves import canaries, first_of
from tests.planning.states import address, calls, compared, desired, live
from tests.work import growth


def _swapped(number: int) -> Callable[[bool], frozenset[Any]]:
    """In a domain that is full, so many mailboxes go and as many come: each that comes needs the room of those."""
    quota = {"max_mailbox_quota": "1GiB", "default_mailbox_quota": "1GiB", "max_total_quota": f"{number}GiB"}
    domain = {"name": "acme.example", "max_mailboxes": number, **quota}
    old, new = (
        [{"address": f"{name}{each}@acme.example", "quota": "1GiB"} for each in range(number)]
        for name in ("old", "new")
    )
    people = [{**each, "password": {"env": "P"}} for each in new]
    place = Place("mail.yaml", ("removed", 0))
    removals = tuple(Removal(address(f"mailbox/{each['address']}"), place) for each in old)
    want, have = (
        desired({"domains": [domain], "mailboxes": people}, removals=removals),
        live({"domains": [domain], "mailboxes": old}),
    )
    options = PlanOptions(delete_protected=frozenset({"mailbox"}))
    changes, operations = compared(want, have, options=options).changes, calls(want, have, options=options)

    def going_first(canary: bool) -> frozenset[Any]:
        if canary:
            return canaries(registry(), changes, operations, have, domains=["acme.example"])
        return first_of(registry(), changes, operations, have, most=2 * number)

    return going_first


@pytest.mark.parametrize("canary", [False, True], ids=["so many", "canary"])
def test_four_times_as_many_that_need_room_of_as_many_are_four_times_the_work(*, canary: bool) -> None:
    def choosing(number: int) -> Callable[[], object]:
        going_first = _swapped(number)
        assert len(going_first(canary)) == 2 * number
        return lambda: going_first(canary)

    assert growth(choosing, 20) < 1.1
