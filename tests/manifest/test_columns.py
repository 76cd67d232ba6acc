"""The quick way to read a section gives what the careful way gives, or leaves it to that."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds import registry
from reconciler.manifest.columns import read_columns
from reconciler.manifest.contents import Batch
from reconciler.manifest.document import Document
from reconciler.manifest.entries import Section
from reconciler.manifest.findings import Findings
from reconciler.manifest.inheritance import NOTHING_INHERITED, Inherited
from reconciler.model.resource import EntryOptions, Values
from reconciler.spec.scope import NO_SCOPE, Scope
from tests.kinds.samples import payloads

Told = list[tuple[int, str, Values, EntryOptions]]

ODD: list[Any] = ["", "x", "0", "5GiB", "1.5GiB", "ä", "a b", "A@B.example", "@b.example", "a@b", "a..b", "no", None]
ODD += [
    0,
    1,
    True,
    False,
    1.5,
    [],
    {},
    ["a"],
    ["b", "A", "a"],
    [1],
    "x" * 300,
    "a\nb",
    "b@xn--mller-kva.example",
    [None],
]


def _told(batches: list[Batch]) -> Told:
    """What was read, entry by entry, with its fields in order."""
    found = [
        (index, key, dict(zip(batch.names, values, strict=True)), options)
        for batch in batches
        for index, key, options, *values in zip(batch.indexes, batch.keys, batch.options, *batch.columns, strict=True)
    ]
    return sorted(found, key=lambda each: each[0])


def _carefully(name: str, written: list[Any], inherited: Inherited, scope: Scope) -> tuple[Told, int]:
    document = Document("f.yaml", {registry()[name].plural: written}, lambda: pytest.fail("no place is needed"))
    findings = Findings()
    findings.tell = lambda *_args, **_more: findings.omit(1)  # type: ignore[method-assign]  # no places are looked up
    section = Section(registry()[name], document, scope, inherited, findings)
    return _told(section._carefully(written)), len(findings)


def _entries(name: str) -> st.SearchStrategy[list[Any]]:
    """Lists of entries: right ones, and right ones with something odd in them."""
    samples = payloads(name)["entries"]
    fields = [*registry()[name].fields, "initial", "lifecycle", "mode", "unknown", *registry()[name].sugar]
    changed = st.builds(
        lambda sample, field, value: {**sample, field: value},
        st.sampled_from(samples),
        st.sampled_from(fields),
        st.sampled_from(ODD),
    )
    return st.lists(st.one_of(st.sampled_from(samples), changed), min_size=1, max_size=4)


KINDS = [name for name, kind in registry().items() if not kind.singleton]


@pytest.mark.parametrize("name", KINDS)
def test_whatever_is_read_quickly_is_what_is_read_carefully(name: str) -> None:
    @settings(max_examples=30, deadline=None)
    @given(written=_entries(name), domain=st.sampled_from([None, "acme.example"]))
    def agree(written: list[Any], domain: str | None) -> None:
        quick = read_columns(registry()[name], written, NOTHING_INHERITED, Scope(domain))
        if quick is not None:
            assert _carefully(name, written, NOTHING_INHERITED, Scope(domain)) == (_told(quick), 0)

    agree()


@pytest.mark.parametrize("name", KINDS)
def test_what_is_right_is_read_quickly(name: str) -> None:
    written = payloads(name)["entries"]
    quick = read_columns(registry()[name], written, NOTHING_INHERITED, NO_SCOPE)
    assert quick is not None
    assert _carefully(name, written, NOTHING_INHERITED, NO_SCOPE) == (_told(quick), 0)


INHERITED = Inherited(
    {"quota": "5GiB", "state": "active"}, {"initial": {"password": {"generate": True}, "name": "x"}}, {}
)


@pytest.mark.parametrize(
    "entry",
    [
        {"address": "a"},
        {"address": "a", "quota": "1GiB"},
        {"address": "a", "name": "Anna"},
        {"address": "a", "initial": {"quota": "2GiB"}},
        {"address": "a", "lifecycle": {"ignore": ["quota"], "prevent_delete": True}},
        {"address": "a", "mode": "additive", "tags": ["b", "a"]},
        {"address": "a", "template": "Default"},
    ],
    ids=str,
)
def test_what_is_inherited_is_laid_below_as_the_careful_way_does(entry: dict[str, Any]) -> None:
    written = [entry, {"address": "b"}]
    quick = read_columns(registry()["mailbox"], written, INHERITED, Scope("acme.example"))
    assert quick is not None
    assert _carefully("mailbox", written, INHERITED, Scope("acme.example")) == (_told(quick), 0)
