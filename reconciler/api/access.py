"""Where the server is and what opens it, checked before anything is sent."""

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from reconciler.errors import UsageError

__all__ = ["ServerAccess"]

_KEY = re.compile(r"[A-Za-z0-9-]+")
_ADDRESS_HINT = "write it as `https://mail.example.org`, with a port if it is not 443, and nothing behind"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccess:
    """The address of one server, its API key, and how to talk to it.

    Attributes:
        origin: `https://host` or `https://host:port`; nothing else of a URL. Plain http is for loopback only.
        key: The API key; sent to this origin and nowhere else.
        readable: The collections a GET may ask for, as `CATEGORY` or `CATEGORY/OBJECT` (`status/version` always may).
            Some GET routes write (`reset-last-login`, mailcow all versions), so only listed ones are ever called.
        parallelism: How many requests may be under way at once.
        timeout: Seconds to wait for the server to say something more. Lists of large servers take minutes.
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
        url = self.url
        if url.scheme == "http" and not (self.allow_plain_http or is_loopback(url)):
            raise UsageError(
                "the API key would travel unencrypted",
                id="server-address-plain-http",
                hint="use https, or force plain http if the way to the server is safe",
                origin=self.origin,
            )
        if not self.key:
            raise UsageError("there is no API key", id="api-key-missing", hint="set MAILCOW_API_KEY")
        if not _KEY.fullmatch(self.key):
            raise UsageError(
                "the API key holds characters that no key of mailcow has",
                id="api-key-malformed",
                hint="letters, digits and hyphens only; look for quotes, blanks or a line end around it",
            )

    @property
    def url(self) -> httpx.URL:
        """The origin as a URL with a host and no path.

        Raises:
            UsageError: `server-address-wrong`.
        """
        try:
            url = httpx.URL(self.origin)
            host = url.host  # decoded here, which a broken IDN does not survive
        except (httpx.InvalidURL, UnicodeError) as error:
            raise _wrong_address(str(error)) from error
        if url.scheme not in ("https", "http") or not host:
            raise _wrong_address("it has no scheme or no host")
        if url.userinfo:
            raise _wrong_address("it holds a user name or a password")
        if url.raw_path != b"/" or url.fragment:
            raise _wrong_address("it goes on behind the host")
        return url


def is_loopback(url: httpx.URL) -> bool:
    """Tell whether a URL's host is this machine itself, by its spelling alone."""
    host = url.raw_host.decode("ascii")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong_address(why: str) -> UsageError:
    return UsageError(f"the server's address is wrong: {why}", id="server-address-wrong", hint=_ADDRESS_HINT)
