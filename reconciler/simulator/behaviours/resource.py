"""resource: rooms and things that can be booked, kept among the mailboxes.

Its address is its description without everything but ASCII letters and digits, and never changes. Deleting takes any
mailbox's address and removes that row only. Source: mailcow 2022-01a, 2026-07a, functions.mailbox.inc.php: resource;
recorded exchanges, tests/contract.
"""

from __future__ import annotations

import re
from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.behaviours.mailbox_add import check_free
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.rows import change_mailbox, drop_mailbox, insert_mailbox, resources_of
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.tables import domains

_KINDS: Final = ("location", "group", "thing")
_UNBOOKED: Final = -1
"""Bookings are shown as busy, never refused; the lowest value."""

_NOT_IN_LOCAL_PART = re.compile(r"[^0-9a-zA-Z]")


@adds("resource", log=("mailbox", "add", "resource", ECHO, None))
def add_resource(call: Call) -> bool:
    """One resource; it counts for nothing but keeps its domain from being deleted."""
    data = call.data
    description = data.get("description")
    domain = php.idn_to_ascii(loose.trim(data.get("domain")).lower())
    local = _NOT_IN_LOCAL_PART.sub("", php.text(description))
    name = f"{local}@{domain}"
    with refusals(call):
        refuse_if(not php.is_email(name), "resource_invalid")
        refuse_if(not php.truthy(description), "description_invalid")
        refuse_if(data.get("kind") not in _KINDS, "resource_invalid")
        refuse_if(not php.is_valid_domain_name(domain), "domain_invalid")
        refuse_if(not access.has_domain(call, domain), "access_denied")
        check_free(call, name)
        refuse_if(domain not in call.table("domain"), "domain_not_found", php.htmlspecialchars(domain))
        insert_mailbox(call.state, _row(call, name, local, domain))
        call.success(("resource_added", php.htmlspecialchars(name)))
        return True
    return False


def _row(call: Call, name: str, local: str, domain: str) -> Row:
    bookings = max(_UNBOOKED, php.intval(call.data.get("multiple_bookings")))
    return resource_row(
        username=name,
        local_part=local,
        domain=domain,
        name=sql.text("name", call.data["description"]),
        kind=call.data["kind"],
        multiple_bookings=sql.integer("multiple_bookings", bookings, sql.INT),
        active=sql.integer("active", php.intval(call.data.get("active"))),
        created=call.server.now(),
    )


def resource_row(**columns: Any) -> Row:
    """A row of the mailbox table without anything a resource has no use for."""
    return {
        "quota": 0,
        "attributes": None,
        "custom_attributes": {},
        "authsource": "mailcow",
        "acl": None,
        "bytes": 0,
        "messages": 0,
        "complete": False,
        "modified": None,
        **columns,
    }


@edits("resource", log=("mailbox", "edit", "resource", ECHO, None), key="name")
def edit_resources(call: Call) -> None:
    """Description, kind, bookings and state; the address stays."""
    for item in call.items:
        with refusals(call):
            _edit_one(call, item)


def _edit_one(call: Call, name: Any) -> None:
    row = _find(call, name)
    invalid = ("resource_invalid", php.htmlspecialchars(php.text(name)))
    refuse_if(row is None, *invalid)
    assert row is not None
    data = call.data
    kind = data["kind"] if php.truthy(data.get("kind")) else row["kind"]
    refuse_if(not php.is_email(name), *invalid)
    refuse_if(kind not in _KINDS, *invalid)
    given = {
        key: php.intval(data[key]) if php.isset(data, key) else row[key] for key in ("active", "multiple_bookings")
    }
    columns = {
        "active": sql.integer("active", given["active"]),
        "name": sql.text("name", data["description"]) if php.truthy(data.get("description")) else row["name"],
        "kind": kind,
        "multiple_bookings": sql.integer("multiple_bookings", max(_UNBOOKED, given["multiple_bookings"]), sql.INT),
    }
    change_mailbox(call.state, name, call.server.now(), columns)
    call.success(("resource_modified", php.htmlspecialchars(php.text(name))))


def _find(call: Call, name: object) -> Row | None:
    row = call.table("mailbox").get(name)
    return row if row is not None and row["kind"] != "" and access.has_mailbox(call, name) else None


@deletes("resource", log=("mailbox", "delete", "resource", ECHO, None), key="name")
def delete_resources(call: Call) -> None:
    """A resource, or the row of a mailbox, whose own alias then blocks its address."""
    for item in call.items:
        with refusals(call):
            refuse_if(not php.is_email(item) or not access.has_mailbox(call, item), "access_denied")
            drop_mailbox(call.state, item)
            call.success(("resource_removed", php.htmlspecialchars(item)))


@reads("resource")
def read_resource(call: Call) -> Row | None:
    """One by its address."""
    row = _find(call, call.object)
    return _details(row) if row else None


@reads("resource/all")
def read_resources(call: Call) -> list[Row]:
    """All, domain by domain."""
    return [_details(row) for domain in domains(call.state) for row in resources_of(call.state, domain["domain"])]


def _details(row: Row) -> Row:
    return {
        "name": row["username"],
        "kind": row["kind"],
        "multiple_bookings": row["multiple_bookings"],
        "description": row["name"],
        "active": row["active"],
        "active_int": row["active"],
        "domain": row["domain"],
        "local_part": row["local_part"],
    }


@restores("get/resource/all")
def restore_resources(server: Server, answer: Any) -> list[str]:
    """Resources."""
    for shown in php.values(answer):
        insert_mailbox(
            server.state,
            resource_row(
                username=shown["name"],
                name=shown["description"],
                created=server.now(),
                **{key: shown[key] for key in ("local_part", "domain", "kind", "multiple_bookings", "active")},
            ),
        )
    return []
