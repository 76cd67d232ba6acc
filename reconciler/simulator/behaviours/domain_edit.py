"""edit/domain: all limits are checked together against what is in use, then stored together.

Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: edit domain; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import loose, php, sql
from reconciler.simulator.behaviours import tags
from reconciler.simulator.behaviours.domain import find_domain
from reconciler.simulator.behaviours.domain_add import relay_flags
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, edits
from reconciler.simulator.rows import MEBIBYTE, alias_count, mailboxes_of, totals

_FLAGS: Final = ("active", "backupmx", "gal", "relay_all_recipients", "relay_unknown_only")
_EMPTY_KEEPS: Final = ("aliases", "maxquota", "quota", "description")
_NOTHING_KEEPS: Final = ("mailboxes", "defquota")


@edits("domain", log=("mailbox", "edit", "domain", ECHO, None), key="domain", masks=("password", "password2"))
def edit_domain(call: Call) -> None:
    """The same fields for each domain; an empty text, and 0 for some limits, means what is there."""
    for item in call.items:
        with refusals(call):
            _edit_one(call, php.idn_to_ascii(php.text(item)))


def _edit_one(call: Call, domain: str) -> None:
    refuse_if(not php.is_valid_domain_name(domain), "domain_invalid")
    row = find_domain(call, domain)
    if row is None:
        refuse_if(True, "domain_invalid")
        return
    after = _wanted(call.data, row)
    _check(call, domain, after)
    columns = {**after, **{name: _number(name, after[name]) for name in ("aliases", "maxquota", "quota")}}
    columns["description"] = sql.text("description", after["description"])
    for flag in _FLAGS:
        sql.integer(flag, after[flag])
    sql.changed(call.table("domain"), domain, call.server.now(), columns)
    if call.has("tags"):
        tags.add_domain_tags(call, domain, call.data.get("tags"))
    call.success(("domain_modified", php.htmlspecialchars(domain)))


def _wanted(data: Row, row: Row) -> Row:
    after = {name: php.intval(data[name]) if php.isset(data, name) else row[name] for name in _FLAGS}
    for name in _EMPTY_KEEPS:
        after[name] = data[name] if php.truthy(data.get(name)) else row[name]
    for name in _NOTHING_KEEPS:
        given = data.get(name)
        after[name] = row[name] if given is None or loose.equal(given, "") else php.intval(given)
    after["relayhost"] = str(php.intval(data["relayhost"])) if php.isset(data, "relayhost") else row["relayhost"]
    return relay_flags(after)


def _check(call: Call, domain: str, after: Row) -> None:
    refuse_if(loose.greater(after["defquota"], after["maxquota"]), "mailbox_defquota_exceeds_mailbox_maxquota")
    refuse_if(after["defquota"] == 0, "defquota_empty")
    refuse_if(loose.greater(after["maxquota"], after["quota"]), "mailbox_quota_exceeds_domain_quota")
    mailboxes = mailboxes_of(call.state, domain)
    if mailboxes:
        biggest = max(_mebibytes(row["quota"]) for row in mailboxes)
        refuse_if(loose.greater(biggest, after["maxquota"]), "max_quota_in_use", str(biggest))
    assigned = _mebibytes(totals(call.state, domain)["quota"])
    refuse_if(loose.greater(assigned, after["quota"]), "domain_quota_m_in_use", str(assigned))
    refuse_if(len(mailboxes) > after["mailboxes"], "mailboxes_in_use", len(mailboxes))
    aliases = alias_count(call.state, [domain])
    refuse_if(loose.greater(aliases, after["aliases"]), "aliases_in_use", aliases)


def _mebibytes(size: int) -> int:
    """Rounded half away from zero as SQL's ROUND does."""
    return (size + MEBIBYTE // 2) // MEBIBYTE


def _number(column: str, value: Any) -> int:
    """A limit as it came, stored in a numeric column: fractions are rounded, words are an error."""
    if not php.is_numeric(value) and not isinstance(value, bool):
        raise ServerCrash.sql("22007", 1366, f"Incorrect integer value: '{value}' for column '{column}' at row 1")
    number = int(php.floatval(value) + 0.5)
    return sql.integer(column, number, sql.INT) if column == "aliases" else number
