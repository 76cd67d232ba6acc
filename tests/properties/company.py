"""A company before and after a change of everything: creations, edits and deletions of many kinds, some in batches."""

from __future__ import annotations

from typing import Any

from tests.properties.wishes import Entry, Manifest

_ROOM = {"max_aliases": 20, "max_total_quota": "100MiB", "default_mailbox_quota": "1MiB"}
_ACCOUNT = {"host": "smtp.example:587", "username": "acme", "password": {"env": "CREDENTIAL"}}
_HOP = {"destination": "partner.example", "nexthop": "[mx.partner.example]:25"}
_PASSWORD = {"initial": {"password": {"env": "CREDENTIAL"}}}


def _domain(name: str, **more: Any) -> Entry:
    return {"name": name, "max_mailboxes": 9, "max_mailbox_quota": "10MiB", **_ROOM, **more}


def _people(*names: str, **more: Any) -> list[Entry]:
    return [{"address": name, "quota": "1MiB", **more, **_PASSWORD} for name in names]


def _aliases(*names: str, to: Any) -> list[Entry]:
    return [{"address": f"{name}@acme.example", "to": to} for name in names]


STAYING = ("anna@acme.example", "ben@acme.example", "carla@acme.example")

BEFORE: Manifest = {
    "relayhosts": [{"host": "old.example:25"}, _ACCOUNT],
    "domains": [
        _domain("acme.example", tags=["one", "two"], allowed_senders=["*@a.example"], rate_limit="10/h"),
        _domain("gone.example"),
    ],
    "alias_domains": [{"name": "gone-alias.example", "target": "acme.example"}],
    "mailboxes": _people(*STAYING, "leaver@acme.example", imap=True),
    "aliases": [
        *_aliases("sales", "info", "gone1", "gone2", "gone3", to=["anna@acme.example"]),
        *_aliases("null", to="discard"),
    ],
    "bcc_maps": [{"for": "gone.example", "direction": "outgoing", "to": "x@vault.example"}],
    "transports": [{**_HOP, "username": "acme", "password": {"env": "CREDENTIAL"}}],
}

AFTER: Manifest = {
    "relayhosts": [{"host": "new.example:25"}, _ACCOUNT],
    "domains": [
        _domain("acme.example", tags=["two", "three"], allowed_senders=["*@b.example"], rate_limit="20/h")
        | {"max_mailboxes": 12, "max_mailbox_quota": "20MiB"},
        _domain("new.example", relayhost="acme@smtp.example:587", rate_limit="5/h"),
    ],
    "alias_domains": [{"name": "new-alias.example", "target": "acme.example"}],
    "mailboxes": [
        *_people(*STAYING, imap=False),
        *_people("dora@new.example", rate_limit="7/h", enforce_tls_in=True, quarantine_category="all"),
    ],
    "aliases": [
        *_aliases("sales", "info", "new1", "new2", to=["anna@acme.example", "ben@acme.example"]),
        *[{**each, "state": "off"} for each in _aliases("null", to="discard")],
    ],
    "bcc_maps": [{"for": "new.example", "direction": "outgoing", "to": "x@vault.example"}],
    "recipient_maps": [{"for": "old@elsewhere.example", "to": "x@y.example"}],
    "transports": [{**_HOP, "username": "acme2", "password": {"env": "OTHER"}}],
    "tls_policies": [{"destination": "partner.example", "policy": "encrypt"}],
    "removed": [
        {"relayhost": "old.example:25"},
        {"domain": "gone.example"},
        {"alias_domain": "gone-alias.example"},
        {"mailbox": "leaver@acme.example"},
        *({"alias": f"gone{number}@acme.example"} for number in (1, 2, 3)),
        {"bcc_map": "outgoing:gone.example"},
    ],
}

_ROWS: dict[str, tuple[tuple[str, str], ...]] = {
    "relayhost": (("relayhosts", "hostname"),),
    "domain": (
        ("domain", "domain"),
        ("filterconf", "object"),
        ("tags_domain", "domain"),
        ("domain_wide_footer", "domain"),
    ),
    "alias_domain": (("alias_domain", "alias_domain"), ("filterconf", "object")),
    "mailbox": (
        ("mailbox", "username"),
        ("alias", "address"),
        ("filterconf", "object"),
        ("tags_mailbox", "username"),
        ("sender_acl", "logged_in_as"),
    ),
    "alias": (("alias", "address"),),
    "bcc_map": (("bcc_maps", "local_dest"),),
    "recipient_map": (("recipient_maps", "old_dest"),),
    "transport": (("transports", "destination"),),
    "tls_policy": (("tls_policy_override", "dest"),),
}
"""Where the server keeps what is told of each kind: table and column."""

_LIMITS = ("RL_VALUE", "of")
_LIMITED = {"domain", "alias_domain", "mailbox"}
_VOLATILE = {"id", "created", "modified", "passwd_update", "several"}


Index = dict[tuple[str, str], dict[str, list[dict[str, Any]]]]
"""The rows of what a server remembers, by table and column and by what that column says, in lower case."""


def indexed(memory: dict[str, Any]) -> Index:
    """Look once at all rows that are about something that can be declared."""
    found: Index = {}
    for table, column in {each for places in _ROWS.values() for each in places} | {_LIMITS}:
        by_value = found[table, column] = {}
        for row in memory.get(table, ()):
            by_value.setdefault(str(row[column]).lower(), []).append(row)
    return found


def rows_about(index: Index, address: str) -> list[str]:
    """Everything a server remembers about one resource, without what differs from run to run.

    Args:
        address: as a report has it.
    """
    kind, _, key = address.partition("/")
    name = "@" + key.rpartition(":")[2] if kind == "bcc_map" else key
    found = [
        f"{place[0]}: {plain(row)}"
        for place in _ROWS[kind]
        for row in index[place].get(name, ())
        if _belongs(kind, row)
    ]
    limits = index[_LIMITS].get(name, ()) if kind in _LIMITED else ()
    return sorted(found) + [f"limit {row['is']}" for row in limits if row["of"] == name]


def _belongs(kind: str, row: dict[str, Any]) -> bool:
    """An address is an alias's or a mailbox's; a server has aliases for both."""
    return "goto" not in row or (kind == "mailbox") == (row["address"] == row["goto"])


def plain(row: dict[str, Any]) -> str:
    """A row as text, without what differs from run to run."""
    kept = {name: value for name, value in row.items() if name not in _VOLATILE}
    if isinstance(kept.get("attributes"), dict):
        kept["attributes"] = {name: each for name, each in row["attributes"].items() if name not in _VOLATILE}
    if str(kept.get("password", "")).startswith("{"):
        kept["password"] = "a hash"
    return str(sorted(kept.items()))
