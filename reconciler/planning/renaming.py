"""What the server renames along with a resource: the live state as a planned renaming leaves it.

The renamed resource itself is left as it was read; what names it is compared, and changed, under its new name.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.address import Address
from reconciler.model.amended import Amended, naming
from reconciler.model.resource import Observed, Value
from reconciler.model.state import DesiredState, LiveState
from reconciler.planning.options import PlanOptions
from reconciler.records import replace
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Field, Kind


def renamed(
    kinds: Mapping[str, Kind],
    desired: DesiredState,
    live: LiveState,
    *,
    capabilities: Capabilities,
    options: PlanOptions,
) -> LiveState:
    """Put new names where the server will put them when it carries out what is listed under ``moved:``."""
    sought = frozenset(move.source.key.lower() for move in desired.relocations)
    for move in desired.relocations:
        kind = kinds[move.source.kind]
        possible = kind.on_move is not None and capabilities.knows(kind.moves_since)
        due = live.get(move.source) is not None and live.get(move.target) is None
        if possible and due and _is_about(kind, options, move.source, move.target):
            live = _with_new_name(kinds, live, (move.source, move.target), sought)
    return live


def _is_about(kind: Kind, options: PlanOptions, *addresses: Address) -> bool:
    focus = options.focus
    return not focus or any(focus.covers(each, kind.domain_of_key(each.key)) for each in addresses)


def _with_new_name(
    kinds: Mapping[str, Kind], live: LiveState, move: tuple[Address, Address], sought: frozenset[str]
) -> LiveState:
    """Put a new name where the old one stands.

    Args:
        sought: the old names of all moves, in lower case, so that all resources are looked through once for all.
    """
    old, new = move
    changed: dict[str, Amended] = {}
    for kind in kinds.values():
        fields = [each for each in kind.fields.values() if old.kind in each.mark.renamed_with]
        there = live.of(kind.name)
        found = (pair for each in fields for pair in naming(there, each.name, _listed, sought))
        before = {key: there[key] for key, named in found if named == old.key.lower()}
        after = {key: _renamed(kind, fields, observed, old.key, new.key) for key, observed in before.items()}
        touched = [key for key, observed in after.items() if observed is not before[key]]
        if touched:
            amended = changed[kind.name] = Amended(there)
            for key in touched:
                amended.remove(key)
            for key in touched:
                amended.put(after[key])
    return replace(live, resources={**live.resources, **changed}) if changed else live


def _listed(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def _renamed(kind: Kind, fields: list[Field], observed: Observed, old: str, new: str) -> Observed:
    values = {
        each.name: value
        for each in fields
        if (before := observed.values.get(each.name)) is not None
        if (value := _with(each, before, old, new)) != before
    }
    if not values:
        return observed
    after = {**observed.values, **values}
    own = any(name in kind.key for name in values)
    address = _address(kind, observed, after) if own else observed.address
    return replace(observed, address=address, values=after)


def _address(kind: Kind, observed: Observed, values: Mapping[str, Value]) -> Address:
    """The new key; what tells equal ones apart stays at its end."""
    plain = kind.address_of(observed.values).key
    more = observed.address.key.removeprefix(plain)
    return Address(kind.name, kind.address_of(values).key + more)


def _with(each: Field, value: Value, old: str, new: str) -> Value:
    if isinstance(value, str):
        return new if value.lower() == old else value
    if isinstance(value, tuple) and (len(value) == 1 or each.mark.renamed_among):
        return tuple(sorted(_with(each, one, old, new) for one in value))
    return value
