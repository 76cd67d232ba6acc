"""Tags of domains and mailboxes: what adds and edits give, and delete/domain/tag and delete/mailbox/tag.

Source: mailcow 2024-08a, 2026-07a, functions.mailbox.inc.php: tags_domain, tags_mailbox; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, php, sql
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, deletes
from reconciler.simulator.rows import whole_mailbox
from reconciler.simulator.state import declare

declare("tags_domain", indexes=("domain",))
declare("tags_mailbox", indexes=("username",))

TAGGING_LIMIT: Final = 25
"""The largest index of a tag in one request; 26 fit."""


def add_domain_tags(call: Call, domain: str, tags: Any) -> None:
    """Give a domain more tags.

    Raises:
        ServerCrash: It has one of them already, in whatever case; those before it are kept.
    """
    for tag in _worth_adding(call, tags):
        name = sql.text("tag_name", tag)
        if domain not in call.table("domain"):
            raise ServerCrash.sql("23000", 1452, "Cannot add or update a child row: a foreign key constraint fails")
        if _has(call, "tags_domain", "domain", domain, name):
            raise sql.duplicate(f"{name}-{domain}", "tag_name")
        call.table("tags_domain").insert({"domain": domain, "tag_name": name})


def add_mailbox_tags(call: Call, username: str, tags: Any) -> None:
    """Give a mailbox more tags; one it has already is passed over since 2025-03.

    Raises:
        ServerCrash: Before that, it has one of them already; those before it are kept.
    """
    for tag in _worth_adding(call, tags):
        try:
            name = sql.text("tag_name", tag)
            if _has(call, "tags_mailbox", "username", username, name):
                raise sql.duplicate(f"{name}-{username}", "tag_name")
        except ServerCrash:
            if not call.has("mailbox_tags_twice"):
                raise
        else:
            call.table("tags_mailbox").insert({"username": username, "tag_name": name})


def _worth_adding(call: Call, tags: Any) -> list[Any]:
    kept = []
    for index, tag in enumerate(php.values(tags) if php.is_array(tags) else ()):
        if not php.truthy(tag):
            continue
        if index > TAGGING_LIMIT:
            call.warning(("tag_limit_exceeded", f"limit {TAGGING_LIMIT}"))
            break
        kept.append(tag)
    return kept


def _has(call: Call, table: str, column: str, owner: str, tag: str | None) -> bool:
    return any(sql.same(row["tag_name"], tag or "") for row in call.table(table).find(column, owner))


def _remove(call: Call, table: str, column: str, owner: str) -> None:
    for tag in call.data["tags"]:
        for row in call.table(table).find(column, owner):
            if sql.same(row["tag_name"], php.text(tag)):
                call.table(table).delete(row["id"])


@deletes("domain/tag", log=("mailbox", "delete", "tags_domain", ECHO, None), key="tags", since="tags")
def delete_domain_tags(call: Call) -> bool | None:
    """The body's tags go from the domain in the path; those it does not have as well."""
    call.data["domain"] = call.extra
    domain = call.extra or ""
    with refusals(call):
        refuse_if(not php.is_valid_domain_name(domain), "domain_invalid")
        unknown = not access.has_domain(call, domain)
        refuse_if(unknown and call.has("tag_deletion_checked"), "access_denied")
        if not call.items:
            return False
        _remove(call, "tags_domain", "domain", domain)
        call.success(("domain_modified", domain))
        return True
    return False


@deletes("mailbox/tag", log=("mailbox", "delete", "tags_mailbox", ECHO, None), key="tags", since="tags")
def delete_mailbox_tags(call: Call) -> bool | None:
    """The body's tags go from the mailbox in the path; those it does not have as well."""
    call.data["username"] = call.extra
    address = call.extra or ""
    with refusals(call):
        refuse_if(not php.is_email(address), "email invalid")
        refuse_if(not access.has_mailbox(call, address) or not whole_mailbox(call.state, address), "access_denied")
        if not call.items:
            return False
        _remove(call, "tags_mailbox", "username", address)
        call.success(("mailbox_modified", address))
        return True
    return False
