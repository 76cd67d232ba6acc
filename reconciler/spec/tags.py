"""Tags: words the server only ever adds by edits, and removes by a route of their own."""

from __future__ import annotations

from typing import Any

from reconciler.model.operation import HandleOf, Verb
from reconciler.spec.kind import Situation
from reconciler.spec.mark import Elements
from reconciler.spec.step import Step


def tags_of(route: str, *, edited: str) -> Elements:
    """Make the way tags of a domain or mailbox are written.

    Only new tags are sent: one that is there already ends the call half-way with an empty answer. Removal goes to
    ``delete/ROUTE/tag/HANDLE`` (since 2022-05; older servers would delete the thing itself, so the field is marked with
    its version). Facts: mailcow 2022-05 to 2026-07a, recorded exchanges ``edit/domain``, ``delete/domain/tag``.
    """

    def add(handle: Any, new: tuple[str, ...]) -> tuple[Step, ...]:
        return (Step(verb=Verb.EDIT, route=route, item=handle, attributes={"tags": list(new)}, successes=(edited,)),)

    def remove(handle: Any, gone: tuple[str, ...], _rows: tuple[str, ...]) -> tuple[Step, ...]:
        where = handle.address.key if isinstance(handle, HandleOf) else handle
        return tuple(
            Step(verb=Verb.DELETE, route=f"{route}/tag/{where}", item=tag, successes=(edited,)) for tag in gone
        )

    return Elements(add=add, remove=remove)


def stuck_tags(situation: Situation) -> tuple[tuple[str, str, str], ...]:
    """Say that a tag stays where the name of what has it cannot stand in a path, which is split at slashes."""
    if "tags" not in situation.changed or "/" not in situation.address.key:
        return ()
    gone = {*situation.before.get("tags", ())} - {*situation.after["tags"]}
    if not gone:
        return ()
    why = f"mailcow can take no tag from what has a slash in its name, so `{min(gone)}` stays"
    return (("tags", why, "keep the tag, or remove it in mailcow itself"),)
