"""add/domain: what is not said comes from a template since 2024-01, and is 0 before.

Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: add domain; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.behaviours import dkim, rate_limit, tags
from reconciler.simulator.behaviours.template import domain_defaults
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, adds
from reconciler.simulator.rows import MEBIBYTE
from reconciler.simulator.sql import INT, TINYINT

HOSTNAME: Final = "mail.simulator.example"
"""The server's own name, which cannot be a domain."""

_LIMITS: Final = {
    "aliases": ("max_num_aliases_for_domain", 1),
    "mailboxes": ("max_num_mboxes_for_domain", 1),
    "defquota": ("def_quota_for_mbox", MEBIBYTE),
    "maxquota": ("max_quota_for_mbox", MEBIBYTE),
    "quota": ("max_quota_for_domain", MEBIBYTE),
}
_FLAGS: Final = ("active", "relay_all_recipients", "relay_unknown_only", "backupmx", "gal")


@adds("domain", log=("mailbox", "add", "domain", ECHO, None), masks=("password", "password2"))
def add_domain(call: Call) -> bool:
    """One domain; since 2024-01 with a DKIM key and a rate limit unless the template says otherwise."""
    if access.denies(call):
        return False
    defaults = domain_defaults(call)
    domain = php.idn_to_ascii(loose.trim(call.data.get("domain")).lower())
    limits = {name: _limit(call, defaults, name) for name in _LIMITS}
    with refusals(call):
        _check_limits(limits)
        flags = _flags(call, defaults)
        refuse_if(not php.is_valid_domain_name(domain), "domain_invalid")
        refuse_if(access.has_domain(call, domain), "domain_exists", php.htmlspecialchars(domain))
        refuse_if(domain == HOSTNAME, "domain_cannot_match_hostname")
        _forget_external_senders(call, domain)
        description = call.data.get("description")
        _insert(call, domain, description if php.truthy(description) else domain, {**limits, **flags})
        _add_companions(call, domain, defaults)
        call.success(("domain_added", php.htmlspecialchars(domain)))
        return True
    return False


def _limit(call: Call, defaults: Row, name: str) -> int:
    shown, unit = _LIMITS[name]
    if php.isset(call.data, name):
        return php.intval(call.data[name])
    return php.intval(defaults.get(shown)) // unit


def _check_limits(limits: Row) -> None:
    refuse_if(limits["defquota"] > limits["maxquota"], "mailbox_defquota_exceeds_mailbox_maxquota")
    refuse_if(limits["maxquota"] > limits["quota"], "mailbox_quota_exceeds_domain_quota")
    refuse_if(limits["defquota"] == 0, "defquota_empty")
    refuse_if(limits["maxquota"] == 0, "maxquota_empty")


def _flags(call: Call, defaults: Row) -> Row:
    flags = {name: php.intval(call.data[name] if php.isset(call.data, name) else defaults.get(name)) for name in _FLAGS}
    return relay_flags(flags)


def relay_flags(flags: Row) -> Row:
    """The flags with what they bring along: relaying all, or unknown ones only, makes the server a backup."""
    if flags["relay_unknown_only"] == 1:
        flags["relay_all_recipients"] = 1
    if flags["relay_all_recipients"] == 1:
        flags["backupmx"] = 1
    return flags


def _forget_external_senders(call: Call, domain: str) -> None:
    for row in call.table("sender_acl").find("external", 1):
        if sql.weight(row["send_as"]).endswith("@" + sql.weight(domain)):
            call.table("sender_acl").delete(row["id"])


def _insert(call: Call, domain: str, description: Any, numbers: Row) -> None:
    call.table("domain").insert(
        {
            "domain": sql.text("domain", domain),
            "description": sql.text("description", description),
            **{name: sql.integer(name, numbers[name], INT) for name in ("aliases", "mailboxes")},
            **{name: numbers[name] for name in ("defquota", "maxquota", "quota")},
            "relayhost": "0",
            **{name: sql.integer(name, numbers[name], TINYINT) for name in _FLAGS},
            "created": call.server.now(),
            "modified": None,
        }
    )


def _add_companions(call: Call, domain: str, defaults: Row) -> None:
    if call.has("tags"):
        given = call.data.get("tags")
        tags.add_domain_tags(call, domain, defaults.get("tags") if given is None else php.values(given))
    call.state.redis.hash("DOMAIN_MAP")[domain] = "1"
    if call.has("template_defaults"):
        _add_limit_and_key(call, domain, defaults)
    else:
        add_limit(call, domain)
        if php.truthy(call.data.get("key_size")) and php.truthy(call.data.get("dkim_selector")):
            add_key(call, domain, call.data["key_size"], call.data["dkim_selector"])


def _add_limit_and_key(call: Call, domain: str, defaults: Row) -> None:
    value, frame, size, selector = (
        call.data[name] if php.isset(call.data, name) else defaults.get(name)
        for name in ("rl_value", "rl_frame", "key_size", "dkim_selector")
    )
    value = php.intval(value) if php.isset(call.data, "rl_value") else value
    if php.truthy(value) and php.truthy(frame):
        limit = {"rl_value": value, "rl_frame": frame, "object": domain}
        rate_limit.edit_domain_limits(call.within(rate_limit.DOMAIN_LOG, limit, key="object"))
    size = php.intval(size) if php.isset(call.data, "key_size") else size
    if php.truthy(size) and php.truthy(selector):
        add_key(call, domain, size, selector)


def add_limit(call: Call, domain: str) -> None:
    """Save the limit that came with a new domain, as the server did before it asked templates."""
    if php.intval(call.data.get("rl_value")):
        limit = {"rl_value": call.data["rl_value"], "rl_frame": call.data.get("rl_frame"), "object": domain}
        rate_limit.edit_domain_limits(call.within(rate_limit.DOMAIN_LOG, limit, key="object"))


def add_key(call: Call, domain: str, size: Any, selector: Any) -> None:
    """Make a DKIM key for a new domain; one that survived an earlier domain of the name is kept."""
    if call.has("domain_add_dkim_available") and call.state.redis.hget("DKIM_SELECTORS", domain):
        call.success("domain_add_dkim_available")
        return
    key = {"key_size": size, "dkim_selector": selector, "domains": domain}
    dkim.add_keys(call.within(dkim.ADD_LOG, key))
