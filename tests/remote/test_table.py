"""Rows kept in compact form are the resources that rows read one by one are."""

import json
from typing import Any

import pytest

from reconciler.api.jsontext import rows_in
from reconciler.kinds import registry
from reconciler.model.amended import handles_of
from reconciler.model.table import UNKNOWN, LiveTable
from reconciler.model.version import Version
from reconciler.remote.rows import Listed, listed
from reconciler.remote.schedule import Get
from reconciler.remote.table import CompactRows, ObservedTable
from reconciler.remote.wanted import listed_fields
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.decode import Decoder, Row
from reconciler.spec.kind import Kind
from reconciler.spec.mark import MAIN
from reconciler.spec.rowform import row_form
from tests.kinds.samples import RECORDED, payloads

pytest.importorskip("msgspec")


def _decoder(kind: Kind, version: str) -> Decoder:
    return Decoder(kind, Capabilities(Version.parse(version)), listed_fields(kind), {})


def _compact(kind: Kind, version: str, answer: Any, *, typed: bool = True, **get: Any) -> Listed | None:
    form = row_form(kind, Capabilities(Version.parse(version)), listed_fields(kind))
    if form is None:
        return None
    rows = form.decode(json.dumps(answer).encode()) if typed else answer
    return None if rows is None else listed(_decoder(kind, version), [(Get(("x",), **get), CompactRows(form, rows))])


def _lists() -> list[tuple[str, str, Any]]:
    found = []
    for kind in registry().values():
        if MAIN not in kind.sources or kind.singleton:
            continue
        for version in RECORDED:
            for path, answer in payloads(kind.name).get(version, {}).items():
                if path.removeprefix("get/") in (kind.sources[MAIN].path, kind.sources[MAIN].by_domain):
                    found.append((kind.name, version, answer))
    return found


@pytest.mark.parametrize("typed", [True, False], ids=["large", "small"])
@pytest.mark.parametrize(
    ("name", "version", "answer"), _lists(), ids=lambda each: each if isinstance(each, str) else ""
)
def test_a_recorded_list_means_the_same_in_compact_form(name: str, version: str, answer: Any, *, typed: bool) -> None:
    kind = registry()[name]
    plain = listed(_decoder(kind, version), [(Get(("x",)), rows_in(answer))])
    compact = _compact(kind, version, rows_in(answer), typed=typed)
    if compact is None:
        return
    assert dict(compact.resources) == dict(plain.resources)
    if isinstance(compact.resources, LiveTable):
        assert handles_of(compact.resources) == {key: each.handle for key, each in plain.resources.items()}
        assert list(compact.resources.handles) == [compact.resources[key].handle for key in compact.resources.positions]
        for field in listed_fields(kind):
            column = compact.resources.column(field)
            values = [compact.resources[key].values.get(field, UNKNOWN) for key in compact.resources.positions]
            assert column is None or list(column) == values


def _mailbox(local: str, **more: Any) -> dict[str, Any]:
    row = {"username": f"{local}@a.example", "active": 1, "name": local, "quota": 1024**3, "tags": ["b", "a"]}
    return {**row, "attributes": {"imap_access": "1", "pop3_access": "0", "relayhost": "0"}, **more}


def _table(*rows: dict[str, Any], kind: str = "mailbox", **get: Any) -> ObservedTable | None:
    found = _compact(registry()[kind], "2026-07a", list(rows), **get)
    assert found is not None
    return found.resources if isinstance(found.resources, ObservedTable) else None


def test_many_mailboxes_are_kept_as_they_came() -> None:
    table = _table(_mailbox("b"), _mailbox("a"))
    assert table is not None
    assert list(table) == ["a@a.example", "b@a.example"]
    assert table["b@a.example"].values["tags"] == ("a", "b")
    assert table["b@a.example"].values["pop3"] is False


def test_what_differs_is_found_and_what_only_looks_different_is_not() -> None:
    rows = [
        {"id": number, "address": f"{local}@a.example", "goto": goto, "active": 1}
        for number, (local, goto) in enumerate(
            [("x", "b@a.example,a@a.example"), ("y", "a@a.example"), ("z", "null@localhost")]
        )
    ]
    table = _table(*rows, kind="alias")
    assert table is not None
    both, discard = ("a@a.example", "b@a.example"), "discard"
    assert list(table.differing("to", [0, 1, 2], [both, ("a@a.example",), discard])) == []
    assert list(table.differing("to", [2, 1, 0], [discard, both, ("a@a.example",)])) == [1, 2]
    assert list(table.differing("state", [0, 1], ["off", "active"])) == [0]
    assert list(table.differing("private_comment", [0, 1], ["", "x"])) == [1]


@pytest.mark.parametrize(
    "rows",
    [
        [_mailbox("a"), _mailbox("a")],
        [_mailbox("a", username="a@other.example")],
        [_mailbox("a", tags="x"), _mailbox("b", username=["odd"])],
    ],
    ids=["twice", "of another domain", "odd"],
)
def test_rows_that_must_be_looked_at_are(rows: list[dict[str, Any]]) -> None:
    assert _table(*rows, domains=frozenset({"a.example"})) is None


def test_rows_without_values_are_told_of_and_left_out() -> None:
    found = _compact(registry()["mailbox"], "2026-07a", [_mailbox("a"), {"username": None}, {}])
    assert found is not None
    assert (list(found.resources), len(found.unreadable)) == (["a@a.example"], 2)


def test_small_and_large_answers_of_one_kind_make_one_table() -> None:
    kind = registry()["mailbox"]
    form = row_form(kind, Capabilities(Version.parse("2026-07a")), listed_fields(kind))
    assert form is not None
    large: list[Row] = [_mailbox("a", quota="7"), _mailbox("b", attributes=None)]
    small: list[Row] = [
        _mailbox("c", attributes={"imap_access": 1}),
        _mailbox("d", attributes=[], active=0),
        {"username": None},
    ]
    decoded = form.decode(json.dumps(large).encode())
    assert decoded is not None
    answers = [(Get(("x",)), CompactRows(form, decoded)), (Get(("y",)), CompactRows(form, small))]
    mixed = listed(_decoder(kind, "2026-07a"), answers)
    plain = listed(_decoder(kind, "2026-07a"), [(Get(("x",)), large), (Get(("y",)), small)])
    assert isinstance(mixed.resources, ObservedTable)
    assert dict(mixed.resources) == dict(plain.resources)
    assert mixed.unreadable == plain.unreadable
    for name in listed_fields(kind):
        values = [mixed.resources[key].values.get(name, UNKNOWN) for key in mixed.resources.positions]
        assert list(mixed.resources.column(name) or values) == values
