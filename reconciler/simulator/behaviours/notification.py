"""edit quota_notification, quota_notification_bcc and reset-password-notification: mails the server writes itself.

Written and never read over the API; what is not sent is emptied. Source: mailcow functions.quota_notification.inc.php,
the same from 2022-01 to 2026-07a, and functions.inc.php (reset_password) since 2024-08.
"""

from __future__ import annotations

import re
from typing import Any, Final

from reconciler.simulator import access, loose, php
from reconciler.simulator.routing import ECHO, Call, edits

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f]|[^\x00-\x7f]")


def _sender(value: Any) -> str:
    cleaned = _UNPRINTABLE.sub("", php.text(value))
    return cleaned if php.is_email(cleaned) else ""


@edits("quota_notification", log=("quota_notification", "edit", ECHO))
def edit_quota_notification(call: Call) -> bool | None:
    """The mail about a full mailbox."""
    if access.denies(call):
        return False
    call.state.redis.strings.update(
        QW_SENDER=_sender(call.data.get("sender")),
        QW_SUBJ=php.text(call.data.get("subject")),
        QW_HTML=php.text(call.data.get("html_tmpl")),
    )
    call.success("saved_settings")
    return None


@edits("quota_notification_bcc", log=("quota_notification_bcc", "edit", ECHO))
def edit_quota_notification_bcc(call: Call) -> bool | None:
    """Who else gets it in a domain: wrong addresses are named, the others stored."""
    if access.denies(call):
        return False
    domain = call.data.get("domain")
    if not access.has_domain(call, domain):
        call.danger("access_denied")
        return False
    active = php.intval(call.data.get("active"))
    receivers: dict[str, str] = {}
    for place, written in enumerate(loose.split(call.data.get("bcc_rcpt"))):
        receiver = _UNPRINTABLE.sub("", written)
        if php.truthy(receiver) and not php.is_email(receiver):
            call.danger(("goto_invalid", php.htmlspecialchars(receiver)))
        elif php.truthy(receiver) and receiver not in receivers.values():
            receivers[str(place)] = receiver
    stored = {"bcc_rcpts": receivers, "active": active if receivers else 0}
    call.state.redis.hash("QW_BCC")[php.text(domain)] = php.json_encode(stored).decode()
    call.success("saved_settings")
    return None


@edits("reset-password-notification", log=("reset_password", "edit_notification", ECHO), since="password_reset")
def edit_reset_password_notification(call: Call) -> bool | None:
    """The mail that lets people choose a new password."""
    if access.denies(call):
        return False
    texts = {
        name: php.text(call.data[key]) if php.truthy(call.data.get(key)) else ""
        for key, name in (("subject", "PW_RESET_SUBJ"), ("text_tmpl", "PW_RESET_TEXT"), ("html_tmpl", "PW_RESET_HTML"))
    }
    call.state.redis.strings.update(texts, PW_RESET_FROM=_sender(call.data.get("from")))
    call.success("saved_settings")
    return None
