"""edit/rename-mbox, since 2024-11: a mailbox under another address, and what stays at the old one.

Lists of targets, spam scores, allow and deny lists, throw-away addresses, the rate limit and tag handling keep the old
address. Source: mailcow 2026-07a, functions.mailbox.inc.php: mailbox_rename.
"""

from __future__ import annotations

from typing import Final

from reconciler.simulator import access, php, sql
from reconciler.simulator.behaviours.alias_add import ADD_LOG, add_aliases
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import Refusal, refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, edits
from reconciler.simulator.rows import change_alias, rename_mailbox, whole_mailbox

_RECEIVING: Final = (1, 2)
_BOUND: Final = (
    ("tags_mailbox", "username"),
    ("sieve_filters", "username"),
    ("app_passwd", "mailbox"),
    ("imapsync", "user2"),
    ("bcc_maps", "local_dest"),
    ("bcc_maps", "bcc_dest"),
    ("recipient_maps", "old_dest"),
    ("recipient_maps", "new_dest"),
    ("sender_acl", "logged_in_as"),
    ("sender_acl", "send_as"),
)
_COMMENT: Final = "Mailbox was renamed from %s to %s"


@edits("rename-mbox", log=("mailbox", "edit", "mailbox_rename", ECHO, None), key="mailbox", since="rename_mailbox")
def edit_address(call: Call) -> bool:
    """The items are not looked at; a new address that is taken is told in the database's words."""
    data = call.data
    domain = php.text(data.get("domain"))
    old_local, new_local = php.text(data.get("old_local_part")), php.text(data.get("new_local_part"))
    old, new = f"{old_local}@{domain}", f"{new_local}@{domain}"
    with refusals(call):
        refuse_if(not php.is_email(old), "username_invalid", old)
        refuse_if(not php.is_email(new), "username_invalid", new)
        row = whole_mailbox(call.state, old)
        refuse_if(row is None or not access.has_mailbox(call, old), "access_denied")
        assert row is not None
        refuse_if(call.has("rename_of_active_only") and row["active"] not in _RECEIVING, "access_denied")
        _check_free(call, old, new)
        rename_mailbox(call.state, old, new, new_local)
        _move_own_rows(call, old, new)
        if php.intval(data.get("create_alias")) == 1:
            comment = _COMMENT % (old, new)
            alias = {"address": old, "goto": new, "active": 1, "sogo_visible": 1, "private_comment": comment}
            add_aliases(call.within(ADD_LOG, alias))
        call.success(("mailbox_renamed", old, new))
        return True
    return False


def _check_free(call: Call, old: str, new: str) -> None:
    violation = "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry '{}' for key '{}'"
    if sql.same(old, new):
        return
    if new in call.table("mailbox"):
        raise Refusal(violation.format(new, "PRIMARY"))
    if call.table("alias").count("address", new):
        raise Refusal(violation.format(new, "address"))


def _move_own_rows(call: Call, old: str, new: str) -> None:
    now = call.server.now()
    aliases = call.table("alias")
    for row in aliases.find("address", old):
        change_alias(call.state, row["id"], now, {"address": new, "goto": new})
    for row in aliases.find("goto", old):
        change_alias(call.state, row["id"], now, {"goto": new})
    for name, column in _BOUND:
        table = call.table(name)
        for row in _having(call, name, column, old):
            table.update(row["id"], **{column: new}, **({"modified": now} if "modified" in row else {}))
    if old in call.table("pushover") and new not in call.table("pushover"):
        call.table("pushover").update(old, username=new)


def _having(call: Call, name: str, column: str, value: str) -> list[Row]:
    table = call.table(name)
    if column in table.shape.indexes:
        return table.find(column, value)
    return [row for row in table if sql.same(row[column], value)]
