"""add and edit mta-sts: what a domain promises other mail servers about encryption. Since 2025-09.

There is no reading and no deleting over the API; the policy goes with its domain. Source: mailcow
functions.mailbox.inc.php (mta_sts) of 2025-09, 2025-09c and 2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import Refusal, refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds, edits
from reconciler.simulator.state import DuplicateKeyError, declare

declare("mta_sts", key="domain")

_MODES: Final = ("enforce", "testing", "none")
_LONGEST_ADDED: Final = 31_536_000
_LONGEST_EDITED: Final = 31_557_600
_ADD: Final = ("mailbox", "add", "mta_sts", ECHO, None)
_EDIT: Final = ("mailbox", "edit", "mta_sts", ECHO, None)


def _mx(written: Any) -> list[str]:
    return "".join(php.text(written).split()).split(",")


def _number(call: Call) -> int:
    return int(call.server.clock().strftime("%Y%m%d%H%M%S"))


def _invalid_mx(call: Call, hosts: list[str]) -> str | None:
    """The first host that is none; a wildcard is one since 2025-09c."""
    for host in hosts:
        name = php.idn_to_ascii(loose.trim(host).lower())
        if not php.is_valid_domain_name(name, wildcard=call.has("mta_sts_wildcard")):
            return name
    return None


@adds("mta-sts", log=_ADD, since="mta_sts")
def add_mta_sts(call: Call) -> bool | None:
    """Success is silent; a second policy is refused in the database's words."""
    data = call.data
    domain = php.idn_to_ascii(loose.trim(data.get("domain")).lower())
    version, mode = php.text(data.get("version")).lower(), php.text(data.get("mode")).lower()
    hosts, longest = _mx(data.get("mx")), php.intval(data.get("max_age"))
    with refusals(call):
        refuse_if(not access.has_domain(call, domain), "access_denied")
        shown = php.htmlspecialchars(domain)
        refuse_if(version != "stsv1", "version_invalid", shown)
        refuse_if(mode not in _MODES, "mode_invalid", shown)
        refuse_if(not 1 <= longest <= _LONGEST_ADDED, "max_age_invalid", shown)
        invalid = _invalid_mx(call, hosts)
        if invalid is not None:
            raise Refusal("mx_invalid", php.htmlspecialchars(invalid))
        policy = {"domain": domain, "version": version, "mode": mode, "max_age": longest}
        _insert(call, {**policy, "active": int(php.intval(data.get("active")) == 1)}, hosts)
    return None


def _insert(call: Call, policy: Row, hosts: list[str]) -> None:
    log = ("mailbox", "add", "mta_sts", ECHO)
    try:
        mx = sql.text("mx", ",".join(hosts))
        call.table("mta_sts").insert({"id": _number(call), **policy, "mx": mx, "max_age": str(policy["max_age"])})
    except ServerCrash as crash:
        state, number, text = crash.message[1]["errorInfo"]
        raise Refusal(f"SQLSTATE[{state}]: String data, right truncated: {number} {text}", log=log) from crash
    except DuplicateKeyError as error:
        entry = f"1062 Duplicate entry '{policy['domain']}' for key 'PRIMARY'"
        raise Refusal(f"SQLSTATE[23000]: Integrity constraint violation: {entry}", log=log) from error


@edits("mta-sts", log=_EDIT, key="domains", since="mta_sts")
def edit_mta_sts(call: Call) -> bool:
    """The version must be sent every time: what is stored is read back in another spelling, and refused."""
    for item in call.items:
        with refusals(call):
            _edit(call, item)
    return True


def _edit(call: Call, item: Any) -> None:
    domain = php.idn_to_ascii(loose.trim(item).lower())
    current = call.table("mta_sts").get(domain) if access.has_domain(call, domain) else None
    if current is None:
        raise Refusal("access_denied")
    data = call.data
    version = php.text(data["version"]).lower() if php.isset(data, "version") else "STSv1"
    mode = php.text(data["mode"]).lower() if php.isset(data, "mode") else current["mode"]
    hosts = _mx(data["mx"]) if php.isset(data, "mx") else current["mx"].split(",")
    longest = php.intval(data["max_age"] if php.isset(data, "max_age") else current["max_age"])
    active = php.intval(data["active"]) if php.isset(data, "active") else current["active"]
    shown = php.htmlspecialchars(domain)
    refuse_if(version != "stsv1", "version_invalid", php.htmlspecialchars(version))
    refuse_if(mode not in _MODES, "mode_invalid", shown)
    refuse_if(not 1 <= longest <= _LONGEST_EDITED, "max_age_invalid", shown)
    invalid = _invalid_mx(call, hosts)
    if php.truthy(invalid):
        raise Refusal("mx_invalid", php.htmlspecialchars(php.text(invalid)))
    promised = {"version": version, "mode": mode, "mx": ",".join(hosts), "max_age": str(longest)}
    renewed = any(current[name] != value for name, value in promised.items())
    number = _number(call) if renewed else current["id"]
    call.table("mta_sts").update(domain, **promised, id=number, active=int(active == 1))
    call.success(("object_modified", domain))
