"""Many domains full of people and aliases, and random changes of many of them: alike, each its own, in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.properties.wishes import Entry, Manifest

DOMAINS = 10
PEOPLE = 12
ALIASES = 11
STAYING = 3
"""How many people of each domain, and aliases, nothing takes away: others lead to them."""

INITIAL = {"initial": {"password": {"env": "CREDENTIAL"}}}
OUTSIDE = ("crm@elsewhere.example", "archive@vault.example")


@dataclass
class Crowd:
    """All there is, as it is to be.

    Attributes:
        domains: by name.
        people, aliases: by address.
        moved: what people are called by now, by what they were called before.
    """

    domains: dict[str, Entry] = field(default_factory=dict)
    people: dict[str, Entry] = field(default_factory=dict)
    aliases: dict[str, Entry] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)

    def manifest(self, *, tight: bool) -> Manifest:
        """Say so, with limits that leave no room, or some."""
        domains = [self._with_limits(each, tight=tight) for each in self.domains.values()]
        return {
            "domains": domains,
            "mailboxes": [{**each, **INITIAL} for each in self.people.values()],
            "aliases": list(self.aliases.values()),
        }

    def _with_limits(self, domain: Entry, *, tight: bool) -> Entry:
        people = [each for address, each in self.people.items() if address.endswith(f"@{domain['name']}")]
        aliases = sum(address.endswith(f"@{domain['name']}") for address in self.aliases)
        quotas = [int(each["quota"].removesuffix("MiB")) for each in people]
        spare = 0 if tight else 40
        return {
            "max_mailboxes": max(1, len(people) + spare),
            "max_aliases": max(1, aliases + spare),
            "max_total_quota": f"{max(1, sum(quotas) + 9 * spare)}MiB",
            "max_mailbox_quota": f"{max([1, *quotas]) + spare // 10}MiB",
            "default_mailbox_quota": "1MiB",
            **domain,
        }


def _domain(number: int) -> str:
    return f"d{number}.example"


def _move_in(crowd: Crowd, domain: str) -> None:
    crowd.domains[domain] = {"name": domain}
    for number in range(PEOPLE):
        address = f"p{number}@{domain}"
        crowd.people[address] = {"address": address, "name": f"P{number % 3}", "quota": "2MiB", "imap": True}
    for number in range(ALIASES):
        address = f"a{number}@{domain}"
        crowd.aliases[address] = {"address": address, "to": [f"p{number % STAYING}@{domain}"]}


def founding() -> Crowd:
    """The crowd before anything changes."""
    crowd = Crowd()
    for number in range(DOMAINS):
        _move_in(crowd, _domain(number))
    return crowd


class Reach(NamedTuple):
    """What a rule is about: of some domains every so many."""

    first: int
    domains: int
    every: int
    from_: int

    def among(self, addresses: dict[str, Entry], *, staying: bool = True) -> list[str]:
        """The addresses it is about, without those that always stay, or with them."""
        homes = {_domain(number % DOMAINS) for number in range(self.first, self.first + self.domains)}
        found = [each for each in addresses if each.partition("@")[2] in homes]
        found = [each for each in found if staying or _number(each) >= STAYING]
        return found[self.from_ % self.every :: self.every]


def _number(address: str) -> int:
    digits = address.partition("@")[0][1:]
    return int(digits) if digits.isdigit() else STAYING


Rule = Callable[[Crowd, Reach], None]


def _each_person(**values: Any) -> Rule:
    def rule(crowd: Crowd, reach: Reach) -> None:
        for address in reach.among(crowd.people):
            crowd.people[address] |= values

    return rule


def _each_alias(**values: Any) -> Rule:
    def rule(crowd: Crowd, reach: Reach) -> None:
        for address in reach.among(crowd.aliases):
            crowd.aliases[address] |= values

    return rule


def _each_domain(**values: Any) -> Rule:
    def rule(crowd: Crowd, reach: Reach) -> None:
        for name in {address.partition("@")[2] for address in reach.among(crowd.people)} & set(crowd.domains):
            crowd.domains[name] |= values

    return rule


def _names_of_their_own(crowd: Crowd, reach: Reach) -> None:
    for address in reach.among(crowd.people):
        crowd.people[address]["name"] = f"Own {address}"


def _comments_of_their_own(crowd: Crowd, reach: Reach) -> None:
    for address in reach.among(crowd.aliases):
        crowd.aliases[address]["comment"] = f"Own {address}"


def _people_go(crowd: Crowd, reach: Reach) -> None:
    for address in reach.among(crowd.people, staying=False):
        del crowd.people[address]


def _aliases_go(crowd: Crowd, reach: Reach) -> None:
    for address in reach.among(crowd.aliases, staying=False):
        del crowd.aliases[address]


def _people_come(crowd: Crowd, reach: Reach) -> None:
    for address in reach.among(dict(crowd.people)):
        new = f"n{address}"
        if new not in crowd.aliases:
            crowd.people.setdefault(new, {"address": new, "quota": "1MiB", "name": "New"})


def _aliases_come(crowd: Crowd, reach: Reach) -> None:
    for address in reach.among(dict(crowd.aliases)):
        new = f"n{address}"
        if new not in crowd.people:
            crowd.aliases.setdefault(new, {"address": new, "to": [OUTSIDE[0]], "state": "off"})


def _people_are_renamed(crowd: Crowd, reach: Reach) -> None:
    old = set(founding().people)
    for address in reach.among(dict(crowd.people), staying=False):
        new = f"m{address}"
        if address in old and new not in crowd.people:
            entry = crowd.people.pop(address)
            crowd.people[new] = {**entry, "address": new}
            crowd.moved[address] = new


def _people_get_addresses_of_aliases(crowd: Crowd, reach: Reach) -> None:
    for address in reach.among(dict(crowd.aliases), staying=False):
        if address not in crowd.people:
            del crowd.aliases[address]
            crowd.people[address] = {"address": address, "quota": "1MiB", "name": "Alias once"}


def _aliases_get_addresses_of_people(crowd: Crowd, reach: Reach) -> None:
    for address in reach.among(dict(crowd.people), staying=False):
        if address not in crowd.aliases and address not in crowd.moved.values():
            del crowd.people[address]
            crowd.aliases[address] = {"address": address, "to": [OUTSIDE[1]]}


def _a_domain_goes(crowd: Crowd, reach: Reach) -> None:
    gone = _domain(reach.first % DOMAINS)
    crowd.domains.pop(gone, None)
    for there in (crowd.people, crowd.aliases):
        for address in [each for each in there if each.endswith(f"@{gone}")]:
            del there[address]
    crowd.moved = {old: new for old, new in crowd.moved.items() if new in crowd.people}


def _a_domain_comes(crowd: Crowd, reach: Reach) -> None:
    _move_in(crowd, f"new{reach.first}.example")


RULES: dict[str, Rule] = {
    "no IMAP": _each_person(imap=False),
    "more room": _each_person(quota="3MiB"),
    "less room": _each_person(quota="1MiB"),
    "a limit of rate": _each_person(rate_limit="10/h"),
    "tags": _each_person(tags=["a", "b"]),
    "no login": _each_person(state="no-login"),
    "TLS": _each_person(enforce_tls_in=True),
    "names of their own": _names_of_their_own,
    "aliases elsewhere": _each_alias(to=[OUTSIDE[0]]),
    "aliases off": _each_alias(state="off"),
    "aliases to nowhere": _each_alias(to="discard"),
    "comments of their own": _comments_of_their_own,
    "domains described": _each_domain(description="Described"),
    "domains limited": _each_domain(rate_limit="100/h"),
    "people go": _people_go,
    "aliases go": _aliases_go,
    "people come": _people_come,
    "aliases come": _aliases_come,
    "people renamed": _people_are_renamed,
    "people for aliases": _people_get_addresses_of_aliases,
    "aliases for people": _aliases_get_addresses_of_people,
    "a domain goes": _a_domain_goes,
    "a domain comes": _a_domain_comes,
}


class Change(NamedTuple):
    """What is to change.

    Attributes:
        rules: by name, what they are about.
        tight: whether limits leave no room, before and after.
    """

    rules: list[tuple[str, Reach]]
    tight: bool


def reaches() -> st.SearchStrategy[Reach]:
    """Mostly of many domains, and of few of everybody in them."""
    every = st.sampled_from((1, 1, 2, 3, 5))
    return st.builds(Reach, st.integers(0, DOMAINS - 1), st.integers(1, DOMAINS), every, st.integers(0, 4))


def crowd_changes(*, renaming: bool) -> st.SearchStrategy[Change]:
    """Some rules, one after another.

    Args:
        renaming: whether the server can rename mailboxes.
    """
    names = [each for each in RULES if renaming or each != "people renamed"]
    rules = st.lists(st.tuples(st.sampled_from(names), reaches()), min_size=1, max_size=7)
    return st.builds(Change, rules, st.booleans())


def changed(change: Change) -> Manifest:
    """The crowd's manifest after a change, with all that has to be said of what goes."""
    before, after = founding(), founding()
    for name, reach in change.rules:
        RULES[name](after, reach)
    gone: list[Entry] = []
    for kind in ("mailbox", "alias", "domain"):
        old = {"mailbox": before.people, "alias": before.aliases, "domain": before.domains}[kind]
        new = {"mailbox": after.people, "alias": after.aliases, "domain": after.domains}[kind]
        gone += [{kind: key} for key in old if key not in new and key not in after.moved]
    manifest = after.manifest(tight=change.tight) | {"removed": gone}
    moved = [{"mailbox": {"from": old, "to": new}} for old, new in after.moved.items()]
    return manifest | ({"moved": moved} if moved else {})
