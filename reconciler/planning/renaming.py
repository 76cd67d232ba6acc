"""What the server renames along with a resource: the live state as a planned renaming leaves it.

The renamed resource itself is left as it was read; what names it is compared, and changed, under its new name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.amended import Amended, listed, naming
from reconciler.model.resource import Observed, Value
from reconciler.model.state import DesiredState, LiveState, Relocation
from reconciler.planning.options import PlanOptions
from reconciler.planning.reach import is_about
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
    due = [move for move in desired.relocations if _is_due(kinds, live, move, capabilities, options)]
    changed: dict[str, Amended] = {}
    for kind in kinds.values() if due else ():
        there = live.of(kind.name)
        before = {key: (there[key], moves) for key, moves in _concerned(kind, there, due).items()}
        after = {key: _with_new_names(kind, observed, moves) for key, (observed, moves) in before.items()}
        touched = [key for key, observed in after.items() if observed is not before[key][0]]
        if touched:
            amended = changed[kind.name] = Amended(there)
            for key in touched:
                amended.remove(key)
            for key in touched:
                amended.put(after[key])
    return replace(live, resources={**live.resources, **changed}) if changed else live


def _is_due(
    kinds: Mapping[str, Kind], live: LiveState, move: Relocation, capabilities: Capabilities, options: PlanOptions
) -> bool:
    """Whether a renaming will be planned: then its new name is not there, so that no other one begins with it."""
    kind = kinds[move.source.kind]
    possible = kind.on_move is not None and capabilities.knows(kind.moves_since)
    due = live.has(move.source) and not live.has(move.target)
    return possible and due and is_about(kinds, options.focus, move)


def _concerned(
    kind: Kind, there: Mapping[str, Observed], due: Sequence[Relocation]
) -> Mapping[str, Sequence[Relocation]]:
    """What names something that is renamed, by key, with the renamings; all are looked for at once."""
    found: dict[str, dict[int, Relocation]] = {}
    for each in kind.fields.values():
        sought = {
            move.source.key.lower(): place
            for place, move in enumerate(due)
            if move.source.kind in each.mark.renamed_with
        }
        for key, named in naming(there, each.name, listed, frozenset(sought)) if sought else ():
            found.setdefault(key, {})[sought[named]] = due[sought[named]]
    return {key: [moves[place] for place in sorted(moves)] for key, moves in found.items()}


def _with_new_names(kind: Kind, observed: Observed, moves: Sequence[Relocation]) -> Observed:
    """Put new names where the old ones stand."""
    for move in moves:
        fields = [each for each in kind.fields.values() if move.source.kind in each.mark.renamed_with]
        observed = _renamed(kind, fields, observed, move.source.key, move.target.key)
    return observed


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
