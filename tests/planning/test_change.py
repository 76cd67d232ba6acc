from __future__ import annotations

from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange

ANNA = Address("mailbox", "anna@acme.example")
CHANGE = Change(Action.UPDATE, ANNA, (FieldChange("name", "Ann", "Anna"), FieldChange("quota", "5GiB", Absent.NOT_SET)))


def test_what_a_change_sets_is_put_together_once_and_is_no_part_of_what_it_is() -> None:
    same = replace(CHANGE)
    assert CHANGE.after == {"name": "Anna"}
    assert CHANGE.after is CHANGE.after
    assert same == CHANGE
    assert hash(same) == hash(CHANGE)
    assert repr(same) == repr(CHANGE)


def test_a_change_of_other_fields_sets_others() -> None:
    assert CHANGE.after == {"name": "Anna"}
    assert replace(CHANGE, fields=(FieldChange("name", "Ann", "Anne"),)).after == {"name": "Anne"}
