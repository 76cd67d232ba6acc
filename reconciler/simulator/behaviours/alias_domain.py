"""alias-domain: add, edit, delete and get.

Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: alias_domain; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.behaviours.domain import find_domain
from reconciler.simulator.behaviours.domain_add import add_key, add_limit
from reconciler.simulator.behaviours.domain_delete import forget_addresses
from reconciler.simulator.behaviours.rate_limit import domain_limit, restore_limit
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds, deletes, edits, reads
from reconciler.simulator.rows import drop_aliases
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.tables import alias_domains

_ADD: Final = ("mailbox", "add", "alias_domain", ECHO, None)
_EDIT: Final = ("mailbox", "edit", "alias_domain", ECHO, None)
_DELETE: Final = ("mailbox", "delete", "alias_domain", ECHO, None)


@adds("alias-domain", log=_ADD)
def add_alias_domains(call: Call) -> bool:
    """Several names of a text list for one domain, which must not be a backup MX."""
    names = php.array_filter(loose.split(call.data.get("alias_domain")))
    target = php.idn_to_ascii(loose.trim(call.data.get("target_domain")).lower())
    with refusals(call):
        refuse_if(call.role != "admin", "access_denied")
        refuse_if(not php.is_valid_domain_name(target), "target_domain_invalid")
        refuse_if(not access.has_domain(call, target), "access_denied")
        for name in names:
            with refusals(call):
                _add_one(call, php.idn_to_ascii(loose.trim(name).lower()), target)
        return True
    return False


def _add_one(call: Call, name: str, target: str) -> None:
    if not php.is_valid_domain_name(name):
        raise ServerCrash.php('Error: Undefined constant "alias_domain"')
    refuse_if(name == target, "aliasd_targetd_identical", php.htmlspecialchars(target))
    row = call.table("domain").get(target)
    refuse_if(row is None, "targetd_not_found", php.htmlspecialchars(target))
    refuse_if(row is not None and row["backupmx"] == 1, "targetd_relay_domain", php.htmlspecialchars(target))
    refuse_if(access.has_domain(call, name), "alias_domain_invalid", name)
    call.table("alias_domain").insert(
        {
            "alias_domain": name,
            "target_domain": target,
            "created": call.server.now(),
            "modified": None,
            "active": sql.integer("active", php.intval(call.data.get("active"))),
        }
    )
    call.state.redis.hash("DOMAIN_MAP")[name] = "1"
    add_limit(call, name)
    if php.truthy(call.data.get("key_size")) and php.truthy(call.data.get("dkim_selector")):
        add_key(call, name, call.data["key_size"], call.data["dkim_selector"])
    call.success(("aliasd_added", php.htmlspecialchars(name)))


@edits("alias-domain", log=_EDIT, key="alias_domain")
def edit_alias_domains(call: Call) -> None:
    """Another target is not asked whether it is a backup MX."""
    for item in call.items:
        with refusals(call):
            _edit_one(call, php.idn_to_ascii(loose.trim(item).lower()))


def _edit_one(call: Call, name: str) -> None:
    row = _find(call, name)
    refuse_if(row is None, "alias_domain_invalid", php.htmlspecialchars(name))
    assert row is not None
    active = php.intval(call.data["active"]) if php.isset(call.data, "active") else row["active"]
    given = call.data.get("target_domain")
    target = php.idn_to_ascii(loose.trim(given).lower()) if php.truthy(given) else row["target_domain"]
    invalid = ("target_domain_invalid", php.htmlspecialchars(target))
    refuse_if(not php.is_valid_domain_name(target), *invalid)
    refuse_if(not access.has_domain(call, target), "access_denied")
    refuse_if(find_domain(call, target) is None or _find(call, target) is not None, *invalid)
    columns = {"target_domain": target, "active": sql.integer("active", active)}
    sql.changed(call.table("alias_domain"), name, call.server.now(), columns)
    call.success(("aliasd_modified", php.htmlspecialchars(name)))


def _find(call: Call, name: object) -> Row | None:
    row = call.table("alias_domain").get(name)
    return row if row is not None and access.has_domain(call, row["target_domain"]) else None


@deletes("alias-domain", log=_DELETE, key="alias_domain")
def delete_alias_domains(call: Call) -> None:
    """Aliases and BCC maps in it go along; rate limit, DKIM key and policies stay."""
    for item in call.items:
        with refusals(call):
            refuse_if(not php.is_valid_domain_name(item), "domain_invalid")
            name = php.text(item)
            refuse_if(_find(call, name) is None, "access_denied")
            call.table("alias_domain").delete(name)
            drop_aliases(call.state, "domain", name)
            if call.has("spam_alias_of_alias_domain"):
                forget_addresses(call, "spamalias", "address", name)
            call.table("bcc_maps").delete_where("local_dest", name)
            call.state.redis.hdel("DOMAIN_MAP", name)
            call.success(("alias_domain_removed", php.htmlspecialchars(name)))


@reads("alias-domain")
def read_alias_domain(call: Call) -> Row | None:
    """One by its name."""
    return _details(call, call.object)


@reads("alias-domain/all")
def read_alias_domains(call: Call) -> list[Row]:
    """All whose target exists."""
    return [details for row in alias_domains(call.state) if (details := _details(call, row["alias_domain"]))]


def _details(call: Call, name: object) -> Row | None:
    row = _find(call, name)
    if row is None:
        return None
    parent = call.table("domain").get(row["target_domain"])
    return {
        "alias_domain": row["alias_domain"],
        "parent_is_backupmx": parent["backupmx"] if parent else None,
        "target_domain": row["target_domain"],
        "active": row["active"],
        "active_int": row["active"],
        "rl": domain_limit(call, name),
        "created": row["created"],
        "modified": row["modified"],
    }


@restores("get/alias-domain/all")
def restore_alias_domains(server: Server, answer: Any) -> list[str]:
    """Alias domains with their limits."""
    for shown in php.values(answer):
        columns = ("alias_domain", "target_domain", "created", "modified", "active")
        server.state.table("alias_domain").insert({name: shown[name] for name in columns})
        server.state.redis.hash("DOMAIN_MAP")[shown["alias_domain"]] = "1"
        restore_limit(server, shown["alias_domain"], shown.get("rl"))
    return []
