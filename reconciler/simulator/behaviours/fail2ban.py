"""edit and get fail2ban: how wrong passwords lead to bans, and who is always or never let in.

An edit writes all settings: what is not sent is kept, except `ban_time_increment` and `manage_external`, which go back
to off, and both lists are emptied before they are checked. Source: mailcow functions.fail2ban.inc.php of 2022-01,
2023-04, 2023-12 and 2026-07a; json_api.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

import json
import uuid
from typing import Any, Final

from reconciler.simulator import access, filters, loose, php
from reconciler.simulator.behaviours.fail2ban_rules import rules
from reconciler.simulator.keys import ACTIVE_BANS, PERMANENT_BANS
from reconciler.simulator.php import Row
from reconciler.simulator.protocol import Finished, message
from reconciler.simulator.routing import ECHO, Call, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import seeds

_OPTIONS: Final = "F2B_OPTIONS"
_REGEX: Final = "F2B_REGEX"
_ALLOWED: Final = "F2B_WHITELIST"
_DENIED: Final = "F2B_BLACKLIST"
_FIRST_BANLIST: Final = "11111111-2222-4333-8444-555555555555"
_SHORTEST_BAN: Final = 60
_NEVER_DENIED: Final = ("0.0.0.0", "0.0.0.0/0", "172.22.10/24", "172.22.10", "fd4d:6169:6c63:6f77::/64")  # noqa: S104
_EDIT: Final = ("fail2ban", "edit", ECHO)


@seeds
def set_up_fail2ban(server: Server) -> None:
    """Put in place what the netfilter container writes when it first runs."""
    options: Row = {"ban_time": 1800}
    if server.has("ban_time_increment"):
        options |= {"max_ban_time": 10000, "ban_time_increment": True}
    options |= {"max_attempts": 10, "retry_window": 600, "netban_ipv4": 32, "netban_ipv6": 128}
    if server.has("manage_external"):
        options |= {"banlist_id": _FIRST_BANLIST, "manage_external": 0}
    server.state.redis.strings[_OPTIONS] = json.dumps(options)
    server.state.redis.strings[_REGEX] = json.dumps(rules(server.has))


def _stored(call: Call, name: str) -> Any:
    return json.loads(call.state.redis.strings.get(name, "null"))


@reads("fail2ban")
def read_fail2ban(call: Call) -> Row:
    """Settings, rules, both lists as lines, and bans where there are any."""
    return _settings(call)


def _settings(call: Call) -> Row:
    found: Row = {
        **(_stored(call, _OPTIONS) or {}),
        "regex": _stored(call, _REGEX),
        "whitelist": _lines(call, _ALLOWED),
        "blacklist": _lines(call, _DENIED),
    }
    hashes = call.state.redis.hashes
    if hashes.get(PERMANENT_BANS):
        found["perm_bans"] = [{"network": each, "ip": each.partition("/")[0]} for each in hashes[PERMANENT_BANS]]
    if hashes.get(ACTIVE_BANS):
        now = call.server.unix_time()
        found["active_bans"] = [_ban(each, int(until) - now) for each, until in hashes[ACTIVE_BANS].items()]
    return found


def _ban(network: str, seconds: int) -> Row:
    left = f"{int(seconds / 3600):02d}h {int(seconds / 60) % 60:02d}m {seconds % 60:02d}s"
    return {"queued_for_unban": 0, "network": network, "ip": network.partition("/")[0], "banned_until": left}


def _lines(call: Call, name: str) -> str:
    return "\n".join(sorted(call.state.redis.hashes.get(name, {}), key=php.natural_key))


@reads("fail2ban/banlist", since="banlist_route", until="banlist_page")
def read_banlist(call: Call) -> bytes:
    """What firewalls outside fetch: denied and banned networks as text. In the API from 2023-12 to 2024-11 only."""
    _expect_banlist(call, call.extra, b"")
    hashes = call.state.redis.hashes
    raise Finished(200, "\n".join([*hashes.get(_DENIED, {}), *hashes.get(ACTIVE_BANS, {})]).encode(), "text/plain")


def _expect_banlist(call: Call, name: object, otherwise: bytes) -> None:
    if not loose.equal(name, (_stored(call, _OPTIONS) or {}).get("banlist_id")):
        raise Finished(404, otherwise)


@edits("fail2ban/banlist", log=(), key="network", since="manage_external")
def renew_banlist(call: Call) -> bool:
    """Give the list of bans a new secret address; its present one must be named."""
    name = call.items[0] if call.items else None
    _expect_banlist(call, name, message("error", "Cannot edit item"))
    options = _stored(call, _OPTIONS)
    options["banlist_id"] = str(uuid.UUID(int=call.server.random.getrandbits(128), version=4))
    call.state.redis.strings[_OPTIONS] = json.dumps(options)
    call.success("f2b_banlist_refreshed", log=("fail2ban", "banlist", "refresh", name))
    return True


@edits("fail2ban", log=_EDIT, key="network")
def edit_fail2ban(call: Call) -> bool | None:
    """With an action something is done to networks; without one, or without networks, settings are written."""
    if access.denies(call):
        return False
    action = call.data.get("action")
    if action is not None:
        if loose.equal(action, "reset-regex"):
            call.state.redis.strings[_REGEX] = json.dumps(rules(call.has))
        elif loose.equal(action, "edit-regex"):
            _edit_rules(call)
            return True
        if php.truthy(call.data.get("network")):
            for network in call.items:
                _act(call, action, network)
            return True
    _edit_settings(call)
    return None


def _edit_rules(call: Call) -> None:
    written = call.data.get("regex")
    if php.is_array(written) and written:
        numbered = {str(number): rule for number, rule in enumerate(php.values(written), 1)}
        call.state.redis.strings[_REGEX] = json.dumps(numbered)
    call.success(("object_modified", ""))


def _act(call: Call, action: Any, network: Any) -> None:
    """Move a network between the lists, or end its ban; an action nobody knows succeeds too."""
    redis = call.state.redis
    written = php.text(network)
    valid = filters.network(written)
    if loose.equal(action, "unban"):
        if valid:
            redis.hdel(ACTIVE_BANS, written)
    elif action in ("whitelist", "blacklist"):
        if not php.truthy(network):
            return
        if not valid or (action == "blacklist" and written in _NEVER_DENIED):
            call.danger(("network_host_invalid", network))
            return
        to, other = (_ALLOWED, _DENIED) if action == "whitelist" else (_DENIED, _ALLOWED)
        redis.hash(to)[written] = "1"
        redis.hdel(other, written)
        if action == "whitelist":
            redis.hdel(ACTIVE_BANS, written)
    call.success(("object_modified", php.htmlspecialchars(written)))


def _edit_settings(call: Call) -> None:
    data, now = call.data, _settings(call)

    def number(name: str) -> int:
        return php.intval(data[name] if php.isset(data, name) else now.get(name))

    allowed, denied = (data[name] if php.isset(data, name) else now[name] for name in ("whitelist", "blacklist"))
    options: Row = {"ban_time": max(number("ban_time"), _SHORTEST_BAN)}
    if call.has("ban_time_increment"):
        increment = php.isset(data, "ban_time_increment") and loose.equal(data["ban_time_increment"], "1")
        options |= {"ban_time_increment": increment, "max_ban_time": max(number("max_ban_time"), _SHORTEST_BAN)}
    options |= {"netban_ipv4": min(number("netban_ipv4"), 32), "netban_ipv6": min(number("netban_ipv6"), 128)}
    options |= {"max_attempts": max(number("max_attempts"), 1), "retry_window": max(number("retry_window"), 1)}
    if call.has("manage_external"):
        external = php.isset(data, "manage_external") and php.intval(data["manage_external"]) > 0
        options |= {"banlist_id": now.get("banlist_id"), "manage_external": int(external)}
    redis = call.state.redis
    redis.strings[_OPTIONS] = json.dumps(options)
    redis.hashes.pop(_ALLOWED, None)
    redis.hashes.pop(_DENIED, None)
    _write_list(call, _ALLOWED, allowed)
    _write_list(call, _DENIED, denied)
    call.success("f2b_modified")


def _write_list(call: Call, name: str, written: Any) -> None:
    """Store the entries that pass and name the others; the allowlist takes host names too."""
    for entry in php.array_filter(loose.split(written)) if php.truthy(written) else []:
        if name == _ALLOWED:
            valid = filters.network(entry) or filters.hostname(entry)
        else:
            valid = filters.network(entry) and entry not in _NEVER_DENIED
        if valid:
            call.state.redis.hash(name)[entry] = "1"
        else:
            call.danger(("network_host_invalid", entry))


@restores("get/fail2ban")
def restore_fail2ban(server: Server, answer: Any) -> list[str]:
    """Put settings, rules and lists in place."""
    redis = server.state.redis
    shown = dict(answer)
    redis.strings[_REGEX] = json.dumps(php.as_array(shown.pop("regex", None) or rules(server.has)))
    for name, key in ((_ALLOWED, "whitelist"), (_DENIED, "blacklist")):
        redis.hashes[name] = {line: "1" for line in shown.pop(key, "").split("\n") if line}
    redis.hashes[PERMANENT_BANS] = {ban["network"]: "1" for ban in shown.pop("perm_bans", None) or []}
    shown.pop("active_bans", None)
    redis.strings[_OPTIONS] = json.dumps(shown)
    return ["Bans that run out by themselves are not taken over."]
