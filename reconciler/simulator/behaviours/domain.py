"""get domain: details with everything the server works out about a domain, and loading them back.

Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: get domains, domain_details; json_api.php.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.behaviours.rate_limit import domain_limit, restore_limit
from reconciler.simulator.php import Row
from reconciler.simulator.routing import Call, reads
from reconciler.simulator.rows import MEBIBYTE, alias_count, totals
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.tables import alias_domains_of, domains

_FLAGS: Final = ("backupmx", "gal", "active", "relay_all_recipients", "relay_unknown_only")


@reads("domain")
def read_domain(call: Call) -> Row | None:
    """A domain's details; an alias domain's name gives those of its target."""
    return domain_details(call, call.object)


@reads("domain/all")
def read_domains(call: Call) -> list[Row]:
    """Every domain's details, or those of domains with a tag that contains one of ``?tags=``."""
    names = [row["domain"] for row in domains(call.state)]
    if call.query.get("tags"):
        wanted = call.query["tags"].split(",")
        names = [name for name in names if any(_tag_matches(call, name, tag) for tag in wanted)]
    return [details for name in names if (details := domain_details(call, name))]


def _tag_matches(call: Call, domain: str, tag: str) -> bool:
    rows = call.table("tags_domain").find("domain", domain)
    return any(sql.weight(tag) in sql.weight(row["tag_name"]) for row in rows)


def find_domain(call: Call, domain: object) -> Row | None:
    """The domain's row, or that of the target where an alias domain is named; in any case and in unicode."""
    name = php.idn_to_ascii(loose.trim(domain).lower())
    if not access.has_domain(call, name):
        return None
    alias = call.table("alias_domain").get(name)
    return call.table("domain").get(alias["target_domain"] if alias else name)


def aliases_left(call: Call, row: Row) -> int:
    """How many aliases a domain may still get, those in its alias domains counted; negative after a limit was cut."""
    names = [row["domain"], *alias_domains_of(call.state, row["domain"])]
    left: int = row["aliases"] - alias_count(call.state, names)
    return left


def domain_details(call: Call, domain: object) -> Row | None:
    """What get/domain shows; None where there is no such domain."""
    row = find_domain(call, domain)
    if row is None:
        return None
    name = row["domain"]
    tags = sorted((tag["tag_name"] for tag in call.table("tags_domain").find("domain", name)), key=sql.weight)
    left = aliases_left(call, row)
    return {
        **_quota_figures(call, row),
        "domain_name": name,
        **({"domain_h_name": php.idn_to_utf8(name)} if call.has("domain_h_name") else {}),
        "description": row["description"],
        "max_num_aliases_for_domain": row["aliases"],
        "max_num_mboxes_for_domain": row["mailboxes"],
        "def_quota_for_mbox": row["defquota"] * MEBIBYTE,
        "max_quota_for_mbox": row["maxquota"] * MEBIBYTE,
        "max_quota_for_domain": row["quota"] * MEBIBYTE,
        "relayhost": row["relayhost"],
        "backupmx": row["backupmx"],
        "backupmx_int": row["backupmx"],
        "gal": row["gal"],
        "gal_int": row["gal"],
        "rl": domain_limit(call, name),
        "active": row["active"],
        "active_int": row["active"],
        "relay_all_recipients": row["relay_all_recipients"],
        "relay_all_recipients_int": row["relay_all_recipients"],
        "relay_unknown_only": row["relay_unknown_only"],
        "relay_unknown_only_int": row["relay_unknown_only"],
        **({name: row[name] for name in ("created", "modified")} if call.has("templates") else {}),
        "aliases_in_domain": row["aliases"] - left,
        "aliases_left": left,
        "domain_admins": _admins(call, name),
        **({"tags": tags} if tags else {}),
    }


def _quota_figures(call: Call, row: Row) -> Row:
    sums = totals(call.state, row["domain"])
    largest_new = min(row["quota"] * MEBIBYTE - sums["quota"], row["maxquota"] * MEBIBYTE)
    return {
        "max_new_mailbox_quota": largest_new,
        "def_new_mailbox_quota": min(largest_new, row["defquota"] * MEBIBYTE),
        "quota_used_in_domain": str(sums["quota"]),
        "bytes_total": str(sums["bytes"]) if sums["bytes"] else 0,
        "msgs_total": str(sums["messages"]) if sums["messages"] else 0,
        "mboxes_in_domain": sums["mailboxes"],
        "mboxes_left": row["mailboxes"] - sums["mailboxes"],
    }


def _admins(call: Call, domain: str) -> str:
    return ", ".join(row["username"] for row in call.table("domain_admins").find("domain", domain)) or "-"


@restores("get/domain/all")
def restore_domains(server: Server, answer: Any) -> list[str]:
    """Domains with their tags and limits."""
    now = server.now()
    for shown in php.values(answer):
        name = shown["domain_name"]
        server.state.table("domain").insert(
            {
                "domain": name,
                "description": shown["description"],
                "aliases": shown["max_num_aliases_for_domain"],
                "mailboxes": shown["max_num_mboxes_for_domain"],
                "defquota": shown["def_quota_for_mbox"] // MEBIBYTE,
                "maxquota": shown["max_quota_for_mbox"] // MEBIBYTE,
                "quota": shown["max_quota_for_domain"] // MEBIBYTE,
                "relayhost": shown["relayhost"],
                **{flag: shown[flag] for flag in _FLAGS},
                "created": shown.get("created") or now,
                "modified": shown.get("modified"),
            }
        )
        for tag in shown.get("tags", ()):
            server.state.table("tags_domain").insert({"domain": name, "tag_name": tag})
        restore_limit(server, name, shown.get("rl"))
    return ["The footers of domains cannot be read, so none are there."] if server.has("footer") else []
