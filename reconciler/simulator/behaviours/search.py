"""search/domain, search/mailbox since 2026-03; get/domain/datatables, get/mailbox/datatables from 2024-01 to then.

The web page's tables ask so: a page of rows, ordered and filtered by the columns they show, each with full details.
Source: mailcow 2024-08a, 2026-07a, json_api.php; inc/lib/ssp.class.php.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from reconciler.simulator import loose, php, sql
from reconciler.simulator.behaviours.domain import aliases_left, domain_details
from reconciler.simulator.behaviours.mailbox import mailbox_details
from reconciler.simulator.php import Row
from reconciler.simulator.routing import Call, reads, searches
from reconciler.simulator.rows import by_username, totals
from reconciler.simulator.tables import domains

_EVERYTHING: Final = -1
_NO_COLUMN: Final = php.json_encode(
    {"error": "An SQL error occurred: SQLSTATE[42S22]: Column not found: 1054 Unknown column in 'WHERE'"}
)
_BRACKETS = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the page's table.

    Attributes:
        number: Its place there.
        filtered: Texts of a row that a filter is looked for in; None where filtering by it is an error of SQL.
        sorted_by: What rows are ordered by.
    """

    number: int
    filtered: Callable[[Call, Row], list[str]] | None
    sorted_by: Callable[[Call, Row], Any]


class _UnknownColumnError(Exception):
    """A filter is asked for by a column that the database does not have."""


def _plain(number: int, name: str) -> _Column:
    def sorted_by(_call: Call, row: Row) -> Any:
        return sql.weight(row[name]) if isinstance(row[name], str) else row[name]

    return _Column(number, lambda _call, row: [php.text(row[name])], sorted_by)


def _counted(number: int, name: str | None, count: Callable[[Call, Row], Any]) -> _Column:
    return _Column(number, (lambda _call, row: [php.text(row[name])]) if name else None, count)


def _tagged(number: int, table: str, owner: str) -> _Column:
    def tags(call: Call, row: Row) -> list[str]:
        return [each["tag_name"] for each in call.table(table).find(owner, row[owner])]

    return _Column(number, tags, lambda _call, _row: 0)


_DOMAIN_COLUMNS: Final = (
    _plain(2, "domain"),
    _counted(3, "aliases", lambda call, row: row["aliases"] - aliases_left(call, row)),
    _counted(4, "mailboxes", lambda call, row: totals(call.state, row["domain"])["mailboxes"]),
    _counted(5, "quota", lambda call, row: totals(call.state, row["domain"])["quota"]),
    _counted(6, None, lambda call, row: totals(call.state, row["domain"])["bytes"]),
    _plain(7, "defquota"),
    _plain(8, "maxquota"),
    _plain(10, "backupmx"),
    _tagged(14, "tags_domain", "domain"),
    _plain(15, "active"),
)


def _mailbox_columns(call: Call) -> tuple[_Column, ...]:
    new = call.has("search")
    return (
        _plain(2, "username"),
        _plain(3, "quota"),
        _counted(4, None, lambda _call, _row: 0),
        _counted(5, None, lambda _call, row: (row["attributes"] or {}).get("passwd_update") or ""),
        _counted(6, None, lambda _call, row: row["bytes"] / row["quota"] if row["quota"] else 0),
        *((_plain(7, "name"),) if new else ()),
        _counted(20 if new else 17, None, lambda _call, row: row["messages"]),
        _tagged(23 if new else 20, "tags_mailbox", "username"),
        _plain(24 if new else 21, "active"),
    )


@searches("domain", since="search")
def search_domains(call: Call) -> Row | bytes:
    """A page of domains."""
    return _domains(call, call.data)


@searches("mailbox", since="search")
def search_mailboxes(call: Call) -> Row | bytes:
    """A page of mailboxes."""
    return _mailboxes(call, call.data)


@reads("domain/datatables", since="datatables", until="search")
def read_domain_page(call: Call) -> Row | bytes:
    """A page of domains, asked for in the query string."""
    return _domains(call, _nested(call.query))


@reads("mailbox/datatables", since="datatables", until="search")
def read_mailbox_page(call: Call) -> Row | bytes:
    """A page of mailboxes, asked for in the query string."""
    return _mailboxes(call, _nested(call.query))


def _nested(query: Any) -> Row:
    """PHP's reading of a query string: ``order[0][column]=2`` is an array of arrays."""
    nested: Row = {}
    for name, value in query.items():
        first, bracket, _ = name.partition("[")
        place = nested
        path = [first, *(_BRACKETS.findall(name) if bracket else ())]
        for step in path[:-1]:
            inner = place.setdefault(step, {})
            place = inner if isinstance(inner, dict) else {}
        place[path[-1]] = value
    return nested


def _domains(call: Call, request: Row) -> Row | bytes:
    try:
        return _domain_page(call, request)
    except _UnknownColumnError:
        return _NO_COLUMN


def _domain_page(call: Call, request: Row) -> Row:
    found = _filtered(call, request, _DOMAIN_COLUMNS, domains(call.state))
    page = _page(request, _sorted(call, request, _DOMAIN_COLUMNS, found))
    details = [shown for row in page if (shown := domain_details(call, row["domain"]))]
    return _answer(request, len(call.table("domain")), len(found), details)


def _mailboxes(call: Call, request: Row) -> Row | bytes:
    try:
        return _mailbox_page(call, request)
    except _UnknownColumnError:
        return _NO_COLUMN


def _mailbox_page(call: Call, request: Row) -> Row:
    columns = _mailbox_columns(call)
    everyone = sorted((row for row in call.table("mailbox") if row["kind"] == ""), key=by_username)
    found = _filtered(call, request, columns, everyone)
    page = _page(request, _sorted(call, request, columns, found))
    details = [shown for row in page if (shown := mailbox_details(call, row["username"]))]
    return _answer(request, len(found), len(found), details)


def _answer(request: Row, total: int, found: int, details: list[Row]) -> Row:
    draw = php.intval(request.get("draw"))
    return {"draw": draw, "recordsTotal": total, "recordsFiltered": found, "data": details}


def _page(request: Row, rows: list[Row]) -> list[Row]:
    if request.get("start") is None or loose.equal(request.get("length"), _EVERYTHING):
        return rows
    start = php.intval(request["start"])
    return rows[start : start + php.intval(request.get("length"))]


def _at(columns: tuple[_Column, ...], number: Any) -> _Column:
    """The column of a number; the first one where there is none, as PHP's false is 0."""
    return next((column for column in columns if loose.equal(column.number, number)), columns[0])


def _asked(request: Row) -> list[Row]:
    return [column if isinstance(column, dict) else {} for column in php.values(request.get("columns"))]


def _filtered(call: Call, request: Row, columns: tuple[_Column, ...], rows: list[Row]) -> list[Row]:
    asked = [(number, each) for number, each in enumerate(_asked(request)) if _is_true(each.get("searchable"))]
    wanted = _value(request.get("search"))
    if wanted:
        anywhere = [_texts_of(_at(columns, number)) for number, _ in asked]
        rows = [row for row in rows if any(_contains(texts(call, row), wanted) for texts in anywhere)]
    for _, each in asked:
        if wanted := _value(each.get("search")):
            texts_of = _texts_of(_at(columns, each.get("data")))
            rows = [row for row in rows if _contains(texts_of(call, row), wanted)]
    return rows


def _value(search: Any) -> str:
    return php.text(search.get("value")) if isinstance(search, dict) else ""


def _is_true(value: Any) -> bool:
    return value is True or value == "true"


def _texts_of(column: _Column) -> Callable[[Call, Row], list[str]]:
    if column.filtered is None:
        raise _UnknownColumnError(column.number)
    return column.filtered


def _contains(texts: list[str], wanted: str) -> bool:
    return any(sql.weight(wanted) in sql.weight(text) for text in texts)


def _sorted(call: Call, request: Row, columns: tuple[_Column, ...], rows: list[Row]) -> list[Row]:
    asked = _asked(request)
    for order in reversed(php.values(request.get("order"))):
        number = php.intval(order.get("column")) if isinstance(order, dict) else 0
        if number < len(asked) and _is_true(asked[number].get("orderable")):
            column = _at(columns, number)
            rows = sorted(rows, key=lambda row: column.sorted_by(call, row), reverse=order.get("dir") != "asc")
    return rows
