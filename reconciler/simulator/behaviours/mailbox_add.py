"""add/mailbox: one mailbox, with a row each for its own alias and its rights.

Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: add mailbox; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, passwords, php, sql
from reconciler.simulator.behaviours import rate_limit
from reconciler.simulator.behaviours.mailbox import OWN_ALIAS
from reconciler.simulator.behaviours.mailbox_settings import QUARANTINE_CATEGORIES, set_tag_handling
from reconciler.simulator.behaviours.tags import add_mailbox_tags
from reconciler.simulator.behaviours.template import RIGHTS, mailbox_attributes, protocols, untold_rights
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds
from reconciler.simulator.rows import MEBIBYTE, change_mailbox, insert_alias, insert_mailbox, totals

EXTERNAL_SOURCES: Final = ("keycloak", "generic-oidc", "ldap")


@adds("mailbox", log=("mailbox", "add", "mailbox", ECHO, None), masks=("password", "password2"))
def add_mailbox(call: Call) -> bool:
    """The checks come in the server's order; the password's policy before the domain's limits."""
    data = call.data
    local = loose.trim(data.get("local_part")).lower()
    domain = php.idn_to_ascii(loose.trim(data.get("domain")).lower())
    username = f"{local}@{domain}"
    with refusals(call):
        refuse_if(not php.is_email(username) or not php.truthy(data.get("local_part")), "mailbox_invalid")
        defaults = mailbox_attributes(call)
        source = authsource(call, "mailcow")
        attributes = _attributes(call, defaults, source)
        quota = _quota(call, defaults)
        refuse_if(not php.is_valid_domain_name(domain), "domain_invalid")
        refuse_if(not access.has_domain(call, domain), "access_denied")
        check_free(call, username)
        refuse_if(domain not in call.table("domain"), "domain_not_found", php.htmlspecialchars(domain))
        if source == "mailcow" and not passwords.accepted(call, data.get("password"), data.get("password2")):
            return False
        _check_room(call, domain, quota)
        _insert(
            call, (username, local, domain), {"quota": quota * MEBIBYTE, "attributes": attributes}, defaults, source
        )
        call.success(("mailbox_added", php.htmlspecialchars(username)))
        return True
    return False


def authsource(call: Call, current: str) -> str:
    """Where a mailbox's password is kept: as asked for, if the server's identity provider is that; else as now."""
    wanted = call.data.get("authsource")
    if not call.has("authsource"):
        return current
    if loose.equal(wanted, "mailcow"):
        return "mailcow"
    configured = call.table("identity_provider").get("authsource")
    matches = configured is not None and configured["value"] == wanted
    return str(wanted) if matches and wanted in EXTERNAL_SOURCES else current


def accesses(call: Call) -> Row:
    """The flags of protocols: single ones as sent, all of them where a list of the allowed ones is."""
    data = call.data
    names = protocols(call.server)
    allowed = data.get("protocol_access")
    if allowed is not None:
        return {f"{name}_access": int(loose.contains(php.values(allowed), name)) for name in names}
    return {f"{name}_access": php.intval(data[f"{name}_access"]) for name in names if php.isset(data, f"{name}_access")}


def _attributes(call: Call, defaults: Row, source: str) -> Row:
    data = call.data
    named = accesses(call) if call.has("templates") else accesses(call.within((), _without_list(data)))
    flags = ("force_pw_update", "force_tfa", "tls_enforce_in", "tls_enforce_out", "sogo_access")
    known = [name for name in flags if name != "force_tfa" or call.has("force_tfa")]
    attributes = {name: str(php.intval(data[name] if php.isset(data, name) else defaults.get(name))) for name in known}
    for protocol in protocols(call.server):
        name = f"{protocol}_access"
        attributes[name] = str(named.get(name, php.intval(defaults.get(name))))
    attributes["relayhost"] = str(php.intval(data.get("relayhost")))
    attributes["passwd_update"] = call.server.now()
    attributes["mailbox_format"] = php.text(defaults.get("mailbox_format"))
    for name in ("quarantine_notification", "quarantine_category"):
        attributes[name] = php.text(data[name] if php.isset(data, name) else defaults.get(name))
    if call.has("quarantine_category_check"):
        refuse_if(attributes["quarantine_category"] not in QUARANTINE_CATEGORIES, "quarantine_category_invalid")
    if call.has("authsource"):
        attributes["attribute_hash"] = data["attribute_hash"] if php.truthy(data.get("attribute_hash")) else ""
    return {**attributes, **left_to_source(call, source)}


def left_to_source(call: Call, source: str) -> Row:
    """Flags that mean nothing where an identity provider keeps the password."""
    if source not in EXTERNAL_SOURCES:
        return {}
    has_no_tfa = call.has("force_tfa") and (source == "generic-oidc" or not call.has("force_tfa_but_oidc"))
    return {"force_pw_update": "0", **({"force_tfa": "0"} if has_no_tfa else {})}


def _without_list(data: Row) -> Row:
    return {name: value for name, value in data.items() if name != "protocol_access"}


def _quota(call: Call, defaults: Row) -> int:
    if php.isset(call.data, "quota"):
        return php.intval(call.data["quota"])
    return php.intval(defaults.get("quota")) // MEBIBYTE


def check_free(call: Call, username: str) -> None:
    """Refuse an address that a mailbox, resource, alias or throw-away address has."""
    escaped = php.htmlspecialchars(username)
    refuse_if(username in call.table("mailbox"), "object_exists", escaped)
    refuse_if(call.table("alias").count("address", username), "is_alias", escaped)
    refuse_if(username in call.table("spamalias"), "is_spam_alias", escaped)


def _check_room(call: Call, domain: str, quota: int) -> None:
    row = call.table("domain").get(domain)
    assert row is not None
    sums = totals(call.state, domain)
    refuse_if(sums["mailboxes"] >= row["mailboxes"], "max_mailbox_exceeded", sums["mailboxes"], row["mailboxes"])
    refuse_if(quota > row["maxquota"], "mailbox_quota_exceeded", row["maxquota"])
    assigned = (sums["quota"] + MEBIBYTE // 2) // MEBIBYTE
    refuse_if(assigned + quota > row["quota"], "mailbox_quota_left_exceeded", row["quota"] - assigned)


def _name(call: Call, local: str) -> str:
    name = php.text(call.data.get("name")).rstrip(">").lstrip("<")
    return name if php.truthy(name) or call.has("template_defaults") else local


def _insert(call: Call, names: tuple[str, str, str], columns: Row, defaults: Row, source: str) -> None:
    username, local, domain = names
    now = call.server.now()
    given = call.data.get("active")
    active = php.intval(defaults.get("active") if given is None else given)
    insert_mailbox(
        call.state,
        {
            "username": sql.text("username", username),
            "password": passwords.stored(call.data.get("password"), call.server.random) if source == "mailcow" else "",
            "name": sql.text("name", _name(call, local)),
            "local_part": local,
            "domain": domain,
            **columns,
            "custom_attributes": {},
            "kind": "",
            "multiple_bookings": -1,
            "authsource": source,
            "active": sql.integer("active", active),
            "acl": None,
            "bytes": 0,
            "messages": 0,
            "complete": False,
            "created": now,
            "modified": now,
        },
    )
    if call.server.half_created > 0:
        call.server.half_created -= 1
        raise ServerCrash.sql("40001", 1213, "Deadlock found when trying to get lock; try restarting transaction")
    _add_companions(call, username, domain, active, defaults)


def _add_companions(call: Call, username: str, domain: str, active: int, defaults: Row) -> None:
    data = call.data
    if call.has("tagged_mail_handler") and php.isset(data, "tagged_mail_handler"):
        set_tag_handling(call, username, data["tagged_mail_handler"])
    if call.has("tags"):
        tags = data.get("tags")
        add_mailbox_tags(call, username, defaults.get("tags") if tags is None else tags)
    now = call.server.now()
    own = {"address": username, "goto": username, "domain": domain, "created": now, "modified": None, **OWN_ALIAS}
    insert_alias(call.state, {**own, "active": active})
    change_mailbox(call.state, username, now, {"complete": True, "acl": _rights(call, defaults)})
    if call.has("templates"):
        _limit(call, username, defaults)


def _rights(call: Call, defaults: Row) -> list[str]:
    given = call.data.get("acl")
    if call.has("templates") and given is not None:
        return [right for right in RIGHTS if loose.contains(php.values(given), right)]
    if call.has("template_defaults"):
        return [right for right in RIGHTS if php.intval(defaults.get(f"acl_{right}")) == 1]
    return list(untold_rights(call.server))


def _limit(call: Call, username: str, defaults: Row) -> None:
    frame, value = (
        call.data[name] if php.isset(call.data, name) else defaults.get(name) for name in ("rl_frame", "rl_value")
    )
    if frame is not None and value is not None:
        limit: dict[str, Any] = {"object": username, "rl_frame": frame, "rl_value": value}
        rate_limit.edit_mailbox_limits(call.within(rate_limit.MAILBOX_LOG, limit, key="object"))
