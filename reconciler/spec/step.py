"""Steps: what a kind says must be called, before steps of many changes are gathered into operations."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from reconciler.model.operation import Item, Verb
from reconciler.model.resource import NOTHING
from reconciler.records import record


class Stage(IntEnum):
    """When a step happens, relative to the rest of the plan.

    FREE: makes room or gives up an address before anything is created. GROW: limits rise. SHRINK: uses fall. CREATE,
    FOLLOW (what a creation could not take along), UPDATE: by kind, what others need first. CONNECT: what names things
    of kinds that come later. DELETE: in reverse. LOWER: limits fall, last.
    """

    FREE = 0
    GROW = 1
    SHRINK = 2
    CREATE = 3
    FOLLOW = 4
    UPDATE = 5
    CONNECT = 6
    DELETE = 7
    LOWER = 8


@record(frozen=True, slots=True, kw_only=True)
class Step:
    """One call about one resource.

    Attributes:
        item: what an edit or delete is about; None for an add.
        successes: message keys that mean success; empty where the server says nothing.
        stage: None takes the stage of the change it belongs to.
        alone: never gathered with others into one call.
        fields: the fields it sets, where it sets only some of the change's.
        optional: whatever the server answers is taken for done, because a later step of the change sets the same.
        unclear: message keys that refuse what may be there already, so that reading again has to tell.
        passing: words in a refusal that is about an earlier request: nothing was done, and it passes by being told.
    """

    verb: Verb
    route: str
    item: Item | None = None
    attributes: Mapping[str, Any] = NOTHING
    successes: tuple[str, ...] = ()
    stage: Stage | None = None
    alone: bool = False
    fields: frozenset[str] = frozenset()
    note: str | None = None
    optional: bool = False
    unclear: frozenset[str] = frozenset()
    passing: str = ""
