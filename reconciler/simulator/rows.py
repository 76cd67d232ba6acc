"""Mailboxes and aliases as rows, and the sums over a domain that the server counts anew each time.

All writes to the two tables go through here: they keep the sums, so that the hundred thousandth mailbox costs what the
first did, and do what the database's foreign keys do. Source: mailcow 2026-07a, init_db.inc.php.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from . import sql
from .php import Row
from .state import State, declare

MEBIBYTE: Final = 1048576

declare("mailbox", key="username", indexes=("domain",))
declare("alias", indexes=("address", "domain", "goto", "several"))
declare("domain_totals", key="domain")

_OWNED_BY_MAILBOX: Final = (("tags_mailbox", "username"), ("app_passwd", "mailbox"), ("sieve_filters", "username"))
_NOTHING: Final = {"mailboxes": 0, "quota": 0, "bytes": 0, "messages": 0, "shadowed": 0}


def totals(state: State, domain: str) -> Row:
    """A domain's sums: mailboxes without resources, bytes assigned and used, messages; aliases at mailboxes' addresses.

    The last are not counted as aliases by the server.
    """
    return state.table("domain_totals").get(domain) or _NOTHING


def _count(state: State, domain: str, **differences: int) -> None:
    table = state.table("domain_totals")
    row = table.get(domain)
    if row is None:
        row = {"domain": domain, **_NOTHING}
        table.insert(row)
    for name, difference in differences.items():
        row[name] += difference


def insert_mailbox(state: State, row: Row) -> None:
    """Add a mailbox or resource."""
    state.table("mailbox").insert(row)
    _count_mailbox(state, row, 1)


def change_mailbox(state: State, username: str, now: str, columns: Row) -> None:
    """Update a mailbox's columns; `modified` moves where one really changes."""
    row = state.table("mailbox").get(username)
    if row is not None:
        if row["kind"] == "":
            _count(state, row["domain"], quota=columns.get("quota", row["quota"]) - row["quota"])
        sql.changed(state.table("mailbox"), username, now, columns)


def drop_mailbox(state: State, username: str) -> None:
    """Remove a mailbox or resource with the rows that foreign keys bind to it: tags, app passwords, filters."""
    row = state.table("mailbox").delete(username)
    if row is None:
        return
    _count_mailbox(state, row, -1)
    for table, column in _OWNED_BY_MAILBOX:
        state.table(table).delete_where(column, username)


def rename_mailbox(state: State, username: str, new: str, local_part: str) -> None:
    """Give a mailbox another address; rows that name the old one are the caller's."""
    row = state.table("mailbox").get(username)
    if row is not None:
        _count_mailbox(state, row, -1)
        state.table("mailbox").update(username, username=new, local_part=local_part)
        _count_mailbox(state, row, 1)


def _count_mailbox(state: State, row: Row, sign: int) -> None:
    if row["kind"] == "":
        sums = {name: sign * row[name] for name in ("quota", "bytes", "messages")}
        _count(state, row["domain"], mailboxes=sign, **sums)
    for alias in state.table("alias").find("address", row["username"]):
        _count(state, alias["domain"], shadowed=sign)


def whole_mailbox(state: State, address: object) -> Row | None:
    """The mailbox of this address; None for a resource, and for one that a crash left half made."""
    row = state.table("mailbox").get(address)
    return row if row is not None and row["kind"] == "" and row["complete"] else None


def mailboxes_of(state: State, domain: str) -> list[Row]:
    """A domain's mailboxes without its resources, by address."""
    rows = state.table("mailbox").find("domain", domain)
    return sorted((row for row in rows if row["kind"] == ""), key=by_username)


def resources_of(state: State, domain: str) -> list[Row]:
    """A domain's resources, by address."""
    return sorted((row for row in state.table("mailbox").find("domain", domain) if row["kind"] != ""), key=by_username)


def by_username(row: Row) -> str:
    """Sort key of rows the database reads in the order of their address."""
    return sql.weight(row["username"])


def insert_alias(state: State, row: Row) -> int:
    """Add an alias and return its number.

    Raises:
        ServerCrash: The address is taken.
    """
    if state.table("alias").count("address", row["address"]):
        raise sql.duplicate(row["address"], "address")
    number: int = state.table("alias").insert({**row, "several": "," in row["goto"]})
    _count_alias(state, row, 1)
    return number


def change_alias(state: State, number: int, now: str, columns: Row) -> None:
    """Update an alias's columns; `modified` moves where one really changes."""
    row = state.table("alias").get(number)
    if row is not None:
        _count_alias(state, row, -1)
        several = "," in str(columns.get("goto", row["goto"]))
        sql.changed(state.table("alias"), number, now, {**columns, "several": several})
        _count_alias(state, row, 1)


def drop_alias(state: State, number: int) -> None:
    """Remove an alias."""
    row = state.table("alias").delete(number)
    if row is not None:
        _count_alias(state, row, -1)


def drop_aliases(state: State, column: str, value: str) -> None:
    """Remove the aliases with this value in an indexed column."""
    for row in state.table("alias").find(column, value):
        drop_alias(state, row["id"])


def _count_alias(state: State, row: Row, sign: int) -> None:
    if row["address"] in state.table("mailbox"):
        _count(state, row["domain"], shadowed=sign)


def alias_count(state: State, domains: Iterable[str]) -> int:
    """How many aliases domains have, mailboxes' own addresses not counted."""
    return sum(state.table("alias").count("domain", name) - totals(state, name)["shadowed"] for name in domains)


def aliases_with_target(state: State, address: str, *, quoted: bool) -> list[Row]:
    """The aliases one of whose targets matches an address, oldest first.

    Args:
        state: The server's memory.
        address: The target looked for, in any case.
        quoted: False where the server puts the address unescaped into a regular expression (before 2025-01), so that
            one with a plus does not even match itself.
    """
    pattern = re.compile(f"(^|,)({re.escape(address) if quoted else address})($|,)", re.IGNORECASE)
    table = state.table("alias")
    found: dict[Any, Row] = {row["id"]: row for row in (*table.find("goto", address), *table.find("several", True))}
    return [found[number] for number in sorted(found) if pattern.search(found[number]["goto"])]
