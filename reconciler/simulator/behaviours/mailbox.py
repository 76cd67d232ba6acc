"""get mailbox: details with everything the server works out about a mailbox, and loading them back.

Where there is a row but no whole mailbox (a resource, or one that a crash left half made) details are all null, not
absent. Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: mailboxes, mailbox_details;
json_api.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, php, sql
from reconciler.simulator.behaviours.rate_limit import domain_limit, mailbox_limit, restore_limit
from reconciler.simulator.behaviours.template import USUAL_RIGHTS
from reconciler.simulator.behaviours.time_limited_alias import valid_addresses
from reconciler.simulator.php import Row
from reconciler.simulator.routing import Call, reads
from reconciler.simulator.rows import MEBIBYTE, by_username, insert_alias, insert_mailbox, mailboxes_of, totals
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.tables import domains

_UNREADABLE: Final = (
    "Passwords of mailboxes cannot be read, so none are there.",
    "Rights of users, tag handling and Pushover settings cannot be read: they are as for a new mailbox.",
    "Throw-away addresses are listed by mailbox only, so none are there unless they were read.",
)
_LAST_LOGINS: Final = ("last_imap_login", "last_smtp_login", "last_pop3_login")
_USED_UP, _NEARLY_USED_UP = 90, 75


@reads("mailbox")
def read_mailbox(call: Call) -> Any:
    """One by its address; with ``?tags=`` those whose address contains it and that have such a tag.

    On 2022-05 and 2022-05a the address is taken for a domain, and so means every mailbox there is (json_api.php).
    """
    if call.query.get("tags"):
        found = [details for row in _tagged(call, call.object or "") if (details := mailbox_details(call, row))]
        return found or b"[]"
    if call.has("mailbox_by_domain"):
        names = [row["username"] for row in _of_domain(call, call.object or "")]
        return [details for name in names if (details := mailbox_details(call, name))]
    return mailbox_details(call, call.object)


@reads("mailbox/all")
def read_mailboxes(call: Call) -> list[Row]:
    """Every mailbox, or those of the domains named; a name that is no domain means all of them since 2022-05."""
    return [details for address in _listed(call) if (details := mailbox_details(call, address))]


@reads("mailbox/reduced")
def read_reduced_mailboxes(call: Call) -> list[Row]:
    """The same without what is costly to work out."""
    return [details for address in _listed(call) if (details := mailbox_details(call, address, reduced=True))]


def _listed(call: Call) -> list[str]:
    named = (call.extra or "").split(",") if php.truthy(call.extra) else None
    names = named if named is not None else [row["domain"] for row in domains(call.state)]
    if call.query.get("tags"):
        return [address for name in names for address in _tagged(call, name)]
    return [row["username"] for name in names for row in _of_domain(call, name)]


def _of_domain(call: Call, name: str) -> list[Row]:
    if access.has_domain(call, name):
        return mailboxes_of(call.state, name)
    if not call.has("tags"):
        return []
    return sorted((row for row in call.table("mailbox") if row["kind"] == ""), key=by_username)


def _tagged(call: Call, part: str) -> list[str]:
    wanted = [sql.weight(tag) for tag in call.query["tags"].split(",")]
    found = {
        row["username"]
        for row in call.table("tags_mailbox")
        if sql.weight(part) in sql.weight(row["username"])
        and any(tag in sql.weight(row["tag_name"]) for tag in wanted)
        and access.has_domain(call, row["username"].partition("@")[2])
    }
    return sorted(found, key=sql.weight)


def largest_new_quota(call: Call, row: Row) -> int:
    """Bytes a mailbox's quota may grow to: what the others leave of its domain's, and the domain's largest."""
    domain = call.table("domain").get(row["domain"])
    assert domain is not None
    others = totals(call.state, row["domain"])["quota"] - row["quota"]
    return int(min(domain["quota"] * MEBIBYTE - others, domain["maxquota"] * MEBIBYTE))


def mailbox_details(call: Call, address: object, *, reduced: bool = False) -> Row | None:
    """What get/mailbox shows; None where there is no row of this address."""
    if not access.has_mailbox(call, address):
        return None
    row = call.table("mailbox").get(address)
    whole = row if row is not None and row["kind"] == "" and row["complete"] else None
    tags = call.table("tags_mailbox").find("username", address)
    return {
        **_own_columns(call, whole),
        **{name: (whole or {}).get(name, 0) for name in _LAST_LOGINS},
        **({"last_sso_login": 0} if call.has("last_sso_login") else {}),
        **({} if reduced else _worked_out(call, address, whole)),
        **({"tags": sorted((tag["tag_name"] for tag in tags), key=sql.weight)} if tags else {}),
    }


def _own_columns(call: Call, row: Row | None) -> Row:
    columns = row or {}
    quota, used = columns.get("quota"), columns.get("bytes") or 0
    percent = round(used / quota * 100) if quota else "- "
    return {
        "username": columns.get("username"),
        "active": columns.get("active"),
        "active_int": columns.get("active"),
        "domain": columns.get("domain"),
        **({"relayhost": None} if call.has("mailbox_relayhost_column") else {}),
        "name": columns.get("name"),
        "local_part": columns.get("local_part"),
        "quota": quota,
        "messages": columns.get("messages"),
        "attributes": columns.get("attributes"),
        **({"custom_attributes": columns.get("custom_attributes")} if call.has("custom_attributes") else {}),
        "quota_used": used,
        "percent_in_use": percent,
        **({name: columns.get(name) for name in ("created", "modified")} if call.has("templates") else {}),
        **({"authsource": columns.get("authsource") or "mailcow"} if call.has("authsource") else {}),
        "percent_class": _class_of(percent),
    }


def _class_of(percent: Any) -> str:
    if not isinstance(percent, int):
        return "info"
    if percent >= _USED_UP:
        return "danger"
    return "warning" if percent >= _NEARLY_USED_UP else "success"


def _worked_out(call: Call, address: object, row: Row | None) -> Row:
    own = mailbox_limit(call, address)
    pushover = call.table("pushover").get(address)
    parent = call.table("domain").get(row["domain"]) if row else None
    senders = sorted(call.table("sender_acl").find("logged_in_as", address), key=lambda sender: int(sender["id"]))
    return {
        "max_new_quota": largest_new_quota(call, row) if row else 0,
        "spam_aliases": len(valid_addresses(call, address)),
        "pushover_active": int(pushover is not None and pushover["active"] == 1),
        "rl": own or domain_limit(call, row["domain"] if row else None),
        "rl_scope": "mailbox" if own else "domain",
        "is_relayed": parent["backupmx"] if parent else None,
        **(
            {"sender_acl": [sender["send_as"] for sender in senders if not sender["external"]]}
            if call.has("mailbox_sender_acl")
            else {}
        ),
    }


@restores("get/mailbox/all")
def restore_mailboxes(server: Server, answer: Any) -> list[str]:
    """Mailboxes with their own aliases, limits, tags and permissions to send."""
    for shown in php.values(answer):
        _restore_one(server, shown)
    return list(_UNREADABLE)


def _restore_one(server: Server, shown: Row) -> None:
    created = shown.get("created") or server.now()
    address = shown["username"]
    insert_mailbox(
        server.state,
        {
            **{
                name: shown[name]
                for name in ("username", "name", "quota", "local_part", "domain", "active", "messages")
            },
            "password": "",
            "attributes": shown["attributes"],
            "custom_attributes": shown.get("custom_attributes") or {},
            "authsource": shown.get("authsource", "mailcow"),
            "kind": "",
            "multiple_bookings": -1,
            "acl": list(USUAL_RIGHTS),
            "bytes": shown["quota_used"],
            "complete": True,
            "created": created,
            "modified": shown.get("modified"),
        },
    )
    own = {"address": address, "goto": address, "domain": shown["domain"], "created": created, "modified": None}
    insert_alias(server.state, {**own, **OWN_ALIAS, "active": shown["active"]})
    for tag in shown.get("tags", ()):
        server.state.table("tags_mailbox").insert({"username": address, "tag_name": tag})
    for sender in shown.get("sender_acl", ()):
        server.state.table("sender_acl").insert({"logged_in_as": address, "send_as": sender, "external": 0})
    if shown.get("rl_scope") == "mailbox":
        restore_limit(server, address, shown["rl"])


OWN_ALIAS: Final = {
    "private_comment": None,
    "public_comment": None,
    "sogo_visible": 1,
    "internal": 0,
    "sender_allowed": 1,
}
"""What a mailbox's alias to itself has: the columns' defaults."""
