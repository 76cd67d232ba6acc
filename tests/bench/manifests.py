"""An organisation as its administrators would write it down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.bench.organisation import AliasEntry, DomainEntry, Organisation, Person

DEFAULTS: Final = """\
# What every domain and mailbox has unless it says otherwise.
defaults:
  domains:
    max_mailbox_quota: 50GiB
    default_mailbox_quota: 5GiB
    global_address_list: true
  mailboxes:
    quota: 5GiB
    state: active
    initial:
      password: {generate: true}
      force_password_change: true
  aliases: {state: active}
"""
DEFAULT_QUOTA: Final = 5


def write(organisation: Organisation, folder: Path) -> None:
    """Write the manifests: what belongs to the server, the defaults, and a file a domain."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_defaults.yaml").write_text(DEFAULTS, encoding="utf-8")
    (folder / "server.yaml").write_text("".join(_server(organisation)), encoding="utf-8")
    for domain in organisation.domains:
        file = folder / "domains" / domain.name[0] / f"{domain.name.removesuffix('.example')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(_domain(organisation, domain)), encoding="utf-8")


def _server(organisation: Organisation) -> Iterator[str]:
    yield "relayhosts:\n"
    for number, host in enumerate(organisation.relayhosts):
        yield f'  - {{host: "{host}", username: relay{number}, password: {{env: SMTP_RELAY_{number}}}}}\n'
    yield "transports:\n"
    for destination, nexthop in organisation.transports:
        yield f'  - {{destination: {destination}, nexthop: "{nexthop}"}}\n'
    yield "tls_policies:\n"
    for destination, policy in organisation.tls_policies:
        yield f"  - {{destination: {destination}, policy: {policy}}}\n"
    yield "recipient_maps:\n"
    for old, new in organisation.recipient_maps:
        yield f"  - {{for: {old}, to: {new}}}\n"


def _domain(organisation: Organisation, domain: DomainEntry) -> Iterator[str]:
    yield f"# {domain.description}\ndomain: {domain.name}\n\ndomains:\n  - name: {domain.name}\n"
    yield f"    description: {domain.description}\n"
    yield f"    max_mailboxes: {domain.max_mailboxes}\n    max_aliases: {domain.max_aliases}\n"
    yield f"    max_total_quota: {domain.max_total_quota}GiB\n"
    if domain.rate_limit:
        yield f"    rate_limit: {domain.rate_limit}/h\n"
    if domain.relayhost is not None:
        yield f"    relayhost: relay{domain.relayhost}@{organisation.relayhosts[domain.relayhost]}\n"
    if domain.alias_domains:
        yield "\nalias_domains:\n"
        for name in domain.alias_domains:
            yield f"  - {{name: {name}, target: {domain.name}}}\n"
    if domain.archive:
        yield f"\nbcc_maps:\n  - {{for: {domain.name}, direction: outgoing, to: {domain.archive}}}\n"
    yield "\nmailboxes:\n"
    yield from map(_person, domain.people)
    yield "\naliases:\n"
    for alias in domain.aliases:
        yield from _alias(domain, alias)


def _person(person: Person) -> str:
    fields = [f"  - address: {person.local}\n    name: {person.name}\n"]
    if person.quota != DEFAULT_QUOTA:
        fields.append(f"    quota: {person.quota}GiB\n")
    if person.state != "active":
        fields.append(f"    state: {person.state}\n")
    if person.rate_limit:
        fields.append(f"    rate_limit: {person.rate_limit}/h\n")
    fields.append(f"    tags: [{', '.join(person.tags)}]\n")
    return "".join(fields)


def _alias(domain: DomainEntry, alias: AliasEntry) -> Iterator[str]:
    yield f"  - address: {alias.local}\n" if alias.local else f"  - catch_all: {domain.name}\n"
    targets = (target.removesuffix(f"@{domain.name}") for target in alias.to)
    yield f"    to: [{', '.join(targets)}]\n" if alias.to else "    to: discard\n"
    yield f"    sender_allowed: {str(alias.sender_allowed).lower()}\n"
    if alias.state != "active":
        yield f"    state: {alias.state}\n"
    if alias.comment:
        yield f'    private_comment: "{alias.comment}"\n'
