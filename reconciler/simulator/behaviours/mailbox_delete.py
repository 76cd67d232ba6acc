"""delete/mailbox, and what SOGo keeps of a mailbox: delete/eas_cache and delete/sogo_profile.

Aliases whose only target it was go, also in other domains; from lists its address is taken out if written the same.
Source: mailcow 2022-01a, 2024-08a, 2026-07a, functions.mailbox.inc.php: delete mailbox; recorded exchanges.
"""

from __future__ import annotations

from typing import Final

from reconciler.simulator import access, php
from reconciler.simulator.behaviours.rate_limit import LIMITS
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, deletes
from reconciler.simulator.rows import (
    aliases_with_target,
    change_alias,
    drop_aliases,
    drop_mailbox,
    whole_mailbox,
)

_NO_MAILDIR: Final = "Could not move maildir to garbage collector: variables local_part and/or domain empty"


@deletes("mailbox", log=("mailbox", "delete", "mailbox", ECHO, None), key="username")
def delete_mailboxes(call: Call) -> None:
    """Mailboxes, and resources as well."""
    for item in call.items:
        with refusals(call):
            refuse_if(not php.is_email(item) or not access.has_mailbox(call, item), "access_denied")
            if whole_mailbox(call.state, item) is None:
                call.warning(_NO_MAILDIR)
            _remove(call, item)
            call.success(("mailbox_removed", php.htmlspecialchars(item)))


def _remove(call: Call, username: str) -> None:
    drop_aliases(call.state, "goto", username)
    call.table("pushover").delete(username)
    drop_mailbox(call.state, username)
    call.table("sender_acl").delete_where("logged_in_as", username)
    if call.has("foreign_sender_acl_goes"):
        call.table("sender_acl").delete_where("send_as", username)
    for table, column in (("spamalias", "goto"), ("filterconf", "object"), ("imapsync", "user2")):
        call.table(table).delete_where(column, username)
    call.table("bcc_maps").delete_where("local_dest", username)
    _take_out_of_lists(call, username)
    call.state.redis.hdel(LIMITS, username)


def _take_out_of_lists(call: Call, username: str) -> None:
    for alias in aliases_with_target(call.state, username, quoted=call.has("quoted_patterns")):
        targets = alias["goto"].split(",")
        if username in targets:
            targets.remove(username)
            change_alias(call.state, alias["id"], call.server.now(), {"goto": ",".join(targets)})


@deletes("eas_cache", log=("mailbox", "delete", "eas_cache", ECHO, None), key="username")
def delete_eas_cache(call: Call) -> None:
    """Phones synchronise anew; nothing here remembers them."""
    for item in call.items:
        with refusals(call):
            refuse_if(not access.has_mailbox(call, item), "access_denied")
            call.success(("eas_reset", php.htmlspecialchars(php.text(item))))


@deletes("sogo_profile", log=("mailbox", "delete", "sogo_profile", ECHO, None), key="username")
def delete_sogo_profile(call: Call) -> None:
    """Calendars, contacts and settings in SOGo are gone; nothing here keeps any."""
    for item in call.items:
        with refusals(call):
            refuse_if(not access.has_mailbox(call, item), "access_denied")
            call.success(("sogo_profile_reset", php.htmlspecialchars(php.text(item))))
