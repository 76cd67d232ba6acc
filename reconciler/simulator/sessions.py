"""PHP sessions, which outlive the request they were made for.

A client that sends the cookie back stays administrator without a key, and finds the messages of its crashed calls in
front of the next answer. Source: mailcow sessions.inc.php; tried on 2022-01a, 2024-08a and 2026-07a.
"""

from __future__ import annotations

from collections.abc import Mapping

from .php import Row
from .server import Server

LIFETIME_SECONDS = 10_800
SESSIONS_KEPT = 10_000


class Sessions:
    """The sessions of a server, the newest ones kept."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sessions: dict[str, Row] = {}
        self.cookie = "MCSESSID" if server.has("session_cookie_mcsessid") else "PHPSESSID"
        self._attributes = "; path=/; HttpOnly" + ("; SameSite=Lax" if server.has("session_cookie_mcsessid") else "")

    def open(self, headers: Mapping[str, str]) -> tuple[Row, list[tuple[str, str]]]:
        """The session a request belongs to, and the headers that tell a new caller of it."""
        now = self._server.unix_time()
        session_id = self._sent(headers)
        told = []
        if session_id is None:
            session_id = f"{self._server.random.getrandbits(128):032x}"
            told = [("Set-Cookie", f"{self.cookie}={session_id}{self._attributes}")]
        session = self._sessions.get(session_id)
        if session is None or now - session["last_activity"] > LIFETIME_SECONDS:
            session = self._sessions[session_id] = {}
            if len(self._sessions) > SESSIONS_KEPT:
                del self._sessions[next(iter(self._sessions))]
        session["last_activity"] = now
        return session, [*told, ("Cache-Control", "no-store, no-cache, must-revalidate"), ("Pragma", "no-cache")]

    def _sent(self, headers: Mapping[str, str]) -> str | None:
        for pair in headers.get("cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self.cookie and value.replace("-", "").replace(",", "").isalnum():
                return value
        return None
