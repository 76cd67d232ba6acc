"""app-passwd: passwords of one program each, under their own numbers.

An edit that does not repeat the owner hands the password to the API's own name, which is no mailbox: the database
refuses. Source: mailcow 2022-01a, 2026-07a, functions.app_passwd.inc.php; json_api.php; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, passwords, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, Log, ServerCrash, adds, deletes, edits, reads
from reconciler.simulator.rows import whole_mailbox
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores_each
from reconciler.simulator.state import declare

declare("app_passwd", indexes=("mailbox",))

_MASKS: Final = ("app_passwd", "app_passwd2")
_ACCESSES: Final = ("imap_access", "smtp_access", "dav_access", "eas_access", "pop3_access", "sieve_access")
_EDIT_LOG: Final = ("app_passwd", "edit", ECHO)
_OLD_EDIT_LOG: Final = ("app_passwd", "edit", None, ECHO, None)


@adds("app-passwd", log=("app_passwd", "add", ECHO), masks=_MASKS)
def add_app_password(call: Call) -> bool | None:
    """One for a mailbox, without access to anything unless said otherwise."""
    data = call.data
    with refusals(call):
        username = _owner(call)
        row = whole_mailbox(call.state, username)
        refuse_if(row is None, "access_denied")
        assert row is not None
        if not _accepted(call, data.get("app_passwd"), data.get("app_passwd2"), ("app_passwd", "add", ECHO)):
            return False
        name = php.htmlspecialchars(loose.trim(data.get("app_name")))
        refuse_if(not php.truthy(name), "app_name_empty")
        call.table("app_passwd").insert(
            {
                "name": sql.text("name", name),
                "mailbox": username,
                "domain": row["domain"],
                "password": passwords.stored(data.get("app_passwd"), call.server.random),
                "created": call.server.now(),
                "modified": None,
                **_accesses(php.values(data.get("protocols"))),
                "active": sql.integer("active", php.intval(data.get("active"))),
            }
        )
        call.success("app_passwd_added")
        return None
    return False


def _owner(call: Call) -> str:
    username = call.data.get("username")
    if not php.is_email(username):
        refuse_if(call.role != "admin", "access_denied")
        return access.API_USER
    refuse_if(not access.has_mailbox(call, username), "access_denied")
    return str(username)


def _accesses(protocols: list[Any]) -> Row:
    return {name: int(loose.contains(protocols, name)) for name in _ACCESSES}


def _accepted(call: Call, password: Any, again: Any, log: Log) -> bool:
    if call.has("app_password_key"):
        return passwords.accepted(call, password, again)
    if loose.equal(password, again):
        return True
    call.danger("password_mismatch", log=log)
    return False


@edits("app-passwd", log=_EDIT_LOG, key="id", masks=_MASKS)
def edit_app_passwords(call: Call) -> bool | None:
    """Name, access and state under the owner that is sent."""
    with refusals(call):
        username = _owner(call)
        for item in call.items:
            with refusals(call):
                _edit_one(call, item, username)
        return None
    return False


def _edit_one(call: Call, item: Any, username: str) -> None:
    data = call.data
    row = _find(call, item)
    refuse_if(row is None, "app_passwd_id_invalid", item)
    assert row is not None
    keys = ("app_passwd", "app_passwd2") if call.has("app_password_key") else ("password", "password2")
    password, again = (data.get(key) for key in keys)
    if php.truthy(password) and php.truthy(again):
        if not _accepted(call, password, again, _OLD_EDIT_LOG):
            return
        if sql.same(row["mailbox"], username):
            _update(call, row, {"password": passwords.stored(password, call.server.random)})
    # details escape the name that was stored escaped, and what is sent is escaped once more
    name = data["app_name"] if php.truthy(data.get("app_name")) else php.htmlspecialchars(row["name"])
    if username not in call.table("mailbox"):
        raise ServerCrash.sql("23000", 1452, "Cannot add or update a child row: a foreign key constraint fails")
    columns = {
        "name": sql.text("name", php.htmlspecialchars(loose.trim(name))),
        "mailbox": username,
        **(_accesses(php.values(data["protocols"])) if php.isset(data, "protocols") else {}),
        **({"active": sql.integer("active", php.intval(data["active"]))} if php.isset(data, "active") else {}),
    }
    _update(call, row, columns)
    numbers = ", ".join(php.text(number) for number in call.items)
    call.success(("object_modified", php.htmlspecialchars(numbers)))


def _update(call: Call, row: Row, columns: Row) -> None:
    sql.changed(call.table("app_passwd"), row["id"], call.server.now(), columns)


def _find(call: Call, number: Any) -> Row | None:
    row = sql.row(call.table("app_passwd"), number)
    return row if row is not None and access.has_mailbox(call, row["mailbox"]) else None


@deletes("app-passwd", log=("app_passwd", "delete", ECHO), key="id", masks=_MASKS)
def delete_app_passwords(call: Call) -> bool | None:
    """One after the other, up to the first that is none."""
    with refusals(call):
        for item in call.items:
            row = sql.row(call.table("app_passwd"), item)
            refuse_if(row is None, "app_passwd_id_invalid")
            refuse_if(_find(call, item) is None, "access_denied")
            assert row is not None
            call.table("app_passwd").delete(row["id"])
            call.success(("app_passwd_removed", php.htmlspecialchars(php.text(item))))
        return None
    return False


@reads("app-passwd")
def read_app_password(call: Call) -> None:
    """Looking for one by its number fails in every version.

    Raises:
        ServerCrash: Whatever was asked for.
    """
    if call.object is not None:
        raise ServerCrash.php('TypeError: Cannot access offset of type string on string "id"')


@reads("app-passwd/all")
def read_app_passwords(call: Call) -> list[Row]:
    """A mailbox's, hashes included; none without a mailbox."""
    if not php.is_email(call.extra) or not access.has_mailbox(call, call.extra):
        return []
    rows = sorted(call.table("app_passwd").find("mailbox", call.extra), key=lambda row: int(row["id"]))
    return [{**row, "name": php.htmlspecialchars(loose.trim(row["name"]))} for row in rows]


@restores_each("get/app-passwd/all/")
def restore_app_passwords(server: Server, _mailbox: str, answer: Any) -> list[str]:
    """A mailbox's app passwords under their numbers."""
    for shown in php.values(answer):
        row = {**shown, "name": _unescaped(shown["name"])}
        server.state.table("app_passwd").insert(row)
    return []


def _unescaped(name: str) -> str:
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#039;", "'"), ("&amp;", "&")):
        name = name.replace(escaped, plain)
    return name
