"""edit/domain/footer: text below every mail of a domain; it can be written, never read, and outlives the domain.

Source: mailcow 2024-08a, 2026-07a, functions.mailbox.inc.php: domain_wide_footer; recorded exchanges.
"""

from __future__ import annotations

from typing import Any

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, edits
from reconciler.simulator.state import declare

declare("domain_wide_footer", key="domain")


@edits("domain/footer", log=("mailbox", "edit", "domain_wide_footer", ECHO, None), key="domains", since="footer")
def edit_footer(call: Call) -> bool | None:
    """Everything is replaced; an exclusion nobody knows is reported and left out."""
    mailboxes, alias_domains = _exclusions(call)
    for item in call.items:
        domain = php.idn_to_ascii(loose.trim(item).lower())
        with refusals(call):
            refuse_if(not php.is_valid_domain_name(domain), "domain_invalid")
            refuse_if(not access.has_domain(call, domain), "access_denied")
            _store(call, domain, mailboxes, alias_domains)
            call.success(("domain_footer_modified", php.htmlspecialchars(domain)))
            continue
        return False
    return None


def _exclusions(call: Call) -> tuple[list[str], list[str]]:
    mailboxes: list[str] = []
    alias_domains: list[str] = []
    with_alias_domains = call.has("footer_alias_domain_exclude")
    for item in php.values(call.data.get("exclude" if with_alias_domains else "mbox_exclude")):
        with refusals(call):
            if php.is_email(item):
                refuse_if(not _is_address(call, item), "username_invalid", item)
                mailboxes.append(item)
            else:
                known = with_alias_domains and php.is_valid_domain_name(item) and item in call.table("alias_domain")
                refuse_if(not known, "username_invalid", item)
                alias_domains.append(item)
    return mailboxes, alias_domains


def _is_address(call: Call, address: str) -> bool:
    if not call.has("footer_alias_domain_exclude"):
        return access.has_mailbox(call, address)
    return bool(call.table("alias").count("address", address)) or address in call.table("mailbox")


def _store(call: Call, domain: str, mailboxes: list[str], alias_domains: list[str]) -> None:
    given: dict[str, Any] = {name: call.data.get(name) for name in ("html", "plain", "skip_replies")}
    skips = call.has("footer_skip_replies")
    call.table("domain_wide_footer").delete(domain)
    call.table("domain_wide_footer").insert(
        {
            "domain": domain,
            "html": php.text(given["html"]),
            "plain": php.text(given["plain"]),
            "mbox_exclude": mailboxes,
            "alias_domain_exclude": alias_domains,
            "skip_replies": sql.integer("skip_replies", php.intval(given["skip_replies"] if skips else 0)),
        }
    )
