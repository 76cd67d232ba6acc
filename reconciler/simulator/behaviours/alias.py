"""get and delete alias, and loading aliases back.

A mailbox's own address is an alias to itself that is never shown. Ids come as text too, and an address that begins
with digits is taken for a number as well. Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php:
aliases, alias_details; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, deletes, reads
from reconciler.simulator.rows import drop_alias, insert_alias
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.tables import alias_domains, domains

_SHOWN: Final = ("address", "goto", "domain", "created", "modified", "private_comment", "public_comment")


def find_alias(call: Call, wanted: object) -> Row | None:
    """The alias of this number or this address, in an existing domain; the older where both fit."""
    found = []
    by_number = sql.row(call.table("alias"), wanted)
    if by_number is not None:
        found.append(by_number)
    if not php.is_array(wanted) and wanted is not None:
        found.extend(call.table("alias").find("address", php.text(wanted)))
    shown = [row for row in found if not sql.same(row["address"], row["goto"])]
    row = min(shown, key=lambda row: int(row["id"]), default=None)
    return row if row is not None and access.has_domain(call, row["domain"]) else None


@reads("alias")
def read_alias(call: Call) -> Row | None:
    """One by its number or address."""
    row = find_alias(call, call.object)
    return alias_details(call, row) if row else None


@reads("alias/all")
def read_aliases(call: Call) -> list[Row]:
    """All of the domains, then of the alias domains, or of those named; others' rows are not seen."""
    if php.truthy(call.extra):
        names = (call.extra or "").split(",")
    else:
        names = [row["domain"] for row in domains(call.state)]
        names += [row["alias_domain"] for row in alias_domains(call.state)]
    return [
        alias_details(call, row)
        for name in names
        if access.has_domain(call, name)
        for row in sorted(call.table("alias").find("domain", name), key=lambda row: int(row["id"]))
        if not sql.same(row["address"], row["goto"])
    ]


def alias_details(call: Call, row: Row) -> Row:
    """What get/alias shows of a row."""
    alias_domain = call.table("alias_domain").get(row["domain"])
    return {
        "in_primary_domain": alias_domain["target_domain"] if alias_domain else "",
        "id": row["id"],
        "domain": row["domain"],
        "public_comment": row["public_comment"],
        "private_comment": row["private_comment"],
        "goto": row["goto"],
        "address": row["address"],
        "is_catch_all": int(not php.is_email(row["address"])),
        **({"internal": row["internal"]} if call.has("alias_internal") else {}),
        "active": row["active"],
        "active_int": row["active"],
        "sogo_visible": row["sogo_visible"],
        "sogo_visible_int": row["sogo_visible"],
        **({"sender_allowed": row["sender_allowed"]} if call.has("alias_sender_allowed") else {}),
        "created": row["created"],
        "modified": row["modified"],
    }


@deletes("alias", log=("mailbox", "delete", "alias", ECHO, None), key="id")
def delete_aliases(call: Call) -> None:
    """Aliases with everybody's permission to send as them."""
    for item in call.items:
        with refusals(call):
            row = find_alias(call, item)
            refuse_if(row is None, "access_denied")
            assert row is not None
            drop_alias(call.state, row["id"])
            call.table("sender_acl").delete_where("send_as", row["address"])
            call.success(("alias_removed", php.htmlspecialchars(row["address"])))


@restores("get/alias/all")
def restore_aliases(server: Server, answer: Any) -> list[str]:
    """Aliases under their numbers."""
    for shown in php.values(answer):
        insert_alias(
            server.state,
            {
                "id": shown["id"],
                **{name: shown[name] for name in _SHOWN},
                "sogo_visible": shown["sogo_visible"],
                "internal": shown.get("internal", 0),
                "sender_allowed": shown.get("sender_allowed", 1),
                "active": shown["active"],
            },
        )
    return ["Aliases of alias domains that are gone are hidden, so none are there."]
