"""add, edit, delete and get relayhost: smart hosts that domains and mailboxes name by id.

Nothing is unique. An add escapes colons, twice in the password; an edit stores what it is given. Deleting one resets
the domains that use it and leaves the mailboxes' ids dangling. Source: mailcow functions.transports.inc.php, the same
from 2022-01 to 2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.behaviours.transport import escaped
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("relayhosts")

_PASSWORD_SHOWN: Final = 3
_ADD: Final = ("relayhost", "add", ECHO)
_EDIT: Final = ("relayhost", "edit", ECHO)
_DELETE: Final = ("relayhost", "delete", ECHO)


@adds("relayhost", log=_ADD)
def add_relayhost(call: Call) -> bool | None:
    """Always active, whatever is sent; the message names no host."""
    if access.denies(call):
        return False
    host = loose.trim(call.data.get("hostname"))
    username = escaped(loose.trim(call.data.get("username")))
    password = escaped(escaped(loose.trim(call.data.get("password"))))
    if not php.truthy(host):
        call.danger(("invalid_host", ""))
        return False
    try:
        row = {
            "hostname": sql.text("hostname", host),
            "username": sql.text("username", username),
            "password": sql.text("password", password),
            "active": 1,
        }
    except ServerCrash as crash:
        call.danger(crash.message)
        return False
    call.table("relayhosts").insert(row)
    call.success(("relayhost_added", ""))
    return None


@edits("relayhost", log=_EDIT, key="id")
def edit_relayhost(call: Call) -> bool | None:
    """An empty host keeps the old one; a name and a password can be emptied."""
    if access.denies(call):
        return False
    data, table = call.data, call.table("relayhosts")
    for item in call.items:
        current = sql.row(table, item)
        if current is None:
            call.danger(("relayhost_invalid", item))
            continue
        host = loose.trim(data["hostname"]) if php.truthy(data.get("hostname")) else current["hostname"]
        username = loose.trim(data["username"]) if php.isset(data, "username") else current["username"]
        password = loose.trim(data["password"]) if php.isset(data, "password") else current["password"]
        active = php.intval(data["active"]) if php.isset(data, "active") else current["active"]
        try:
            table.update(
                current["id"],
                hostname=sql.text("hostname", host),
                username=sql.text("username", username),
                password=sql.text("password", password),
                active=sql.integer("active", active),
            )
        except ServerCrash as crash:
            call.danger(crash.message)
            continue
        call.success(("object_modified", ""))
    return None


@deletes("relayhost", log=_DELETE, key="id")
def delete_relayhost(call: Call) -> bool | None:
    """Unknown ids succeed; domains are reset, mailboxes are not."""
    if access.denies(call):
        return False
    for item in call.items:
        found = sql.number(item)
        call.table("relayhosts").delete(found)
        domains = call.table("domain")
        for domain in domains:
            if domain["relayhost"] == php.text(item):
                domains.update(domain["domain"], relayhost="0", modified=call.server.now())
        call.success(("relayhost_removed", php.htmlspecialchars(php.text(item))))
    return None


def _shown(row: Row, written: str, users: _Users) -> Row:
    """A relayhost as shown: the users are those that name it exactly as it was asked for."""
    return {
        "id": row["id"],
        "hostname": row["hostname"],
        "username": row["username"],
        "password": row["password"],
        "active": row["active"],
        "password_short": row["password"][:_PASSWORD_SHOWN] + "...",
        "used_by_domains": ", ".join(sorted(users.domains[written], key=sql.weight)),
        "used_by_mailboxes": ", ".join(sorted(users.mailboxes[written], key=sql.weight)),
    }


class _Users:
    """Who names which relayhost, found in one walk over all of them."""

    def __init__(self, call: Call) -> None:
        self.domains: dict[str, list[str]] = defaultdict(list)
        self.mailboxes: dict[str, list[str]] = defaultdict(list)
        for row in call.table("domain"):
            self.domains[row["relayhost"]].append(row["domain"])
        for row in call.table("mailbox"):
            self.mailboxes[php.text((row.get("attributes") or {}).get("relayhost"))].append(row["username"])


@reads("relayhost/all")
def list_relayhosts(call: Call) -> list[Row]:
    """All rows, passwords in clear."""
    users = _Users(call)
    return [_shown(row, str(row["id"]), users) for row in call.table("relayhosts")]


@reads("relayhost")
def read_relayhost(call: Call) -> Row | None:
    """One row; an id is read as a number, "2abc" is 2."""
    row = None if call.object is None else sql.row(call.table("relayhosts"), call.object)
    return None if row is None else _shown(row, php.text(call.object), _Users(call))


@restores("get/relayhost/all")
def restore_relayhosts(server: Server, answer: Any) -> list[str]:
    """Rebuild all rows."""
    for row in php.values(answer):
        stored = sql.shown(row, ("id", "hostname", "username", "password", "active"))
        server.state.table("relayhosts").insert(stored)
    return []
