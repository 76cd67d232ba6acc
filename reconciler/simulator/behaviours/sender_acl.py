"""Who may send as whom: the two lists that edit/mailbox replaces.

Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: edit mailbox, sender_acl_handles; recorded
exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import Call
from reconciler.simulator.rows import aliases_with_target
from reconciler.simulator.state import declare
from reconciler.simulator.tables import alias_domains_of

declare("sender_acl", indexes=("logged_in_as", "send_as", "external"))

_EVERYONE = "*"


def replace_external_senders(call: Call, username: str, given: Any) -> None:
    """Addresses and domains elsewhere, as a text list; those of this server are refused one by one."""
    wanted: list[str] = []
    # the server's message about a domain names the domain of the address before it
    latest_domain: str | None = None
    for item in php.array_filter(loose.split(given)):
        name = item.lstrip("@") if item.startswith("@") else item
        with refusals(call):
            is_address = php.is_email(name)
            valid = is_address or php.is_valid_domain_name(name)
            refuse_if(not valid, "extra_acl_invalid", php.htmlspecialchars(name))
            if is_address:
                latest_domain = loose.split_address(name)[1]
                refuse_if(_is_ours(call, latest_domain), "extra_acl_invalid_domain", latest_domain)
            else:
                refuse_if(_is_ours(call, name), "extra_acl_invalid_domain", latest_domain)
                name = f"@{name}"
            wanted.append(name)
    _forget(call, username, external=1)
    for name in dict.fromkeys(wanted):
        row = {"logged_in_as": username, "send_as": sql.text("send_as", name), "external": 1}
        call.table("sender_acl").insert(row)


def _is_ours(call: Call, domain: str) -> bool:
    row = call.table("domain").get(domain) or call.table("alias_domain").get(domain)
    return row is not None and domain in (row.get("domain"), row.get("alias_domain"))


def _forget(call: Call, username: str, *, external: int) -> None:
    for row in call.table("sender_acl").find("logged_in_as", username):
        if row["external"] == external:
            call.table("sender_acl").delete(row["id"])


def replace_senders(call: Call, username: str, given: Any) -> None:
    """Domains and addresses of this server, or ``*``; what aliases allow anyway is left out, ``default`` clears."""
    wanted = php.values(given)
    locked = _locked(call, username)
    if loose.contains(wanted, _EVERYONE):
        wanted = [_EVERYONE]
    elif "default" in wanted:
        wanted.remove("default")
    valid = []
    for item in wanted:
        with refusals(call):
            refuse_if(not _may_be_sender(call, item), "sender_acl_invalid", item)
            valid.append(item)
    merged = [*valid, *locked]
    if _EVERYONE in merged:
        merged = [_EVERYONE]
    _forget(call, username, external=0)
    allowed_anyway = _allowed_anyway(call, username) if merged else set()
    for item in merged:
        domain = item.lstrip("@")
        name = f"@{domain}" if php.is_valid_domain_name(domain) else item
        if name not in allowed_anyway:
            row = {"logged_in_as": username, "send_as": sql.text("send_as", name), "external": 0}
            call.table("sender_acl").insert(row)


def _may_be_sender(call: Call, item: Any) -> bool:
    if item == _EVERYONE:
        return True
    if php.is_email(item):
        return access.has_alias(call, item)
    domain = php.text(item).lstrip("@")
    return php.is_valid_domain_name(domain) and _is_ours(call, domain) and access.has_domain(call, domain)


def _locked(call: Call, username: str) -> list[str]:
    """Permissions for domains and addresses that are gone: nobody may take them away, so they stay."""
    rows = [row["send_as"] for row in call.table("sender_acl").find("logged_in_as", username) if not row["external"]]
    names = [name.replace("@", "") for name in rows if name.startswith("@")]
    gone = [name for name in names if php.is_valid_domain_name(name) and not access.has_domain(call, name)]
    addresses = [name for name in rows if not name.startswith("@") and php.is_email(name)]
    return gone + [address for address in addresses if not access.has_alias(call, address)]


def _allowed_anyway(call: Call, username: str) -> set[str]:
    rows = aliases_with_target(call.state, username, quoted=call.has("quoted_patterns"))
    by_alias = [row for row in rows if not row["address"].startswith("@")]
    if call.has("alias_sender_allowed"):
        return {row["address"] for row in by_alias if row["sender_allowed"] == 1}
    mailbox = call.table("mailbox").get(username)
    behind = alias_domains_of(call.state, mailbox["domain"]) if mailbox else []
    own = {f"{mailbox['local_part']}@{domain}" for domain in behind} if mailbox else set()
    return {row["address"] for row in by_alias} | own
