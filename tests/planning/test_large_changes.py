"""However much there is: of what a server keeps, what changes is looked at twice at most, and the rest never."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.resource import Declared, Observed, Place
from reconciler.model.state import DesiredState, LiveState, Removal
from reconciler.model.table import DeclaredTable, sheets_of
from reconciler.model.version import Version
from reconciler.planning.checks import check
from reconciler.planning.compile import compile_changes
from reconciler.planning.diff import diff
from reconciler.planning.foresee import foresee
from reconciler.planning.options import PlanOptions, PruneScope
from reconciler.remote.rows import listed
from reconciler.remote.schedule import Get
from reconciler.remote.table import CompactRows, ObservedTable
from reconciler.remote.wanted import listed_fields
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.decode import Decoder, Row
from reconciler.spec.rowform import row_form
from tests.planning.states import desired

CAPABILITIES = Capabilities(Version.parse("2026-07a"))
MANY = 3_000
FEW = 1_200
"""More than any table remembers by itself."""


class _Counting(Decoder):
    """Counts the rows that are made resources."""

    __slots__ = ("made",)

    def observe(self, row: Row) -> Observed | None:
        self.made = getattr(self, "made", 0) + 1
        return super().observe(row)


class _Declarations(DeclaredTable):
    """Counts the declarations that are made."""

    __slots__ = ("made",)

    def __init__(self, state: DesiredState, kind: str) -> None:
        super().__init__(kind, sheets_of(state.of(kind)))
        self.made = 0

    def _made(self, key: str, position: int) -> Declared:
        self.made += 1
        return super()._made(key, position)


def _table(name: str, rows: list[dict[str, Any]]) -> tuple[Mapping[str, Observed], _Counting]:
    kind = registry()[name]
    form = row_form(kind, CAPABILITIES, listed_fields(kind))
    assert form is not None
    decoder = _Counting(kind, CAPABILITIES, listed_fields(kind), {})
    found = listed(decoder, [(Get(("x",)), CompactRows(form, rows))]).resources
    assert isinstance(found, ObservedTable)
    decoder.made = 0
    return found, decoder


def _alias(number: int) -> dict[str, Any]:
    address = f"a{number}@acme.example"
    goto = f"m{number}@acme.example,x@else.example"
    return {"id": number, "address": address, "goto": goto, "active": 1, "sogo_visible": 1, "sender_allowed": 1}


def _mailbox(number: int) -> dict[str, Any]:
    row = {"username": f"m{number}@acme.example", "active": 1, "name": "x", "quota": 1024**3, "tags": []}
    return {**row, "messages": 0, "quota_used": 0, "attributes": {"relayhost": "0"}}


def _deleted(_: int) -> None:
    return None


def _edited(number: int) -> dict[str, Any]:
    return {"address": f"a{number}@acme.example", "to": ["other@else.example"]}


def _created(number: int) -> dict[str, Any]:
    return {"address": f"new{number}@acme.example", "to": ["other@else.example"]}


@pytest.mark.parametrize("change", [_deleted, _edited, _created], ids=lambda each: each.__name__)
def test_a_plan_of_many_changes_among_many_looks_at_each_twice(change: Callable[[int], dict[str, Any] | None]) -> None:
    aliases, counted = _table("alias", [_alias(number) for number in range(MANY)])
    changed = [entry for number in range(FEW) if (entry := change(number)) is not None]
    first = 0 if change is _created else FEW
    same = [
        {"address": f"a{number}@acme.example", "to": [f"m{number}@acme.example", "x@else.example"]}
        for number in range(first, MANY)
    ]
    want = desired({"aliases": [*changed, *same]})
    live = LiveState({"alias": aliases, "domain": {}, "mailbox": {}, "alias_domain": {}})
    changes = _planned(want, live)
    assert changes == FEW
    assert counted.made <= 2 * FEW


def test_what_is_to_be_created_is_made_once_and_nothing_else_that_is_declared() -> None:
    aliases, _ = _table("alias", [_alias(number) for number in range(MANY)])
    same = [
        {"address": f"a{number}@acme.example", "to": [f"m{number}@acme.example", "x@else.example"]}
        for number in range(MANY)
    ]
    declared = desired({"aliases": [*same, *map(_created, range(FEW))]})
    table = _Declarations(declared, "alias")
    domain = Observed(Address("domain", "acme.example"), {"name": "acme.example"})
    live = LiveState({"alias": aliases, "domain": {"acme.example": domain}, "mailbox": {}, "alias_domain": {}})
    assert _planned(DesiredState({"alias": table}), live) == FEW
    assert table.made == FEW


def test_deletions_that_change_others_look_at_no_more_than_these() -> None:
    aliases, counted = _table("alias", [_alias(number) for number in range(MANY)])
    mailboxes, others = _table("mailbox", [_mailbox(number) for number in range(MANY)])
    removals = tuple(
        Removal(Address("mailbox", f"m{number}@acme.example"), Place("m.yaml", ("removed", number)))
        for number in range(FEW)
    )
    live = LiveState({"alias": aliases, "domain": {}, "mailbox": mailboxes, "alias_domain": {}})
    assert _planned(DesiredState({}, removals), live) == FEW
    assert counted.made <= 2 * FEW
    assert others.made <= 2 * FEW


def _planned(want: DesiredState, live: LiveState) -> int:
    options = PlanOptions(prune=(PruneScope("alias", ("acme.example",)),) if not want.removals else ())
    kinds = registry()
    difference = diff(kinds, want, live, capabilities=CAPABILITIES, options=options)
    difference = foresee(kinds, want, live, difference, capabilities=CAPABILITIES, options=options)
    check(kinds, want, live, difference.changes, capabilities=CAPABILITIES, options=options)
    compile_changes(kinds, difference.changes, live, capabilities=CAPABILITIES)
    return len(difference.changes)
