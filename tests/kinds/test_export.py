"""A server that holds everything is written down, and what is written down asks for no change."""

from typing import TypeGuard

import pytest

from reconciler.kinds import registry
from reconciler.model.diagnostic import Severity
from reconciler.model.secret import SecretSource
from reconciler.remote.wanted import Wanted
from tests.kinds.samples import whole_manifest
from tests.kinds.server import SECRETS, Server, told
from tests.manifest.test_dump import declared_by, dumped


@pytest.mark.parametrize("version", ["2022-01a", "2024-08a", "2026-07a"])
def test_what_is_exported_asks_for_no_change(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(version)
    server.apply_first(whole_manifest())
    fields = {
        name: {each.name for each in kind.fields.values() if each.mark.read}
        for name, kind in registry().items()
        if kind.sources
    }
    lists = server.reader.read(Wanted(fields=fields)).live
    details = {(name, each): frozenset(lists.of(name)) for name in fields for each in fields[name]}
    live = server.reader.read(Wanted(fields=fields, details=details), known=lists).live

    found = dumped(live, every_field=True)

    wanted = declared_by(found.files)
    assert {each.address for each in wanted} >= {
        each.address for kind in live.resources.values() for each in kind.values() if each.values
    }
    secrets = {
        value.argument[0]: SECRETS["PASSWORD"] for each in wanted for value in each.values.values() if is_source(value)
    }
    for name, text in secrets.items():
        monkeypatch.setitem(SECRETS, name, text)
    server.base = None
    assert told(server.difference(wanted, server.read(wanted)).changes) == []
    assert [each for each in found.diagnostics if each.severity is Severity.ERROR] == []


def is_source(value: object) -> TypeGuard[SecretSource]:
    return isinstance(value, SecretSource)
