"""logs/*: what the services wrote to Redis, newest first. Only the API's own log and the bans' fill by themselves.

Source: mailcow 2022-01a and 2026-07a, json_api.php and functions.inc.php: get_logs.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from reconciler.simulator import php, request_log
from reconciler.simulator.routing import Call, Missing, reads

DEFAULT_LINES: Final = 1000
_LISTS: Final = {
    "dovecot": "DOVECOT_MAILLOG",
    "postfix": "POSTFIX_MAILLOG",
    "sogo": "SOGO_LOG",
    "netfilter": "NETFILTER_LOG",
    "autodiscover": "AUTODISCOVER_LOG",
    "watchdog": "WATCHDOG_LOG",
    "acme": "ACME_LOG",
    "api": request_log.LIST,
    "ratelimited": "RL_LOG",
    "ui": "SIMULATOR_UI_LOG",
    "sasl": "SIMULATOR_SASL_LOG",
    "rspamd-history": "SIMULATOR_RSPAMD_HISTORY",
    "rspamd-stats": "SIMULATOR_RSPAMD_STATS",
    "cron": "CRON_LOG",
}
_NOT_IN_RANGES = re.compile(r"[^\d-]")


@reads("logs")
def read_logs(call: Call) -> Any:
    """The newest lines, as many as are asked for, or a range counted from 1; nothing for what is no range."""
    name = call.object
    if name not in _LISTS or (name == "cron" and not call.has("cron_log")):
        raise Missing
    span = _span(call.extra)
    if span is None:
        return None
    return [json.loads(line) for line in call.state.redis.lists.get(_LISTS[name], [])[span[0] : span[1]]]


def _span(extra: str | None) -> tuple[int, int] | None:
    if extra is None:
        return 0, DEFAULT_LINES
    asked = _NOT_IN_RANGES.sub("", extra)
    if php.is_numeric(asked) and php.intval(asked) >= 1:
        return 0, php.intval(asked)
    first, _, last = asked.partition("-")
    start, end = php.intval(first), php.intval(last.partition("-")[0])
    return None if start < 1 or end < start else (start - 1, end)
