"""Small states for planning tests, in the words of the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds import by_plural, registry
from reconciler.model.address import Address
from reconciler.model.operation import Operation
from reconciler.model.resource import Declared, EntryOptions, Observed, Place
from reconciler.model.state import DesiredState, LiveState, Relocation, Removal
from reconciler.model.version import Version
from reconciler.planning.compile import compile_changes
from reconciler.planning.diff import diff
from reconciler.planning.difference import Difference
from reconciler.planning.options import PlanOptions
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codec import Scope

NEW = Capabilities(Version.parse("2026-07a"))
_MEASURES = ("bytes", "last_login")
OLD = Capabilities(Version.parse("2022-01a"))


def desired(
    manifest: Mapping[str, list[dict[str, Any]]],
    *,
    options: EntryOptions | None = None,
    removals: tuple[Removal, ...] = (),
    relocations: tuple[Relocation, ...] = (),
) -> DesiredState:
    found: dict[str, dict[str, Declared]] = {}
    for plural, entries in manifest.items():
        kind = by_plural()[plural]
        for number, entry in enumerate(entries):
            sweet = kind.on_entry(entry, Scope()) if kind.on_entry is not None else entry
            values = kind.reader.validate_python(sweet, context=Scope())
            address = kind.address_of(values)
            place = Place("mail.yaml", (plural, number))
            found.setdefault(kind.name, {})[address.key] = Declared(address, values, place, options or EntryOptions())
    return DesiredState(found, removals, relocations)


def live(manifest: Mapping[str, list[dict[str, Any]]], *, read: tuple[str, ...] = tuple(registry())) -> LiveState:
    """Live resources; ``id`` in an entry is its handle."""
    found: dict[str, dict[str, Observed]] = {name: {} for name in read}
    for plural, entries in manifest.items():
        kind = by_plural()[plural]
        for entry in entries:
            fields = {name: value for name, value in entry.items() if name not in ("id", *_MEASURES)}
            values = kind.reader.validate_python(fields, context=Scope())
            address = kind.address_of(values)
            measures = {name: entry[name] for name in _MEASURES if name in entry}
            handle = str(entry.get("id", address.key))
            found[kind.name][address.key] = Observed(address, values, handle, measures=measures)
    return LiveState(found)


def compared(
    want: DesiredState, have: LiveState, *, capabilities: Capabilities = NEW, options: PlanOptions | None = None
) -> Difference:
    return diff(registry(), want, have, capabilities=capabilities, options=options or PlanOptions())


def calls(
    want: DesiredState, have: LiveState, *, capabilities: Capabilities = NEW, options: PlanOptions | None = None
) -> tuple[Operation, ...]:
    found = compared(want, have, capabilities=capabilities, options=options)
    assert found.diagnostics == ()
    return compile_changes(registry(), found.changes, have, capabilities=capabilities)


def routes(operations: tuple[Operation, ...]) -> list[tuple[str, str]]:
    return [(operation.verb.value, operation.route) for operation in operations]


def address(text: str) -> Address:
    return Address.parse(text)
