"""The exact calls of an apply, without secrets: what `plan --show-calls` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from reconciler.model.operation import HandleOf, Item, Operation
from reconciler.model.secret import MASK, Secret, SecretSource
from reconciler.render.document import CallDocument
from reconciler.render.style import Role, Style
from reconciler.render.values import shown
from reconciler.render.words import count, visible


def calls_text(operations: Sequence[Operation], style: Style) -> str:
    """The calls in the order of their phases; ends with a newline."""
    if not operations:
        return "No calls.\n"
    told = [f"{count(len(operations), 'call')}, those of a phase in any order:"]
    phase = None
    for operation in sorted(operations, key=attrgetter("phase")):
        if operation.phase != phase:
            phase = operation.phase
            told.append(style.paint(f"phase {phase}", Role.FAINT))
        told += _call(operation, style)
    return "\n".join(told) + "\n"


def _call(operation: Operation, style: Style) -> list[str]:
    route = style.paint(f"POST {operation.verb.value}/{operation.route}", Role.STRONG)
    told = [f"  {route}" + (f"  {visible(operation.note)}" if operation.note else "")]
    if operation.items:
        told.append("    items: " + ", ".join(visible(item_text(item)) for item in operation.items))
    told += [f"    {visible(name)} = {shown(masked(value))}" for name, value in operation.attributes.items()]
    return told


def item_text(item: Item) -> str:
    """A handle, or the words for one that is not known yet."""
    return f"<id of {item.address}>" if isinstance(item, HandleOf) else item


def masked(value: Any) -> Any:
    """An attribute as plain values: secrets by their source or masked, unknown handles in words."""
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, SecretSource):
        return str(value)
    if isinstance(value, HandleOf):
        return item_text(value)
    if isinstance(value, Mapping):
        return {str(name): masked(each) for name, each in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [masked(each) for each in value]
    return value


def call_document(operation: Operation) -> CallDocument:
    """One call as plain values for JSON, in the same words."""
    return {
        "verb": operation.verb.value,
        "route": operation.route,
        "items": [item_text(item) for item in operation.items],
        "attributes": masked(operation.attributes),
        "phase": operation.phase,
        "lanes": sorted(operation.lanes),
        "changes": [str(address) for address in operation.changes],
        "note": operation.note,
    }
