"""add/alias: several addresses to the same targets, checked one after the other.

Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: add alias; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.behaviours.domain import aliases_left, find_domain
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import Refusal, refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, adds
from reconciler.simulator.rows import insert_alias

ADD_LOG: Final = ("mailbox", "add", "alias", ECHO, None)
COMMENT_BYTES: Final = 160
SPECIAL_TARGETS: Final = {"goto_null": "null@localhost", "goto_spam": "spam@localhost", "goto_ham": "ham@localhost"}
"""Where the flags send mail, the first of them that is set."""

_FLAGS: Final = ("sogo_visible", "internal", "sender_allowed", "active")


class _LimitReached(Exception):  # noqa: N818 control flow: the server leaves the loop
    """The domain is full: the whole call ends."""


@adds("alias", log=ADD_LOG)
def add_aliases(call: Call) -> bool:
    """Every address of a text list, each with its own outcome; one that is among the targets is passed over."""
    data = call.data
    addresses = loose.split(data.get("address"))
    written = loose.split(data.get("goto"))
    comments = [php.text(data.get(name)) for name in ("public_comment", "private_comment")]
    with refusals(call):
        refuse_if(any(len(comment.encode()) > COMMENT_BYTES for comment in comments), "comment_too_long")
        refuse_if(not php.truthy(addresses[0]), "alias_empty")
        flags = sum(php.intval(data.get(name)) for name in SPECIAL_TARGETS)
        refuse_if(not php.truthy(written[0]) and flags == 0, "goto_empty")
        targets = _Targets(call, written)
        return bool(targets.goto) and _add_all(call, addresses, targets)
    return False


class _Targets:
    """What an alias points to, and what the server compares an address with to pass it over."""

    def __init__(self, call: Call, written: list[str]) -> None:
        self.goto = special_target(call.data) or ""
        self.compared = written
        if not self.goto:
            valid = [_target(call, item) if php.truthy(item) else item for item in written]
            kept = php.array_filter(dict.fromkeys(item for item in valid if item is not None))
            self.goto = ",".join(kept)
            # the server's last target is an alias of its joined text from here on, unless it was dropped as invalid
            by_reference = php.truthy(valid[-1]) and valid[-1] not in valid[:-1]
            self.compared = [*kept[:-1], self.goto] if by_reference else kept


def special_target(data: Row) -> str | None:
    """The address a goto flag stands for."""
    return next((target for flag, target in SPECIAL_TARGETS.items() if php.intval(data.get(flag)) == 1), None)


def _target(call: Call, written: str) -> str | None:
    local, domain = loose.split_address(written)
    target = f"{local}@{domain}"
    row = call.table("mailbox").get(target)
    with refusals(call):
        invalid = ("goto_invalid", php.htmlspecialchars(target))
        refuse_if(row is not None and row["kind"] != "", *invalid)
        refuse_if(not php.is_email(target), *invalid)
        return target
    return None


def _add_all(call: Call, addresses: list[str], targets: _Targets) -> bool:
    try:
        for address in addresses:
            if php.truthy(address) and address not in targets.compared:
                with refusals(call):
                    _add_one(call, address, targets)
    except _LimitReached:
        return False
    return True


def _add_one(call: Call, written: str, targets: _Targets) -> None:
    local, domain = loose.split_address(written)
    address = f"{local}@{domain}"
    target_domain = find_domain(call, domain)
    if target_domain is not None and aliases_left(call, target_domain) == 0:
        call.danger("max_alias_exceeded")
        raise _LimitReached
    check_free(call, local, domain)
    check_place(call, address, domain)
    refuse_if(not php.is_email(address) and php.truthy(local), "alias_invalid", address)
    refuse_if(not access.has_domain(call, domain), "access_denied")
    number = insert_alias(call.state, _row(call, address, domain, targets.goto))
    call.success(("alias_added", address, str(number)))
    if call.has("incremental_sogo"):
        targets.compared = targets.goto.split(",")


def check_free(call: Call, local: str, domain: str) -> None:
    """Refuse an address that is an alias's or a mailbox's, also as seen through an alias domain."""
    address = f"{local}@{domain}"
    alias_domain = call.table("alias_domain").get(domain)
    behind = f"{local}@{alias_domain['target_domain']}" if alias_domain else None
    taken = call.table("alias").count("address", address)
    if behind is not None and behind in call.table("mailbox"):
        taken += call.table("alias").count("address", behind)
    if taken:
        raise Refusal("is_alias_or_mailbox", php.htmlspecialchars(address))


def check_place(call: Call, address: str, domain: str) -> None:
    """Refuse a domain nobody has, and the address of a throw-away alias."""
    alias_domain = call.table("alias_domain").get(domain)
    target = alias_domain["target_domain"] if alias_domain else None
    known = domain in call.table("domain") or (target is not None and target in call.table("domain"))
    refuse_if(not known, "domain_not_found", php.htmlspecialchars(domain))
    refuse_if(address in call.table("spamalias"), "is_spam_alias", php.htmlspecialchars(address))


def _row(call: Call, address: str, domain: str, goto: str) -> Row:
    comments: dict[str, Any] = {name: call.data.get(name) for name in ("private_comment", "public_comment")}
    return {
        "address": sql.text("address", address if php.is_email(address) else f"@{domain}"),
        "goto": sql.long_text("goto", goto),
        "domain": domain,
        "created": call.server.now(),
        "modified": None,
        **{name: None if comment is None else php.text(comment) for name, comment in comments.items()},
        **{name: sql.integer(name, php.intval(call.data.get(name))) for name in _FLAGS},
    }
