"""The same organisation a while later: much of it otherwise, much of it new, and much of it gone.

later = turned_over(Organisation.of(10_000))

Of all objects a tenth is edited, a twentieth is new and a twentieth is gone, across all kinds that organisations have,
and about evenly over their domains; one domain in a hundred goes with everything in it, and one in a hundred is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final

from tests.bench.organisation import AliasEntry, DomainEntry, Organisation, Person

__all__ = ["turned_over"]

EDITED: Final = 0.1
NEW: Final = 0.05
GONE: Final = 0.05
_WHOLE_DOMAINS: Final = 0.01
_COLLEAGUE: Final = "new.colleague@elsewhere.example"


def turned_over(organisation: Organisation, *, seed: int = 1) -> Organisation:
    """Let time pass; the same seed brings the same about."""
    return _Turnover(Random(seed)).of(organisation)


class _Turnover:
    def __init__(self, random: Random) -> None:
        self._random = random

    def of(self, organisation: Organisation) -> Organisation:
        domains = organisation.domains
        whole = max(1, round(len(domains) * _WHOLE_DOMAINS)) if len(domains) > 1 else 0
        gone = {domain.name for domain in self._random.sample(domains, whole)}
        stay = tuple(self._domain(domain) for domain in domains if domain.name not in gone)
        founded = tuple(_founded(number, domains[number % len(domains)]) for number in range(whole))
        return replace(
            organisation,
            domains=(*stay, *founded),
            transports=self._moved_on(organisation.transports, "[mx.moved.example]:25"),
            tls_policies=self._moved_on(organisation.tls_policies, "dane"),
        )

    def _domain(self, domain: DomainEntry) -> DomainEntry:
        people = [self._person(person) for person in domain.people if not self._with(GONE - _WHOLE_DOMAINS)]
        people = people or [domain.people[0]]
        there = {f"{person.local}@{domain.name}" for person in people}
        left = {f"{person.local}@{domain.name}" for person in domain.people} - there
        people += [
            replace(person, local=f"{person.local}.new") for person in domain.people if self._with(NEW - _WHOLE_DOMAINS)
        ]
        aliases = [
            self._alias(alias, left, min(there)) for alias in domain.aliases if not self._with(GONE - _WHOLE_DOMAINS)
        ]
        aliases += self._new_aliases(domain, min(there))
        edited = self._with(EDITED)
        return replace(
            domain,
            people=tuple(people),
            aliases=tuple(aliases),
            description=f"{domain.description} and partners" if edited else domain.description,
            rate_limit=(domain.rate_limit or 500) * 2 if edited else domain.rate_limit,
        )

    def _person(self, person: Person) -> Person:
        """Somebody who needs more room, has married, or does something else."""
        if not self._with(EDITED):
            return person
        otherwise = (
            replace(person, quota=person.quota + 1),
            replace(person, name=f"{person.name}-Smith"),
            replace(person, tags=tuple(sorted({*person.tags, "moved"}))),
        )
        return self._random.choice(otherwise)

    def _alias(self, alias: AliasEntry, left: set[str], heir: str) -> AliasEntry:
        """An alias that leads to nobody who has left; half of all edits are of that, and the others as wished."""
        if not left.isdisjoint(alias.to):
            return replace(alias, to=tuple(sorted({each for each in alias.to if each not in left} or {heir})))
        if not self._with(EDITED / 4):
            return alias
        otherwise = (
            replace(alias, to=tuple(sorted({*alias.to, _COLLEAGUE}))),
            replace(alias, comment="looked at again"),
            replace(alias, sender_allowed=not alias.sender_allowed),
        )
        return self._random.choice(otherwise)

    def _new_aliases(self, domain: DomainEntry, target: str) -> Iterator[AliasEntry]:
        for number, alias in enumerate(domain.aliases):
            if self._with(NEW - _WHOLE_DOMAINS):
                yield replace(alias, local=f"project{number}", to=(target,))

    def _moved_on(self, entries: tuple[tuple[str, str], ...], to: str) -> tuple[tuple[str, str], ...]:
        return tuple((name, to if self._with(EDITED) else value) for name, value in entries if not self._with(GONE))

    def _with(self, share: float) -> bool:
        return self._random.random() < share


def _founded(number: int, model: DomainEntry) -> DomainEntry:
    """A new domain with as much in it as another one."""
    name = f"founded{number}.example"

    def at_home(address: str) -> str:
        return address.replace(f"@{model.name}", f"@{name}")

    aliases = tuple(replace(alias, to=tuple(map(at_home, alias.to))) for alias in model.aliases)
    return replace(model, name=name, aliases=aliases, alias_domains=(), archive=None)
