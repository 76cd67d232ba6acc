"""Creations of every kind that takes more calls than one, with all that matters only then and that nothing shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from reconciler.simulator import State
from tests.properties.town import Town, founded
from tests.properties.turn import DONE, shape, visible
from tests.properties.wishes import Manifest
from tests.repository import Made, made

_PASSWORD: Final = {"env": "CREDENTIAL"}
_ROOM: Final = {"max_mailboxes": 9, "max_mailbox_quota": "10MiB", "max_total_quota": "100MiB"}
_ROOM_FOR_MORE: Final = {**_ROOM, "max_aliases": 20, "default_mailbox_quota": "1MiB"}
SECRETS: Final = {"PUSH_KEY": "k" * 30, "PUSH_TOKEN": "t" * 30}

BEFORE: Manifest = {"domains": [{"name": "acme.example", "description": "here before"}]}

CREATIONS: Manifest = {
    "admins": [{"username": "eve", "initial": {"password": _PASSWORD, "force_two_factor": True}}],
    "relayhosts": [
        {"host": "plain.example:25", "username": "c", "initial": {"password": _PASSWORD}},
        {"host": "odd.example:25", "username": "a:b", "initial": {"password": _PASSWORD, "state": "off"}},
    ],
    "transports": [
        {
            "destination": "partner.example",
            "nexthop": "[mx.partner.example]:25",
            "username": "acme",
            "initial": {"password": _PASSWORD},
        }
    ],
    "domains": [
        {"name": "acme.example", **_ROOM_FOR_MORE},
        {
            "name": "new.example",
            **_ROOM_FOR_MORE,
            "initial": {
                "rate_limit": "5/h",
                "relayhost": "c@plain.example:25",
                "allowed_senders": ["*@a.example", "*@b.example"],
                "blocked_senders": ["*@c.example"],
                "footer": {"html": "x", "plain": "y", "exclude": ["anna@new.example"]},
                "quota_notification_bcc": {"to": ["boss@elsewhere.example"]},
                "mta_sts": {"mode": "testing", "mx": ["mail.acme.example"]},
            },
        },
    ],
    "alias_domains": [
        {
            "name": "also.example",
            "target": "acme.example",
            "initial": {"rate_limit": "6/h", "allowed_senders": ["*@d.example"]},
        }
    ],
    "domain_admins": [
        {
            "username": "dan",
            "domains": ["acme.example"],
            "initial": {"password": _PASSWORD, "permissions": ["syncjobs"], "force_two_factor": True},
        }
    ],
    "mailboxes": [
        {
            "address": "anna@new.example",
            "quota": "1MiB",
            "initial": {
                "password": _PASSWORD,
                "rate_limit": "7/h",
                "enforce_tls_in": True,
                "quarantine_category": "all",
                "spam_score": {"junk": 6, "reject": 12},
                "allowed_senders": ["x@y.example"],
                "blocked_senders": ["z@y.example"],
                "tagged_mail": "subject",
                "pushover": {"key": {"env": "PUSH_KEY"}, "token": {"env": "PUSH_TOKEN"}},
                "permissions": ["spam_alias"],
                "send_as": ["ben@acme.example"],
                "external_send_as": ["x@far.example"],
                "custom_attributes": {"costs": "north"},
                "recovery_email": "anna@far.example",
            },
        },
        {
            "address": "ben@acme.example",
            "quota": "1MiB",
            "permissions": ["pushover"],
            "tagged_mail": "subfolder",
            "external_send_as": ["b@far.example"],
            "initial": {"password": _PASSWORD},
        },
    ],
}

_UNSENT: Final = re.compile(r"`(\w+)` of (.+?) (?:may not have been sent|is under `initial` and not sent)")
_NAMED: Final = re.compile(r"`([^`]+)`")


@dataclass
class Venture:
    """A town before these creations, begun again and again.

    Attributes:
        places: where machines keep journals.
        repository: where the manifests are; None where git knows nothing of them.
        start: the server's memory to begin from.
        refs: what git remembers to begin from.
        after: what the server remembers after an undisturbed apply.
        writes: how many calls it makes.
        requests: how often it asks anything.
    """

    town: Town
    places: Path
    repository: Made | None
    start: State
    refs: dict[str, str] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)
    writes: int = 0
    requests: int = 0

    def begin(self, name: str) -> None:
        """Put everything back, with a state folder that nothing is in."""
        self.town.simulator.server.state = self.start.copy()
        self.moves_to(name)
        if self.repository is not None:
            self.forgets("refs/reconciler")
            for ref, target in self.refs.items():
                self.repository.git("update-ref", ref, target)

    def moves_to(self, name: str) -> None:
        """Go on at another machine, which has no journals."""
        self.town.person.environ["XDG_STATE_HOME"] = str(self.places / name)

    def forgets(self, refs: str) -> None:
        """Let git forget some of what it remembers."""
        assert self.repository is not None
        for ref in remembered(self.repository, refs):
            self.repository.git("update-ref", "-d", ref)

    def is_finished_as_told(self) -> set[str]:
        """Apply again, then with all `--resend` that were told: nothing is lost, and nothing is told any more.

        Returns:
            What was told, as `--resend` wants it.
        """
        planned = self.town.plans()
        found = told(planned.out + planned.err)
        again = self.town.applies()
        assert again.code == DONE, again.out + again.err
        if found:
            rest = self.town.applies(*(word for each in sorted(found) for word in ("--resend", each)))
            assert rest.code == DONE, rest.out + rest.err
        assert settled(self.town) == self.after
        resting = self.town.plans()
        assert (resting.code, told(resting.out + resting.err)) == (DONE, set())
        return found


def told(said: str) -> set[str]:
    """The fields that may not have been sent, as `--resend` wants them."""
    return {f"{address}#{name}" for name, of in _UNSENT.findall(said) for address in _NAMED.findall(of)}


def settled(town: Town) -> list[str]:
    """All the server remembers, as it can be compared between runs: relayhosts by name, not by number."""
    memory = visible(town)
    hosts = {str(row["id"]): row["hostname"] for row in memory.get("relayhosts", ())}
    domains: list[dict[str, Any]] = [
        {**row, "relayhost": hosts.get(str(row["relayhost"]), "none")} for row in memory["domain"]
    ]
    return shape({**memory, "domain": domains})


def remembered(repository: Made, refs: str) -> dict[str, str]:
    """What git remembers: objects by ref."""
    lines = repository.git("for-each-ref", "--format=%(refname) %(objectname)", refs).splitlines()
    return dict(line.split() for line in lines)


@contextmanager
def about_to_create(version: str, *, in_git: bool) -> Iterator[Venture]:
    """A town with one domain, and manifests of much more; found out what an undisturbed apply makes of it."""
    with founded(version) as town, TemporaryDirectory() as places:
        town.person.environ |= SECRETS
        repository = made(town.person.folder) if in_git else None
        venture = Venture(town, Path(places), repository, town.simulator.state)
        venture.moves_to("undisturbed")
        town.declares(BEFORE)
        if repository is not None:
            repository.commit({})
        assert town.applies().code == DONE
        venture.start = town.simulator.state.copy()
        town.declares(CREATIONS)
        if repository is not None:
            venture.refs = remembered(repository, "refs/reconciler")
            repository.commit({})
        del town.simulator.requests[:]
        done = town.applies()
        assert done.code == DONE, done.out + done.err
        venture.after, venture.writes = settled(town), len(town.simulator.writes)
        venture.requests = len(town.simulator.requests)
        yield venture
