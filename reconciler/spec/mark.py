"""Marks: what a field is to the server, beside its type."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, StrEnum
from typing import Any, Final

from reconciler.model.resource import Value
from reconciler.model.version import Version
from reconciler.records import record
from reconciler.spec.step import Stage, Step

MAIN: Final = "main"
"""The name of the source every kind is listed from."""


WHOLE: Final = "*"
"""Stands for all of a row, or of the attributes, where a name is expected."""

ASKED: Final = "@"
"""In the rows of a list that is asked for once for each container: what it was asked for (see `Source.each`)."""


TEMPLATE: Final = "template"
"""The word by which a creation names the template of the server that it starts from; beside the fields."""


class Unset(Enum):
    """Stands for "nothing given" where None means something."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


class Owner(StrEnum):
    """Who usually changes a field. `export` leaves out what is not the operator's, unless asked."""

    OPERATOR = "operator"
    DOMAIN_ADMIN = "domain admin"
    USER = "user"


class Bound(StrEnum):
    """What growing or shrinking a number does to others.

    LIMIT: it bounds others (a domain's quota): it grows before they do, and shrinks after. USE: it uses such a limit up
    (a mailbox's quota): it shrinks before others grow.
    """

    LIMIT = "limit"
    USE = "use"


@record(frozen=True, slots=True)
class Elements:
    """How a list field is written that the server changes element by element.

    What is removed goes before what is added, in all such lists of a resource: a value may stand in one of them only.

    Attributes:
        add: (handle, new elements) -> steps.
        remove: (handle, elements, their row ids where they have one) -> steps.
    """

    add: Callable[[Any, tuple[str, ...]], tuple[Step, ...]]
    remove: Callable[[Any, tuple[str, ...], tuple[str, ...]], tuple[Step, ...]]


@record(frozen=True, slots=True)
class Follows:
    """What the server does to a resource when one that this field names is deleted: it takes the name out.

    Attributes:
        kinds: the kinds of what is named, by its key.
        by_domain: the field names it by its domain part.
        stays: the resource is there even when nothing is left in the field; otherwise it goes with the last name.
        told: what to tell people when it goes; ``{address}`` is the resource.
    """

    kinds: tuple[str, ...]
    by_domain: bool = False
    stays: bool = False
    told: str = "deletes `{address}` with it"


@record(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one field is.

    Attributes:
        about: one or two sentences for people; the text of editors, `explain` and the reference.
        read: where the value stands in a row: names, with dots for nested ones; empty when it can't be read.
        add: its names in the body of an add; empty when add does not take it and an edit must follow.
        added_since: the version since which an add takes it; before, an edit must follow.
        edit: its names in the ``attr`` of an edit; empty when it can't be changed. `WHOLE`, in reading, is the
            whole row; in writing, the encoded value is a mapping of names and wire values itself.
        route: the edit route, where it is not the kind's own.
        successes: message keys of that route's success.
        source: which of the kind's sources it is read from.
        default: sent on creation when nothing is declared; UNSET leaves it out.
        absent: the value meant when the row lacks the name; UNSET means unknown.
        since: the version it came with; until: the first version without it.
        readable_since: the version since which it can be read.
        owner: who usually changes it.
        bound: see `Bound`.
        repeated: every edit of the same route must send it, because the server resets what is omitted.
        stage: when it is written, where that is not together with the rest: `Stage.CONNECT` for what names things that
            are created later.
        beside: the kinds that must be read too for it to be compared; ``read_with`` the fields of its own kind.
        refers: the kind whose key this value is.
        follows: what becomes of the resource when one is deleted that this field names.
        renamed_with: the kinds whose keys this value names, and which the server puts in here when it renames one; of
            several names in a list only with ``renamed_among``.
        stays_behind: the server leaves it at the old key when the resource is renamed.
        by_handle: the server wants the other's handle, not its key.
        elements: see `Elements`.
    """

    about: str
    read: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    added_since: Version | None = None
    edit: tuple[str, ...] = ()
    route: str | None = None
    successes: tuple[str, ...] = ()
    source: str = MAIN
    default: Value = UNSET
    absent: Value = UNSET
    since: Version | None = None
    until: Version | None = None
    readable_since: Version | None = None
    owner: Owner = Owner.OPERATOR
    bound: Bound | None = None
    repeated: bool = False
    refers: str | None = None
    follows: tuple[Follows, ...] = ()
    renamed_with: tuple[str, ...] = ()
    renamed_among: bool = False
    stays_behind: bool = False
    by_handle: bool = False
    elements: Elements | None = None
    stage: Stage | None = None
    beside: tuple[str, ...] = ()
    read_with: tuple[str, ...] = ()


Names = str | tuple[str, ...] | None


def _names(given: Names | Unset, wire: Names) -> tuple[str, ...]:
    chosen = wire if isinstance(given, Unset) else given
    if chosen is None:
        return ()
    return (chosen,) if isinstance(chosen, str) else chosen


def field(
    about: str,
    wire: Names = None,
    *,
    read: Names | Unset = UNSET,
    add: Names | Unset = UNSET,
    edit: Names | Unset = UNSET,
    since: str | None = None,
    until: str | None = None,
    readable_since: str | None = None,
    **more: Any,
) -> Mark:
    """Mark a field of a record.

    Args:
        about: what it is, for people.
        wire: its name on the wire, for reading and writing alike; the others override it, None meaning "not there".
        more: the further attributes of `Mark`.
    """
    return Mark(
        about=about,
        read=_names(read, wire),
        add=_names(add, wire),
        edit=_names(edit, wire),
        since=Version.parse(since) if since else None,
        until=Version.parse(until) if until else None,
        readable_since=Version.parse(readable_since) if readable_since else None,
        **more,
    )
