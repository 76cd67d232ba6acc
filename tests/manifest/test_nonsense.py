"""Whatever stands where a value should: the document is read, or told with the place of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.errors import ManifestError
from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.files import Source
from reconciler.manifest.reading import read
from reconciler.model.diagnostic import Severity
from reconciler.spec.kind import Kind
from tests.kinds.samples import payloads

NONSENSE: tuple[Any, ...] = (None, True, -1, 1.5, "", "{", "a,,b", [], [None], [[]], {}, [{"a": 1}], {"a": [{}]})

TOGETHER = 50
"""Entries in one document: each is told with its place, and looking places up takes the longest."""

OPTIONS = {"mode": "additive", "lifecycle": {"ignore": ["name"], "prevent_delete": True}, "template": "Small", "nth": 2}

AROUND: tuple[dict[str, Any], ...] = (
    {"domain": "acme.example", "aliases": [{"address": "info", "to": ["anna"]}]},
    {"defaults": {"mailboxes": {"quota": "5GiB", "initial": {"name": "Anna"}, "lifecycle": {"ignore": ["quota"]}}}},
    {"removed": [{"mailbox": "dora@acme.example", "step": "no-login", "delete_after": "2026-12-31"}]},
    {"moved": [{"mailbox": {"from": "anna@a.example", "to": "anna@b.example"}, "keep_alias": True}]},
)


def _broken(value: Any) -> Iterator[Any]:
    """A document with nonsense in one place of it."""
    yield from NONSENSE
    if isinstance(value, dict):
        for name, each in value.items():
            for inner in _broken(each):
                yield {**value, name: inner}
    if isinstance(value, list):
        for place, each in enumerate(value):
            for inner in _broken(each):
                yield [*value[:place], inner, *value[place + 1 :]]


def _is_read_or_told(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    reading = read([Source("mail.yaml", None, text.encode())], values={})
    try:
        build(reading.manifests, registry(), earlier=reading.findings)
    except ManifestError as wrong:
        errors = [each for each in wrong.diagnostics if each.severity is Severity.ERROR]
        assert all(each.origin and each.origin.line for each in errors), (text, errors)


@pytest.mark.parametrize("kind", registry().values(), ids=lambda kind: kind.name)
def test_nonsense_in_an_entry_is_told_with_its_place(kind: Kind) -> None:
    entry = {**payloads(kind.name)["entries"][-1]}
    entry |= {name: value for name, value in OPTIONS.items() if name not in kind.fields}
    broken = list(_broken(entry))
    several = [broken[at : at + TOGETHER] for at in range(0, len(broken), TOGETHER)]
    for each in broken if kind.singleton else several:
        _is_read_or_told({kind.plural: each})


@pytest.mark.parametrize("document", AROUND, ids=lambda document: next(iter(document)))
def test_nonsense_around_the_entries_is_told_with_its_place(document: dict[str, Any]) -> None:
    for broken in _broken(document):
        if isinstance(broken, dict):
            _is_read_or_told({"mailboxes": [], **broken})
