"""Where the server is and what opens it, checked before anything is sent."""

from __future__ import annotations

from pathlib import Path

from reconciler.api.origin import Origin
from reconciler.errors import UsageError
from reconciler.records import field, record

__all__ = ["ServerAccess"]

_LETTERS_OF_KEYS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")


@record(frozen=True, slots=True, kw_only=True)
class ServerAccess:
    """The address of one server, its API key, and how to talk to it.

    Attributes:
        origin: `https://host` or `https://host:port`; nothing else of a URL. Plain http is for loopback only.
        key: The API key; sent to this origin and nowhere else.
        readable: The collections a GET may ask for, as `CATEGORY` or `CATEGORY/OBJECT` (`status/version` always may).
            Some GET routes write (`reset-last-login`, mailcow all versions), so only listed ones are ever called.
        parallelism: How many requests may be under way at once, at most; fewer are while the server labours (`pace`).
        timeout: Seconds to wait for the server to say something more, and for an answer that only drips. Lists of large
            servers take minutes.
        connect_timeout: Seconds to wait for a connection.
        largest_answer: Bytes, decompressed, above which an answer is not read to its end.
        allow_plain_http: Whether the key may travel unencrypted to a host that is not loopback.
        ca_file: Certificates to trust in place of the public authorities.
        proxy: The URL of a proxy to go through; never taken from the environment.

    Raises:
        UsageError: `server-address-wrong`, `server-address-plain-http`, `api-key-missing` or `api-key-malformed`.
    """

    origin: str
    key: str = field(repr=False)
    readable: frozenset[str] = frozenset()
    parallelism: int = 4
    timeout: float = 300.0
    connect_timeout: float = 10.0
    largest_answer: int = 1 << 30
    allow_plain_http: bool = False
    ca_file: Path | None = None
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not (self.url.is_encrypted or self.url.is_loopback or self.allow_plain_http):
            raise UsageError(
                "the API key would travel unencrypted",
                id="server-address-plain-http",
                hint="use https; if the way to the server is safe, insist with `--insecure-http`",
                origin=self.origin,
            )
        if not self.key:
            raise UsageError("there is no API key", id="api-key-missing", hint="set MAILCOW_API_KEY")
        if not _LETTERS_OF_KEYS.issuperset(self.key):
            raise UsageError(
                "the API key holds characters that no key of mailcow has",
                id="api-key-malformed",
                hint="letters, digits and hyphens only; look for quotes, blanks or a line end around it",
            )

    @property
    def url(self) -> Origin:
        """The origin, read.

        Raises:
            UsageError: `server-address-wrong`.
        """
        return Origin.parse(self.origin)
