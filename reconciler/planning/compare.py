"""Two values of one field: whether they mean the same, and for people how they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

from reconciler.model.change import Absent
from reconciler.model.resource import Value
from reconciler.model.secret import MASK, Secret
from reconciler.records import record
from reconciler.spec.kind import Field


def same(field: Field, declared: Value, live: Value, *, additive: bool = False) -> bool:
    """Whether the live value is what is declared; in additive mode, whether it holds all that is declared."""
    if declared == live:
        return True
    if additive and field.codec.elements and isinstance(declared, tuple) and isinstance(live, tuple):
        return not field.codec.without(declared, live)
    return field.codec.same(declared, live)


def is_masked(value: Value) -> bool:
    """Whether a live value was masked before it came here, so that it tells nothing."""
    if isinstance(value, Secret):
        return value == Secret(MASK)
    if isinstance(value, Mapping):
        return any(map(is_masked, value.values()))
    return any(map(is_masked, value)) if isinstance(value, tuple) else value == MASK


def joined(field: Field, declared: Value, live: Value) -> Value:
    """What an additive list becomes: all that is declared, and what is there besides."""
    if not (isinstance(declared, tuple) and isinstance(live, tuple)):
        return declared
    return tuple(sorted((*declared, *field.codec.without(live, declared))))


@record(frozen=True, slots=True)
class PartChange:
    """A part of a mapping before and after.

    Attributes:
        path: the names that lead to it.
    """

    path: tuple[str, ...]
    before: Value | Absent
    after: Value | Absent


def differing_parts(before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[PartChange, ...]:
    """Say for people which parts of two mappings differ, however deep within; a list is one part.

    deepdiff finds them; it is loaded only here, and only for the few values that are mappings.
    """
    from deepdiff import DeepDiff  # noqa: PLC0415  it costs more to load than most plans take

    found = DeepDiff(_plain(before), _plain(after), view="tree", threshold_to_diff_deeper=0)
    paths = {_named(level.path(output_format="list")) for levels in found.values() for level in levels}
    return tuple(PartChange(path, _at(before, path), _at(after, path)) for path in sorted(paths))


def _plain(value: Value) -> Any:
    """The same of dicts alone: another sort of mapping with the same parts is no difference."""
    return {name: _plain(each) for name, each in value.items()} if isinstance(value, Mapping) else value


def _named(path: Iterable[str | int]) -> tuple[str, ...]:
    return tuple(str(each) for each in takewhile(lambda step: isinstance(step, str), path))


def _at(value: Value, path: tuple[str, ...]) -> Value | Absent:
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return Absent.NOT_SET
        value = value[name]
    return value
