"""The API log: one line per request, read back by get/logs/api. Source: mailcow json_api.php, function api_log."""

from __future__ import annotations

import json
import re
from typing import Any

from . import php
from .php import Row
from .server import Server

LIST = "API_LOG"
LINES_KEPT = 9999
_SECRET = re.compile("pass", re.IGNORECASE)


def write(server: Server, *, uri: str, method: str, remote: str, posted: Row) -> None:
    """Log a request: top-level keys with "pass" in them are masked, every other secret is stored in clear."""
    fields = [f"{name}='{_shown(value)}'" for name, value in posted.items()]
    line = {"time": server.unix_time(), "uri": uri, "method": method, "remote": remote, "data": ", ".join(fields)}
    server.state.redis.push(LIST, json.dumps(line), keep=LINES_KEPT)


def _shown(value: Any) -> str:
    if not php.truthy(value):
        return "Array" if php.is_array(value) else php.text(value)
    if isinstance(value, dict):
        shown = {key: "*" if _SECRET.search(key) else item for key, item in value.items() if key != "csrf_token"}
        return php.json_encode(shown).decode()
    return php.json_encode(value).decode()
