"""Domains and addresses: as people read them, and as they go over the wire."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from reconciler.spec.refusal import Refusal, in_quotes, not_text, refuse

_IN_A_LABEL: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_LONGEST_LABEL: Final = 63
_LONGEST_DOMAIN: Final = 253
LONGEST_LOCAL_PART: Final = 64
LONGEST_ADDRESS: Final = 254
"""An address has a host of two labels or more of which the last begins with a letter, and is no longer than this (PHP's
FILTER_VALIDATE_EMAIL, through which mailcow has every address go)."""

PLACEHOLDER: Final = "placeholder-"
"""What the names begin with of rows that are added under another name than they are to have (`spec.placeholder`)."""

_LOCAL_PART: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"


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
    """The form people read: lowercase, punycode decoded; of several spellings, the one the server answers with."""
    lowered = domain.lower() if domain.isascii() else domain_for_wire(domain.lower())
    if "xn--" not in lowered:
        return lowered
    import idna  # noqa: PLC0415  as above

    try:
        return idna.decode(lowered)
    except idna.IDNAError:
        return lowered


def pattern_for_people(pattern: str) -> str:
    """A pattern of domains or addresses, with what is punycode in it as people read it: so it is in addresses."""
    if not pattern.isascii():
        from unicodedata import normalize  # noqa: PLC0415  most are plain ASCII

        pattern = normalize("NFC", pattern)
    if "xn--" not in pattern.lower():
        return pattern
    return re.sub(r"xn--[a-z0-9-]+", lambda label: domain_for_people(label[0]), pattern, flags=re.IGNORECASE)


@lru_cache(maxsize=65536)
def readable_domain(text: str) -> str | None:
    """The domain a text is, as people read it; None when it is none."""
    domain = domain_for_people(text.strip())
    return domain if _is_domain(domain_for_wire(domain)) else None


def _is_domain(text: str) -> bool:
    """Whether the server takes a text for a domain in its ASCII form.

    No lone `0`, no underscores, no hyphens in third and fourth place, where they would announce a label that is encoded
    (2022-01a to 2026-07a, functions.inc.php: is_valid_domain_name, PHP's idn_to_ascii). Without a regular expression,
    which would take longer to compile than the domains of most manifests to check.
    """
    return text != "0" and len(text) <= _LONGEST_DOMAIN and all(map(_is_label, text.split(".")))


def _is_label(text: str) -> bool:
    if not (text and len(text) <= _LONGEST_LABEL and _IN_A_LABEL.issuperset(text)):
        return False
    return text[0] != "-" != text[-1] and (text[2:4] != "--" or text.startswith("xn"))


@lru_cache(maxsize=65536)
def mail_host(text: str) -> str | None:
    """The domain a text is, as people read it, if addresses can be in it; None when it is none."""
    domain = readable_domain(text)
    if domain is None:
        return None
    _, dot, last = domain_for_wire(domain).rpartition(".")
    return domain if dot and last[0].isalpha() else None


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
    raise _refused_address(value, domain)


@lru_cache(maxsize=16384)
def _address(text: str, domain: str | None) -> str | None:
    """The whole address a text is; None when it is none. Those who get mail are named again and again, nearby."""
    local, at, host = text.rpartition("@")
    if not at:
        local, host = host, domain or ""
    readable = mail_host(host)
    if readable is None or len(local) > LONGEST_LOCAL_PART or re.fullmatch(_LOCAL_PART, local) is None:
        return None
    fits = len(local) + 1 + len(domain_for_wire(readable)) <= LONGEST_ADDRESS
    return f"{local}@{readable}" if fits else None


def _refused_address(value: Any, domain: str | None) -> Refusal:
    """Say why something is no mail address."""
    hint = "write it like `anna@acme.example`"
    if not isinstance(value, str):
        if isinstance(value, int | float):
            hint = in_quotes(value)
        return refuse("address-malformed", f"{not_text(value)} is not a mail address", hint=hint)
    local, at, host = value.rpartition("@")
    if (at and not host) or re.fullmatch(_LOCAL_PART, local if at else host) is None:
        return refuse("address-malformed", f"`{value}` is not a mail address", hint=hint)
    if len(local if at else host) > LONGEST_LOCAL_PART or len(value) > LONGEST_ADDRESS:
        hint = f"mailcow takes {LONGEST_LOCAL_PART} characters before the `@`, and {LONGEST_ADDRESS} in all"
        return refuse("address-malformed", f"`{value}` is too long", hint=hint)
    if at or domain is not None:
        named = host if at else domain
        return refuse("domain-malformed", f"`{named}` is no domain of mail", hint="write it like `acme.example`")
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
