"""One call with a disturbance: what happens to the server, and what the client sees of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import Simulator, php
from .faults import Disturbance, Faults
from .partial import Parted, filled, part, torn
from .protocol import JSON, PREFIX, READ_ONLY, Answer, message

_REASONS: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    408: "Request Time-out",
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    520: "Web server is returning an unknown error",
    522: "Connection timed out",
    524: "A timeout occurred",
}
_DATABASE_DOWN: Final = (
    b"<center style='font-family:sans-serif;'>Connection to database failed.<br /><br />The following error was"
    b" reported:<br/>  SQLSTATE[HY000] [2002] Connection refused</center>\n"
)
_PAGE: Final = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n"
_WARNING: Final = (
    b"<br />\n<b>Warning</b>:  Undefined array key 0 in <b>/web/inc/functions.inc.php</b> on line <b>7</b><br />\n"
)
_ANSWERS: Final = {
    "empty": (200, JSON, b""),
    "page": (200, "text/html", _PAGE),
    "denied": (401, JSON, message("error", "authentication failed")),
    "read-only": (403, JSON, READ_ONLY),
}


class LostError(ConnectionError):
    """The client gets no answer.

    Attributes:
        silent: Nothing is ever heard again; otherwise the connection breaks.
        heard: The answer of which half arrives before that; None for nothing.
    """

    def __init__(self, *, silent: bool, heard: Answer | None = None) -> None:
        super().__init__("no answer" if silent else "connection reset")
        self.silent = silent
        self.heard = heard


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it came.

    Attributes:
        method: GET or POST, mostly.
        path: The request target.
        headers: By name in any case.
        body: The bytes.
        peer: Where it came from.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    peer: str = "127.0.0.1"

    @property
    def route(self) -> str:
        """The path after the API's prefix, without the query string."""
        return self.path.partition("?")[0].removeprefix(PREFIX)


def answer(simulator: Simulator, sent: Sent, disturbance: Disturbance) -> Answer:
    """Let a call happen as far as its disturbance allows.

    Raises:
        LostError: The client gets no answer.
        BannedError: The same, from fail2ban.
    """
    reads = sent.method == "GET"
    if disturbance.closed_seconds:
        raise LostError(silent=False)
    if disturbance.before and not (reads and disturbance.before == "read-only"):
        return _instead(simulator, disturbance.before)
    if reads and disturbance.stale and sent.path in simulator.server.said:
        return simulator.server.said[sent.path]
    given = _given(simulator, sent, disturbance)
    if reads and disturbance.kept:
        simulator.server.said[sent.path] = given
    if disturbance.short:
        given = _without_last_row(given)
    if disturbance.cut or disturbance.warned:
        given = _spoilt(given, disturbance)
    if disturbance.truncated:
        raise LostError(silent=False, heard=given)
    return _instead(simulator, disturbance.after) if disturbance.after else given


def _given(simulator: Simulator, sent: Sent, disturbance: Disturbance) -> Answer:
    """Let a call take effect, as far as it may."""
    if disturbance.half_created and not simulator.server.has("safe_parallel_writers"):
        simulator.server.half_created += 1
    writes = sent.method != "GET"
    parted = part(sent.route, sent.body, disturbance) if writes else Parted(sent.body)
    handle = simulator.handle_in_vain if disturbance.pretended else simulator.handle
    given = Answer(200, (("Server", "nginx"), ("Content-Type", JSON)), b"[]")
    for _ in range(parted.remains * (1 + (disturbance.twice and writes))):
        statements = disturbance.statements if writes else 0
        with torn(simulator.state, statements), filled(simulator.state, disturbance.redis_full) as redis:
            given = handle(sent.method, sent.path, sent.headers, parted.body, sent.peer)
        given = redis.told(given) if writes else given
    simulator.server.half_created = 0
    for at_the_end in parted.refusals if writes else (False,) * disturbance.danger:
        given = _with_danger(given, at_the_end=at_the_end)
    return given


def _instead(simulator: Simulator, what: str) -> Answer:
    if what in ("reset", "timeout"):
        raise LostError(silent=what == "timeout")
    if what == "database-down":
        status = 500 if simulator.server.has("html_errors_are_500") else 200
        return _said(status, "text/html; charset=UTF-8", _DATABASE_DOWN)
    if what == "redirect":
        return Answer(302, (("Server", "nginx"), ("Content-Type", "text/html"), ("Location", "/login")), b"")
    return _said(*_ANSWERS[what]) if what in _ANSWERS else _failure(int(what))


def _said(status: int, content: str, body: bytes) -> Answer:
    return Answer(status, (("Server", "nginx"), ("Content-Type", content)), body)


def _failure(status: int) -> Answer:
    """The page of a server that stands before mailcow."""
    title = f"{status} {_REASONS[status]}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    wait = (("Retry-After", "1"),) if status == 429 else ()  # noqa: PLR2004  the one that comes from a limit of rate
    return Answer(status, (("Server", "nginx"), ("Content-Type", "text/html"), *wait), page.encode())


def _without_last_row(given: Answer) -> Answer:
    rows = php.json_decode(given.body)
    if not isinstance(rows, list) or not rows:
        return given
    return Answer(given.status, given.headers, php.json_encode(rows[:-1] or {}))


def _spoilt(given: Answer, disturbance: Disturbance) -> Answer:
    body = given.body[: len(given.body) // 2] if disturbance.cut else given.body
    return Answer(given.status, given.headers, _WARNING + body if disturbance.warned else body)


def _with_danger(given: Answer, *, at_the_end: bool) -> Answer:
    entries = php.json_decode(given.body)
    if not isinstance(entries, list):
        return given
    log = entries[0].get("log") if entries else []
    danger: dict[str, Any] = {"type": "danger", "log": log, "msg": "access_denied"}
    mixed = [*entries, danger] if at_the_end else [danger, *entries]
    return Answer(given.status, given.headers, php.json_encode(mixed))


@dataclass(slots=True)
class Disturbed:
    """A simulator with faults, called in process: delays and pace are left out, a lost answer is an exception.

    Attributes:
        simulator: The server.
        faults: What goes wrong.
    """

    simulator: Simulator
    faults: Faults

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
    ) -> Answer:
        """Answer one request, or not.

        Raises:
            LostError: The client gets no answer.
            BannedError: The same, from fail2ban.
        """
        sent = Sent(method, path, headers, body, peer)
        return answer(self.simulator, sent, self.faults.strike(sent.route))
