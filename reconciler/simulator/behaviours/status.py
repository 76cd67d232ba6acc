"""status/*: the version, and stubs of the containers, the disk and the host, since nothing of that runs here.

Source: mailcow 2022-01a and 2026-07a, json_api.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

import json
from typing import Any

from reconciler.simulator import php
from reconciler.simulator.routing import EMPTY, Call, reads
from reconciler.simulator.server import Server
from reconciler.simulator.state import seeds

_CONTAINERS = (
    "unbound",
    "mysql",
    "redis",
    "clamd",
    "rspamd",
    "php-fpm",
    "sogo",
    "dovecot",
    "postfix",
    "memcached",
    "nginx",
    "acme",
    "netfilter",
    "watchdog",
    "dockerapi",
    "olefy",
    "ofelia",
)
STARTED_AT = "started_at"


def _unescaped(value: Any) -> bytes:
    return php.json_encode(value).replace(b"\\/", b"/")


@seeds
def start_containers(server: Server) -> None:
    """Note when the installation was started."""
    server.state.values[STARTED_AT] = server.clock().strftime("%Y-%m-%dT%H:%M:%S.000000000Z")


@reads("status")
def read_status(call: Call) -> bytes:
    """An object the version does not know prints nothing, with 200."""
    del call
    return EMPTY


@reads("status/version", since="status_version")
def read_version(call: Call) -> bytes:
    """The version, compact."""
    return php.json_encode({"version": str(call.server.profile.version)})


@reads("status/containers")
def read_containers(call: Call) -> bytes:
    """Every container running since the start."""
    names = [*_CONTAINERS, *(["solr"] if call.has("solr") else [])]
    return _unescaped(
        {
            f"{name}-mailcow": {
                "type": "info",
                "container": f"{name}-mailcow",
                "state": "running",
                "started_at": call.state.values.get(STARTED_AT),
                "image": f"mailcow/{name}:lab",
            }
            for name in names
        }
    )


@reads("status/vmail")
def read_vmail(call: Call) -> bytes:
    """The mail volume, of which the recorded servers knew nothing either."""
    del call
    return _unescaped({"type": "info", "disk": "", "used": None, "total": None, "used_percent": None})


@reads("status/solr", since="solr")
def read_solr(call: Call) -> bytes:
    """Full-text search, switched off."""
    del call
    return php.json_encode({"type": "info", "solr_enabled": False, "solr_size": None, "solr_documents": None})


@reads("status/host", since="host_status")
def read_host(call: Call) -> bytes:
    """The host's load; other words than ``ip`` after it print nothing."""
    if call.extra == "ip":
        return php.json_encode({"ipv4": False, "ipv6": False})
    if php.truthy(call.extra):
        return EMPTY
    return json.dumps(None).encode()


@reads("status/container", since="host_status")
def read_container(call: Call) -> bytes:
    """One container's load."""
    del call
    return json.dumps(None).encode()
