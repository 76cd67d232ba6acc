"""Domains and addresses: as people read them, and as they go over the wire."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from reconciler.spec.refusal import Refusal, refuse

_ASCII_DOMAIN = re.compile(
    r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$"
)
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")


@lru_cache(maxsize=65536)
def domain_for_wire(domain: str) -> str:
    """The ASCII form of a domain; a domain that has none is left as it is (the server will say so)."""
    if domain.isascii():
        return domain.lower()
    import idna  # noqa: PLC0415  most domains are plain ASCII

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain


@lru_cache(maxsize=65536)
def domain_for_people(domain: str) -> str:
    """The form people read: lowercase, punycode decoded."""
    lowered = domain.lower()
    if "xn--" not in lowered:
        return lowered
    import idna  # noqa: PLC0415  as above

    try:
        return idna.decode(lowered)
    except idna.IDNAError:
        return lowered


@lru_cache(maxsize=65536)
def readable_domain(text: str) -> str | None:
    """The domain a text is, as people read it; None when it is none."""
    domain = domain_for_people(text.strip())
    return domain if _ASCII_DOMAIN.match(domain_for_wire(domain)) is not None else None


def read_domain(value: Any) -> str:
    """Read a domain a person wrote.

    Raises:
        Refusal: ``domain-malformed``.
    """
    domain = readable_domain(value) if isinstance(value, str) else None
    if domain is not None:
        return domain
    raise refuse("domain-malformed", f"`{value}` is not a domain", hint="write it like `acme.example`")


def read_address(value: Any, domain: str | None, *, catch_all: bool = False) -> str:
    """Read a mail address a person wrote; a bare local part belongs to ``domain``.

    Args:
        value: what was written.
        domain: the file's ``domain:``, if it has one.
        catch_all: whether ``@domain`` is an address here.

    Raises:
        Refusal: ``address-malformed``, ``address-bare`` or ``domain-malformed``.
    """
    if isinstance(value, str):
        address = _address(value, domain)
        if address is not None:
            return address
        local, at, host = value.rpartition("@")
        if at and not local and catch_all:
            return "@" + read_domain(host)
    raise _refused_address(value)


@lru_cache(maxsize=16384)
def _address(text: str, domain: str | None) -> str | None:
    """The whole address a text is; None when it is none. Those who get mail are named again and again, nearby."""
    local, at, host = text.rpartition("@")
    if not at:
        local, host = host, domain or ""
    readable = readable_domain(host)
    return f"{local}@{readable}" if readable is not None and _LOCAL_PART.match(local) is not None else None


def _refused_address(value: Any) -> Refusal:
    """Say why something is no mail address."""
    hint = "write it like `anna@acme.example`"
    if not isinstance(value, str):
        if isinstance(value, int | float):
            hint = f'put it in quotes: `"{value}"`'
        return refuse("address-malformed", f"`{value}` is not a mail address", hint=hint)
    local, at, host = value.rpartition("@")
    if (at and not host) or _LOCAL_PART.match(local if at else host) is None:
        return refuse("address-malformed", f"`{value}` is not a mail address", hint=hint)
    if at:
        return refuse("domain-malformed", f"`{host}` is not a domain", hint="write it like `acme.example`")
    hint = "write the whole address, or put `domain: acme.example` at the top of the file"
    return refuse("address-bare", f"`{value}` has no domain, and the file names none", hint=hint)


def domain_of(address: str) -> str:
    """The part after the last ``@``; the whole text where there is none."""
    return address.rpartition("@")[2]


def inside(container: str, *parts: str) -> str:
    """The key of what is known by a container's key and by something besides: ``anna@acme.example/Thunderbird``."""
    return "/".join((container, *parts))


def container_in(key: str) -> str:
    """The container's key in a key made by `inside`; the whole key where there is nothing besides.

    Local parts may hold slashes, domains may not.
    """
    slash = key.find("/", key.find("@") + 1)
    return key if slash < 0 else key[:slash]
