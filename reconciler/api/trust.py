"""Whose certificates are trusted."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi

from reconciler.errors import UsageError

__all__ = ["trusting"]


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the public authorities, or those of a file in their place.

    A file is taken at its word: it may also hold the server's own certificate, whoever issued it, and certificates of
    home-made authorities that lack what newer Pythons demand of public ones.

    Raises:
        UsageError: `ca-file-unusable`.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or certifi.where())
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
