"""The headers that tell browsers which web pages may use the API, since 2023-07.

Source: mailcow 2024-08a and 2026-07a, functions.inc.php: cors, normalize_cors_origin, valid_origin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .server import Server

SETTINGS = "CORS_SETTINGS"
_METHODS = "GET, POST, PUT, DELETE"
_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(:\d+)?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def valid_origin(origin: str) -> bool:
    """Tell whether a text is exactly what a browser sends as Origin, its case aside."""
    return bool(_ORIGIN.fullmatch(origin.lower()))


def normalize_origin(origin: str) -> str | None:
    """An origin in the form a browser sends it; a bare host gets https, anything else is None."""
    origin = origin.strip()
    if origin == "*":
        return origin
    if origin and not _SCHEME.match(origin):
        origin = f"https://{origin}"
    return origin.lower() if valid_origin(origin) else None


def headers(server: Server, request: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers of every answer, refusals included; `request` are the request's, by lower-case name."""
    if not server.has("cors"):
        return []
    stored = server.state.redis.hashes.get(SETTINGS, {})
    base = f"http://{request.get('host', 'localhost')}"
    origins = stored.get("allowed_origins") or base
    methods = stored.get("allowed_methods") or (_METHODS if not stored else f"{_METHODS}, OPTION")
    chosen = _strict_headers(origins, request) if server.has("cors_strict_origin") else _loose_headers(origins, request)
    return [
        *chosen,
        ("Access-Control-Allow-Methods", f"{methods}, OPTIONS"),
        ("Access-Control-Allow-Headers", "Accept, Content-Type, X-Api-Key, Origin"),
    ]


def _strict_headers(origins: str, request: Mapping[str, str]) -> list[tuple[str, str]]:
    allowed = {normalize_origin(origin) for origin in origins.split(",")}
    if "*" in allowed:
        return [("Access-Control-Allow-Origin", "*")]
    origin = normalize_origin(request["origin"]) if "origin" in request else None
    granted = [("Access-Control-Allow-Origin", origin)] if origin is not None and origin in allowed else []
    return [*granted, ("Vary", "Origin")]


def _loose_headers(origins: str, request: Mapping[str, str]) -> list[tuple[str, str]]:
    allowed = origins.split(", ")
    if "*" in allowed:
        return [("Access-Control-Allow-Origin", "*")]
    origin = request.get("origin")
    return [("Access-Control-Allow-Origin", origin if origin in allowed and origin else allowed[0])]


def preflight(server: Server, method: str, request: Mapping[str, str]) -> int | None:
    """The status of a browser's question before the request itself; None where the request is no such question."""
    asked = request.get("access-control-request-method")
    if not server.has("cors") or method != "OPTIONS" or asked is None:
        return None
    if "access-control-request-headers" not in request:
        return None
    granted = dict(headers(server, request))["Access-Control-Allow-Methods"].split(", ")
    return 200 if asked in granted else 405
