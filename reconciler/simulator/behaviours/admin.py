"""admin: the server's administrators.

Source: mailcow 2022-01a, 2026-07a, functions.admin.inc.php; init_db.inc.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, passwords, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare, seeds

declare("admin", key="username")

_MASKS: Final = ("password", "password2")
_FIRST: Final = "admin"
_FIRST_PASSWORD: Final = "{SSHA256}simulated"  # noqa: S105 the form of a hash, of nothing
_RESTRICTIONS: Final = ("force_tfa", "force_pw_update")
_NAME_MARKS: Final = str.maketrans("", "", "_.-")


@seeds
def seed_admin(server: Server) -> None:
    """The one that every installation starts with."""
    server.state.table("admin").insert(account(server, _FIRST, _FIRST_PASSWORD, superadmin=1, active=1))


def account(server: Server, username: str, password: str, *, superadmin: int, active: int) -> Row:
    """A row of an administrator of either kind."""
    return {
        "username": username,
        "password": password,
        "superadmin": superadmin,
        "created": server.now(),
        "modified": None,
        "active": sql.integer("active", active),
        "attributes": None,
    }


def is_account_name(name: str) -> bool:
    """Tell whether an administrator may be called so: letters, digits and ``_.-``."""
    return php.ctype_alnum(name.translate(_NAME_MARKS)) and name != access.API_USER


def attributes_of(call: Call, row: Row | None) -> Row:
    """The ``attributes`` of details, since 2026-03: two flags as text."""
    if not call.has("force_tfa"):
        return {}
    return {"attributes": (row and row["attributes"]) or dict.fromkeys(_RESTRICTIONS, "0")}


def restrictions(call: Call) -> Row:
    """The column an edit writes anew, since 2026-03: what is not sent becomes 0."""
    if not call.has("force_tfa"):
        return {}
    return {"attributes": {name: str(int(php.intval(call.data.get(name)) != 0)) for name in _RESTRICTIONS}}


def update_account(call: Call, username: str, columns: Row) -> None:
    """Change an administrator's row, its name included.

    Raises:
        ServerCrash: Another has the new name.
    """
    table = call.table("admin")
    new = columns.get("username", username)
    if not sql.same(new, username) and new in table and username in table:
        raise sql.duplicate(new, "PRIMARY")
    sql.integer("active", columns["active"])
    sql.changed(table, username, call.server.now(), columns)


@adds("admin", log=("admin", "add", ECHO), masks=_MASKS)
def add_admin(call: Call) -> bool | None:
    """One administrator, inactive unless said otherwise."""
    if access.denies(call):
        return False
    data = call.data
    username = loose.trim(data.get("username")).lower()
    with refusals(call):
        refuse_if(not is_account_name(username) or not php.truthy(username), "username_invalid", username)
        taken = username in call.table("admin") or call.table("domain_admins").count("username", username)
        refuse_if(taken, "object_exists", php.htmlspecialchars(username))
        if not passwords.accepted(call, data.get("password"), data.get("password2")):
            return False
        password = passwords.stored(data.get("password"), call.server.random)
        active = php.intval(data.get("active"))
        call.table("admin").insert(account(call.server, username, password, superadmin=1, active=active))
        call.success(("admin_added", php.htmlspecialchars(username)))
        return None
    return False


@edits("admin", log=("admin", "edit", ECHO), key="username", masks=_MASKS)
def edit_admins(call: Call) -> bool:
    """The last active one stays active."""
    for item in call.items:
        with refusals(call):
            if not _edit_one(call, item):
                return False
    return True


def _edit_one(call: Call, item: Any) -> bool:
    data = call.data
    row = _find(call, item)
    refuse_if(row is None, "access_denied")
    assert row is not None
    active = php.intval(data["active"]) if php.isset(data, "active") else row["active"]
    new_name = php.text(data["username_new"]) if php.truthy(data.get("username_new")) else row["username"]
    if active == 0 and sum(each["active"] for each in call.table("admin") if each["superadmin"]) == 1:
        call.warning("no_active_admin")
        return True
    refuse_if(not php.ctype_alnum(new_name.translate(_NAME_MARKS)), "username_invalid", new_name)
    refuse_if(new_name != item and _find(call, new_name) is not None, "username_invalid", new_name)
    columns: Row = {"username": new_name, "active": active, **restrictions(call)}
    if php.truthy(data.get("password")):
        if not passwords.accepted(call, data["password"], data.get("password2")):
            return False
        columns["password"] = passwords.stored(data["password"], call.server.random)
    update_account(call, php.text(item), columns)
    call.success(("admin_modified", php.htmlspecialchars(php.text(item))))
    return True


def _find(call: Call, username: object) -> Row | None:
    row = call.table("admin").get(username)
    return row if row is not None and row["superadmin"] else None


@deletes("admin", log=("admin", "delete", ECHO), key="username", masks=_MASKS)
def delete_admins(call: Call) -> bool | None:
    """Any of them, the last one too."""
    if access.denies(call):
        return False
    for item in call.items:
        with refusals(call):
            if item == access.API_USER:
                call.warning("cannot_delete_self")
                continue
            refuse_if(_find(call, item) is None, "username_invalid", item)
            call.table("admin").delete(item)
            call.table("domain_admins").delete_where("username", item)
            call.success(("admin_removed", php.htmlspecialchars(php.text(item))))
    return None


@reads("admin")
def read_admin(call: Call) -> Row | None:
    """One by its name."""
    row = _find(call, call.object)
    return _details(call, row) if row else None


@reads("admin/all")
def read_admins(call: Call) -> list[Row]:
    """All of them."""
    rows = sorted(call.table("admin"), key=lambda row: sql.weight(row["username"]))
    return [_details(call, row) for row in rows if row["superadmin"]]


def _details(call: Call, row: Row) -> Row:
    return {
        "username": row["username"],
        "tfa_active": 0,
        "tfa_active_int": 0,
        "active": row["active"],
        "active_int": row["active"],
        "created": row["created"],
        **attributes_of(call, row),
    }


@restores("get/admin/all")
def restore_admins(server: Server, answer: Any) -> list[str]:
    """Administrators, in place of the first one."""
    table = server.state.table("admin")
    table.delete(_FIRST)
    for shown in php.values(answer):
        row = account(server, shown["username"], "", superadmin=1, active=shown["active"])
        table.insert({**row, "created": shown["created"], "attributes": shown.get("attributes")})
    return ["Passwords of administrators cannot be read, so none are there."]
