"""One request and what came of it: the seam behind which connections are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reconciler.api.failures import Failure
from reconciler.api.jsontext import Ahead, Body, Typed
from reconciler.records import record

__all__ = ["ExchangeFailed", "Received", "Transport"]


@record(frozen=True, slots=True)
class Received:
    """An answer that arrived whole.

    Attributes:
        headers: by name in lower case; of several with one name, the last.
        body: decompressed.
        size: bytes of the body as they came over the wire.
        ahead: rows that were decoded while the body came; it is a list of the others then.
    """

    status: int
    headers: Mapping[str, str]
    body: Body
    size: int
    ahead: Ahead | None = None


class ExchangeFailed(Exception):  # noqa: N818  it carries a value of that name
    """No answer arrived."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.failure = failure


class Transport(Protocol):
    """A way to one server; safe to use from many threads."""

    def exchange(
        self,
        method: str,
        path: bytes,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        typed: Typed | None = None,
    ) -> Received:
        """Send a request, and receive its answer whole.

        Args:
            method: `GET` or `POST`.
            path: what follows the origin, encoded.
            headers: all but those that say where it goes and how long its content is.
            content: the body; None for a request without one.
            typed: what makes records of the rows of a long list while it comes; None where the body is wanted whole.

        Raises:
            ExchangeFailed: with what broke.
        """

    def prepare(self) -> None:
        """Make a connection for the first request; why that fails, if it does, the request itself will find out."""

    def rest(self) -> None:
        """Close the connections nobody uses; the next request opens a new one."""

    def close(self) -> None:
        """Close the connections nobody uses, and the others as soon as their answers are read."""
