"""A server with people on it, a repository in front of it, and everything the server remembers, before and after."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from reconciler.simulator.faults import Faults
from tests.acceptance.person import EXAMPLES, KEY, READ_ONLY_KEY, VERSIONS, Ended, Person
from tests.properties.bystanders import settle_in
from tests.properties.town import Town, Watched
from tests.repository import Made, made

Welcome = Callable[..., Person]
Memory = dict[str, Any]
"""Every value a server holds, by where it is: ``mailbox/anna@acme.example: quota``."""

OLD = ("--skip-unsupported",)
"""The examples use what old versions do not know."""
_SUMS = {"domain_totals"}
_PASSWORD = {"password": "Correct.Horse.77", "password2": "Correct.Horse.77"}


def remembered(simulator: Watched) -> Memory:
    """Everything, field by field: rows with their dates and counters, the next numbers, Redis, settings."""
    return dict(_leaves(simulator.state.dump()))


def _leaves(dumped: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, table in dumped["tables"].items():
        for row in () if name in _SUMS else table["rows"]:
            key = row.get("address") or row.get("username") or row.get("domain") or row.get("id") or str(row)
            named = f"{name}/{key}" + (f" {row['id']}" if "id" in row else "")
            for column, value in row.items():
                inner = value if isinstance(value, dict) else {"": value}
                yield from ((f"{named}: {column}{f'.{field}' if field else ''}", each) for field, each in inner.items())
    yield from ((f"redis {name}", value) for name, value in dumped["redis"]["strings"].items())
    for name, values in dumped["redis"]["hashes"].items():
        yield from ((f"redis {name} {field}", value) for field, value in values.items())
    yield from ((f"setting {name}", value) for name, value in dumped["values"].items())


def changed(before: Memory, after: Memory) -> dict[str, tuple[Any, Any]]:
    """What is not as it was: by place, the value before and after; None for none."""
    return {
        place: (before.get(place), after.get(place))
        for place in sorted(before.keys() | after.keys())
        if before.get(place) != after.get(place)
    }


def rows_of(changes: Mapping[str, Any]) -> set[str]:
    """The rows in which something changed; numbers left out."""
    return {place.partition(": ")[0].partition(" ")[0] for place in changes if not place.startswith("redis")}


@dataclass
class Grounds:
    """A server, somebody with a checkout of a repository in front of it, and what the server remembered.

    Attributes:
        before: what the server remembered when somebody last looked.
    """

    server: Watched
    person: Person
    repository: Made
    before: Memory

    def settles(self) -> None:
        """Have people settle on the server that no manifest speaks of."""
        settle_in(Town(self.server, self.person))

    def looks(self) -> None:
        """Remember how everything is now."""
        self.before = remembered(self.server)
        del self.server.requests[:]

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What is not as it was when somebody last looked."""
        return changed(self.before, remembered(self.server))

    def applies(self, *words: str) -> Ended:
        """Run an apply."""
        return self.person.types("apply", *words, "--auto-approve", *OLD)

    def plans(self, *words: str) -> list[tuple[str, str]]:
        """The changes of a plan with the key that cannot write: each as action and address."""
        ended = self.person.types("plan", *words, "--format", "json", *OLD, key=READ_ONLY_KEY)
        assert ended.code in (0, 5), ended.err
        return [(change["action"], change["address"]) for change in ended.document["changes"]]


def watched(version: str) -> Watched:
    """A fresh server whose clock goes on a minute with each look, so that no date is written twice."""
    minutes = itertools.count()
    begin = datetime(2026, 11, 20, tzinfo=UTC)
    return Watched(
        version,
        api_key=KEY,
        read_only_key=READ_ONLY_KEY,
        random=Random(1),
        clock=lambda: begin + timedelta(minutes=next(minutes)),
    )


def office(welcome: Welcome, folder: Path, version: str) -> Grounds:
    """The small office of the examples, applied; beside it people and things that no manifest speaks of."""
    server = watched(version)
    checkout = Path(shutil.copytree(EXAMPLES / "small-office", folder))
    person = welcome(simulator=server, folder=checkout)
    repository = made(checkout)
    settle_in(Town(server, person))
    repository.commit({".gitignore": "secret-*\n"}, "The office")
    grounds = Grounds(server, person, repository, {})
    applied = grounds.applies()
    assert applied.code == 0, applied.out + applied.err
    grows_by_itself(person)
    grounds.looks()
    return grounds


def fresh(
    welcome: Welcome,
    folder: Path,
    version: str = VERSIONS[-1],
    *,
    server: Watched | None = None,
    faults: Faults | None = None,
) -> Grounds:
    """An empty repository in front of a fresh server with a domain made by hand, or of another server."""
    there = server or watched(version)
    grounds = Grounds(there, welcome(simulator=there, folder=folder, faults=faults), made(folder), {})
    if server is None:
        limits = {"aliases": 2000, "mailboxes": 9, "defquota": 1, "maxquota": 10, "quota": 100}
        grounds.person.does("add/domain", {"domain": "acme.example", **limits, "active": 1})
    grounds.looks()
    return grounds


def grows_by_itself(person: Person) -> None:
    """What somebody makes by hand in a domain that is managed."""
    for path, body in (
        ("add/mailbox", {"local_part": "trainee", "domain": "acme.example", "quota": 1024, "active": 1, **_PASSWORD}),
        ("add/alias", {"address": "by-hand@acme.example", "goto": "anna@acme.example", "active": 1}),
        ("add/bcc", {"local_dest": "anna@acme.example", "type": "rcpt", "bcc_dest": "x@vault.example", "active": 1}),
        (
            "add/mailbox-policy",
            {"username": "trainee@acme.example", "object_list": "bl", "object_from": "*@spam.example"},
        ),
        ("add/fwdhost", {"hostname": "192.0.2.7", "filter_spam": 0}),
    ):
        said = person.does(path, body)
        assert all(each["type"] == "success" for each in said), said
