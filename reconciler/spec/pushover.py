"""Notices to phones by Pushover."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from reconciler.spec.addresses import MAIL_ADDRESS
from reconciler.spec.codecs import ACTIVE, FLAG, a_set_of, text
from reconciler.spec.kind import Situation
from reconciler.spec.mappings import Part, a_mapping, or_word
from reconciler.spec.secrets import SECRET
from reconciler.spec.step import Step

__all__ = ["PUSHOVER", "PUSHOVER_ROUTE", "set_anew"]

PUSHOVER_ROUTE: Final = "pushover"
_NONE: Final = {"delete": "true"}
_CLINGING: Final = ("title", "text")

PUSHOVER: Final = or_word(
    a_mapping(
        {
            "key": Part(SECRET, "key"),
            "token": Part(SECRET, "token"),
            "state": Part(ACTIVE, "active", "active"),
            "title": Part(text(), "title", ""),
            "text": Part(text(), "text", ""),
            "sound": Part(text(), "sound", "pushover"),
            "senders": Part(a_set_of(MAIL_ADDRESS, wire="text"), "senders", ()),
            "senders_pattern": Part(text(), "senders_regex", ""),
            "raise_urgent": Part(FLAG, "evaluate_x_prio", default=False),
            "only_urgent": Part(FLAG, "only_x_prio", default=False),
        }
    ),
    "none",
    encoded=_NONE,
)
"""Everything is sent every time: omitted flags are reset (2022-01a to 2026-07a, functions.pushover.inc.php)."""


def set_anew(steps: tuple[Step, ...], _situation: Situation) -> tuple[Step, ...]:
    """Take away what is set before it is set without a title or a text, which no edit empties (all versions)."""
    made: list[Step] = []
    for step in steps:
        empties = any(step.attributes.get(name) == "" for name in _CLINGING)
        if step.route == PUSHOVER_ROUTE and empties:
            made.append(replace(step, attributes=_NONE))
        made.append(step)
    return tuple(made)
