"""edit/mailbox: the same fields for each mailbox, the quota checked even where it is not sent.

Permissions to send are stored before the password is judged; a bad one leaves the rest undone.
Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: edit mailbox; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, passwords, php, sql
from reconciler.simulator.behaviours.mailbox import largest_new_quota
from reconciler.simulator.behaviours.mailbox_add import accesses, authsource, left_to_source
from reconciler.simulator.behaviours.mailbox_settings import set_tag_handling
from reconciler.simulator.behaviours.sender_acl import replace_external_senders, replace_senders
from reconciler.simulator.behaviours.tags import add_mailbox_tags
from reconciler.simulator.behaviours.template import protocols
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, edits
from reconciler.simulator.rows import MEBIBYTE, change_alias, change_mailbox, whole_mailbox

_LOG: Final = ("mailbox", "edit", "mailbox", ECHO, None)


@edits("mailbox", log=_LOG, key="username", masks=("password", "password2"))
def edit_mailboxes(call: Call) -> None:
    """Nothing and an empty name keep what is there; sums are taken anew for each mailbox."""
    for item in call.items:
        with refusals(call):
            refuse_if(not php.is_email(item), "username_invalid", item)
            refuse_if(not access.has_mailbox(call, item), "access_denied")
            row = whole_mailbox(call.state, item)
            refuse_if(row is None, "access_denied")
            assert row is not None
            _edit_one(call, item, row)


def _edit_one(call: Call, username: str, row: Row) -> None:
    data = call.data
    quota = _quota(data, row)
    limit = largest_new_quota(call, row) / MEBIBYTE
    refuse_if(quota > limit, "mailbox_quota_left_exceeded", int(limit) if limit.is_integer() else limit)
    if data.get("extended_sender_acl") is not None:
        replace_external_senders(call, username, data["extended_sender_acl"])
    if data.get("sender_acl") is not None:
        replace_senders(call, username, data["sender_acl"])
    if php.truthy(data.get("password")) and not _set_password(call, username, row):
        return
    _store(call, username, row, quota)
    if call.has("tagged_mail_handler") and php.isset(data, "tagged_mail_handler"):
        set_tag_handling(call, username, data["tagged_mail_handler"])
    if call.has("tags"):
        add_mailbox_tags(call, username, data.get("tags"))
    call.success(("mailbox_modified", username))


def _quota(data: Row, row: Row) -> float:
    if php.isset_has_content(data, "quota"):
        return php.intval(data["quota"])
    return float(row["quota"] / MEBIBYTE)


def _set_password(call: Call, username: str, row: Row) -> bool:
    if not passwords.accepted(call, call.data["password"], call.data.get("password2")):
        return False
    if row["authsource"] == "mailcow":
        now = call.server.now()
        stored = passwords.stored(call.data["password"], call.server.random)
        attributes = {**row["attributes"], "passwd_update": now}
        change_mailbox(call.state, username, now, {"password": stored, "attributes": attributes})
    return True


def _store(call: Call, username: str, row: Row, quota: float) -> None:
    data = call.data
    active = php.intval(data["active"]) if php.isset(data, "active") else row["active"]
    sql.integer("active", active)
    now = call.server.now()
    for own in call.table("alias").find("address", username):
        change_alias(call.state, own["id"], now, {"active": active})
    name = php.text(data["name"]).rstrip(">").lstrip("<") if php.truthy(data.get("name")) else row["name"]
    source = authsource(call, row["authsource"])
    columns = {
        "active": active,
        "name": sql.text("name", name, nullable=True),
        "quota": int(quota * MEBIBYTE),
        "authsource": source,
        "attributes": {**row["attributes"], **_attributes(call, row["attributes"], source)},
    }
    change_mailbox(call.state, username, now, columns)


def _attributes(call: Call, current: Row, source: str) -> Row:
    """Every attribute is written anew from what was read, as text."""
    data = call.data
    given = {**data, **accesses(call)}
    names = ["force_pw_update", "sogo_access", "relayhost", *(f"{name}_access" for name in protocols(call.server))]
    if call.has("force_tfa"):
        names.append("force_tfa")
    after: dict[str, Any] = {
        name: str(php.intval(given[name] if php.isset(given, name) else current.get(name))) for name in names
    }
    after.update(left_to_source(call, source))
    if call.has("password_reset"):
        takes = php.isset(data, "pw_recovery_email") and source == "mailcow"
        after["recovery_email"] = php.text(data["pw_recovery_email"]) if takes else current.get("recovery_email")
    if call.has("authsource"):
        given_hash = data.get("attribute_hash")
        after["attribute_hash"] = given_hash if php.truthy(given_hash) else ""
    return after
