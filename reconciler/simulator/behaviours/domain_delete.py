"""delete/domain: what goes with a domain, and what stays to come back with the next of its name.

DKIM keys, the footer, BCC maps, and everything of its alias domains but themselves stay.
Source: mailcow 2022-01a, 2026-07a, functions.mailbox.inc.php: delete domain; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.behaviours.rate_limit import LIMITS
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, deletes
from reconciler.simulator.rows import drop_aliases


@deletes("domain", log=("mailbox", "delete", "domain", ECHO, None), key="domain")
def delete_domain(call: Call) -> bool | None:
    """Empty domains, or ones that were never there; a mailbox or resource keeps its domain."""
    if access.denies(call):
        return False
    for item in call.items:
        with refusals(call):
            refuse_if(not php.is_valid_domain_name(item), "domain_invalid")
            domain = php.idn_to_ascii(loose.trim(item).lower())
            refuse_if(call.table("mailbox").count("domain", domain), "domain_not_empty", domain)
            _remove(call, domain)
            call.success(("domain_removed", php.htmlspecialchars(domain)))
    return True


def _remove(call: Call, domain: str) -> None:
    if domain in call.table("domain"):
        call.table("tags_domain").delete_where("domain", domain)
    call.table("domain").delete(domain)
    call.table("domain_admins").delete_where("domain", domain)
    drop_aliases(call.state, "domain", domain)
    call.table("alias_domain").delete_where("target_domain", domain)
    for table, column in (("sender_acl", "logged_in_as"), ("pushover", "username"), ("spamalias", "address")):
        forget_addresses(call, table, column, domain)
    call.table("filterconf").delete_where("object", domain)
    call.table("bcc_maps").delete_where("local_dest", domain)
    if call.has("mta_sts"):
        call.table("mta_sts").delete(domain)
    _remove_idle_admins(call)
    call.state.redis.hdel("DOMAIN_MAP", domain)
    call.state.redis.hdel(LIMITS, domain)


def forget_addresses(call: Call, table: str, column: str, domain: str) -> None:
    """Remove a table's rows whose address is in a domain."""
    ending = "@" + sql.weight(domain)
    for row in call.table(table):
        if sql.weight(row[column]).endswith(ending):
            call.table(table).delete(row[call.table(table).shape.key])


def _remove_idle_admins(call: Call) -> None:
    """Domain administrators without any domain go, and so do the ghosts that never had a valid one."""
    busy = {sql.weight(row["username"]) for row in call.table("domain_admins")}
    for row in call.table("admin"):
        if not row["superadmin"] and sql.weight(row["username"]) not in busy:
            call.table("admin").delete(row["username"])
    for row in call.table("da_acl"):
        if sql.weight(row["username"]) not in busy:
            call.table("da_acl").delete(row["username"])
