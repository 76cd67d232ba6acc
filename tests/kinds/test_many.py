"""Many changes of one plan: what kinds look for among all others is looked through once for all of them."""

from collections.abc import Callable, ItemsView, Iterator, ValuesView
from functools import partial
from typing import Protocol

import pytest

from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.amended import Amended, Gathered
from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.resource import NOTHING, Declared, EntryOptions, Observed, Place, Value, Values
from reconciler.model.state import DesiredState, LiveState, Removal
from reconciler.planning.checks import check
from reconciler.planning.compile import compile_changes
from reconciler.planning.diff import diff
from reconciler.planning.foresee import foresee
from reconciler.planning.options import PlanOptions
from reconciler.records import replace
from reconciler.spec.codec import Scope
from reconciler.spec.encode import situation_of
from reconciler.spec.kind import Kind, Situation
from tests.kinds.samples import payloads
from tests.planning.states import NEW
from tests.work import growth

_MANY = 40
_FEW = 20
_KINDS = [kind for kind in registry().values() if not kind.singleton]
_GROWTH = 1.1
"""What the work of changes may grow by, as an exponent; looking through all others for each of them makes it two."""


class _Plan(Protocol):
    """Both sides of a plan of so many changes."""

    __name__: str

    def __call__(self, kind: Kind, number: int, *, shared: bool) -> tuple[DesiredState, LiveState]: ...


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
    told = {"sieve_filter": _MANY - 1, "transport": 1}[kind]
    assert all(len(effects(each)) == told for each in _situations(there, beside, **fields))
    assert beside.times <= 2


@pytest.mark.parametrize("who", range(6))
def test_each_transport_that_gets_the_same_account_is_named_or_counted(who: int) -> None:
    effects = registry()["transport"].effects
    assert effects is not None
    for number in range(who + 1, 7):
        keys = [f"t{n}.example" for n in range(number)]
        there = [_observed("transport", key, destination=key, nexthop="[mx.example]:25") for key in keys]
        told = " ".join(effects(_situations(there, _Counting(there), username="u")[who]))
        others = [key for key in keys if key != keys[who]]
        named = [key for key in others if f"`{key}`" in told]
        counted = int(told.rpartition(" and ")[2].split()[0]) if " more " in told else 0
        assert len(named) >= min(3, len(others))
        assert len(named) + counted == len(others)
        assert keys[who] not in told


@pytest.mark.parametrize(
    ("kind", "shared"),
    [*((kind, False) for kind in _KINDS), *((kind, True) for kind in _KINDS if kind.shared_by)],
    ids=lambda each: {False: "each its own", True: "all the same"}[each] if isinstance(each, bool) else each.name,
)
def test_a_plan_of_four_times_the_changes_is_four_times_the_work(kind: Kind, shared: bool) -> None:
    for plan in (_creations, _updates, _deletions):

        def planning(number: int, plan: _Plan = plan) -> Callable[[], object]:
            return partial(_plan, kind, *plan(kind, number, shared=shared))

        assert growth(planning, _FEW) < _GROWTH, plan.__name__


_LISTS = [
    (kind, each.name)
    for kind in _KINDS
    for each in kind.fields.values()
    if (each.mark.elements or each.codec.elements) and each.name not in ("permissions", "protocols")  # of a few words
]
_IN_LISTS = {"tags": "t{}", "to": "a{}@elsewhere.example", "domains": "d{}.example"}


@pytest.mark.parametrize("additive", [False, True], ids=["authoritative", "additive"])
@pytest.mark.parametrize(("kind", "name"), _LISTS, ids=[f"{kind.name} {name}" for kind, name in _LISTS])
def test_a_list_of_four_times_the_elements_is_four_times_the_work(kind: Kind, name: str, *, additive: bool) -> None:
    def planning(number: int) -> Callable[[], object]:
        element = _IN_LISTS.get(name, "b{}@elsewhere.example")
        now, then = (tuple(element.format(f"{when}{each}") for each in range(number)) for when in "xy")
        ((key, values),) = _entries(kind, 1, shared=False).items()
        rows = {name: {each: str(row) for row, each in enumerate(now)}}
        live = _there(kind, {})
        there = Observed(Address(kind.name, key), {**values, name: now}, key, rows=rows)
        live = replace(live, resources={**live.resources, kind.name: Gathered([(key, there)])})
        options = EntryOptions(additive=frozenset({name} if additive else ()))
        declared = Declared(Address(kind.name, key), {**values, name: then}, Place("mail.yaml", ("x", 0)), options)
        return partial(_plan, kind, DesiredState({kind.name: {key: declared}}), live)

    assert growth(planning, _MANY) < _GROWTH


def _entries(kind: Kind, number: int, *, shared: bool, otherwise: Values = NOTHING) -> dict[str, Values]:
    """So many resources of a kind, with a key each, and each with its own of what several could share, or all alike."""
    entry = {**payloads(kind.name)["entries"][0], **otherwise}
    read = kind.reader.validate_python(kind.on_entry(entry, Scope()) if kind.on_entry else entry, context=Scope())
    own = {kind.key[0], *(() if shared else kind.shared_by)}
    found = ({name: f"x{n}{value}" if name in own else value for name, value in read.items()} for n in range(number))
    return {kind.key_of(values): values for values in found}


def _creations(kind: Kind, number: int, *, shared: bool) -> tuple[DesiredState, LiveState]:
    return _declared(kind, _entries(kind, number, shared=shared)), _there(kind, {})


def _updates(kind: Kind, number: int, *, shared: bool) -> tuple[DesiredState, LiveState]:
    """Everything is there, and all of it is to be otherwise that may be."""
    otherwise = {name: value for each in payloads(kind.name)["mutations"] for name, value in each.items()}
    wanted = _entries(kind, number, shared=shared, otherwise=otherwise)
    return _declared(kind, wanted), _there(kind, _entries(kind, number, shared=shared))


def _deletions(kind: Kind, number: int, *, shared: bool) -> tuple[DesiredState, LiveState]:
    there = _there(kind, _entries(kind, number, shared=shared))
    places = (Removal(Address(kind.name, key), Place("mail.yaml", ("removed", 0))) for key in there.of(kind.name))
    return DesiredState({}, tuple(places)), there


def _declared(kind: Kind, entries: dict[str, Values]) -> DesiredState:
    place = Place("mail.yaml", (kind.plural, 0))
    return DesiredState(
        {kind.name: {key: Declared(Address(kind.name, key), values, place) for key, values in entries.items()}}
    )


def _there(kind: Kind, entries: dict[str, Values]) -> LiveState:
    there = Gathered((key, Observed(Address(kind.name, key), values, key)) for key, values in entries.items())
    return LiveState({**{name: Gathered(()) for name in registry()}, kind.name: there})


def _plan(kind: Kind, desired: DesiredState, live: LiveState) -> None:
    """Make a plan and order it."""
    kinds, options = registry(), PlanOptions(delete_protected=frozenset({kind.name}))
    found = diff(kinds, desired, live, capabilities=NEW, options=options)
    found = foresee(kinds, desired, live, found, capabilities=NEW, options=options)
    check(kinds, desired, live, found.changes, capabilities=NEW, options=options)
    compile_changes(kinds, found.changes, live, capabilities=NEW)
    assert found.changes or found.diagnostics or found.unchanged or kind.routes.delete is None
