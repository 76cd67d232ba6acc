"""Which of several live resources of one name is which: those that nothing but a number tells apart are what they are.

The numbers say which came first. What was made in one breath came in no order that anybody could know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from reconciler.model.address import Address
from reconciler.model.amended import Amended
from reconciler.model.resource import Declared, Observed
from reconciler.model.state import DesiredState, LiveState
from reconciler.records import replace
from reconciler.spec.kind import Kind

__all__ = ["renumbered"]


def renumbered(kinds: Mapping[str, Kind], desired: DesiredState, live: LiveState) -> LiveState:
    """Let declared numbers change places where more of them are as declared then."""
    changed: dict[str, Amended] = {}
    for name in desired.resources:
        there = live.of(name)
        for places, rows in _families(kinds[name], desired, there) if kinds[name].made else ():
            for number, row in _assigned(kinds[name], places, rows).items():
                if row is not rows[number]:
                    resources = changed.setdefault(name, Amended(there))
                    resources.put(replace(row, address=rows[number].address))
    return replace(live, resources={**live.resources, **changed}) if changed else live


def _families(
    kind: Kind, desired: DesiredState, there: Mapping[str, Observed]
) -> Iterator[tuple[dict[int, Declared], dict[int, Observed]]]:
    """What is declared and there under each name, by number."""
    families: dict[str, dict[int, Declared]] = defaultdict(dict)
    for declared in desired.of(kind.name).values():
        if declared.options.nth is not None:
            families[kind.key_of(declared.values)][declared.options.nth] = declared
    for key, numbered in families.items():
        first = Address(kind.name, key)
        rows = {number: row for number in numbered if (row := there.get(first.nth(number).key)) is not None}
        if len(rows) > 1:
            yield {number: numbered[number] for number in rows}, rows


def _assigned(kind: Kind, declared: Mapping[int, Declared], rows: Mapping[int, Observed]) -> dict[int, Observed]:
    """Which row each number gets: its own where that is as declared, else another's that is, else what is left."""
    found = {number: row for number, row in rows.items() if _is_as_declared(kind, declared[number], row)}
    loose = {number: row for number, row in rows.items() if number not in found}
    for number in sorted(loose):
        fitting = (each for each, row in loose.items() if _is_as_declared(kind, declared[number], row))
        other = next(fitting, None) if number not in found else None
        if other is not None:
            found[number] = loose.pop(other)
    homeless = [loose.pop(number) for number in sorted(loose) if number in found]
    found |= loose
    return found | dict(zip(sorted(rows.keys() - found.keys()), homeless, strict=True))


def _is_as_declared(kind: Kind, declared: Declared, row: Observed) -> bool:
    return all(
        name not in row.values or kind.fields[name].codec.same(value, row.values[name])
        for name, value in declared.values.items()
    )
