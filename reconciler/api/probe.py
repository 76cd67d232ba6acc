"""The first question to a server: does it let us in, and which version is it."""

from reconciler.api.client import Client
from reconciler.api.reading import ReadingState
from reconciler.errors import ProtocolError

__all__ = ["probe_version"]

_TIMES_EMPTY_MEANS_OLD = 2


def probe_version(client: Client) -> str | None:
    """Ask for the version; to be called, and to return, before anything else is sent.

    Versions before 2022-05 know no such route and answer with an empty body; so does a newer one that crashed.
    Therefore an empty answer counts only when it comes twice.

    Returns:
        The version as the server writes it (`2026-07a`); an empty string where an installation has lost it; None for
        a server older than 2022-05.

    Raises:
        AccessDenied: The key or the address is refused; nothing more should be sent, and nothing more will be.
        ConnectionFailed: The server cannot be reached, or is failing.
        ProtocolError: This is no mailcow.
    """
    for _ in range(_TIMES_EMPTY_MEANS_OLD):
        reading = client.get("status", "version")
        if reading.state is ReadingState.SILENT:
            continue
        answer = reading.value
        if isinstance(answer, dict) and "version" in answer:
            return str(answer["version"] or "")
        raise ProtocolError(
            "the server does not say its version the way mailcow does",
            id="api-not-mailcow",
            hint="check that the address is that of a mailcow server",
            origin=client.access.origin,
        )
    return None
