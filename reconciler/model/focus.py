"""What a run is narrowed to, and what earlier ones were."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase, translate
from functools import cached_property
from typing import TYPE_CHECKING, Final

from reconciler.model.address import Address
from reconciler.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.state import DesiredState


@record(frozen=True)
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
        return not self.domains or self._of_domains.mean(domain or "")

    def is_target(self, address: Address) -> bool:
        """Whether the address is among those it is narrowed to."""
        return not self.targets or self._of_targets.mean(str(address))

    @cached_property
    def _of_domains(self) -> Patterns:
        return Patterns(self.domains)

    @cached_property
    def _of_targets(self) -> Patterns:
        return Patterns(self.targets)


class Patterns:
    """Several patterns at once: however many there are, a text is looked up among those without wildcards."""

    __slots__ = ("_exactly", "_wild", "_wildly")

    def __init__(self, patterns: Iterable[str]) -> None:
        """Read them once, for many texts."""
        self._exactly = {each.lower(): each for each in patterns}
        self._wild = [each for each in self._exactly.values() if may_mean_several(each)]
        self._wildly = re.compile("|".join(map(translate, map(str.lower, self._wild)))) if self._wild else None

    def mean(self, text: str) -> bool:
        """Whether one of them means a domain or an address; see `means`."""
        text = text.lower()
        return text in self._exactly or (self._wildly is not None and self._wildly.match(text) is not None)

    def meaning(self, text: str) -> str | None:
        """The one that means a domain or an address, as it is written; None where there is none."""
        if not self.mean(text):
            return None
        exactly = self._exactly.get(text.lower())
        return exactly if exactly is not None else next(each for each in self._wild if means(each, text))


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
    return text == pattern or (may_mean_several(pattern) and fnmatchcase(text, pattern))
