"""Domains and addresses: as people read them, and as they go over the wire."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import idna

from reconciler.spec.codec import refuse

_ASCII_DOMAIN = re.compile(
    r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$"
)
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")


@lru_cache(maxsize=65536)
def domain_for_wire(domain: str) -> str:
    """The ASCII form of a domain; a domain that has none is left as it is (the server will say so)."""
    if domain.isascii():
        return domain.lower()
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
    try:
        return idna.decode(lowered)
    except idna.IDNAError:
        return lowered


@lru_cache(maxsize=65536)
def _is_domain(domain: str) -> bool:
    return _ASCII_DOMAIN.match(domain_for_wire(domain)) is not None


def read_domain(value: Any) -> str:
    """Read a domain a person wrote.

    Raises:
        PydanticCustomError: ``domain-malformed``.
    """
    if isinstance(value, str):
        domain = domain_for_people(value.strip())
        if _is_domain(domain):
            return domain
    raise refuse("domain-malformed", f"`{value}` is not a domain", hint="write it like `acme.example`")


def read_address(value: Any, domain: str | None, *, catch_all: bool = False) -> str:
    """Read a mail address a person wrote; a bare local part belongs to ``domain``.

    Args:
        value: what was written.
        domain: the file's ``domain:``, if it has one.
        catch_all: whether ``@domain`` is an address here.

    Raises:
        PydanticCustomError: ``address-malformed``, ``address-bare`` or ``domain-malformed``.
    """
    if not isinstance(value, str) or not value:
        hint = (
            f'put it in quotes: `"{value}"`' if isinstance(value, int | float) else "write it like `anna@acme.example`"
        )
        raise refuse("address-malformed", f"`{value}` is not a mail address", hint=hint)
    local, at, host = value.rpartition("@")
    if not at:
        local, host = host, domain or ""
        if not domain:
            hint = "write the whole address, or put `domain: acme.example` at the top of the file"
            raise refuse("address-bare", f"`{value}` has no domain, and the file names none", hint=hint)
    if not local and catch_all:
        return "@" + read_domain(host)
    if _LOCAL_PART.match(local) is None:
        raise refuse("address-malformed", f"`{value}` is not a mail address", hint="write it like `anna@acme.example`")
    return f"{local}@{read_domain(host)}"


def domain_of(address: str) -> str:
    """The part after the last ``@``; the whole text where there is none."""
    return address.rpartition("@")[2]
