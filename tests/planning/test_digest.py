from dataclasses import replace
from typing import Any

from reconciler.kinds import registry
from reconciler.model.resource import Observed
from reconciler.model.secret import Secret
from reconciler.planning.digest import of_declarations, of_record
from tests.planning.states import desired, live

ANNA = {"address": "anna@acme.example", "name": "Anna", "quota": "2GiB", "state": "active"}


def _anna(**values: Any) -> Observed:
    observed = live({"mailboxes": [ANNA]}).of("mailbox")["anna@acme.example"]
    return replace(observed, values={**observed.values, **values}, witnesses={"password": "2026-11-22 08:00:00"})


def _digest(observed: Observed, *touched: str) -> str:
    return of_record(registry()["mailbox"], observed, touched)


def test_a_record_that_somebody_changed_has_another_digest() -> None:
    assert _digest(_anna()) == _digest(_anna())
    assert _digest(_anna()) != _digest(_anna(quota="3GiB"))
    assert _digest(_anna()) != _digest(replace(_anna(), handle="other"))


def test_what_a_change_touches_is_no_part_of_what_it_must_leave_alone() -> None:
    assert _digest(_anna(), "quota") == _digest(_anna(quota="3GiB"), "quota")
    assert _digest(_anna(), "quota") != _digest(_anna(name="Ann"), "quota")


def test_what_users_change_themselves_and_what_grows_by_itself_is_no_part_of_it() -> None:
    assert _digest(_anna()) == _digest(_anna(enforce_tls_in=True, force_password_change=False))
    assert _digest(_anna()) == _digest(replace(_anna(), measures={"bytes": 17}))
    assert _digest(_anna(), "enforce_tls_in") == _digest(_anna(enforce_tls_in=True), "enforce_tls_in")


def test_when_a_password_was_set_counts_where_one_will_be_set() -> None:
    later = replace(_anna(), witnesses={"password": "2026-11-23 09:00:00"})
    assert _digest(_anna(), "quota") == _digest(later, "quota")
    assert _digest(_anna(), "password") != _digest(later, "password")


def test_secrets_are_no_part_of_a_digest() -> None:
    relayhost = Observed(live({"mailboxes": [ANNA]}).of("mailbox")["anna@acme.example"].address, {})
    kind = registry()["relayhost"]
    one, other = (replace(relayhost, values={"password": Secret(text)}) for text in ("one", "other"))
    assert of_record(kind, one) == of_record(kind, other)


def test_declarations_are_the_same_in_whatever_order_they_stand() -> None:
    ben = {**ANNA, "address": "ben@acme.example"}
    assert of_declarations(desired({"mailboxes": [ANNA, ben]})) == of_declarations(desired({"mailboxes": [ben, ANNA]}))
    assert of_declarations(desired({"mailboxes": [ANNA]})) != of_declarations(desired({"mailboxes": [ANNA, ben]}))
    other = desired({"mailboxes": [{**ANNA, "password": {"env": "A"}}]})
    assert of_declarations(other) != of_declarations(desired({"mailboxes": [{**ANNA, "password": {"env": "B"}}]}))
