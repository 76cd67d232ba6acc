"""What users set for themselves: tls_policy, quarantine_*, delimiter_action; and mailbox/custom-attribute.

Source: mailcow 2022-01a, 2026-07a, functions.mailbox.inc.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, php
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, edits
from reconciler.simulator.rows import change_mailbox, whole_mailbox

_DELIMITER_LOG: Final = ("mailbox", "edit", "delimiter_action", ECHO, None)
_NOTIFICATIONS: Final = ("never", "hourly", "daily", "weekly")
QUARANTINE_CATEGORIES: Final = ("add_header", "reject", "all")
_WANTS: Final = {"subject": "RCPT_WANTS_SUBJECT_TAG", "subfolder": "RCPT_WANTS_SUBFOLDER_TAG"}


def _owner(call: Call, address: object) -> Row:
    refuse_if(not access.has_mailbox(call, address), "access_denied")
    row = call.table("mailbox").get(address)
    refuse_if(row is None or row["attributes"] is None, "access_denied")
    assert row is not None
    return row


def _set_attributes(call: Call, row: Row, attributes: Row) -> None:
    columns = {"attributes": {**row["attributes"], **attributes}}
    change_mailbox(call.state, row["username"], call.server.now(), columns)


@edits("tls_policy", log=("mailbox", "edit", "tls_policy", ECHO, None), key="username")
def edit_tls_policy(call: Call) -> None:
    """Whether mail may come in and go out only encrypted; what is not sent stays."""
    for item in call.items:
        with refusals(call):
            row = _owner(call, item)
            names = [name for name in ("tls_enforce_out", "tls_enforce_in") if php.isset(call.data, name)]
            _set_attributes(call, row, {name: str(php.intval(call.data[name])) for name in names})
            call.success(("mailbox_modified", item))


@edits("quarantine_notification", log=("mailbox", "edit", "quarantine_notification", ECHO, None), key="username")
def edit_quarantine_notification(call: Call) -> None:
    """How often a mailbox hears of its quarantine."""
    _edit_choice(call, "quarantine_notification", _NOTIFICATIONS)


@edits("quarantine_category", log=("mailbox", "edit", "quarantine_category", ECHO, None), key="username")
def edit_quarantine_category(call: Call) -> None:
    """What a mailbox hears of."""
    _edit_choice(call, "quarantine_category", QUARANTINE_CATEGORIES)


def _edit_choice(call: Call, name: str, choices: tuple[str, ...]) -> None:
    for item in call.items:
        with refusals(call):
            row = _owner(call, item)
            wanted = call.data[name] if php.isset(call.data, name) else row["attributes"].get(name)
            refuse_if(wanted not in choices, "access_denied")
            _set_attributes(call, row, {name: wanted})
            call.success(("mailbox_modified", item))


@edits("delimiter_action", log=_DELIMITER_LOG, key="username")
def edit_delimiter_action(call: Call) -> None:
    """What happens to mail for user+tag; anything but the two known words means nothing special."""
    for item in call.items:
        with refusals(call):
            refuse_if(not php.is_email(item) or not access.has_mailbox(call, item), "access_denied")
            wanted = call.data.get("tagged_mail_handler")
            for name, hash_name in _WANTS.items():
                if name == wanted:
                    call.state.redis.hash(hash_name)[item] = "1"
                else:
                    call.state.redis.hdel(hash_name, item)
            call.success(("mailbox_modified", item))


def set_tag_handling(call: Call, username: str, handler: Any) -> None:
    """The same from inside an add or edit of a mailbox."""
    data = {"username": username, "tagged_mail_handler": handler}
    edit_delimiter_action(call.within(_DELIMITER_LOG, data, key="username"))


@edits(
    "mailbox/custom-attribute",
    log=("mailbox", "edit", "mailbox_custom_attribute", ECHO, None),
    key="mailboxes",
    masks=("password", "password2"),
    since="custom_attributes",
)
def edit_custom_attributes(call: Call) -> bool:
    """Names and values in two lists; everything is replaced, blanks are taken out of names."""
    names = [php.text(name).replace(" ", "") for name in php.values(call.data.get("attribute"))]
    given = php.values(call.data.get("value"))
    if len(names) != len(given):
        raise ServerCrash.php("ValueError: array_combine(): Arguments must have the same number of elements")
    attributes = dict(zip(names, given, strict=True))
    for item in call.items:
        with refusals(call):
            refuse_if(not php.is_email(item), "username_invalid", item)
            known = access.has_mailbox(call, item) and whole_mailbox(call.state, item)
            refuse_if(not known, "access_denied")
            change_mailbox(call.state, item, call.server.now(), {"custom_attributes": attributes})
            call.success(("mailbox_modified", item))
    return True
