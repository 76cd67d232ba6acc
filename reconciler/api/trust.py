"""Whose certificates are trusted."""

from __future__ import annotations

import socket
import ssl
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import UsageError

if TYPE_CHECKING:
    import _socket

__all__ = ["encrypted", "trusting"]


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the public authorities, or those of a file in their place.

    A file is taken at its word: it may also hold the server's own certificate, whoever issued it, and certificates of
    home-made authorities that lack what newer Pythons demand of public ones.

    Raises:
        UsageError: `ca-file-unusable`.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or _public_authorities())
    except OSError as error:
        raise UsageError(
            "the file of trusted certificates cannot be used",
            id="ca-file-unusable",
            hint="it must exist and hold certificates in PEM form",
            file=str(ca_file),
            detail=str(error),
        ) from error
    if ca_file is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def encrypted(connection: _socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Encrypt a connection that was just made.

    Raises:
        OSError: the other side does not speak TLS, or is not trusted; the connection is closed then.
    """
    plain = socket.socket(connection.family, connection.type, connection.proto, connection.detach())
    plain.settimeout(connection.gettimeout())
    return context.wrap_socket(plain, server_hostname=host)


def _public_authorities() -> str:
    """Where certifi keeps them, found without importing it: that takes longer than reading them."""
    found = PathFinder.find_spec("certifi")
    if found is not None and found.origin is not None:
        file = Path(found.origin).with_name("cacert.pem")
        if file.is_file():
            return str(file)
    from certifi import where  # noqa: PLC0415  distributions that keep them elsewhere say so here

    return where()
