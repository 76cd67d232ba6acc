"""What a run wants of its plan."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.model.address import Address
from reconciler.model.diagnostic import Origin
from reconciler.model.focus import EVERYTHING, Focus, Part, means
from reconciler.model.policy import Policy
from reconciler.model.resource import Place
from reconciler.model.secret import Secret, SecretSource
from reconciler.model.state import DesiredState
from reconciler.records import field, record


@record(frozen=True, slots=True)
class PruneScope:
    """Where undeclared resources are deleted.

    Attributes:
        kind: a kind's name.
        domains: patterns (``*.acme.example``); resources that belong to no domain match only ``*``.
    """

    kind: str
    domains: tuple[str, ...] = ("*",)

    def covers(self, kind: str, domain: str | None) -> bool:
        """Whether a resource of this kind in this domain is in scope."""
        return kind == self.kind and any(means(pattern, domain or "") for pattern in self.domains)


_OF_FIELDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_*?[]!-")
"""What names of fields, and patterns of them, are made of."""


def _unresolved(_source: SecretSource, _address: Address) -> Secret | None:
    return None


def _file_only(place: Place) -> Origin:
    return Origin(place.file)


def selects(selector: str, address: Address, name: str) -> bool:
    """Whether a selector of ``--resend`` means a field; without ``#`` it means all of a resource's."""
    wanted, wanted_field = _parted(selector)
    return means(wanted, str(address)) and means(wanted_field or "*", name)


def _parted(selector: str) -> tuple[str, str]:
    """What a selector means, and the field it names; a key may hold a ``#`` too."""
    wanted, mark, last = selector.rpartition("#")
    names_field = bool(last) and not last.isdecimal() and _OF_FIELDS.issuperset(last)
    return (wanted, last) if mark and names_field else (selector, "")


@record(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a run wants.

    Attributes:
        resend: selectors ``KIND/KEY[#FIELD]`` with wildcards: fields to send although they cannot be compared.
        skip_unsupported: leave out fields and kinds the server does not know, instead of refusing.
        prune: where undeclared resources are deleted.
        delete_protected: kinds whose resources may be deleted although they are protected.
        base: what the last converged revision declared; None when nothing is known of it.
        applied: the same where this run will be remembered too, should it converge; None for the first, and where not.
        attempted: what revisions declared whose apply began since; any of it may be there.
        parts: what narrowed applies were about since, and nothing else of their revisions; any of it may be there.
        today: the ISO date, for ``delete_after``.
        secret: finds the text of a secret that may be looked at while planning; None for one that may not.
        locate: finds the line of an entry.
        focus: what the run is narrowed to.
        policy: what the repository may change; None for no limits.
    """

    resend: tuple[str, ...] = ()
    skip_unsupported: bool = False
    prune: tuple[PruneScope, ...] = ()
    delete_protected: frozenset[str] = frozenset()
    base: DesiredState | None = None
    applied: DesiredState | None = None
    attempted: tuple[DesiredState, ...] = ()
    parts: tuple[Part, ...] = ()
    today: str = ""
    secret: Callable[[SecretSource, Address], Secret | None] = field(default=_unresolved)
    locate: Callable[[Place], Origin] = field(default=_file_only)
    focus: Focus = EVERYTHING
    policy: Policy | None = None

    @property
    def earlier(self) -> tuple[DesiredState, ...]:
        """Everything earlier revisions declared that may be there because of us."""
        return (*(() if self.base is None else (self.base,)), *self.attempted, *(part.declared for part in self.parts))

    def resends(self, address: Address, name: str) -> bool:
        """Whether ``--resend`` selects this field."""
        return any(selects(selector, address, name) for selector in self.resend)

    def rotates(self, address: Address, name: str) -> bool:
        """Whether ``--resend`` selects this field by name: only so is a secret under ``initial:`` sent once more."""
        return any(_parted(each)[1] and selects(each, address, name) for each in self.resend)

    def names(self, address: Address, name: str) -> bool:
        """Whether ``--resend`` names this field in full: what is no secret under ``initial:`` asks for that."""
        return any(_parted(each)[1] == name and selects(each, address, name) for each in self.resend)

    @property
    def rotates_anything(self) -> bool:
        """Whether ``--resend`` may select what nothing else looks at."""
        return any(_parted(each)[1] for each in self.resend)
