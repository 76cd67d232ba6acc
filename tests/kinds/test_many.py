"""Many changes of one plan: what kinds look for among all others is looked through once for all of them."""

from collections.abc import ItemsView, Iterator, ValuesView

import pytest

from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.amended import Amended, Gathered
from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.resource import Observed, Value
from reconciler.model.state import LiveState
from reconciler.spec.encode import situation_of
from reconciler.spec.kind import Situation
from tests.planning.states import NEW

_MANY = 40


class _Counting(Gathered):
    """Resources that count how often somebody goes through them all."""

    __slots__ = ("times",)

    def __init__(self, resources: list[Observed]) -> None:
        super().__init__((each.address.key, each) for each in resources)
        self.times = 0

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return super().__iter__()

    def items(self) -> ItemsView[str, Observed]:  # type: ignore[override]  # a dictionary has a type of its own for it
        return ItemsView(self)

    def values(self) -> ValuesView[Observed]:  # type: ignore[override]  # as above
        return ValuesView(self)


def _observed(kind: str, key: str, **values: Value) -> Observed:
    return Observed(Address(kind, key), values)


def _situations(changed: list[Observed], beside: _Counting, **fields: Value) -> list[Situation]:
    """One for each change of one plan."""
    name, other = changed[0].address.kind, next(iter(beside.values())).address.kind
    own = beside if name == other else Gathered((each.address.key, each) for each in changed)
    live = LiveState({"alias_domain": Gathered(()), "mailbox": Gathered(()), name: own, other: beside})
    future = LiveState({**live.resources, other: Amended(beside)})
    fields_changed = tuple(FieldChange(each, "", value) for each, value in fields.items())
    changes = (Change(Action.UPDATE, each.address, fields_changed) for each in changed)
    pairs = zip(changes, changed, strict=True)
    beside.times = 0
    return [situation_of(change, each, live=live, future=future, capabilities=NEW) for change, each in pairs]


def test_changed_domains_look_for_larger_mailboxes_in_one_go() -> None:
    domains = [
        _observed("domain", f"d{n}.example", name=f"d{n}.example", max_mailbox_quota="2GiB") for n in range(_MANY)
    ]
    mailboxes = _Counting(
        [_observed("mailbox", f"m@d{n}.example", address=f"m@d{n}.example", quota="3GiB") for n in range(_MANY)]
    )
    clashes = registry()["domain"].clashes
    assert clashes is not None
    found = [clashes(each) for each in _situations(domains, mailboxes, max_mailbox_quota="2GiB")]
    assert [each[0][1] for each in found] == [f"`mailbox/m@d{n}.example` holds 3GiB" for n in range(_MANY)]
    assert mailboxes.times <= 2


def test_mailboxes_whose_rights_differ_look_for_their_aliases_in_one_go() -> None:
    people = [_observed("mailbox", f"m{n}@d.example", address=f"m{n}@d.example", send_as=()) for n in range(_MANY)]
    aliases = _Counting([_observed("alias", f"a{n}@d.example", to=(f"M{n}@d.example",)) for n in range(_MANY)])
    settled = registry()["mailbox"].settled
    assert settled is not None
    implied = [
        situation
        for number, person in enumerate(people)
        for situation in _situations([person], aliases, send_as=(f"a{number}@d.example",))
    ]
    aliases.times = 0
    assert all(settled("send_as", each) for each in implied)
    others = _situations(people, aliases, send_as=("a@d.example",))
    assert not any(settled("send_as", each) for each in others)
    assert aliases.times <= 2


@pytest.mark.parametrize(
    ("kind", "values", "fields"),
    [
        ("sieve_filter", {"mailbox": "m@d.example", "type": "prefilter", "state": "active"}, {"state": "active"}),
        ("transport", {"nexthop": "[mx.example]:25"}, {"username": "u"}),
    ],
)
def test_those_that_share_something_are_found_in_one_go(
    kind: str, values: dict[str, Value], fields: dict[str, Value]
) -> None:
    own = {"sieve_filter": "description", "transport": "destination"}[kind]
    there = [_observed(kind, f"t{n}.example", **{**values, own: f"t{n}.example"}) for n in range(_MANY)]
    beside = _Counting(there)
    effects = registry()[kind].effects
    assert effects is not None
    assert all(len(effects(each)) == _MANY - 1 for each in _situations(there, beside, **fields))
    assert beside.times <= 2
