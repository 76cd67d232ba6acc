"""Notices to phones by Pushover: how they are set. What they say is among the mappings."""

from __future__ import annotations

from typing import Final

from reconciler.records import replace
from reconciler.spec.step import Step

__all__ = ["set_anew"]

_CLINGING: Final = ("title", "text")


def set_anew(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Take notices away before they are set without a title or a text, which no edit empties (all versions)."""
    made: list[Step] = []
    for step in steps:
        if any(step.attributes.get(name) == "" for name in _CLINGING):
            made.append(replace(step, attributes={"delete": "true"}))
        made.append(step)
    return tuple(made)
