"""What a run is narrowed to, and what earlier ones were."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from reconciler.model.address import Address
from reconciler.records import record

if TYPE_CHECKING:
    from reconciler.model.state import DesiredState


@record(frozen=True, slots=True)
class Focus:
    """What a run is narrowed to; without patterns it is about everything.

    Attributes:
        domains: patterns of domains, such as ``*.acme.example``; what belongs to no domain matches only ``*``.
        targets: patterns of addresses, such as ``mailbox/*@acme.example``.
    """

    domains: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.domains or self.targets)

    def covers(self, address: Address, domain: str | None) -> bool:
        """Whether the run is about a resource that belongs to this domain."""
        return self.is_in(domain) and self.is_target(address)

    def is_in(self, domain: str | None) -> bool:
        """Whether the domain is among those it is narrowed to."""
        return not self.domains or any(means(pattern, domain or "") for pattern in self.domains)

    def is_target(self, address: Address) -> bool:
        """Whether the address is among those it is narrowed to."""
        return not self.targets or any(means(pattern, str(address)) for pattern in self.targets)


EVERYTHING = Focus()


@record(frozen=True, slots=True)
class Part:
    """What a revision declared of which only a part was applied, since the last that converged as a whole.

    Attributes:
        declared: what the part holds; at first, all that the revision does.
        focus: which part: what is not covered says nothing.
        converged: whether the apply did.
        settles: whether all of the part is known to have been made so, after all that was applied as a whole.
    """

    declared: DesiredState
    focus: Focus
    converged: bool
    settles: bool


_WILD: Final = frozenset("*?[")


def may_mean_several(pattern: str) -> bool:
    """Whether there is a wildcard in a pattern."""
    return not _WILD.isdisjoint(pattern)


def means(pattern: str, text: str) -> bool:
    """Whether a pattern means a domain or an address: with wildcards or, as some keys have brackets, to the letter.

    However it is written: domains are in lowercase here, and no two addresses of mail differ in case only.
    """
    text, pattern = text.lower(), pattern.lower()
    return text == pattern or fnmatchcase(text, pattern)
