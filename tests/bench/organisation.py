"""Realistic organisations of any size, for benchmarks and for tests that need many objects.

    organisation = Organisation.of(10_000)
    organisation.write_manifests(folder)          # what its administrators keep in git
    organisation.live_answers()                   # what its server answers, so that a plan is empty

The same size and seed give the same organisation. Unless it is asked for otherwise, a quarter of the objects are
mailboxes and nearly all others aliases, two hundred objects a domain; domains differ in size by an order of magnitude.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.bench.answers import answers, answers_by_domain
from tests.bench.manifests import write
from tests.bench.people import DUTIES, FIRST_NAMES, LAST_NAMES, PLACES, TRADES

__all__ = ["AliasEntry", "DomainEntry", "Organisation", "Person"]

OBJECTS_PER_DOMAIN: Final = 200
SHARE_OF_MAILBOXES: Final = 0.25
_ONE_IN: Final = {"alias domain": 8, "archive": 10, "rate limit": 6, "catch-all": 12, "own relayhost": 15}
_QUOTAS: Final = (1, 2, 5, 5, 5, 5, 10, 20)
_STATES: Final = ("active",) * 30 + ("no-login",) * 2 + ("off",)
_TAGS: Final = ("staff", "sales", "field", "management", "trainee", "shared", "external")


@dataclass(frozen=True, slots=True)
class Person:
    """A mailbox.

    Attributes:
        quota: in GiB.
        rate_limit: messages an hour; None for what the domain allows.
    """

    local: str
    name: str
    quota: int
    state: str
    tags: tuple[str, ...]
    rate_limit: int | None


@dataclass(frozen=True, slots=True)
class AliasEntry:
    """An alias.

    Attributes:
        local: empty for the catch-all.
        to: whole addresses; none to discard the mail.
    """

    local: str
    to: tuple[str, ...]
    state: str
    comment: str | None
    sender_allowed: bool


@dataclass(frozen=True, slots=True)
class DomainEntry:
    """A domain with what is in it.

    Attributes:
        rate_limit: messages an hour.
        relayhost: which of the organisation's, counted from 0.
        archive: who gets a copy of all outgoing mail.
    """

    name: str
    description: str
    people: tuple[Person, ...]
    aliases: tuple[AliasEntry, ...]
    alias_domains: tuple[str, ...]
    rate_limit: int | None
    relayhost: int | None
    archive: str | None

    @property
    def max_mailboxes(self) -> int:
        """Its limit of mailboxes, with room for more."""
        return len(self.people) + 20

    @property
    def max_aliases(self) -> int:
        """Its limit of aliases, with room for more."""
        return len(self.aliases) * (1 + len(self.alias_domains)) + 50

    @property
    def max_total_quota(self) -> int:
        """What its mailboxes may hold together, in GiB."""
        return sum(person.quota for person in self.people) + 100


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything on one server."""

    domains: tuple[DomainEntry, ...]
    relayhosts: tuple[str, ...]
    transports: tuple[tuple[str, str], ...]
    tls_policies: tuple[tuple[str, str], ...]
    recipient_maps: tuple[tuple[str, str], ...]

    @classmethod
    def of(
        cls, objects: int, *, seed: int = 1, per_domain: int = OBJECTS_PER_DOMAIN, share: float = SHARE_OF_MAILBOXES
    ) -> Organisation:
        """Make one.

        Args:
            objects: resources of all kinds together; at least 50.
            seed: another one makes another organisation of the same size.
            per_domain: how many are in a domain on average: few large domains, or many small ones.
            share: of the objects that are mailboxes.
        """
        return _Maker(Random(seed)).organisation(objects, per_domain, share)

    def __len__(self) -> int:
        return sum(self.sizes().values())

    def sizes(self) -> Counter[str]:
        """How many objects there are of each kind."""
        return Counter(
            domains=len(self.domains),
            mailboxes=sum(len(domain.people) for domain in self.domains),
            aliases=sum(len(domain.aliases) for domain in self.domains),
            alias_domains=sum(len(domain.alias_domains) for domain in self.domains),
            bcc_maps=sum(domain.archive is not None for domain in self.domains),
            relayhosts=len(self.relayhosts),
            transports=len(self.transports),
            tls_policies=len(self.tls_policies),
            recipient_maps=len(self.recipient_maps),
        )

    def write_manifests(self, folder: Path) -> None:
        """Write it down: `server.yaml`, `_defaults.yaml` and a file a domain.

        Args:
            folder: made when it is not there.
        """
        write(self, folder)

    def live_answers(self) -> dict[str, Any]:
        """What a mailcow 2026-07a that is as declared answers, by path: a snapshot the simulator can load."""
        return answers(self)

    def live_answers_by_domain(self) -> Iterator[tuple[str, Any]]:
        """What it answers to the lists of one domain: (path, answer)."""
        return answers_by_domain(self)


class _Maker:
    """Makes one organisation."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def organisation(self, objects: int, per_domain: int, share: float) -> Organisation:
        """Make one of exactly so many objects."""
        count = max(1, objects // per_domain)
        names = self._names(count)
        skeletons = [self._skeleton(name) for name in names]
        servers = max(1, min(count // 5, 40))
        partners = [f"partner{number}.example" for number in range(servers)]
        organisation = Organisation(
            domains=tuple(skeletons),
            relayhosts=tuple(f"smtp{number}.relay.example:587" for number in range(3)),
            transports=tuple((name, f"[mx.{name}]:25") for name in partners),
            tls_policies=tuple((name, "encrypt") for name in partners),
            recipient_maps=tuple((f"old@{name}", f"postmaster@{names[0]}") for name in partners),
        )
        rest = objects - len(organisation)
        mailboxes = self._shares(max(int(rest * share), count), count)
        aliases = self._shares(rest - sum(mailboxes), count)
        domains = (
            self._filled(domain, people, entries)
            for domain, people, entries in zip(skeletons, mailboxes, aliases, strict=True)
        )
        return replace(organisation, domains=tuple(domains))

    def _names(self, count: int) -> list[str]:
        names: dict[str, None] = {}
        while len(names) < count:
            place, trade = self._random.choice(PLACES), self._random.choice(TRADES)
            name = f"{trade}-{place}.example"
            names[name if name not in names else f"{trade}-{place}-{len(names)}.example"] = None
        return list(names)

    def _skeleton(self, name: str) -> DomainEntry:
        return DomainEntry(
            name=name,
            description=name.removesuffix(".example").replace("-", " ").title(),
            people=(),
            aliases=(),
            alias_domains=(f"my-{name}",) if self._now_and_then("alias domain") else (),
            rate_limit=self._random.choice((500, 1000, 5000)) if self._now_and_then("rate limit") else None,
            relayhost=self._random.randrange(3) if self._now_and_then("own relayhost") else None,
            archive="archive@vault.example" if self._now_and_then("archive") else None,
        )

    def _shares(self, total: int, count: int) -> list[int]:
        """Split a total unevenly, at least one each."""
        weights = [0.3 + self._random.expovariate(1.4) for _ in range(count)]
        shares = [1 + int((total - count) * weight / sum(weights)) for weight in weights]
        shares[0] += total - sum(shares)
        return shares

    def _filled(self, domain: DomainEntry, people: int, aliases: int) -> DomainEntry:
        taken: set[str] = set()
        persons = tuple(self._person(taken) for _ in range(people))
        entries = [self._alias(domain.name, persons, taken) for _ in range(aliases)]
        if self._now_and_then("catch-all"):
            entries[0] = replace(entries[0], local="")
        return replace(domain, people=persons, aliases=tuple(entries))

    def _person(self, taken: set[str]) -> Person:
        first, last = self._random.choice(FIRST_NAMES), self._random.choice(LAST_NAMES)
        local = _free(f"{first}.{last}".lower().translate(_PLAIN), taken)
        tags = self._random.sample(_TAGS, self._random.choice((0, 0, 1, 1, 2)))
        return Person(
            local=local,
            name=f"{first} {last}",
            quota=self._random.choice(_QUOTAS),
            state=self._random.choice(_STATES),
            tags=tuple(sorted(tags)),
            rate_limit=self._random.choice((50, 100, 200)) if self._random.random() < 0.02 else None,
        )

    def _alias(self, domain: str, people: tuple[Person, ...], taken: set[str]) -> AliasEntry:
        random = self._random
        duty = random.choice(DUTIES)
        targets = {f"{random.choice(people).local}@{domain}" for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5)))}
        if random.random() < 0.1:
            targets.add(f"{duty}@elsewhere.example")
        return AliasEntry(
            local=_free(f"{duty}.{random.choice(PLACES)}" if random.random() < 0.7 else duty, taken),
            to=() if random.random() < 0.01 else tuple(sorted(targets)),
            state=random.choice(_STATES[:1] * 40 + ("off",)),
            comment=f"ticket {random.randrange(10**6)}: {duty} asked for it" if random.random() < 0.4 else None,
            sender_allowed=random.random() < 0.8,
        )

    def _now_and_then(self, what: str) -> bool:
        return self._random.randrange(_ONE_IN[what]) == 0


_PLAIN: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "ø": "o", "å": "a", "'": "", " ": "-"}
)


def _free(local: str, taken: set[str]) -> str:
    """The local part, or the next free one with a number."""
    free, number = local, 1
    while free in taken:
        number += 1
        free = f"{local}{number}"
    taken.add(free)
    return free
