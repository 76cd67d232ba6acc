"""Changes: what a plan wants to do with one resource, as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from reconciler.model.address import Address
from reconciler.model.diagnostic import Origin
from reconciler.model.resource import Value
from reconciler.records import field, record


class Action(StrEnum):
    """What happens to a resource. An unchanged resource is not in a plan."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"


class Reason(StrEnum):
    """Why a change is in the plan; for people, it never steers an apply."""

    MISSING = "declared, missing on the server"
    DIFFERS = "declared otherwise"
    RESEND = "asked for with --resend"
    REDECLARED = "its declaration changed"
    REMOVED = "listed under `removed:`"
    MOVED = "listed under `moved:`"
    UNDECLARED = "in prune scope, not declared"
    NO_LONGER_DECLARED = "declared at the base, not any more"


class Absent(StrEnum):
    """Stands for a value that is not there, on either side of a field change."""

    NOT_SET = "(not set)"
    NOT_READABLE = "(not readable)"
    HIDDEN = "(another secret)"


@record(frozen=True, slots=True)
class FieldChange:
    """One field before and after, in the manifest's vocabulary.

    Attributes:
        before: the live value, or why there is none.
        after: the declared value, or why there is none.
        sensitive: either value is a secret; only its source may be shown.
    """

    name: str
    before: Value | Absent
    after: Value | Absent
    sensitive: bool = False


@record(frozen=True, slots=True)
class Change:
    """What is to be done with one resource.

    Attributes:
        address: the resource, by its key after the change.
        fields: sorted as the kind declares them; every written field of a creation.
        origin: where it is declared.
        moved_from: for a move, the address it has now.
        effects: what the server will do besides, one sentence each.
        cost: what a deletion destroys (``bytes``, ``messages``, ``last_login``), as pairs.
        precondition: the digest of the live record this change was planned from; None for a creation.
    """

    action: Action
    address: Address
    fields: tuple[FieldChange, ...] = ()
    reason: Reason = Reason.DIFFERS
    origin: Origin | None = None
    moved_from: Address | None = None
    effects: tuple[str, ...] = ()
    cost: tuple[tuple[str, Value], ...] = ()
    precondition: str | None = None
    _after: Mapping[str, Value] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def after(self) -> Mapping[str, Value]:
        """The values the change sets, by field; put together once, because every stage of a plan asks for them."""
        if self._after is None:
            found = {change.name: change.after for change in self.fields if not isinstance(change.after, Absent)}
            object.__setattr__(self, "_after", found)
            return found
        return self._after
