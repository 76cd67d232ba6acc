"""What a run wants of its plan."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from reconciler.model.address import Address
from reconciler.model.diagnostic import Origin
from reconciler.model.focus import EVERYTHING, Focus, Part, Patterns, means
from reconciler.model.policy import Policy
from reconciler.model.resource import Place
from reconciler.model.secret import Secret, SecretSource
from reconciler.model.state import DesiredState
from reconciler.records import field, record


@record(frozen=True)
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
        return kind == self.kind and self._patterns.mean(domain or "")

    @cached_property
    def _patterns(self) -> Patterns:
        return Patterns(self.domains)


_OF_FIELDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_*?[]!-")
"""What names of fields, and patterns of them, are made of."""


def _unresolved(_source: SecretSource, _address: Address) -> Secret | None:
    return None


def _file_only(place: Place) -> Origin:
    return Origin(place.file)


def parted(selector: str) -> tuple[str, str]:
    """What a selector of ``--resend`` means, and the field it names, if any; a key may hold a ``#`` too."""
    wanted, mark, last = selector.rpartition("#")
    names_field = bool(last) and not last.isdecimal() and _OF_FIELDS.issuperset(last)
    return (wanted, last) if mark and names_field else (selector, "")


@record(frozen=True, kw_only=True)
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
        return any(means(each or "*", name) and of.mean(str(address)) for each, of in self._by_field.items())

    def rotates(self, address: Address, name: str) -> bool:
        """Whether ``--resend`` selects this field by name: only so is a secret under ``initial:`` sent once more."""
        return any(each and means(each, name) and of.mean(str(address)) for each, of in self._by_field.items())

    def names(self, address: Address, name: str) -> bool:
        """Whether ``--resend`` names this field in full: what is no secret under ``initial:`` asks for that."""
        return name in self._by_field and self._by_field[name].mean(str(address))

    @property
    def rotates_anything(self) -> bool:
        """Whether ``--resend`` may select what nothing else looks at."""
        return any(self._by_field)

    @cached_property
    def _by_field(self) -> dict[str, Patterns]:
        """What is selected, by the field it is selected with; there are few fields, and selectors perhaps many."""
        found: dict[str, list[str]] = {}
        for wanted, name in map(parted, self.resend):
            found.setdefault(name, []).append(wanted)
        return {name: Patterns(of) for name, of in found.items()}
