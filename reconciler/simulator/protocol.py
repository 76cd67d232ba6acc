"""From an HTTP request to a behaviour and back: keys, sessions, bodies, and what PHP prints when nothing was said.

Source: mailcow's json_api.php and sessions.inc.php of 2022-01a, 2024-08a and 2026-07a, and the recorded exchanges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from . import cors, php, request_log
from .keys import Fail2ban, Keys, remote_address
from .php import Row
from .routing import Call, Missing, Route, Routes, ServerCrash
from .server import Server
from .sessions import Sessions

JSON: Final = "application/json"
HTML: Final = "text/html; charset=utf-8"
FORM: Final = "application/x-www-form-urlencoded"
PREFIX: Final = "/api/v1/"
_WRITES: Final = ("add", "edit", "delete")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: The HTTP status; 200 for most failures too.
        headers: Names and values, in order, without length and date.
        body: The bytes, empty after an uncaught exception of the server.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """A request as PHP sees it.

    Attributes:
        method: In capitals.
        uri: The target as it was sent.
        headers: By lower-case name.
        body: The bytes.
        peer: The caller's address.
        segments: The path after the prefix, decoded: verb, category, object, extra.
        query: The query string's parameters.
    """

    method: str
    uri: str
    headers: Mapping[str, str]
    body: bytes
    peer: str
    segments: list[str]
    query: dict[str, str]


class Finished(Exception):  # noqa: N818 PHP's exit(): an answer, not an error
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
NGINX_NOT_FOUND: Final = (
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


def parse_target(target: str, *, with_arguments: bool) -> tuple[list[str], dict[str, str]] | None:
    """Split a request target as nginx and PHP do between them; None where it is not the API's.

    nginx decodes the path and puts it unescaped into a query string, which PHP decodes again: a plus becomes a blank,
    an ampersand ends the path. The arguments proper get through since 2022-05 only.
    """
    path, _, arguments = target.partition("?")
    decoded = unquote_to_bytes(path).decode("utf-8", "replace")
    while "//" in decoded:
        decoded = decoded.replace("//", "/")
    if not decoded.startswith(PREFIX):
        return None
    first, _, rest = decoded.removeprefix(PREFIX).partition("&")
    parts = [rest, arguments] if with_arguments else [rest]
    query = dict(parse_qsl("&".join(part for part in parts if part), keep_blank_values=True, errors="replace"))
    again = unquote(first.replace("+", " "), errors="replace")
    return query.pop("query", again).split("/"), query


class Protocol:
    """Serves requests on one server."""

    def __init__(self, server: Server, keys: Keys, *, ban_local: bool = False) -> None:
        self._server = server
        self._keys = keys
        self._routes = Routes(server.profile)
        self._sessions = Sessions(server)
        self._fail2ban = Fail2ban(server, ban_local=ban_local)

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes, peer: str) -> Answer:
        """Answer one request; header names may have any case.

        Raises:
            BannedError: fail2ban has banned the address: there is no answer.
        """
        lowered = {name.lower(): value for name, value in headers.items()}
        address = remote_address(peer, lowered.get("x-forwarded-for", ""))
        self._fail2ban.refuse_banned(address)
        parsed = parse_target(target, with_arguments=self._server.has("query_string"))
        if parsed is None:
            return Answer(404, (("Server", "nginx"), ("Content-Type", "text/html")), NGINX_NOT_FOUND)
        request = Request(method.upper(), target, lowered, body, address, *parsed)
        session, session_headers = self._sessions.open(lowered)
        kind = JSON
        try:
            self._authenticate(request, session)
            status, content = 200, self._answer(request, session)
        except Finished as finished:
            status, content, kind = finished.status, finished.body, finished.content_type
        except ServerCrash as crash:
            entry = {"type": "danger", "log": ["exception_handler"], "msg": crash.message}
            session.setdefault("return", []).append(entry)
            status, content = 200, b""
        extra = cors.headers(self._server, lowered) if kind == JSON else []
        return Answer(status, (("Server", "nginx"), ("Content-Type", kind), *session_headers, *extra), content)

    def _authenticate(self, request: Request, session: Row) -> None:
        key = request.headers.get("x-api-key", "")
        if not php.truthy(key):
            return
        right = self._keys.right_of(key)
        refusal = None
        if right is None:
            refusal = "authentication failed"
        elif not self._keys.allow(request.peer):
            refusal = f"api access denied for ip {request.peer}"
        if refusal is not None:
            self._fail2ban.count(request.peer)
            # the header that says JSON has come after the check of the key since 2023-07
            raise Finished(401, message("error", refusal), HTML if self._server.has("cors") else JSON)
        session.update(role="admin", username="API", api=True, access=right)

    def _answer(self, request: Request, session: Row) -> bytes:
        preflight = cors.preflight(self._server, request.method, request.headers)
        if preflight is not None:
            raise Finished(preflight, b"", HTML)
        if self._server.has("sec_fetch_dest") and request.headers.get("sec-fetch-dest", "empty") != "empty":
            raise Finished(403, b"")
        verb = request.segments[0]
        posted = self._posted(verb, request)
        request_log.write(self._server, uri=request.uri, method=request.method, remote=request.peer, posted=posted)
        if verb == "get":
            return self._read(request, session)
        if verb == "search" and self._server.has("search"):
            return self._search(request, session)
        if verb in _WRITES:
            return self._write(verb, request, session, posted)
        raise Finished(404, NOT_FOUND)

    def _posted(self, verb: str, request: Request) -> Row:
        """The fields ``attr`` and ``items`` as decoded JSON; absent where the request has none."""
        content_type = request.headers.get("content-type", "")
        if JSON in content_type:
            decoded = php.json_decode(request.body)
            if verb != "get" and decoded is None:
                raise Finished(400, BAD_JSON)
            posted = _posted_json(verb, decoded)
        elif FORM in content_type and request.method == "POST":
            fields = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
            posted = {name: php.json_decode(value) for name, value in fields if name != "csrf_token"}
        else:
            posted = {}
        if not self._server.has("scalar_items"):
            for value in posted.values():
                if php.truthy(value) and not php.is_array(value):
                    raise ServerCrash.php("Error: Cannot unset string offsets")
        return posted

    def _read(self, request: Request, session: Row) -> bytes:
        if request.method != "GET":
            raise Finished(405, message("error", "only GET method is allowed"))
        if "role" not in session:
            open_route = self._routes.find("get", request.segments[1:])
            if open_route is None or not open_route.public:
                return b""
        route = self._route("get", request)
        found = self._run(route, self._call(route, request, session, {}, {}), session)
        if isinstance(found, bytes):
            return found
        return php.json_encode_pretty(found) if php.truthy(found) else b"{}"

    def _search(self, request: Request, session: Row) -> bytes:
        if request.method != "POST":
            raise Finished(405, message("error", "only POST method is allowed"))
        route = self._routes.find("search", request.segments[1:])
        if route is None:
            raise Finished(404, message("error", "Invalid search category"))
        if session.get("role") != "admin":
            raise Finished(403, message("error", "Insufficient permissions"))
        data = php.as_array(php.json_decode(request.body))
        found = self._run(route, self._call(route, request, session, data, {}), session)
        return found if isinstance(found, bytes) else php.json_encode_pretty(found)

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
        call = self._call(route, request, session, _data(route, attr, posted), attr)
        done = self._run(route, call, session)
        if isinstance(done, bytes):
            return done
        if call.entries:
            return php.json_encode(call.entries)
        return message("error", f"Cannot {verb} item") if done is False else TASK_COMPLETED

    def _run(self, route: Route, call: Call, session: Row) -> Any:
        """Run a behaviour with the messages its session still holds, and leave none behind unless it crashes."""
        call.entries.extend(session.get("return", []))
        session["return"] = call.entries
        try:
            found = route.behaviour(call)
        except Missing:
            raise Finished(404, NOT_FOUND) from None
        except php.WrongTypeError as error:
            raise ServerCrash.php(f"TypeError: {error}") from error
        if session.get("api"):
            del session["return"]
        return found

    def _route(self, verb: str, request: Request) -> Route:
        route = self._routes.find(verb, request.segments[1:])
        if route is None:
            raise Finished(404, NOT_FOUND)
        return route

    def _call(self, route: Route, request: Request, session: Row, data: Row, attr: Row) -> Call:
        segments = [*request.segments, None, None, None]
        return Call(
            server=self._server,
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


def _posted_json(verb: str, decoded: Any) -> Row:
    match verb:
        case "add":
            return {"attr": decoded}
        case "edit":
            if isinstance(decoded, str):
                raise ServerCrash.php("TypeError: Cannot access offset of type string on string")
            whole = decoded if isinstance(decoded, dict) else {}
            return {"attr": whole.get("attr"), "items": whole.get("items")}
        case "delete":
            return {"items": decoded}
        case _:
            return {}


def _data(route: Route, attr: Row, posted: Row) -> Row:
    if route.verb == "add" or not route.key:
        return dict(attr)
    items = php.values(posted.get("items"))
    if route.verb == "delete":
        return {route.key: items}
    return php.array_merge({route.key: items}, attr)
