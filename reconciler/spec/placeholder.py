"""Placeholders: rows that are added under a name of ours and then renamed, where an add cannot write what is meant."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection
from typing import NamedTuple

from reconciler.model.operation import Verb
from reconciler.model.resource import Values
from reconciler.spec.kind import Situation
from reconciler.spec.names import PLACEHOLDER
from reconciler.spec.step import Stage, Step


class Placeholder(NamedTuple):
    """How a row comes to be under another name.

    Attributes:
        name: the name to add it by.
        clearing: the calls that take away what runs that ended too early have left of the same.
    """

    name: str
    clearing: tuple[Step, ...]


def placeholder_for(situation: Situation, *, route: str, untouched: Callable[[Values], bool]) -> Placeholder:
    """Choose a name that nobody else uses, and that tells what it is for; see also what was left under such names.

    Args:
        situation: of the creation.
        route: the route rows are deleted by.
        untouched: (values of a row under such a name) -> whether it is as the add has left it.
    """
    there = situation.live.of(situation.address.kind)
    left = left_for(situation.address.key, there)
    clearing = tuple(
        Step(verb=Verb.DELETE, route=route, item=there[key].handle, stage=Stage.FREE, alone=True, optional=True)
        for key in sorted(left)
        if untouched(there[key].values)
    )
    own = _stem(situation.address.key)
    names = (f"{own}-{number}.invalid" if number else f"{own}.invalid" for number in range(len(left) + 1))
    return Placeholder(next(name for name in names if name not in left), clearing)


def left_for(key: str, there: Collection[str]) -> list[str]:
    """Find the placeholders that were added for one key, among the keys of what is there."""
    own = _stem(key)
    return [
        each for each in there if each == f"{own}.invalid" or (each.startswith(f"{own}-") and each.endswith(".invalid"))
    ]


def _stem(key: str) -> str:
    return f"{PLACEHOLDER}{zlib.crc32(key.encode()):x}"
