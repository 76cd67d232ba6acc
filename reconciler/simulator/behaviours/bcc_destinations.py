"""get bcc-destination-options: what the web page offers as the local side of a BCC map.

Source: mailcow json_api.php, functions.inc.php (user_get_alias_details) of 2022-01a and 2026-07a.
"""

from __future__ import annotations

from reconciler.simulator import sql
from reconciler.simulator.php import Row
from reconciler.simulator.routing import Call, reads
from reconciler.simulator.rows import aliases_with_target, mailboxes_of
from reconciler.simulator.tables import alias_domains, alias_domains_of, domains


@reads("bcc-destination-options")
def read_bcc_destinations(call: Call) -> Row:
    """Domains, each mailbox with its aliases, and alias domains; what there is none of is left out."""
    found: Row = {}
    for domain in domains(call.state):
        found.setdefault("domains", []).append(domain["domain"])
        for mailbox in mailboxes_of(call.state, domain["domain"]):
            name = mailbox["username"]
            found.setdefault("mailboxes", {})[name] = [name, *_aliases(call, mailbox)]
    if len(call.table("alias_domain")):
        found["alias_domains"] = [row["alias_domain"] for row in alias_domains(call.state)]
    return found


def _aliases(call: Call, mailbox: Row) -> list[str]:
    """The addresses that lead to a mailbox alone, those in alias domains, and those it shares with others."""
    name = mailbox["username"]
    direct = [row["address"] for row in call.table("alias").find("goto", name) if _is_other(row["address"], name)]
    mirrored = [f"{mailbox['local_part']}@{domain}" for domain in alias_domains_of(call.state, mailbox["domain"])]
    targeting = aliases_with_target(call.state, name, quoted=call.has("quoted_patterns"))
    shared = [
        row["address"] for row in targeting if _is_other(row["address"], name) and not sql.same(row["goto"], name)
    ]
    return [*dict.fromkeys([*direct, *mirrored]), *shared]


def _is_other(address: str, name: str) -> bool:
    return not address.startswith("@") and not sql.same(address, name)
