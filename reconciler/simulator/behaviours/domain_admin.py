"""domain-admin: add, edit, delete and get, and add/sso/domain-admin.

An account whose every domain was refused exists as a ghost: not shown, in the way of the next of its name, gone with
the next domain that is deleted. Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.domain_admin.inc.php;
recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, passwords, php, sql
from reconciler.simulator.behaviours.acl import NEW_ADMIN_RIGHTS
from reconciler.simulator.behaviours.admin import account, attributes_of, is_account_name, restrictions, update_account
from reconciler.simulator.behaviours.domain import find_domain
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare
from reconciler.simulator.tables import domains

declare("domain_admins", indexes=("username", "domain"))
declare("da_acl", key="username")

_MASKS: Final = ("password", "password2", "user_old_pass", "user_new_pass", "user_new_pass2")


@adds("domain-admin", log=("domain_admin", "add", ECHO), masks=_MASKS)
def add_domain_admin(call: Call) -> bool | None:
    """Domains nobody has are refused one by one, the account is said to be added all the same."""
    data = call.data
    username = loose.trim(data.get("username")).lower()
    names = php.values(data.get("domains"))
    with refusals(call):
        refuse_if(call.role != "admin", "access_denied")
        refuse_if(not names, "domain_invalid")
        refuse_if(not is_account_name(username) or not php.truthy(username), "username_invalid", username)
        taken = username in call.table("mailbox") or username in call.table("admin") or _has_domains(call, username)
        refuse_if(taken, "object_exists", php.htmlspecialchars(username))
        if not passwords.accepted(call, data.get("password"), data.get("password2")):
            return None
        active = php.intval(data.get("active"))
        if _assign(call, username, names, active):
            password = passwords.stored(data.get("password"), call.server.random)
            call.table("admin").insert(account(call.server, username, password, superadmin=0, active=active))
        if username in call.table("da_acl"):
            raise sql.duplicate(username, "PRIMARY")
        call.table("da_acl").insert({"username": username, "rights": list(NEW_ADMIN_RIGHTS)})
        call.success(("domain_admin_added", php.htmlspecialchars(username)))
        return None
    return False


def _has_domains(call: Call, username: str) -> bool:
    return call.table("domain_admins").count("username", username) > 0


def _assign(call: Call, username: str, names: list[Any], active: int) -> int:
    """Give an account domains, and say to how many."""
    assigned = 0
    for name in names:
        with refusals(call):
            refuse_if(not _is_domain(call, name), "domain_invalid", php.htmlspecialchars(php.text(name)))
            _insert(call, username, php.text(name), active)
            assigned += 1
    return assigned


def _is_domain(call: Call, name: Any) -> bool:
    return php.is_valid_domain_name(name) and find_domain(call, name) is not None


def _insert(call: Call, username: str, domain: str, active: int) -> None:
    row = {"username": username, "domain": domain, "created": call.server.now()}
    call.table("domain_admins").insert({**row, "active": sql.integer("active", active)})


@edits("domain-admin", log=("domain_admin", "edit", ECHO), key="username", masks=_MASKS)
def edit_domain_admins(call: Call) -> bool:
    """Domains are replaced, the date is new, and since 2026-03 what is not sent of two flags becomes 0."""
    for item in call.items:
        with refusals(call):
            if not _edit_one(call, php.text(item)):
                return False
    return True


def _edit_one(call: Call, username: str) -> bool:
    data = call.data
    details = _details(call, username)
    refuse_if(details is None, "access_denied")
    assert details is not None
    active = php.intval(data["active"]) if php.isset(data, "active") else details["active"]
    names = php.values(data.get("domains")) or details.get("selected_domains", [])
    new_name = php.text(data["username_new"]) if php.truthy(data.get("username_new")) else details["username"]
    for name in names:
        refuse_if(not _is_domain(call, name), "domain_invalid", php.htmlspecialchars(php.text(name)))
    refuse_if(not is_account_name(new_name), "username_invalid", new_name)
    refuse_if(new_name != username and _has_domains(call, new_name), "username_invalid", new_name)
    call.table("domain_admins").delete_where("username", username)
    call.table("da_acl").update(username, username=new_name)
    for name in names:
        _insert(call, new_name, php.text(name), active)
    columns: Row = {"username": new_name, "active": active, **restrictions(call)}
    if php.truthy(data.get("password")):
        if not passwords.accepted(call, data["password"], data.get("password2")):
            return False
        columns["password"] = passwords.stored(data["password"], call.server.random)
    update_account(call, username, columns)
    call.success(("domain_admin_modified", php.htmlspecialchars(username)))
    return True


@deletes("domain-admin", log=("domain_admin", "delete", ECHO), key="username", masks=_MASKS)
def delete_domain_admins(call: Call) -> bool | None:
    """Accounts with their rights."""
    if access.denies(call):
        return False
    for item in call.items:
        with refusals(call):
            username = php.text(item)
            refuse_if(_details(call, username) is None, "username_invalid", item)
            call.table("domain_admins").delete_where("username", username)
            call.table("admin").delete(username)
            call.table("da_acl").delete(username)
            call.success(("domain_admin_removed", php.htmlspecialchars(username)))
    return None


@adds("sso/domain-admin", log=("domain_admin_sso", "issue", ECHO), since="domain_admin_sso")
def issue_token(call: Call) -> bool | bytes:
    """A token that logs a domain administrator in; it is printed alone."""
    if access.denies(call):
        return False
    username = call.data.get("username")
    with refusals(call):
        known = not php.is_array(username) and _has_domains(call, php.text(username))
        refuse_if(not known, "object_doesnt_exist", php.htmlspecialchars(php.text(username)))
        token = "-".join(f"{call.server.random.getrandbits(24):06X}" for _ in range(5))
        return php.json_encode({"token": token})
    return False


@reads("domain-admin")
def read_domain_admin(call: Call) -> Row | None:
    """One by its name."""
    return _details(call, call.object or "")


@reads("domain-admin/all")
def read_domain_admins(call: Call) -> list[Row]:
    """All that have a domain."""
    names = {sql.weight(row["username"]): row["username"] for row in call.table("domain_admins")}
    shown = []
    for key in sorted(names):
        row = call.table("admin").get(names[key])
        details = _details(call, names[key]) if row and not row["superadmin"] else None
        shown.extend([details] if details else [])
    return shown


def _details(call: Call, username: str) -> Row | None:
    rows = sorted(call.table("domain_admins").find("username", username), key=lambda row: int(row["id"]))
    if not rows:
        return None
    mine = {sql.weight(row["domain"]) for row in rows}
    selected = [row["domain"] for row in domains(call.state) if sql.weight(row["domain"]) in mine]
    unselected = [row["domain"] for row in domains(call.state) if sql.weight(row["domain"]) not in mine]
    return {
        "username": rows[0]["username"],
        "tfa_active": 0,
        "tfa_active_int": 0,
        "active": rows[0]["active"],
        "active_int": rows[0]["active"],
        "created": rows[0]["created"],
        **attributes_of(call, call.table("admin").get(username)),
        **({"selected_domains": selected} if selected else {}),
        "unselected_domains": unselected or "",
    }


@restores("get/domain-admin/all")
def restore_domain_admins(server: Server, answer: Any) -> list[str]:
    """Domain administrators with their domains."""
    for shown in php.values(answer):
        row = account(server, shown["username"], "", superadmin=0, active=shown["active"])
        server.state.table("admin").insert({**row, "attributes": shown.get("attributes")})
        for domain in shown.get("selected_domains", ()):
            columns = ("username", "created", "active")
            row = {"domain": domain, **{name: shown[name] for name in columns}}
            server.state.table("domain_admins").insert(row)
        server.state.table("da_acl").insert({"username": shown["username"], "rights": list(NEW_ADMIN_RIGHTS)})
    return ["Passwords and rights of domain administrators cannot be read: rights are as for a new one."]
