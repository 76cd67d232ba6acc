"""add, edit, delete and get fwdhost: hosts whose mail is taken without suspicion.

A name is resolved to the hosts its domain sends from: to those in `Server.names`, since there is no DNS here. Every
other name is an invalid host, as all were in the recordings. Source: mailcow functions.fwdhost.inc.php of 2022-01a and
2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

import re
from typing import Any, Final

from reconciler.simulator import access, loose, php
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores

_HOSTS: Final = "WHITELISTED_FWD_HOST"
_KEEP_SPAM: Final = "KEEP_SPAM"
_ADDRESS: Final = re.compile(r"^(?:[0-9a-fA-F:/]+|[0-9./]+)\n?$", re.ASCII)


@adds("fwdhost", log=("fwdhost", "add", ECHO))
def add_forwarding_host(call: Call) -> bool | None:
    """What is there already is overwritten; anything that looks like an address is stored as it is."""
    if access.denies(call):
        return False
    source = php.text(call.data.get("hostname"))
    host = loose.trim(source)
    filters_spam = php.isset(call.data, "filter_spam") and loose.equal(call.data["filter_spam"], 1)
    hosts = (host,) if _ADDRESS.match(host) else call.server.names.get(host.lower(), ())
    if not hosts:
        call.danger(("invalid_host", php.htmlspecialchars(host)))
        return False
    for each in hosts:
        call.state.redis.hash(_HOSTS)[each] = source
        if filters_spam:
            call.state.redis.hdel(_KEEP_SPAM, each)
        else:
            call.state.redis.hash(_KEEP_SPAM)[each] = "1"
    call.success(("forwarding_host_added", php.htmlspecialchars(", ".join(hosts))))
    return None


@edits("fwdhost", log=("fwdhost", "edit", ECHO), key="fwdhost")
def edit_forwarding_host(call: Call) -> bool | None:
    """Whatever is no 1 filters spam, a missing `keep_spam` too: what is stored is compared as a word."""
    if access.denies(call):
        return False
    for item in call.items:
        current = _details(call, item)
        if current is None:
            call.danger("access_denied")
            continue
        wanted = call.data["keep_spam"] if php.isset(call.data, "keep_spam") else current["keep_spam"]
        if loose.equal(wanted, 1):
            call.state.redis.hash(_KEEP_SPAM)[current["host"]] = "1"
        else:
            call.state.redis.hdel(_KEEP_SPAM, current["host"])
        call.success(("object_modified", php.htmlspecialchars(php.text(item))))
    return None


@deletes("fwdhost", log=("fwdhost", "delete", ECHO), key="forwardinghost")
def delete_forwarding_host(call: Call) -> bool | None:
    """Unknown hosts succeed; a caller without a key does not get here."""
    if access.denies(call):
        return False
    for item in call.items:
        host = php.text(item)
        call.state.redis.hdel(_HOSTS, host)
        call.state.redis.hdel(_KEEP_SPAM, host)
        call.success(("forwarding_host_removed", php.htmlspecialchars(host)))
    return None


def _details(call: Call, item: object) -> Row | None:
    if not php.truthy(item) or php.is_array(item):
        return None
    host = php.text(item)
    source = call.state.redis.hget(_HOSTS, host)
    return _shown(call, host, source) if php.truthy(source) else None


def _shown(call: Call, host: str, source: str | None) -> Row:
    keeps = php.truthy(call.state.redis.hget(_KEEP_SPAM, host))
    return {"host": host, "source": source, "keep_spam": "yes" if keeps else "no"}


@reads("fwdhost/all")
def list_forwarding_hosts(call: Call) -> list[Row]:
    """All hosts, in the order they came."""
    return [_shown(call, host, source) for host, source in call.state.redis.hash(_HOSTS).items()]


@reads("fwdhost")
def read_forwarding_host(call: Call) -> Row | None:
    """One host; a network cannot be asked for, since a slash ends the segment."""
    return _details(call, call.object)


@restores("get/fwdhost/all")
def restore_forwarding_hosts(server: Server, answer: Any) -> list[str]:
    """Put all hosts in place."""
    for row in php.values(answer):
        server.state.redis.hash(_HOSTS)[row["host"]] = row["source"]
        if row["keep_spam"] == "yes":
            server.state.redis.hash(_KEEP_SPAM)[row["host"]] = "1"
    return []
