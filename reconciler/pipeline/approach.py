"""The way to a server, made ready while manifests are read: what takes long of it is waiting, and OpenSSL's work."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Final, Self

from reconciler.api import Client, ServerAccess, Timing
from reconciler.flow import Server, Snapshot
from reconciler.kinds import registry, routes
from reconciler.model.version import Version
from reconciler.remote.schedule import readable_routes

DEFAULT_PARALLELISM: Final = 4
"""Requests under way at once: what two cores serve best (measured on 2026-07a); a quarter of what breaks nothing."""


def approach(server: Server | Snapshot) -> AbstractContextManager[Approach | Snapshot]:
    """Begin the way to a server; what a server answered once is there already."""
    return nullcontext(server) if isinstance(server, Snapshot) else Approach(server)


class Approach:
    """A client that is made, and connected, in a thread of its own where that pays: over https.

    Loading the public authorities takes 20 to 50 ms, a handshake two or three ways to the server and back. No request
    is sent before somebody takes the client. Leaving without having taken it closes what was opened.
    """

    def __init__(self, server: Server) -> None:
        """Prepare; nothing is begun.

        Args:
            server: where it is.
        """
        self._server = server
        self._readable = routes() or readable_routes(registry().values())
        self._made: Client | Exception | None = None
        self._thread: threading.Thread | None = None
        self._taken = self._left = False

    def __enter__(self) -> Self:
        """Begin."""
        if self._server.url.startswith("https:"):
            self._thread = threading.Thread(target=self._prepare)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._left = not self._taken
        if self._left:
            self._abandon()

    @property
    def stated_version(self) -> Version | None:
        """What the server is taken for where it does not say which release it is."""
        return self._server.settings.version

    def client(self) -> Client:
        """Wait for the client.

        Raises:
            UsageError: the server's address, the key, or the file of trusted certificates is wrong.
        """
        self._taken = True
        if self._thread is not None:
            self._thread.join()
        made = self._made or self._client()
        if isinstance(made, Exception):
            raise made
        return made

    def _prepare(self) -> None:
        try:
            made = self._made = self._client()
            made.prepare()
        except Exception as error:  # noqa: BLE001  whoever takes the client is told
            self._made = error
        if self._left:
            self._abandon()

    def _abandon(self) -> None:
        if isinstance(self._made, Client):
            self._made.close()

    def _client(self) -> Client:
        server, settings = self._server, self._server.settings
        access = ServerAccess(
            origin=server.url.rstrip("/"),
            key=server.key.reveal(),
            readable=self._readable,
            parallelism=settings.parallelism or DEFAULT_PARALLELISM,
            timeout=float(settings.timeout or 300),
            connect_timeout=float(settings.connect_timeout or 10),
            allow_plain_http=server.allow_plain_http,
            ca_file=settings.ca_file,
            proxy=server.proxy.reveal() if server.proxy is not None else None,
        )
        return Client(access, timing=Timing(server.clock.now, server.clock.sleep))
