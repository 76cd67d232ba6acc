"""mailcow's questions of who may touch what, for the only roles the API has: an administrator, or nobody.

For an administrator they still ask whether the thing exists, so ``access_denied`` mostly means "not found".
Source: mailcow 2026-07a, functions.inc.php: hasDomainAccess, hasMailboxObjectAccess, hasAliasObjectAccess.
"""

from __future__ import annotations

from typing import Final

from . import php
from .routing import Call

API_USER: Final = "API"
"""The name a session with a key goes by; mailcow takes it for the owner of an object of that name."""


def denies(call: Call) -> bool:
    """Say ``access_denied`` to a caller without a key, and tell whether that was said."""
    if call.role == "admin":
        return False
    call.danger("access_denied")
    return True


def has_domain(call: Call, domain: object) -> bool:
    """Tell whether a domain or alias domain of this name exists, written as it is stored."""
    if call.role != "admin" or not isinstance(domain, str) or not php.is_valid_domain_name(domain):
        return False
    return domain in call.table("domain") or domain in call.table("alias_domain")


def has_mailbox(call: Call, address: object) -> bool:
    """Tell whether a mailbox or resource of this address exists in an existing domain."""
    if call.role != "admin" or not php.truthy(address) or not isinstance(address, str):
        return False
    if address == API_USER:
        return True
    row = call.table("mailbox").get(address)
    return row is not None and has_domain(call, row["domain"])


def has_alias(call: Call, address: object) -> bool:
    """Tell whether an alias of this address exists, a mailbox's own included, in an existing domain."""
    if call.role != "admin" or not php.truthy(address) or not isinstance(address, str):
        return False
    rows = call.table("alias").find("address", address)
    return bool(rows) and has_domain(call, rows[0]["domain"])
