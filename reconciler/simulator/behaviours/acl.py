"""edit/user-acl and edit/da-acl: what users and domain administrators may do; written whole, never readable.

Source: mailcow 2022-01a, 2026-07a, functions.acl.inc.php; init_db.inc.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Final

from reconciler.simulator import access, php
from reconciler.simulator.behaviours.template import RIGHTS
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, edits

_UNKNOWN: Final = "Cannot determine current ACL"

ADMIN_RIGHTS: Final = (
    "syncjobs",
    "quarantine",
    "login_as",
    "sogo_access",
    "app_passwds",
    "bcc_maps",
    "pushover",
    "filters",
    "ratelimit",
    "spam_policy",
    "extend_sender_acl",
    "unlimited_quota",
    "protocol_access",
    "smtp_ip_access",
    "alias_domains",
    "mailbox_relayhost",
    "domain_relayhost",
    "domain_desc",
)
_WITHHELD: Final = ("pushover", "extend_sender_acl", "unlimited_quota", "alias_domains", "domain_desc")
NEW_ADMIN_RIGHTS: Final = tuple(right for right in ADMIN_RIGHTS if right not in _WITHHELD)
"""What a new domain administrator may do."""


@edits("user-acl", log=("acl", "edit", "user", ECHO), key="username")
def edit_user_rights(call: Call) -> None:
    """A user may do what is named, nothing else; unknown names are passed over."""
    named = php.values(call.data.get("user_acl"))
    for item in call.items:
        with refusals(call):
            refuse_if(not access.has_mailbox(call, item), "access_denied")
            row = call.table("mailbox").get(item)
            refuse_if(row is None or row["acl"] is None, _UNKNOWN)
            call.table("mailbox").update(item, acl=[right for right in RIGHTS if right in named])
            call.success(("acl_saved", item))


@edits("da-acl", log=("acl", "edit", "domainadmin", ECHO), key="username")
def edit_admin_rights(call: Call) -> bool | None:
    """A domain administrator may do what is named, nothing else."""
    if access.denies(call):
        return False
    named = php.values(call.data.get("da_acl"))
    for item in call.items:
        with refusals(call):
            refuse_if(item not in call.table("da_acl"), _UNKNOWN)
            call.table("da_acl").update(item, rights=[right for right in ADMIN_RIGHTS if right in named])
            call.success(("acl_saved", item))
    return None
