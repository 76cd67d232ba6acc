"""What mailcow 2026-07a answers about an organisation, in the forms recorded from real servers (tests/contract)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.bench.organisation import AliasEntry, DomainEntry, Organisation, Person

Row = dict[str, Any]

_GIBIBYTE: Final = 1024**3
_CREATED: Final = "2026-01-02 03:04:05"
_ACTIVE: Final = {"off": 0, "active": 1, "no-login": 2}
_MAX_MAILBOX_QUOTA: Final = 50 * _GIBIBYTE
_DEFAULT_QUOTA: Final = 5 * _GIBIBYTE


def answers(organisation: Organisation) -> dict[str, Any]:
    """Every list of the whole server, by path."""
    domains = organisation.domains
    mailboxes = [row for domain in domains for row in _mailboxes(domain)]
    return {
        "get/status/version": {"version": "2026-07a"},
        "get/domain/all": [_domain(domain) for domain in domains],
        "get/alias-domain/all": [row for domain in domains for row in _alias_domains(domain)] or {},
        "get/mailbox/all": [_in_full(row) for row in mailboxes],
        "get/mailbox/reduced": mailboxes,
        "get/alias/all": [row for _, rows in _aliases(organisation) for row in rows],
        "get/bcc/all": [_bcc(number, domain) for number, domain in enumerate(_archived(organisation), 1)] or {},
        "get/recipient_map/all": [
            _row(number, recipient_map_old=old, recipient_map_new=new)
            for number, (old, new) in enumerate(organisation.recipient_maps, 1)
        ],
        "get/relayhost/all": [_relayhost(number, host) for number, host in enumerate(organisation.relayhosts)],
        "get/transport/all": [
            _transport(number, *transport) for number, transport in enumerate(organisation.transports, 1)
        ],
        "get/tls-policy-map/all": [
            _row(number, dest=destination, policy=policy, parameters="")
            for number, (destination, policy) in enumerate(organisation.tls_policies, 1)
        ],
        "get/rl-domain/all": [
            {**_rate(domain.rate_limit), "domain": domain.name} for domain in domains if domain.rate_limit
        ]
        or {},
        "get/rl-mbox/all": [
            {**_rate(person.rate_limit), "mailbox": f"{person.local}@{domain.name}"}
            for domain in domains
            for person in domain.people
            if person.rate_limit
        ]
        or {},
    }


def answers_by_domain(organisation: Organisation) -> Iterator[tuple[str, Any]]:
    """Every list of one domain: (path, answer)."""
    for domain, rows in _aliases(organisation):
        yield f"get/mailbox/reduced/{domain.name}", _mailboxes(domain)
        yield f"get/alias/all/{domain.name}", rows


def _domain(domain: DomainEntry) -> Row:
    used = sum(person.quota for person in domain.people) * _GIBIBYTE
    left = domain.max_total_quota * _GIBIBYTE - used
    return {
        "max_new_mailbox_quota": min(left, _MAX_MAILBOX_QUOTA),
        "def_new_mailbox_quota": min(left, _DEFAULT_QUOTA),
        "quota_used_in_domain": str(used),
        "bytes_total": 0,
        "msgs_total": 0,
        "mboxes_in_domain": len(domain.people),
        "mboxes_left": domain.max_mailboxes - len(domain.people),
        "domain_name": domain.name,
        "domain_h_name": domain.name,
        "description": domain.description,
        "max_num_aliases_for_domain": domain.max_aliases,
        "max_num_mboxes_for_domain": domain.max_mailboxes,
        "def_quota_for_mbox": _DEFAULT_QUOTA,
        "max_quota_for_mbox": _MAX_MAILBOX_QUOTA,
        "max_quota_for_domain": domain.max_total_quota * _GIBIBYTE,
        "relayhost": "0" if domain.relayhost is None else str(domain.relayhost + 1),
        **_flags(backupmx=0, gal=1),
        "rl": _rate(domain.rate_limit) if domain.rate_limit else False,
        **_flags(active=1, relay_all_recipients=0, relay_unknown_only=0),
        "created": _CREATED,
        "modified": None,
        "aliases_in_domain": len(domain.aliases),
        "aliases_left": domain.max_aliases - len(domain.aliases),
        "domain_admins": "-",
    }


def _alias_domains(domain: DomainEntry) -> list[Row]:
    return [
        {
            "alias_domain": name,
            "parent_is_backupmx": 0,
            "target_domain": domain.name,
            **_flags(active=1),
            "rl": False,
            "created": _CREATED,
            "modified": None,
        }
        for name in domain.alias_domains
    ]


def _mailboxes(domain: DomainEntry) -> list[Row]:
    return [_mailbox(domain.name, person) for person in domain.people]


def _mailbox(domain: str, person: Person) -> Row:
    row = {
        "username": f"{person.local}@{domain}",
        **_flags(active=_ACTIVE[person.state]),
        "domain": domain,
        "name": person.name,
        "local_part": person.local,
        "quota": person.quota * _GIBIBYTE,
        "messages": 0,
        "attributes": {
            "force_pw_update": "0",
            "force_tfa": "0",
            "tls_enforce_in": "0",
            "tls_enforce_out": "0",
            "sogo_access": "1",
            "imap_access": "1",
            "pop3_access": "1",
            "smtp_access": "1",
            "sieve_access": "1",
            "eas_access": "1",
            "dav_access": "1",
            "relayhost": "0",
            "passwd_update": _CREATED,
            "mailbox_format": "maildir:",
            "quarantine_notification": "hourly",
            "quarantine_category": "reject",
            "attribute_hash": "",
        },
        "custom_attributes": [],
        "quota_used": 0,
        "percent_in_use": 0,
        "created": _CREATED,
        "modified": None,
        "authsource": "mailcow",
        "percent_class": "success",
        **dict.fromkeys(("last_imap_login", "last_smtp_login", "last_pop3_login", "last_sso_login"), 0),
    }
    if person.tags:
        row["tags"] = list(person.tags)
    return row


def _in_full(row: Row) -> Row:
    """A mailbox in the list that shows everything."""
    return {
        **row,
        "max_new_quota": _MAX_MAILBOX_QUOTA,
        "spam_aliases": 0,
        "pushover_active": 0,
        "rl": False,
        "is_relayed": 0,
        "sender_acl": [],
    }


def _aliases(organisation: Organisation) -> Iterator[tuple[DomainEntry, list[Row]]]:
    first = 1
    for domain in organisation.domains:
        yield domain, [_alias(first + number, domain.name, alias) for number, alias in enumerate(domain.aliases)]
        first += len(domain.aliases)


def _alias(number: int, domain: str, alias: AliasEntry) -> Row:
    active = _ACTIVE[alias.state]
    return {
        "in_primary_domain": "",
        "id": number,
        "domain": domain,
        "public_comment": None,
        "private_comment": alias.comment,
        "goto": ",".join(alias.to) or "null@localhost",
        "address": f"{alias.local}@{domain}",
        "is_catch_all": int(not alias.local),
        "internal": 0,
        **_flags(active=active, sogo_visible=1),
        "sender_allowed": int(alias.sender_allowed),
        "created": _CREATED,
        "modified": None,
    }


def _archived(organisation: Organisation) -> Iterator[DomainEntry]:
    return (domain for domain in organisation.domains if domain.archive)


def _bcc(number: int, domain: DomainEntry) -> Row:
    return _row(number, local_dest=f"@{domain.name}", bcc_dest=domain.archive, type="sender", domain=domain.name)


def _relayhost(number: int, host: str) -> Row:
    return {
        "id": number + 1,
        "hostname": host,
        "username": f"relay{number}",
        "password": "x",
        "active": 1,
        "password_short": "x...",
        "used_by_domains": "",
        "used_by_mailboxes": "",
    }


def _transport(number: int, destination: str, nexthop: str) -> Row:
    return {
        "id": number,
        "is_mx_based": 0,
        "destination": destination,
        "nexthop": nexthop,
        "username": "",
        "password": "",
        "active": 1,
        "password_short": "...",
    }


def _row(number: int, **fields: Any) -> Row:
    return {"id": number, **fields, "active": 1, "created": _CREATED, "modified": None}


def _rate(messages: int | None) -> Row:
    return {"value": str(messages), "frame": "h"}


def _flags(**flags: int) -> Row:
    """Each flag as it is answered: twice."""
    return {form: value for name, value in flags.items() for form in (name, f"{name}_int")}
