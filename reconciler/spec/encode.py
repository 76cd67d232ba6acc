"""From a change to the steps that bring it about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange
from reconciler.model.operation import HandleOf, Item, Verb
from reconciler.model.resource import NOTHING, Observed, Value, Values
from reconciler.model.state import LiveState
from reconciler.records import replace
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Field, Kind, Situation
from reconciler.spec.mark import TEMPLATE, UNSET, WHOLE, Bound
from reconciler.spec.step import Stage, Step


def steps_of(
    kind: Kind,
    change: Change,
    observed: Observed | None,
    *,
    live: LiveState,
    future: LiveState,
    capabilities: Capabilities,
) -> tuple[Step, ...]:
    """The calls that bring one change about, in the order they belong.

    Args:
        observed: the resource as it is now; None for a creation.
        live: everything that was read, for hooks; ``future`` the same once the whole plan is carried out.
    """
    changed = change.after
    situation = situation_of(change, observed, live=live, future=future, capabilities=capabilities)
    if change.action is Action.CREATE:
        made = _create(kind, change, situation)
    elif change.action is Action.DELETE:
        made = _delete(kind, situation)
    elif kind.is_replaced_by(changed):
        made = (*_delete(kind, situation), *_create(kind, _anew(kind, change, situation), situation))
        made = tuple(replace(step, stage=Stage.UPDATE) for step in made)
    elif change.action is Action.MOVE and kind.on_move is not None and change.moved_from is not None:
        fields = {name: value for name, value in changed.items() if name in kind.fields}
        moved = {name: value for name, value in situation.before.items() if not kind.fields[name].mark.stays_behind}
        moves = (_repeating(kind, step, situation) for step in kind.on_move(change.moved_from, situation))
        made = (*moves, *_update(kind, fields, replace(situation, before=moved)))
    else:
        made = _update(kind, changed, situation)
    return kind.on_steps(made, situation) if kind.on_steps is not None else made


def situation_of(
    change: Change, observed: Observed | None, *, live: LiveState, future: LiveState, capabilities: Capabilities
) -> Situation:
    """What hooks may know of a change."""
    before = NOTHING if observed is None else observed.values
    return Situation(
        verb=_VERBS[change.action],
        address=change.address,
        before=before,
        after={**before, **change.after} if before else change.after,
        changed=frozenset(change.after),
        observed=observed,
        live=live,
        future=future,
        capabilities=capabilities,
    )


_VERBS: Mapping[Action, Verb] = {
    Action.CREATE: Verb.ADD,
    Action.UPDATE: Verb.EDIT,
    Action.DELETE: Verb.DELETE,
    Action.MOVE: Verb.EDIT,
}


def _anew(kind: Kind, change: Change, situation: Situation) -> Change:
    """The creation that a replacement ends with: what is kept is what the server shows of it."""
    fields = (FieldChange(name, Absent.NOT_SET, value) for name, value in situation.after.items())
    return replace(change, fields=tuple(each for each in fields if each.name in kind.fields))


def handle_of(kind: Kind, address: Address, observed: Observed | None) -> Item:
    """What the API calls a resource by; found out when the call is sent if the resource is not there yet."""
    if kind.singleton:
        return kind.name
    if observed is not None and observed.handle and observed.address == address:
        return observed.handle
    if kind.is_called_by_key:
        return str(kind.fields[kind.key[0]].codec.encode(address.key))
    return observed.handle if observed is not None and observed.handle else HandleOf(address)


def wire_value(each: Field, value: Value) -> Any:
    """The wire form of one value: a reference by handle is filled in when it is sent."""
    if each.mark.by_handle and each.mark.refers is not None:
        return "0" if value == NONE else HandleOf(Address(each.mark.refers, str(value)))
    return each.codec.encode(value)


def pairs(each: Field, names: tuple[str, ...], value: Value) -> dict[str, Any]:
    """A field's names and wire values: one for each name, the same for all, or as the value itself says."""
    encoded = wire_value(each, value)
    if names == (WHOLE,):
        return dict(encoded)
    if isinstance(encoded, tuple) and len(encoded) == len(names) > 1:
        return dict(zip(names, encoded, strict=True))
    return dict.fromkeys(names, encoded)


def _create(kind: Kind, change: Change, situation: Situation) -> tuple[Step, ...]:
    declared = dict(change.after)
    template = declared.pop(TEMPLATE, None) if kind.template is not None else None
    will_be = situation.future.get(change.address)
    values = {**(will_be.values if will_be is not None else {}), **declared}
    attributes: dict[str, Any] = {}
    later: dict[str, Value] = {}
    for name, each in kind.fields.items():
        if name not in values or not each.supported(situation.capabilities):
            continue
        if each.taken_by_add(situation.capabilities):
            attributes |= pairs(each, each.mark.add, values[name])
        elif each.mark.default is UNSET or values[name] != each.mark.default:
            later[name] = values[name]
    if template is not None and kind.template is not None:
        attributes["template"] = HandleOf(Address(kind.template, template))
    if kind.on_add is not None:
        attributes = kind.on_add(attributes, situation)
    made: list[Step] = []
    if kind.routes.add is not None:
        made.append(
            Step(
                verb=Verb.ADD,
                route=kind.routes.add,
                attributes=attributes,
                successes=kind.routes.added,
                stage=Stage.CREATE,
            )
        )
    made += _edits(kind, later, situation, stage=Stage.FOLLOW)
    made += _element_steps(kind, later, situation, stage=Stage.FOLLOW)
    return tuple(made)


def _delete(kind: Kind, situation: Situation) -> tuple[Step, ...]:
    if kind.routes.delete is None:
        return ()
    item = handle_of(kind, situation.address, situation.observed)
    return (
        Step(
            verb=Verb.DELETE,
            route=kind.routes.delete,
            item=item,
            successes=kind.routes.deleted,
            stage=Stage.DELETE,
        ),
    )


def _update(kind: Kind, changed: Values, situation: Situation) -> tuple[Step, ...]:
    early, plain, late = _by_bound(kind, changed, situation)
    made: list[Step] = []
    for stage, values in early.items():
        made += _edits(kind, values, situation, stage=stage)
    made += _edits(kind, plain, situation, stage=Stage.UPDATE)
    made += _edits(kind, late, situation, stage=Stage.LOWER)
    made += _element_steps(kind, changed, situation, stage=Stage.UPDATE)
    return tuple(made)


def _by_bound(
    kind: Kind, changed: Values, situation: Situation
) -> tuple[dict[Stage, dict[str, Value]], dict[str, Value], dict[str, Value]]:
    """Part changed fields by when they must be written: limits rise first and fall last, uses fall early.

    Everything else goes along with an early edit where there is one. It never waits for the last, because what is made
    in between may need it (a domain that relays can have no alias domain).
    """
    rising: dict[str, Value] = {}
    shrinking: dict[str, Value] = {}
    plain: dict[str, Value] = {}
    falling: dict[str, Value] = {}
    for name, value in changed.items():
        each = kind.fields[name]
        before = situation.before.get(name)
        if each.mark.bound is None or each.codec.magnitude is None or before is None:
            plain[name] = value
            continue
        grows = each.codec.magnitude(value) > each.codec.magnitude(before)
        if each.mark.bound is Bound.LIMIT:
            (rising if grows else falling)[name] = value
        else:
            (plain if grows else shrinking)[name] = value
    if rising:
        goes_along, plain = _without_references(kind, plain)
        rising |= goes_along
    elif shrinking:
        goes_along, plain = _without_references(kind, plain)
        shrinking |= goes_along
    early = {stage: values for stage, values in ((Stage.GROW, rising), (Stage.SHRINK, shrinking)) if values}
    return early, plain, falling


def _without_references(kind: Kind, values: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    """Part what can be written at once from what needs another resource first."""
    now = {name: value for name, value in values.items() if not kind.fields[name].mark.by_handle}
    return now, {name: value for name, value in values.items() if name not in now}


def _edits(kind: Kind, values: Values, situation: Situation, *, stage: Stage) -> list[Step]:
    """One edit for each route that some of the values belong to, and for each time at which they can be written."""
    by_route: dict[tuple[str, Stage], dict[str, Value]] = {}
    for name, value in values.items():
        each = kind.fields[name]
        route = each.mark.route or kind.routes.edit
        if each.mark.edit and route is not None and each.mark.elements is None:
            when = each.mark.stage if each.mark.stage is not None else stage
            by_route.setdefault((route, when), {})[name] = value
    made = []
    for (route, when), chosen in by_route.items():
        own = route == kind.routes.edit
        attributes = dict(situation.observed.kept) if own and situation.observed is not None else {}
        for name, value in {**_repeated(kind, route, situation), **chosen}.items():
            attributes |= pairs(kind.fields[name], kind.fields[name].mark.edit, value)
        if own and kind.on_edit is not None:
            attributes = kind.on_edit(attributes, situation)
        successes = next((each.mark.successes for each in _on_route(kind, route) if each.mark.successes), ())
        made.append(
            Step(
                verb=Verb.EDIT,
                route=route,
                item=handle_of(kind, situation.address, situation.observed),
                attributes=attributes,
                successes=kind.routes.edited if own else successes,
                stage=when,
                alone=kind.alone,
                fields=frozenset(chosen),
            )
        )
    return made


def _on_route(kind: Kind, route: str) -> Iterable[Field]:
    return (each for each in kind.fields.values() if (each.mark.route or kind.routes.edit) == route)


def _repeating(kind: Kind, step: Step, situation: Situation) -> Step:
    """Let a step that gives a resource another key by an edit of it say what such edits must."""
    if step.route != kind.routes.edit:
        return step
    attributes: dict[str, Any] = {}
    for name, value in _repeated(kind, step.route, situation).items():
        attributes |= pairs(kind.fields[name], kind.fields[name].mark.edit, value)
    return replace(step, attributes={**attributes, **step.attributes}) if attributes else step


def _repeated(kind: Kind, route: str, situation: Situation) -> dict[str, Value]:
    """What an edit of this route must say although it does not change, because the server resets what is omitted."""
    repeated: dict[str, Value] = {}
    for each in _on_route(kind, route):
        if each.mark.repeated and each.mark.edit and each.supported(situation.capabilities):
            value = situation.after.get(each.name, each.mark.default)
            if value is not UNSET and not isinstance(value, Absent):
                repeated[each.name] = value
    return repeated


def _element_steps(kind: Kind, values: Values, situation: Situation, *, stage: Stage) -> list[Step]:
    """What list fields need that the server changes element by element: all removals, then all additions."""
    item = handle_of(kind, situation.address, situation.observed)
    removals: list[Step] = []
    additions: list[Step] = []
    for name, value in values.items():
        each = kind.fields[name]
        if each.mark.elements is None:
            continue
        present: tuple[str, ...] = situation.before.get(name, ())
        gone = each.codec.without(present, value)
        new = each.codec.without(value, present)
        rows: Mapping[str, str] = situation.observed.rows.get(name, {}) if situation.observed is not None else {}
        if gone:
            steps = each.mark.elements.remove(item, gone, tuple(rows[one] for one in gone if one in rows))
            removals += [_of_field(step, name, stage) for step in steps]
        if new:
            wire = each.codec.encode(new)
            steps = each.mark.elements.add(item, tuple(wire) if isinstance(wire, list) else new)
            additions += [_of_field(step, name, stage) for step in steps]
    return [*removals, *additions]


def _of_field(step: Step, name: str, stage: Stage) -> Step:
    return replace(step, fields=frozenset({name}), stage=stage if step.stage is None else step.stage)
