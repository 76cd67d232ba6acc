"""add, edit, delete and get transport: where mail for a destination goes.

Name and password belong to the next hop: every write of one row gives its own to all rows of the same next hop. An add
takes several destinations, and checks them only against rows that are there already: the first ones are not checked at
all. Source: mailcow functions.transports.inc.php, the same from 2022-01 to 2026-07a; recorded exchanges,
tests/contract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from reconciler.simulator import access, filters, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("transports", indexes=("nexthop",))

_PASSWORD_SHOWN: Final = 3
_COLUMNS: Final = ("id", "is_mx_based", "destination", "nexthop", "username", "password", "active")
_BRACKETED: Final = re.compile(r"\[(.+)\]")
_ADD: Final = ("transport", "add", ECHO)
_EDIT: Final = ("transport", "edit", ECHO)
_DELETE: Final = ("transport", "delete", ECHO)


@dataclass(frozen=True, slots=True)
class NextHop:
    """Where mail goes to.

    Attributes:
        written: As it is stored; a bare address has got brackets.
        inside: What stands in brackets, None where an address or name was written without.
    """

    written: str
    inside: str | None

    @property
    def clean(self) -> str:
        """The inside of the brackets, or the whole."""
        return self.written if self.inside is None else self.inside


def _inside(written: str) -> str | None:
    match = _BRACKETED.search(written)
    return match[1] if match else None


def _bracketed(written: str) -> str:
    return f"[{written}]" if filters.ip(written) else written


def escaped(written: str) -> str:
    """A name or password as Postfix's map of logins wants it, where a colon stands between the two."""
    return written.replace(":", "\\:")


@adds("transport", log=_ADD)
def add_transport(call: Call) -> bool | None:
    """One row per destination; refused destinations are named, and the rest is stored."""
    if access.denies(call):
        return False
    destinations = loose.split(call.data.get("destination"))
    active, mx_based = php.intval(call.data.get("active")), php.intval(call.data.get("is_mx_based"))
    written = _bracketed(loose.trim(call.data.get("nexthop")))
    hop = NextHop(written, _inside(written))
    username = escaped(loose.trim(call.data.get("username")))
    password = escaped(loose.trim(call.data.get("password")))
    if not php.truthy(hop.written):
        call.danger(("invalid_nexthop",))
        return False
    kept = _unrefused(call, destinations, hop, username, mx_based)
    if not kept or _interferes(call, hop, list(call.table("transports"))):
        return False
    for destination in kept:
        call.table("transports").insert(
            {
                "destination": sql.text("destination", destination),
                "nexthop": sql.text("nexthop", hop.written),
                "username": sql.text("username", username),
                "password": sql.text("password", escaped(password)),
                "is_mx_based": sql.integer("is_mx_based", mx_based),
                "active": sql.integer("active", active),
            }
        )
    _share_credentials(call, hop.written, username, password)
    call.success(("relayhost_added", ""))
    return None


def _unrefused(call: Call, written: list[str], hop: NextHop, username: str, mx_based: int) -> list[str]:
    """The destinations to store; empty where the next hop was refused too.

    They are tried against each row in turn, so that what is said stays in the rows' order.
    """
    left = dict(enumerate(written))
    for row in call.table("transports"):
        if row["nexthop"] in (hop.written, hop.clean) and row["username"] != username:
            call.danger("invalid_nexthop_authenticated")
            return []
        for place, destination in list(left.items()):
            if not php.truthy(destination):
                del left[place]
            elif row["destination"] == destination:
                call.danger(("transport_dest_exists", destination))
                del left[place]
            elif not _is_destination(destination, mx_based):
                call.danger(("invalid_destination", destination))
                del left[place]
    return php.array_filter(dict.fromkeys(left.values()))


def _is_destination(written: str, mx_based: int) -> bool:
    """Tell whether a destination passes: a regular expression for one based on MX records, and 2 is neither."""
    if mx_based == 1:
        return php.truthy(written) and filters.regex(written)
    if mx_based != 0:
        return True
    domain = written.removeprefix(".")
    return php.truthy(written) and (php.is_valid_domain_name(domain) or written == "*" or php.is_email(written))


def _interferes(call: Call, hop: NextHop, others: list[Row]) -> bool:
    """Refuse ``[x]`` beside ``x`` and the other way round, and tell whether that was said."""
    if hop.inside is not None:
        if any(row["nexthop"] == hop.inside for row in others):
            call.danger(("next_hop_interferes", hop.inside, hop.written))
            return True
        return False
    if any(_inside(row["nexthop"]) == hop.written for row in others):
        call.danger(("next_hop_interferes_any", hop.written))
        return True
    return False


def _share_credentials(call: Call, hop: str, username: str, password: str) -> None:
    for row in list(call.table("transports").find("nexthop", hop)):
        call.table("transports").update(row["id"], username=username, password=password)


@edits("transport", log=_EDIT, key="id")
def edit_transport(call: Call) -> bool | None:
    """A refusal ends the call; an unknown id only skips its item. What other items saw of next hops adds up."""
    if access.denies(call):
        return False
    data, table = call.data, call.table("transports")
    seen: list[Row] = []
    for item in call.items:
        current = sql.row(table, item)
        if current is None:
            call.danger(("relayhost_invalid", item))
            continue
        destination, hop, columns = _edited(data, current)
        others = [row for row in table if row["id"] != current["id"]]
        seen.extend(dict(row) for row in others)
        if any(row["destination"] == destination for row in others):
            call.danger("transport_dest_exists")
            return False
        if not _is_destination(destination, columns["is_mx_based"]):
            call.danger(("invalid_destination", destination))
            return False
        if _interferes(call, hop, seen):
            return False
        try:
            table.update(current["id"], **_stored(destination, hop, columns))
        except ServerCrash as crash:
            call.danger(crash.message)
            continue
        _share_credentials(call, hop.written, columns["username"], columns["password"])
        call.success(("object_modified", ""))
    return None


def _edited(data: Row, current: Row) -> tuple[str, NextHop, Row]:
    destination = loose.trim(data["destination"]) if php.truthy(data.get("destination")) else current["destination"]
    written = loose.trim(data["nexthop"]) if php.truthy(data.get("nexthop")) else current["nexthop"]
    username = loose.trim(data["username"]) if php.isset(data, "username") else current["username"]
    password = loose.trim(data["password"]) if php.isset(data, "password") else current["password"]
    columns = {
        "username": username,
        "password": password if php.truthy(username) else "",
        "is_mx_based": _number(data, current, "is_mx_based"),
        "active": _number(data, current, "active"),
    }
    return destination, NextHop(_bracketed(written), _inside(written)), columns


def _number(data: Row, current: Row, name: str) -> int:
    """A number that is kept where it is sent empty; false is empty too."""
    value: int = php.intval(data[name]) if php.isset_has_content(data, name) else current[name]
    return value


def _stored(destination: str, hop: NextHop, columns: Row) -> Row:
    return {
        "destination": sql.text("destination", destination),
        "nexthop": sql.text("nexthop", hop.written),
        "username": sql.text("username", columns["username"]),
        "password": sql.text("password", columns["password"]),
        "is_mx_based": sql.integer("is_mx_based", columns["is_mx_based"]),
        "active": sql.integer("active", columns["active"]),
    }


@deletes("transport", log=_DELETE, key="id")
def delete_transport(call: Call) -> bool | None:
    """Nothing is checked; the message is a relayhost's."""
    if access.denies(call):
        return False
    for item in call.items:
        call.table("transports").delete(sql.number(item))
        call.success(("relayhost_removed", php.htmlspecialchars(php.text(item))))
    return None


def _shown(row: Row) -> Row:
    return {**sql.shown(row, _COLUMNS), "password_short": row["password"][:_PASSWORD_SHOWN] + "..."}


@reads("transport/all")
def list_transports(call: Call) -> list[Row]:
    """All rows, passwords in clear."""
    return [_shown(row) for row in call.table("transports")]


@reads("transport")
def read_transport(call: Call) -> Row | None:
    """One row; an id is read as a number."""
    row = None if call.object is None else sql.row(call.table("transports"), call.object)
    return None if row is None else _shown(row)


@restores("get/transport/all")
def restore_transports(server: Server, answer: Any) -> list[str]:
    """Rebuild all rows."""
    for row in php.values(answer):
        server.state.table("transports").insert(sql.shown(row, _COLUMNS))
    return []
