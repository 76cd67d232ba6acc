"""add, edit, delete and get bcc: copies of what a domain or an address sends or receives.

A row outlives its domain: it is listed only while the domain or alias domain of its address exists, cannot be deleted
meanwhile, still blocks its place, and is back when the domain is. Source: mailcow functions.address_rewriting.inc.php
of 2022-01a, 2024-08a and 2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import Refusal, refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("bcc_maps", indexes=("local_dest",))

_TYPES: Final = ("sender", "rcpt")
_COLUMNS: Final = ("id", "local_dest", "bcc_dest", "active", "type", "created", "domain", "modified")
_ADD: Final = ("bcc", "add", ECHO, None)
_EDIT: Final = ("bcc", "edit", ECHO, None)
_DELETE: Final = ("bcc", "delete", ECHO, None)


@adds("bcc", log=_ADD)
def add_bcc(call: Call) -> bool | None:
    """The local side as a domain is stored with an @, and refused without a word when sent with one."""
    if call.role != "admin":
        return False
    done = None
    with refusals(call):
        done = _add(call)
    return done  # noqa: RET504 a refusal leaves it None


def _add(call: Call) -> bool | None:
    local = loose.trim(call.data.get("local_dest")).lower()
    target, kind = call.data.get("bcc_dest"), call.data.get("type")
    active = php.intval(call.data.get("active"))
    refuse_if(kind not in _TYPES, "invalid_bcc_map_type")
    refuse_if(not php.truthy(target), "bcc_empty")
    is_domain = php.is_valid_domain_name(local)
    if not is_domain and not php.is_email(local):
        return False
    refuse_if(not (access.has_domain(call, local) if is_domain else _is_receiver(call, local)), "access_denied")
    domain = php.idn_to_ascii(local if is_domain else local.partition("@")[2])
    stored = f"@{domain}" if is_domain else local
    if not php.is_email(target):
        raise Refusal("bcc_must_be_email", php.htmlspecialchars(php.text(target)))
    refuse_if(_holders(call, stored, kind), "bcc_exists", php.htmlspecialchars(stored), kind)
    call.table("bcc_maps").insert(
        {
            "local_dest": sql.text("local_dest", stored),
            "bcc_dest": sql.text("bcc_dest", target),
            "domain": domain,
            "type": kind,
            "created": call.server.now(),
            "modified": None,
            "active": sql.integer("active", active),
        }
    )
    call.success("bcc_saved")
    return None


def _is_receiver(call: Call, address: str) -> bool:
    """Tell whether an address may be copied: a mailbox, and since 2023-05 an alias written exactly so."""
    if access.has_mailbox(call, address):
        return True
    if not call.has("bcc_alias_addresses"):
        raise ServerCrash.php("TypeError: array_merge(): Argument #1 must be of type array, null given")
    aliases = call.table("alias").find("address", address)
    return access.has_alias(call, address) and any(
        row["address"] == address and row["goto"] != address for row in aliases
    )


def _holders(call: Call, local: str, kind: object) -> list[Row]:
    return [row for row in call.table("bcc_maps").find("local_dest", local) if row["type"] == kind]


@edits("bcc", log=_EDIT, key="id")
def edit_bcc(call: Call) -> bool | None:
    """The local side is ignored, the type not checked before the database does."""
    if call.role != "admin":
        return False
    for item in call.items:
        current = _details(call, item)
        if current is None:
            call.danger("access_denied")
            continue
        target = call.data["bcc_dest"] if php.truthy(call.data.get("bcc_dest")) else current["bcc_dest"]
        kind = call.data["type"] if php.truthy(call.data.get("type")) else current["type"]
        active = php.intval(call.data["active"]) if php.isset(call.data, "active") else current["active"]
        if not php.is_email(target):
            call.danger(("bcc_must_be_email", target))
            continue
        holders = _holders(call, current["local_dest"], kind)
        if holders and holders[0]["id"] != sql.number(item):
            call.danger(("bcc_exists", php.htmlspecialchars(current["local_dest"]), kind))
            continue
        changes = {
            "bcc_dest": sql.text("bcc_dest", target),
            "active": sql.integer("active", active),
            "type": sql.choice("type", kind, _TYPES),
        }
        sql.changed(call.table("bcc_maps"), current["id"], call.server.now(), changes)
        call.success(("bcc_edited", target))
    return None


@deletes("bcc", log=_DELETE, key="id")
def delete_bcc(call: Call) -> bool | None:
    """What is not a number ends the call without a word."""
    if call.role != "admin":
        return False
    for item in call.items:
        if not php.is_numeric(item):
            return False
        row = sql.row(call.table("bcc_maps"), item)
        if row is None or not access.has_domain(call, row["domain"]):
            call.danger("access_denied")
            continue
        call.table("bcc_maps").delete(row["id"])
        call.success(("bcc_deleted", item))
    return None


def _details(call: Call, item: object) -> Row | None:
    row = call.table("bcc_maps").get(php.intval(item))
    return row if row is not None and access.has_domain(call, row["domain"]) else None


@reads("bcc/all")
def list_bcc(call: Call) -> list[Row]:
    """The rows whose domain exists."""
    rows = call.table("bcc_maps")
    return [sql.shown(row, _COLUMNS) for row in rows if access.has_domain(call, row["domain"])]


@reads("bcc")
def read_bcc(call: Call) -> Row | None:
    """One row, with the stray key 0 the server appends."""
    row = _details(call, call.object)
    return None if row is None else {**sql.shown(row, _COLUMNS), "0": None}


@restores("get/bcc/all")
def restore_bcc(server: Server, answer: Any) -> list[str]:
    """Rebuild the rows of existing domains."""
    for row in php.values(answer):
        server.state.table("bcc_maps").insert(dict(row))
    return ["BCC maps of deleted domains are hidden, so none are there."]
