"""From an HTTP request to a behaviour and back: keys, addresses, sessions, bodies, and PHP's ways of printing.

Source: mailcow's json_api.php and sessions.inc.php of 2022-01a and 2026-07a, and the recorded exchanges.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from . import php
from .php import Row
from .routing import Call, Missing, Route, Routes, ServerCrash
from .server import Server

JSON: Final = "application/json"
SESSIONS_KEPT = 10_000
_NOT_IN_KEYS = re.compile(r"[^a-zA-Z0-9-]")
_LIST_SEPARATORS = re.compile(r"[ ,;\n]")
_VERBS = ("add", "get", "edit", "delete", "search")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: The HTTP status; 200 for most failures too.
        headers: Names and values, in order.
        body: The bytes, empty after an uncaught exception of the server.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, decoded as nginx and PHP pass it on."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: str
    segments: list[str]
    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call: the keys, and the addresses they may be used from."""

    api_key: str
    read_only_key: str | None = None
    allow_from: tuple[str, ...] = ("0.0.0.0/0", "::/0")

    def right_of(self, key: str) -> str | None:
        """``rw`` or ``ro``, None for an unknown key; characters no key has are dropped first."""
        cleaned = _NOT_IN_KEYS.sub("", key)
        if cleaned and cleaned == self.api_key:
            return "rw"
        return "ro" if cleaned and cleaned == self.read_only_key else None

    def allows(self, address: str) -> bool:
        """Tell whether a key may be used from an address: listed exactly or within a network."""
        peer = ipaddress.ip_address(address)
        return any(peer in network for network in self._networks() if network.version == peer.version)

    def _networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(written, strict=False) for written in self.allow_from if written]


class Finished(Exception):  # noqa: N818 control flow: PHP's exit()
    """The answer is complete; nothing further runs."""

    def __init__(self, status: int, body: bytes, content_type: str = JSON) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.content_type = content_type


def message(kind: str, text: str) -> bytes:
    """An answer that is one object of a type and a message."""
    return php.json_encode({"type": kind, "msg": text})


NOT_FOUND: Final = message("error", "route not found")
NO_ATTRIBUTES: Final = message("error", "Cannot find attributes in post data")
READ_ONLY: Final = message("error", "API read/write access denied")
BAD_JSON: Final = message("error", "Request body doesn't contain valid json!")
TASK_COMPLETED: Final = message("success", "Task completed")


def parse_target(target: str) -> tuple[list[str], dict[str, str]]:
    """Split a request target after ``/api/v1/`` as nginx and PHP do between them.

    nginx decodes the path and puts it unescaped into a query string, which PHP decodes again: a plus becomes a blank,
    an ampersand ends the path.
    """
    path, _, arguments = target.partition("?")
    decoded = unquote_to_bytes(path).decode("utf-8", "replace")
    while "//" in decoded:
        decoded = decoded.replace("//", "/")
    rest = decoded.partition("/api/v1/")[2] if decoded.startswith("/api/v1/") else ""
    first, _, more = rest.partition("&")
    again = unquote(first.replace("+", " "), errors="replace")
    query = dict(parse_qsl("&".join(part for part in (more, arguments) if part), keep_blank_values=True))
    return query.pop("query", again).split("/"), query


class Protocol:
    """Serves requests on one server."""

    def __init__(self, server: Server, access: Access) -> None:
        self.server = server
        self.access = access
        self.routes = Routes(server.profile)
        self.sessions: dict[str, Row] = {}
        self.cookie = "MCSESSID" if server.has("mcsessid") else "PHPSESSID"

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, peer: str) -> Answer:
        """Answer one request; header names may have any case."""
        lowered = {name.lower(): value for name, value in headers.items()}
        segments, query = parse_target(target)
        if not self.server.has("query_string"):
            query = {}
        request = Request(method.upper(), target, lowered, body, peer, segments, query)
        session_id, session = self._session(lowered)
        try:
            self._authenticate(request, session)
            status, content, kind = 200, self._answer(request, session), JSON
        except Finished as finished:
            status, content, kind = finished.status, finished.body, finished.content_type
        except ServerCrash as crash:
            session.setdefault("return", []).append(
                {"type": "danger", "log": ["exception_handler"], "msg": crash.message}
            )
            status, content, kind = 200, b"", JSON
        return Answer(status, self._headers(kind, session_id), content)

    def _headers(self, content_type: str, session_id: str | None) -> tuple[tuple[str, str], ...]:
        headers = [("Server", "nginx"), ("Content-Type", content_type)]
        if session_id is not None:
            headers.append(("Set-Cookie", f"{self.cookie}={session_id}; path=/; HttpOnly"))
        return tuple(headers)

    def _session(self, headers: Mapping[str, str]) -> tuple[str, Row]:
        for pair in headers.get("cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self.cookie and value in self.sessions:
                return value, self.sessions[value]
        session_id = f"{self.server.random.getrandbits(160):040x}"
        session: Row = {}
        self.sessions[session_id] = session
        if len(self.sessions) > SESSIONS_KEPT:
            del self.sessions[next(iter(self.sessions))]
        return session_id, session

    def _authenticate(self, request: Request, session: Row) -> None:
        key = request.headers.get("x-api-key", "")
        if not php.truthy(key):
            return
        right = self.access.right_of(key)
        # the header is written before the key is checked on old versions only
        kind = "text/html; charset=utf-8"
        if right is None:
            self._count_bad_key(request.peer)
            raise Finished(401, message("error", "authentication failed"), kind)
        if not self.access.allows(request.peer):
            self._count_bad_key(request.peer)
            raise Finished(401, message("error", f"api access denied for ip {request.peer}"), kind)
        session.update(role="admin", username="API", api=True, access=right)

    def _count_bad_key(self, peer: str) -> None:
        counts = self.server.state.redis.hash("SIMULATOR_BAD_KEYS")
        counts[peer] = str(int(counts.get(peer, "0")) + 1)

    def _answer(self, request: Request, session: Row) -> bytes:
        if self.server.has("sec_fetch_dest") and request.headers.get("sec-fetch-dest", "empty") != "empty":
            raise Finished(403, b"")
        verb = request.segments[0]
        posted = self._posted(verb, request)
        if verb not in _VERBS or (verb == "search" and not self.server.has("search")):
            raise Finished(404, NOT_FOUND)
        if verb in ("get", "search"):
            return self._read(verb, request, session)
        return self._write(verb, request, session, posted)

    def _posted(self, verb: str, request: Request) -> Row:
        """The fields ``attr`` and ``items`` as decoded JSON; absent where the request has none."""
        content_type = request.headers.get("content-type", "")
        if JSON in content_type:
            decoded = php.json_decode(request.body)
            if verb != "get" and decoded is None:
                raise Finished(400, BAD_JSON)
            return self._posted_json(verb, decoded)
        if "application/x-www-form-urlencoded" in content_type and request.method == "POST":
            fields = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
            return {name: php.json_decode(fields[name]) for name in ("attr", "items") if name in fields}
        return {}

    def _posted_json(self, verb: str, decoded: Any) -> Row:
        match verb:
            case "add":
                posted = {"attr": decoded}
            case "edit":
                whole = decoded if isinstance(decoded, dict) else {}
                posted = {"attr": whole.get("attr"), "items": whole.get("items")}
            case "delete":
                posted = {"items": decoded}
            case _:
                posted = {}
        if not self.server.has("scalar_items"):
            for value in posted.values():
                if php.truthy(value) and not php.is_array(value):
                    raise ServerCrash.php("Error: Cannot unset string offsets")
        return posted

    def _read(self, verb: str, request: Request, session: Row) -> bytes:
        wanted = "GET" if verb == "get" else "POST"
        if request.method != wanted:
            raise Finished(405, message("error", f"only {wanted} method is allowed"))
        if verb == "get" and "role" not in session:
            return b""
        route = self._route(verb, request)
        data = php.as_array(php.json_decode(request.body)) if verb == "search" else {}
        call = self._call(route, request, session, data, {})
        try:
            found = self._run(route, call)
        except Missing:
            raise Finished(404, NOT_FOUND) from None
        session.pop("return", None)
        if isinstance(found, bytes):
            return found
        return php.json_encode_pretty(found) if php.truthy(found) else b"{}"

    def _write(self, verb: str, request: Request, session: Row, posted: Row) -> bytes:
        if session.get("access") == "ro" or (verb != "add" and "username" not in session):
            raise Finished(403, READ_ONLY)
        if ("items" if verb == "delete" else "attr") not in posted:
            raise Finished(200, NO_ATTRIBUTES)
        if request.method != "POST":
            raise Finished(405, message("error", "only POST method is allowed"))
        route = self._route(verb, request)
        attr = php.as_array(posted.get("attr"))
        attr.pop("csrf_token", None)
        call = self._call(route, request, session, self._data(route, attr, posted), attr)
        call.entries.extend(session.get("return", []))
        try:
            done = self._run(route, call)
        except Missing:
            raise Finished(404, NOT_FOUND) from None
        except ServerCrash:
            if call.entries:
                session["return"] = call.entries
            raise
        session.pop("return", None)
        if call.entries:
            return php.json_encode(call.entries)
        return message("error", f"Cannot {verb} item") if done is False else TASK_COMPLETED

    @staticmethod
    def _run(route: Route, call: Call) -> Any:
        try:
            return route.behaviour(call)
        except php.WrongTypeError as error:
            raise ServerCrash.php(f"TypeError: {error}") from error

    @staticmethod
    def _data(route: Route, attr: Row, posted: Row) -> Row:
        if route.verb == "add" or not route.key:
            return dict(attr)
        items = php.values(posted.get("items"))
        if route.verb == "delete":
            return {route.key: items}
        return php.array_merge({route.key: items}, attr)

    def _route(self, verb: str, request: Request) -> Route:
        route = self.routes.find(verb, request.segments[1:])
        if route is None:
            raise Finished(404, NOT_FOUND)
        return route

    def _call(self, route: Route, request: Request, session: Row, data: Row, attr: Row) -> Call:
        segments = [*request.segments, None, None, None]
        return Call(
            server=self.server,
            verb=route.verb,
            category=str(segments[1]),
            object=segments[2],
            extra=segments[3],
            data=data,
            key=route.key,
            attr=attr,
            query=request.query,
            role=session.get("role", ""),
            access=session.get("access", ""),
            session=session,
            log=route.log,
            masks=route.masks,
        )
