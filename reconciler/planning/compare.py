"""Two values of one field: whether they mean the same, and for people how they differ."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.resource import Value
from reconciler.model.secret import MASK, Secret
from reconciler.spec.kind import Field


def same(field: Field, declared: Value, live: Value, *, additive: bool = False) -> bool:
    """Whether the live value is what is declared; in additive mode, whether it holds all that is declared."""
    if declared == live:
        return True
    if additive and field.codec.elements and isinstance(declared, tuple) and isinstance(live, tuple):
        return all(any(field.codec.same((one,), (other,)) for other in live) for one in declared)
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
    besides = (each for each in live if not any(field.codec.same((each,), (other,)) for other in declared))
    return tuple(sorted((*declared, *besides)))


def explain(before: Value, after: Value) -> tuple[str, ...]:
    """Say where two nested values differ, one line each; empty for plain values.

    deepdiff finds the places; it is loaded only here, and only for the few values that are mappings.
    """
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return ()
    from deepdiff import DeepDiff  # noqa: PLC0415  it costs more to load than most plans take

    found = DeepDiff(dict(before), dict(after), verbose_level=2, threshold_to_diff_deeper=0)
    return tuple(found.pretty().splitlines())
