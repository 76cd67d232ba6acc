"""edit/pushover-test: asks Pushover whether a mailbox's key and token are good, which never succeeds without a network.

Source: mailcow 2026-07a, functions.pushover.inc.php.
"""

from __future__ import annotations

from reconciler.simulator import access
from reconciler.simulator.routing import ECHO, Call, edits


@edits("pushover-test", log=("pushover", "test", ECHO), key="username")
def try_pushover(call: Call) -> bool | None:
    """Say for each mailbox what Pushover said; the first one without settings ends it."""
    for username in call.items:
        if not access.has_mailbox(call, username):
            call.danger("access_denied")
        elif username not in call.table("pushover"):
            call.danger("pushover_credentials_missing")
            return False
        else:
            call.danger("Pushover API ERR (0): ")
    return None
