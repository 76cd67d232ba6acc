"""add, edit, delete and get recipient_map: rewriting of recipients.

What an add trims and lowers, an edit takes as it is. Source: mailcow functions.address_rewriting.inc.php of 2022-01a,
2024-08a and 2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("recipient_maps", indexes=("old_dest",))

_ADD: Final = ("recipient_map", "add", ECHO, None)
_EDIT: Final = ("recipient_map", "edit", ECHO, None)
_DELETE: Final = ("recipient_map", "delete", ECHO, None)


@adds("recipient_map", log=_ADD)
def add_recipient_map(call: Call) -> bool | None:
    """A domain is stored with an @, whether sent with one or not; a bare word is a domain."""
    if call.role != "admin":
        return False
    old = _stripped(loose.trim(call.data.get("recipient_map_old")).lower())
    new = loose.trim(call.data.get("recipient_map_new")).lower()
    pair = _checked(call, old, new)
    if pair is None:
        return False
    if any(row["old_dest"] == pair[0] for row in call.table("recipient_maps")):
        call.danger(("recipient_map_entry_exists", php.htmlspecialchars(pair[0])))
        return False
    call.table("recipient_maps").insert(
        {
            "old_dest": sql.text("old_dest", pair[0]),
            "new_dest": sql.text("new_dest", pair[1]),
            "created": call.server.now(),
            "modified": None,
            "active": sql.integer("active", php.intval(call.data.get("active"))),
        }
    )
    call.success(("recipient_map_entry_saved", php.htmlspecialchars(pair[0])))
    return None


@edits("recipient_map", log=_EDIT, key="id")
def edit_recipient_map(call: Call) -> bool | None:
    """A taken old destination ends the call; other failures only skip their item."""
    if call.role != "admin":
        return False
    data, table = call.data, call.table("recipient_maps")
    for item in call.items:
        current = table.get(php.intval(item))
        if current is None:
            call.danger("access_denied")
            continue
        active = php.intval(data["active"]) if php.isset(data, "active") else current["active"]
        new = data["recipient_map_new"] if php.truthy(data.get("recipient_map_new")) else current["new_dest"]
        old = data["recipient_map_old"] if php.truthy(data.get("recipient_map_old")) else current["old_dest"]
        pair = _checked(call, _stripped(php.text(old)), php.text(new))
        if pair is None:
            continue
        if any(row["old_dest"] == pair[0] and row["id"] != sql.number(item) for row in table):
            call.danger(("recipient_map_entry_exists", php.htmlspecialchars(pair[0])))
            return False
        changes = {
            "old_dest": sql.text("old_dest", pair[0]),
            "new_dest": sql.text("new_dest", pair[1]),
            "active": sql.integer("active", active),
        }
        sql.changed(table, sql.number(item), call.server.now(), changes)
        call.success(("recipient_map_entry_saved", php.htmlspecialchars(pair[0])))
    return None


def _checked(call: Call, old: str, new: str) -> tuple[str, str] | None:
    """Both sides as they are stored; None where one was refused, which has been said."""
    stored = _place(old, domains=True)
    if stored is None:
        call.danger(("invalid_recipient_map_old", php.htmlspecialchars(old)))
        return None
    domains = call.has("recipient_map_domains")
    target = _stripped(new) if domains else new
    stored_target = _place(target, domains=domains)
    if stored_target is None:
        call.danger(("invalid_recipient_map_new", php.htmlspecialchars(target)))
        return None
    return stored, stored_target


def _place(written: str, *, domains: bool) -> str | None:
    if domains and php.is_valid_domain_name(written):
        return f"@{php.idn_to_ascii(written)}"
    return written if php.is_email(written) else None


def _stripped(written: str) -> str:
    return written.removeprefix("@")


@deletes("recipient_map", log=_DELETE, key="id")
def delete_recipient_map(call: Call) -> bool | None:
    """Unknown ids succeed; what is not a number ends the call without a word."""
    if call.role != "admin":
        return False
    for item in call.items:
        if not php.is_numeric(item):
            return False
        call.table("recipient_maps").delete(sql.number(item))
        call.success(("recipient_map_entry_deleted", php.htmlspecialchars(php.text(item))))
    return None


def _shown(row: Row) -> Row:
    return {
        "id": row["id"],
        "recipient_map_old": row["old_dest"],
        "recipient_map_new": row["new_dest"],
        "active": row["active"],
        "created": row["created"],
        "modified": row["modified"],
    }


@reads("recipient_map/all")
def list_recipient_maps(call: Call) -> list[Row]:
    """All rows, by old destination: the index the ids are read from."""
    return [_shown(row) for row in sql.by_index(call.table("recipient_maps"), "old_dest")]


@reads("recipient_map")
def read_recipient_map(call: Call) -> Row | None:
    """One row, with the stray key 0 the server appends."""
    row = call.table("recipient_maps").get(php.intval(call.object))
    return None if row is None else {**_shown(row), "0": None}


@restores("get/recipient_map/all")
def restore_recipient_maps(server: Server, answer: Any) -> list[str]:
    """Rebuild all rows."""
    for row in php.values(answer):
        stored = dict(row)
        stored["old_dest"] = stored.pop("recipient_map_old")
        stored["new_dest"] = stored.pop("recipient_map_new")
        server.state.table("recipient_maps").insert(stored)
    return []
