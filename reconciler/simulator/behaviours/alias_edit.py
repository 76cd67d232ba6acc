"""edit/alias: address and targets in place, and expand_alias, which copies an alias into alias domains.

An alias that discards, learns spam or learns ham keeps doing so only if its flag is sent again; else its target is
refused, nothing is stored, and success is said. Source: mailcow 2022-01a, 2024-08a, 2026-07a,
functions.mailbox.inc.php: edit alias; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.behaviours.alias import find_alias
from reconciler.simulator.behaviours.alias_add import ADD_LOG, add_aliases, check_free, check_place, special_target
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import Refusal, refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, edits
from reconciler.simulator.rows import change_alias
from reconciler.simulator.tables import alias_domains_of

_FLAGS: Final = ("internal", "active", "sender_allowed", "sogo_visible")
_COMMENTS: Final = ("public_comment", "private_comment")


@edits("alias", log=("mailbox", "edit", "alias", ECHO, None), key="id")
def edit_aliases(call: Call) -> None:
    """The same fields for each alias, named by number or address."""
    address: Any = None
    for item in call.items:
        with refusals(call):
            row = find_alias(call, item)
            if row is None:
                raise Refusal("alias_invalid", address)
            given = call.data.get("address")
            address = given if php.truthy(given) else row["address"]
            address = _edit_one(call, row, php.text(address))


def _edit_one(call: Call, row: Row, address: str) -> str:
    """Edit an alias and return its address as the server now writes it."""
    expand = call.data.get("expand_alias")
    if expand is True or loose.equal(expand, 1):
        _expand(call, address)
        return address
    domain = loose.split_address(address)[1]
    if row["address"] != address:
        address = _moved(call, row, address, domain)
    given = call.data.get("goto")
    goto = special_target(call.data)
    if goto is None:
        goto = _targets(call, php.text(given if php.truthy(given) else row["goto"]), address)
    if goto:
        columns = {
            "address": sql.text("address", address),
            **{name: php.text(call.data[name]) if php.isset(call.data, name) else row[name] for name in _COMMENTS},
            "domain": domain,
            "goto": sql.long_text("goto", goto),
            **{name: _flag(call, row, name) for name in _FLAGS},
        }
        change_alias(call.state, row["id"], call.server.now(), columns)
    call.success(("alias_modified", php.htmlspecialchars(address)))
    return address


def _flag(call: Call, row: Row, name: str) -> int:
    return sql.integer(name, php.intval(call.data[name])) if php.isset(call.data, name) else row[name]


def _moved(call: Call, row: Row, address: str, domain: str) -> str:
    local = loose.split_address(address)[0]
    address = f"{local}@{domain}"
    refuse_if(not access.has_domain(call, domain), "access_denied")
    refuse_if(not php.is_email(address) and php.truthy(local), "alias_invalid", address)
    if row["address"].lower() != address.lower():
        check_free(call, local, domain)
    check_place(call, address, domain)
    return address


def _targets(call: Call, written: str, address: str) -> str:
    kept = []
    for target in loose.split(written):
        if not php.truthy(target):
            continue
        with refusals(call):
            refuse_if(not php.is_email(target), "goto_invalid", target)
            refuse_if(target == address, "alias_goto_identical")
            for permission in call.table("sender_acl").find("send_as", address):
                if sql.same(permission["logged_in_as"], target):
                    call.table("sender_acl").delete(permission["id"])
            kept.append(target)
    return ",".join(dict.fromkeys(kept))


def _expand(call: Call, address: str) -> None:
    escaped = php.htmlspecialchars(address)
    row = next(iter(call.table("alias").find("address", address)), None)
    if row is None or row["domain"] in call.table("alias_domain"):
        call.warning(("is_not_primary_alias", escaped))
        return
    local = row["address"].partition("@")[0]
    copies = [f"{local}@{domain}" for domain in alias_domains_of(call.state, row["domain"])]
    missing = ",".join(copy for copy in copies if not call.table("alias").count("address", copy))
    if missing and not sql.same(row["address"], row["goto"]):
        copy = {"address": missing, "goto": row["goto"], "sogo_visible": 1, "active": 1}
        add_aliases(call.within(ADD_LOG, copy))
    call.success(("alias_modified", escaped))
