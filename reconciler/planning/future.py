"""What will be there once a plan is carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model.address import Address
from reconciler.model.amended import Amended
from reconciler.model.change import Action, Change
from reconciler.model.resource import Observed, Value
from reconciler.model.state import LiveState
from reconciler.records import replace
from reconciler.spec.kind import Kind
from reconciler.spec.mark import TEMPLATE


def future_of(kinds: Mapping[str, Kind], changes: Sequence[Change], live: LiveState) -> LiveState:
    """Lay changes over what was read; creations get the values we send for what is not declared, or their template's.

    What a kind derives from others (a mailbox's quota from its domain's) is derived once the others are in place.
    """
    resources = {name: Amended(live.of(name)) for name in {change.address.kind for change in changes}}
    created: list[Change] = []
    for change in changes:
        kind, there = kinds[change.address.kind], resources[change.address.kind]
        key = (change.moved_from or change.address).key
        if change.action is Action.DELETE:
            there.remove(key)
            continue
        before = there.get(key)
        if before is None:
            created.append(change)
            there.put(Observed(change.address, _as_created(kind, change)))
            continue
        there.remove(key)
        handle = "" if change.moved_from is not None and kind.is_called_by_key else before.handle
        values = {**before.values, **_named(kind, change, before), **change.after}
        there.put(replace(before, address=change.address, handle=handle, values=values))
    future = replace(live, resources={**live.resources, **resources})
    for change in created:
        kind = kinds[change.address.kind]
        there = resources[change.address.kind]
        if TEMPLATE in change.after:
            observed = there[change.address.key]
            there.put(replace(observed, values={**_inherited(kinds, change, future), **observed.values}))
        elif kind.derives is not None:
            derived = kind.derives(change.after, future)
            if not derived:
                continue
            observed = there[change.address.key]
            there.put(replace(observed, values={**observed.values, **derived}))
    return future


def _inherited(kinds: Mapping[str, Kind], change: Change, future: LiveState) -> dict[str, Value]:
    """What a creation gets of its template, as far as both have it; nothing of one that was not read."""
    kind = kinds[change.address.kind]
    template = None if kind.template is None else future.get(Address(kind.template, str(change.after[TEMPLATE])))
    if template is None:
        return {}
    names = {*kind.key, *kinds[template.address.kind].key}
    return {name: value for name, value in template.values.items() if name in kind.fields and name not in names}


def _named(kind: Kind, change: Change, before: Observed) -> dict[str, Value]:
    """The new name of what is renamed, where the name is all its key says."""
    if change.moved_from is None or len(kind.key) > 1 or kind.key_of(before.values) != before.address.key:
        return {}
    values = {kind.key[0]: change.address.key}
    return values if kind.key_of(values) == change.address.key else {}


def _as_created(kind: Kind, change: Change) -> dict[str, object]:
    if TEMPLATE not in change.after:
        return {**kind.defaults, **change.after}
    return {name: value for name, value in change.after.items() if name != TEMPLATE}
