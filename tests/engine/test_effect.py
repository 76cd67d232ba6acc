from collections.abc import Callable

import pytest

from reconciler.engine.effect import Took, surplus, took
from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.operation import Operation, Verb
from reconciler.model.resource import Observed
from reconciler.model.state import LiveState
from tests.work import growth

KINDS = registry()
ANNA = Address("mailbox", "anna@a.example")
TAGS = Change(Action.UPDATE, ANNA, (FieldChange("tags", ("old",), ("New", "red")),))


def seen(*observed: Observed) -> LiveState:
    resources: dict[str, dict[str, Observed]] = {}
    for each in observed:
        resources.setdefault(each.address.kind, {})[each.address.key] = each
    return LiveState(resources)


def with_tags(*tags: str) -> LiveState:
    return seen(Observed(ANNA, {"tags": tags}, handle=ANNA.key))


def edit_tags(*tags: str) -> Operation:
    return Operation(Verb.EDIT, "mailbox", (ANNA,), (ANNA.key,), {"tags": list(tags)}, fields=frozenset({"tags"}))


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (("new", "old", "red"), Took.ALL),
        (("old", "red"), Took.SOME),
        (("old",), Took.NONE),
    ],
)
def test_added_elements_took_when_they_are_there_whatever_else_is(live: tuple[str, ...], expected: Took) -> None:
    assert took(KINDS["mailbox"], edit_tags("New", "red"), TAGS, with_tags(*live)) is expected


def test_only_the_elements_an_operation_speaks_of_decide() -> None:
    assert took(KINDS["mailbox"], edit_tags("red"), TAGS, with_tags("red")) is Took.ALL


def test_removed_elements_took_when_they_are_gone() -> None:
    remove = Operation(Verb.DELETE, "mailbox/tag/x", (ANNA,), ("Old",), fields=frozenset({"tags"}))
    assert took(KINDS["mailbox"], remove, TAGS, with_tags("red")) is Took.ALL
    assert took(KINDS["mailbox"], remove, TAGS, with_tags("old")) is Took.NONE


def test_values_that_mean_the_same_are_the_same() -> None:
    alias = Address("alias", "sales@a.example")
    change = Change(Action.UPDATE, alias, (FieldChange("to", ("x@a.example",), ("Anna@a.example",)),))
    operation = Operation(Verb.EDIT, "alias", (alias,), ("3",), {"goto": "Anna@a.example"})
    live = seen(Observed(alias, {"to": ("anna@a.example",)}, handle="3"))
    assert took(KINDS["alias"], operation, change, live) is Took.ALL


def test_a_move_took_when_the_thing_is_there_and_not_here() -> None:
    old, new = Address("mailbox", "a@a.example"), Address("mailbox", "b@a.example")
    change = Change(Action.MOVE, new, moved_from=old)
    rename = Operation(Verb.EDIT, "rename-mbox", (new,), ("a@a.example",))
    assert took(KINDS["mailbox"], rename, change, seen(Observed(new, {}))) is Took.ALL
    assert took(KINDS["mailbox"], rename, change, seen(Observed(old, {}))) is Took.NONE
    assert took(KINDS["mailbox"], rename, change, seen(Observed(old, {}), Observed(new, {}))) is Took.SOME


def test_what_another_s_name_refuses_is_not_renamed_in_part() -> None:
    old, new = Address("mailbox", "a@a.example"), Address("mailbox", "b@a.example")
    change = Change(Action.MOVE, new, moved_from=old)
    rename = Operation(Verb.EDIT, "rename-mbox", (new,), ("a@a.example",))
    both = seen(Observed(old, {}), Observed(new, {}))
    assert took(KINDS["mailbox"], rename, change, both, refused=True) is Took.NONE
    assert took(KINDS["mailbox"], rename, change, seen(Observed(new, {})), refused=True) is Took.ALL


def test_of_equal_rows_the_one_that_was_deleted_decides() -> None:
    smtp = Address("relayhost", "smtp")
    change = Change(Action.DELETE, smtp)
    remove = Operation(Verb.DELETE, "relayhost", (smtp,), ("1",))
    other = Observed(smtp, {}, handle="2")
    assert took(KINDS["relayhost"], remove, change, seen(other)) is Took.ALL
    both = Observed(smtp, {}, handle="2", twins=(Observed(smtp, {}, handle="1"),))
    assert took(KINDS["relayhost"], remove, change, seen(both)) is Took.NONE


def test_four_times_as_many_of_a_kind_without_unique_keys_are_looked_through_in_four_times_the_work() -> None:
    def looking(number: int) -> Callable[[], object]:
        made = [Observed(Address("relayhost", f"r{each}.example"), {}, str(each)) for each in range(number)]
        again = [Observed(each.address.nth(2), {}, f"9{each.handle}") for each in made]
        created = [each.address for each in made]
        return lambda: surplus(KINDS["relayhost"], seen(), seen(*made, *again), created)

    found = looking(20)()
    assert isinstance(found, tuple)
    assert len(found) == 20
    assert growth(looking, 20) < 1.1
