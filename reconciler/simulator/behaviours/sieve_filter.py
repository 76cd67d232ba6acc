"""add, edit and delete filter, get filters: Sieve scripts of mailboxes, of each kind at most one in force.

Source: mailcow functions.mailbox.inc.php (filter, filters, filter_details), the same from 2022-01 to 2026-07a; recorded
exchanges, tests/contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from reconciler.simulator import access, php, sieve, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import Refusal, refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds, deletes, edits, reads
from reconciler.simulator.rows import mailboxes_of
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare
from reconciler.simulator.tables import domains

declare("sieve_filters", indexes=("username",))

_TYPES: Final = ("postfilter", "prefilter")
_ADD: Final = ("mailbox", "add", "filter", ECHO, None)
_EDIT: Final = ("mailbox", "edit", "filter", ECHO, None)
_DELETE: Final = ("mailbox", "delete", "filter", ECHO, None)


@adds("filter", log=_ADD)
def add_filter(call: Call) -> bool | None:
    """An active one puts the others of its mailbox and type out of force."""
    if access.denies(call):
        return False
    with refusals(call):
        _add(call)
    return None


def _add(call: Call) -> None:
    data, user = call.data, call.data.get("username")
    refuse_if(not php.is_email(user), "no_user_defined")
    refuse_if(not access.has_mailbox(call, user), "access_denied")
    script, kind = data.get("script_data"), data.get("filter_type")
    refuse_if(not php.truthy(script), "script_empty")
    check_script(call, script)
    refuse_if(not php.truthy(data.get("script_desc")), "value_missing")
    refuse_if(kind not in _TYPES, "filter_type")
    active = php.truthy(php.intval(data.get("active")))
    if active:
        _deactivate(call, user, kind)
    call.table("sieve_filters").insert(
        {
            "username": user,
            "script_desc": sql.text("script_desc", data["script_desc"]),
            "script_name": "active" if active else "inactive",
            "script_data": sql.long_text("script_data", script),
            "filter_type": kind,
            "created": call.server.now(),
            "modified": None,
        }
    )
    call.success(("mailbox_modified", user))


def check_script(call: Call, script: object) -> None:
    """Refuse a script with a mistake, which is said in the parser's words.

    Raises:
        Refusal: There is one.
        ServerCrash: Its blocks are nested too deep.
    """
    try:
        sieve.check(php.text(script), since_2024_08=call.has("sieve_enotify"))
    except sieve.SieveError as error:
        raise Refusal("sieve_error", str(error)) from error
    except RecursionError as error:
        raise ServerCrash.php("Error: Allowed memory size exhausted") from error


def _deactivate(call: Call, user: object, kind: object) -> None:
    table = call.table("sieve_filters")
    for row in table.find("username", user):
        if row["filter_type"] == kind:
            sql.changed(table, row["id"], call.server.now(), {"script_name": "inactive"})


@edits("filter", log=_EDIT, key="id")
def edit_filter(call: Call) -> bool | None:
    """Only a 1 is active here; the mailbox is ignored."""
    if access.denies(call):
        return False
    for item in call.items:
        with refusals(call):
            _edit(call, item)
    return None


def _edit(call: Call, item: object) -> None:
    current = _row(call, item)
    if current is None:
        raise Refusal("access_denied")
    data = call.data
    active = php.intval(data["active"]) if php.isset(data, "active") else int(current["script_name"] == "active")
    description, script, kind = (
        data[name] if php.truthy(data.get(name)) else current[name]
        for name in ("script_desc", "script_data", "filter_type")
    )
    check_script(call, script)
    refuse_if(kind not in _TYPES, "filter_type")
    if active == 1:
        _deactivate(call, current["username"], kind)
    changes = {
        "script_desc": sql.text("script_desc", description),
        "script_data": sql.long_text("script_data", script),
        "script_name": "active" if active == 1 else "inactive",
        "filter_type": kind,
    }
    sql.changed(call.table("sieve_filters"), current["id"], call.server.now(), changes)
    call.success(("mailbox_modified", current["username"]))


@deletes("filter", log=_DELETE, key="id")
def delete_filter(call: Call) -> bool | None:
    """What is not a number is passed over without a word."""
    if access.denies(call):
        return False
    for item in call.items:
        if not php.is_numeric(item):
            continue
        row = _row(call, item)
        if row is None:
            call.danger("access_denied")
            continue
        call.table("sieve_filters").delete(row["id"])
        call.success(("delete_filter", item))
    return None


def _row(call: Call, item: object) -> Row | None:
    row = sql.row(call.table("sieve_filters"), item) if php.is_numeric(item) else None
    return row if row is not None and access.has_mailbox(call, row["username"]) else None


@reads("filters/all")
def list_filters(call: Call) -> list[Row]:
    """The filters of all mailboxes, by domain and mailbox."""
    mailboxes = (row for domain in domains(call.state) for row in mailboxes_of(call.state, domain["domain"]))
    return [shown for mailbox in mailboxes for shown in _of(call, mailbox["username"])]


@reads("filters")
def read_filters(call: Call) -> list[Row]:
    """The filters of one mailbox; anything but an address asks for those of the session, which has none."""
    address = call.object
    return list(_of(call, address)) if php.is_email(address) and access.has_mailbox(call, address) else []


def _of(call: Call, mailbox: str | None) -> Iterable[Row]:
    for row in call.table("sieve_filters").find("username", mailbox):
        yield {
            "active": int(row["script_name"] == "active"),
            "id": row["id"],
            "username": row["username"],
            "filter_type": row["filter_type"],
            "script_data": row["script_data"],
            "script_desc": row["script_desc"],
        }


@reads("active-user-sieve")
def read_active_user_sieve(call: Call) -> None:
    """The script a user's mail program put in force in Dovecot, of which none runs here: always nothing."""
    del call


@restores("get/filters/all")
def restore_filters(server: Server, answer: Any) -> list[str]:
    """Rebuild all filters."""
    for row in php.values(answer):
        stored = {"created": server.now(), "modified": None, **row}
        stored["script_name"] = "active" if stored.pop("active") else "inactive"
        server.state.table("sieve_filters").insert(stored)
    return []
