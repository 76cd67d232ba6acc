"""mailbox/template: get, add, edit and delete, since 2022-12.

A template edited without protocols or rights swallows its own row (id, name, attributes, ...) into its attributes, and
what else is not sent becomes null: the server looks for it in the row instead of the row's attributes.
Source: mailcow 2022-12, 2024-08a, 2026-07a, functions.mailbox.inc.php: mailbox_templates; recorded exchanges.
"""

from __future__ import annotations

from typing import Any

from reconciler.simulator import php, sql
from reconciler.simulator.behaviours import template
from reconciler.simulator.behaviours.mailbox_settings import QUARANTINE_CATEGORIES
from reconciler.simulator.behaviours.template import (
    COLUMNS,
    RIGHTS,
    given_or,
    mailbox_defaults,
    protocols,
    untold_rights,
)
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.rows import MEBIBYTE
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores


@reads("mailbox/template", since="templates")
def read_mailbox_templates(call: Call) -> Any:
    """One by its number, all for ``all`` and for nothing."""
    return template.read(call, "mailbox")


@adds(
    "mailbox/template",
    log=("mailbox", "add", "mailbox_templates", ECHO, None),
    masks=("password", "password2"),
    since="templates",
)
def add_mailbox_template(call: Call) -> bool:
    """What is missing gets the server's defaults, but rights: without a list, since 2023-10, all are withheld."""
    with refusals(call):
        name = template.new_name(call, "mailbox")
        defaults = {**mailbox_defaults(call.server), "rl_frame": "s", "rl_value": "", "active": 1, "tags": []}
        attributes = _mailbox_attributes(call, defaults)
        protocol_list = call.data.get("protocol_access")
        for protocol in protocols(call.server):
            key = f"{protocol}_access"
            heeded = protocol_list is not None and call.has("template_protocols_off")
            attributes[key] = int(not heeded or protocol in php.values(protocol_list))
        rights = call.data.get("acl")
        _grant(call, attributes, list(untold_rights(call.server)) if rights is None else php.values(rights))
        if rights is None:
            attributes.pop("acl_pw_reset", None)
        template.insert(call.server, "mailbox", name, attributes)
        call.success(("template_added", call.data["template"]))
        return True
    return False


def _mailbox_attributes(call: Call, fallback: Row) -> Row:
    data = call.data
    has_handler = call.has("tagged_mail_handler")
    texts = (*(("tagged_mail_handler",) if has_handler else ()), "quarantine_notification", "quarantine_category")
    attributes: Row = {
        "quota": php.intval(data.get("quota")) * MEBIBYTE,
        "tags": given_or(data, "tags", fallback.get("tags")),
        **{key: data[key] if php.truthy(data.get(key)) else fallback.get(key) for key in texts},
    }
    if call.has("quarantine_category_check"):
        refuse_if(attributes["quarantine_category"] not in QUARANTINE_CATEGORIES, "quarantine_category_invalid")
    for key in ("rl_frame", "rl_value"):
        attributes[key] = data[key] if php.truthy(data.get(key)) else fallback.get(key)
    tfa = ("force_tfa",) if call.has("force_tfa" if call.verb == "add" else "template_edit_force_tfa") else ()
    for key in ("force_pw_update", *tfa, "sogo_access", "active", "tls_enforce_in", "tls_enforce_out"):
        attributes[key] = php.intval(data[key]) if php.isset(data, key) else fallback.get(key)
    return attributes


def _grant(call: Call, attributes: Row, rights: list[Any]) -> None:
    for right in RIGHTS:
        if right != "pw_reset" or call.has("password_reset"):
            attributes[f"acl_{right}"] = int(right in rights)


@edits(
    "mailbox/template",
    log=("mailbox", "edit", "mailbox_templates", ECHO, None),
    key="ids",
    masks=("password", "password2"),
    since="templates",
)
def edit_mailbox_templates(call: Call) -> bool:
    """What is missing becomes null: the server looks for it in the row instead of the row's attributes."""
    name = call.data.get("template")
    for number in call.items:
        with refusals(call):
            row = template.existing(call, "mailbox", number)
            name = template.name_after(row, name)
            itself = sql.shown(row, COLUMNS)
            attributes = _mailbox_attributes(call, itself)
            _swallow_or_set(call, attributes, itself)
            template.update(call, row, name, attributes)
    call.success(("template_modified", name))
    return True


def _swallow_or_set(call: Call, attributes: Row, itself: Row) -> None:
    if php.isset(call.data, "protocol_access"):
        allowed = php.values(call.data["protocol_access"])
        for protocol in protocols(call.server):
            attributes[f"{protocol}_access"] = int(protocol in allowed)
    else:
        attributes.update(itself)
    if php.isset(call.data, "acl"):
        _grant(call, attributes, php.values(call.data["acl"]))
    else:
        attributes.update(itself)


@deletes("mailbox/template", log=("mailbox", "delete", "mailbox_templates", ECHO, None), key="ids", since="templates")
def delete_mailbox_templates(call: Call) -> bool | None:
    """All of them, but the default one."""
    for number in call.items:
        template.delete(call, "mailbox", number)
    call.success("template_removed")
    return True


@restores("get/mailbox/template/all")
def restore_mailbox_templates(server: Server, answer: Any) -> list[str]:
    """Templates of mailboxes, in place of the default one."""
    return template.restore(server, answer)
