"""PHP's ``filter_var`` and regular expressions, as far as mailcow validates with them."""

from __future__ import annotations

import ipaddress
import re
import warnings

from . import php

_INTEGER = re.compile(r"^[+-]?(0|[1-9]\d*)$")
_HOSTNAME = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$")
_HOSTNAME_LENGTH = 253
_NETMASK = re.compile(r"^\d+$", re.ASCII)
_BITS = {4: 32, 6: 128}
_PCRE_ONLY = (
    (re.compile(r"\\Q.*?(\\E|$)", re.DOTALL), "x"),
    (re.compile(r"\\[pP](\{[^}]*\}|[A-Z])"), "x"),
    (re.compile(r"\\[hHRKXNzG]"), "x"),
    (re.compile(r"\(\?<(?![=!])"), "(?P<"),
    (re.compile(r"\(\?'(\w+)'"), r"(?P<\1>"),
    (re.compile(r"\(\?\^?[imsxnUJ-]+\)"), ""),
    (re.compile(r"\[:\^?[a-z]+:\]"), "a-z"),
)
_UNESCAPED_SLASH = re.compile(r"^(?:[^\\/]|\\.)*/", re.DOTALL)


def integer(value: object, lowest: int, highest: int) -> int | None:
    """``filter_var($x, FILTER_VALIDATE_INT)`` with a range: the number, or None."""
    if value is None or php.is_array(value):
        return None
    written = php.text(value).strip(" \t\n\r\v\0")
    if not _INTEGER.match(written):
        return None
    found = int(written)
    return found if lowest <= found <= highest else None


def ip(value: object) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """``filter_var($x, FILTER_VALIDATE_IP)``: an address without a zone, or None."""
    if not isinstance(value, str) or "%" in value:
        return None
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None


def network(value: str) -> bool:
    """What mailcow calls ``valid_network``: an address, or one with the length of its prefix; host bits may be set."""
    address, slash, netmask = value.partition("/")
    found = ip(address)
    if found is None:
        return False
    return not slash or (bool(_NETMASK.match(netmask)) and int(netmask) <= _BITS[found.version])


def hostname(value: str) -> bool:
    """What mailcow calls ``valid_hostname``: letters, digits and hyphens in labels, a trailing dot allowed."""
    name = value.removesuffix(".")
    return len(name) <= _HOSTNAME_LENGTH and bool(_HOSTNAME.match(name))


def regex(body: object) -> bool:
    """Tell whether ``preg_match("/BODY/")`` would compile.

    An unescaped slash ends the pattern, and the rest is unknown modifiers. The rest is Python's judgement after what
    only PCRE knows has been replaced; recursion, conditions on names and verbs such as ``(*SKIP)`` are refused here.
    """
    written = "Array" if php.is_array(body) else php.text(body)
    if _UNESCAPED_SLASH.match(written):
        return False
    for pattern, replacement in _PCRE_ONLY:
        written = pattern.sub(replacement, written)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(written)
    except (re.error, OverflowError, RecursionError):
        return False
    return True
