"""A server that lets us in, as long as it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.api import Client, probe_version
from reconciler.errors import ProtocolError
from reconciler.flow import Snapshot
from reconciler.kinds import registry
from reconciler.model.plan import ServerIdentity
from reconciler.model.profile import RequestCost
from reconciler.model.version import OLDEST, Version
from reconciler.pipeline.approach import Approach
from reconciler.pipeline.stopwatch import Stopwatch
from reconciler.records import record
from reconciler.remote.reader import Reader
from reconciler.spec.capabilities import Capabilities


@record(frozen=True, slots=True, kw_only=True)
class OpenServer:
    """A server that let us in, or what it answered once.

    Attributes:
        client: the way to it; None for what it answered once.
    """

    client: Client | None
    identity: ServerIdentity
    capabilities: Capabilities
    reader: Reader
    parallelism: int

    def requests(self) -> tuple[RequestCost, ...]:
        """What requests have cost so far."""
        calls = self.client.statistics.calls if self.client is not None else {}
        return tuple(
            RequestCost(name, each.requests, each.failures, each.sent, each.received, each.seconds)
            for name, each in calls.items()
        )


@contextmanager
def opened(way: Approach | Snapshot, watch: Stopwatch) -> Iterator[OpenServer]:
    """Ask a server who it is; nothing else is sent before it has answered. No connection is left at the end.

    Args:
        way: the way to it, or what one answered once.
        watch: is told how long readings wait.

    Raises:
        AccessDenied: it refuses the key or this machine's address.
        ConnectionFailed, ProtocolError: it cannot be reached, or is no mailcow.
    """
    kinds = registry()
    if isinstance(way, Snapshot):
        from reconciler.remote.snapshot import Recorded  # noqa: PLC0415  a server that runs needs none of it

        recorded = Recorded(way.answers, kinds)
        told = recorded.get("status", "version").value
        version = _version(str(told["version"]) if isinstance(told, dict) and "version" in told else None, None)
        capabilities = Capabilities(version)
        yield OpenServer(
            client=None,
            identity=ServerIdentity(way.url, str(version)),
            capabilities=capabilities,
            reader=Reader(recorded, kinds=kinds, capabilities=capabilities, parallelism=1),
            parallelism=1,
        )
        return
    client = way.client()
    parallelism = client.access.parallelism
    try:
        version = _version(probe_version(client), way.stated_version)
        capabilities = Capabilities(version)
        yield OpenServer(
            client=client,
            identity=ServerIdentity(client.access.origin, str(version)),
            capabilities=capabilities,
            reader=Reader(
                client,
                kinds=kinds,
                capabilities=capabilities,
                parallelism=parallelism,
                waiting=lambda: watch.part("waiting for answers"),
            ),
            parallelism=parallelism,
        )
    finally:
        client.rest()


def _version(told: str | None, stated: Version | None) -> Version:
    """What a server says, or what is stated where it says no release.

    Its scripts write down the newest tag on the branch `master`, a commit on any other, and nothing where git fails
    (mailcow 2022-01a to 2026-07a, generate_config.sh, update.sh; branches since 2022-12).
    """
    if told is None:
        return OLDEST
    try:
        return Version.parse(told)
    except ValueError:
        if stated is not None:
            return stated
        raise ProtocolError(
            f"the server says `{told}` where its release belongs",
            id="server-version-unknown",
            hint="mailcow's update script writes it down, on the branch `master` only; on another, or without git, "
            "name the release it is closest to in the project file: `server: {version: 2026-07a}`",
        ) from None
