"""add, edit, delete and get tls-policy-map: how mail to a destination is encrypted.

The table's own rules speak where the function does not: an unknown policy, or a destination that differs from another
in case only, is an exception nobody catches. Source: mailcow functions.tls_policy_maps.inc.php, the same from 2022-01
to 2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("tls_policy_override", indexes=("dest",))

_POLICIES: Final = ("none", "may", "encrypt", "dane", "dane-only", "fingerprint", "verify", "secure")
_NOT_DESTINATIONS: Final = (".", "*", "@")
_COLUMNS: Final = ("id", "dest", "policy", "parameters", "active", "created", "modified")
_ADD: Final = ("tls_policy_maps", "add", ECHO, None)
_EDIT: Final = ("tls_policy_maps", "edit", ECHO, None)
_DELETE: Final = ("tls_policy_maps", "delete", ECHO, None)


@adds("tls-policy-map", log=_ADD)
def add_tls_policy(call: Call) -> bool | None:
    """A destination goes through the conversion to ASCII, which a leading dot does not survive."""
    if call.role != "admin":
        return False
    written = loose.trim(call.data.get("dest"))
    destination = "" if written.startswith(".") else php.idn_to_ascii(written)
    policy = loose.trim(call.data.get("policy")).lower()
    parameters = call.data.get("parameters")
    parameters = parameters if php.truthy(parameters) else ""
    if not _passes(call, destination, parameters):
        return False
    active = php.intval(call.data.get("active"))
    table = call.table("tls_policy_override")
    if any(row["dest"] == destination for row in table.find("dest", destination)):
        call.danger(("tls_policy_map_entry_exists", php.htmlspecialchars(destination)))
        return False
    row = {
        "dest": sql.text("dest", destination),
        "policy": sql.choice("policy", policy, _POLICIES),
        "parameters": sql.text("parameters", parameters),
        "created": call.server.now(),
        "modified": None,
        "active": sql.integer("active", active),
    }
    if table.find("dest", destination):
        table.next_id += 1
        raise sql.duplicate(destination, "dest")
    table.insert(row)
    call.success(("tls_policy_map_entry_saved", php.htmlspecialchars(destination)))
    return None


def _passes(call: Call, destination: object, parameters: object) -> bool:
    if not php.truthy(destination) or destination in _NOT_DESTINATIONS:
        call.danger("tls_policy_map_dest_invalid")
        return False
    if php.truthy(parameters) and not all(map(_is_parameter, php.text(parameters).split(" "))):
        call.danger("tls_policy_map_parameter_invalid")
        return False
    return True


def _is_parameter(written: str) -> bool:
    """Tell whether something stands on both sides of an equals sign, on one line."""
    return any("=" in line[1:-1] for line in written.split("\n"))


@edits("tls-policy-map", log=_EDIT, key="id")
def edit_tls_policy(call: Call) -> bool | None:
    """Everything is stored as sent; a refusal ends the call."""
    if call.role != "admin":
        return False
    data, table = call.data, call.table("tls_policy_override")
    for item in call.items:
        current = table.get(php.intval(item))
        if current is None:
            call.danger("access_denied")
            continue
        active = php.intval(data["active"]) if php.isset(data, "active") else current["active"]
        destination = data["dest"] if php.truthy(data.get("dest")) else current["dest"]
        policy = data["policy"] if php.truthy(data.get("policy")) else current["policy"]
        parameters = data["parameters"] if php.isset(data, "parameters") else current["parameters"]
        if not _passes(call, destination, parameters):
            return False
        others = [row for row in table.find("dest", destination) if row["id"] != sql.number(item)]
        if any(row["dest"] == destination for row in others):
            call.danger(("recipient_map_entry_exists", php.htmlspecialchars(php.text(destination))))
            return False
        changes = {
            "dest": sql.text("dest", destination),
            "policy": sql.choice("policy", policy, _POLICIES),
            "parameters": sql.text("parameters", parameters),
            "active": sql.integer("active", active),
        }
        if others:
            raise sql.duplicate(php.text(destination), "dest")
        sql.changed(table, current["id"], call.server.now(), changes)
        call.success(("tls_policy_map_entry_saved", php.htmlspecialchars(php.text(destination))))
    return None


@deletes("tls-policy-map", log=_DELETE, key="id")
def delete_tls_policy(call: Call) -> bool | None:
    """Unknown ids succeed; what is not a number ends the call without a word."""
    if call.role != "admin":
        return False
    for item in call.items:
        if not php.is_numeric(item):
            return False
        call.table("tls_policy_override").delete(sql.number(item))
        call.success(("tls_policy_map_entry_deleted", php.htmlspecialchars(php.text(item))))
    return None


@reads("tls-policy-map/all")
def list_tls_policies(call: Call) -> list[Row]:
    """All rows, by destination: the index the ids are read from."""
    return [sql.shown(row, _COLUMNS) for row in sql.by_index(call.table("tls_policy_override"), "dest")]


@reads("tls-policy-map")
def read_tls_policy(call: Call) -> Row | None:
    """One row, with the stray key 0 the server appends."""
    row = call.table("tls_policy_override").get(php.intval(call.object))
    return None if row is None else {**sql.shown(row, _COLUMNS), "0": None}


@restores("get/tls-policy-map/all")
def restore_tls_policies(server: Server, answer: Any) -> list[str]:
    """Rebuild all rows."""
    for row in php.values(answer):
        server.state.table("tls_policy_override").insert(dict(row))
    return []
