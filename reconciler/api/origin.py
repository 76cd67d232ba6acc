"""Where a server is: scheme, host and port, read from what a person wrote."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from reconciler.errors import UsageError
from reconciler.records import record

__all__ = ["Origin"]

_HINT = "write it as `https://mail.example.org`, with a port if it is not 443, and nothing behind"
_PORTS = {"https": 443, "http": 80}
_LONGEST_SHOWN = 100


@record(frozen=True, slots=True)
class Origin:
    """The address of one server.

    Attributes:
        scheme: `https` or `http`.
        host: a name in ASCII, or an address without brackets.
    """

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Read `https://host` or `https://host:port`.

        Raises:
            UsageError: `server-address-wrong` for anything else; credentials in it are not repeated.
        """
        try:
            parts = urlsplit(text)
            host, port = _in_ascii(parts.hostname or ""), parts.port
        except ValueError as error:  # UnicodeError and idna's errors among them
            raise _wrong(text, "is no URL" if "@" in text else f"is none: {error}") from error
        if parts.scheme not in _PORTS:
            raise _wrong(text, "does not begin with `https://`")
        if not host:
            raise _wrong(text, "has no host")
        if "@" in parts.netloc:
            raise _wrong(text, "holds a user name or a password")
        if _goes_on(parts):
            raise _wrong(text, "goes on behind the host")
        return cls(parts.scheme, host, port if port is not None else _PORTS[parts.scheme])

    @property
    def netloc(self) -> str:
        """Host and port as the `Host` header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_encrypted(self) -> bool:
        """Whether it is reached over TLS."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine itself, by its spelling alone."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _in_ascii(host: str) -> str:
    """The name that is looked up; a name that is in ASCII already must mean something."""
    if host.isascii() and "xn--" not in host:
        return host
    import idna  # noqa: PLC0415  most servers have plain names

    encoded = idna.encode(host, uts46=True).decode("ascii")
    idna.decode(encoded)
    return encoded


def _goes_on(parts: SplitResult) -> bool:
    return bool(parts.path not in ("", "/") or parts.query or parts.fragment)


def _wrong(text: str, why: str) -> UsageError:
    scheme, slashes, rest = text.partition("://") if "://" in text else ("", "", text)
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    hides = "@" in text or "?" in text or len(text) > _LONGEST_SHOWN  # what may hold a password or a key
    shown = "it" if hides else f"`{scheme}{slashes}{host}`"  # so may a path
    return UsageError(f"the server's address is wrong: {shown} {why}", id="server-address-wrong", hint=_HINT)
