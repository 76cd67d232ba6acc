"""Operations: exact calls of the server's API, before they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from reconciler.model.address import Address
from reconciler.model.resource import NOTHING
from reconciler.records import record


class Verb(StrEnum):
    """What the API can be asked to do to a resource."""

    ADD = "add"
    EDIT = "edit"
    DELETE = "delete"


@record(frozen=True, slots=True)
class HandleOf:
    """Stands for a handle that is known only once its resource exists; filled in when the call is sent.

    Attributes:
        default: what is sent when the resource is not there (``"0"`` for no relayhost); None makes that an error.
    """

    address: Address
    default: str | None = None


Item = str | HandleOf


@record(frozen=True, slots=True)
class Operation:
    """One call.

    Attributes:
        route: the path below ``add/``, ``edit/`` or ``delete/``.
        items: what an edit or delete is about; empty for an add.
        attributes: the body of an add, the ``attr`` of an edit; may hold `HandleOf` and `SecretSource` values.
        changes: the changes it is a part of, aligned with ``items`` where there are items.
        successes: message keys of which the answer must hold one for each item (or one for an add) to count as done;
            empty where the server says nothing on success, and only reading again tells.
        phase: operations of a lower phase are finished first.
        lanes: what it must have for itself while it runs (a domain, a serial kind).
        requires: changes without which it is not sent.
        requires_of: where several changes need different ones, what each needs, aligned with ``changes``; empty where
            all need the same.
        fields: the fields it sets, for telling by reading again whether it took; empty where only the whole change
            can be compared.
        note: what it does in a few words, where the route does not say it.
        optional: any answer is taken for done, because a later operation sets the same.
        joined_by: the attribute that names what is added, all of it, separated by commas; empty where that is one.
        names: what it is called there, aligned with ``changes``; empty where it is one.
        unclear: message keys that refuse what may be there already, so that reading again has to tell.
        passing: words in a refusal that is about an earlier request: nothing was done, and it passes by being told.
    """

    verb: Verb
    route: str
    changes: tuple[Address, ...]
    items: tuple[Item, ...] = ()
    attributes: Mapping[str, Any] = NOTHING
    successes: tuple[str, ...] = ()
    phase: int = 0
    lanes: frozenset[str] = frozenset()
    requires: frozenset[Address] = frozenset()
    requires_of: tuple[frozenset[Address], ...] = ()
    fields: frozenset[str] = frozenset()
    note: str | None = None
    optional: bool = False
    unclear: frozenset[str] = frozenset()
    passing: str = ""
    joined_by: str = ""
    names: tuple[str, ...] = ()
