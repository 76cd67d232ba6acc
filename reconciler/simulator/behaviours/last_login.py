"""last-login and reset-last-login: who logged in from where. Nobody ever does here.

`get/reset-last-login` deletes, though it is a read, with a read-only key too.
Source: mailcow 2022-01a and 2026-07a, json_api.php and functions.inc.php: last_login.
"""

from __future__ import annotations

from typing import Any

from reconciler.simulator import php
from reconciler.simulator.routing import EMPTY, Call, reads


@reads("last-login")
def read_last_login(call: Call) -> Any:
    """The last login of a mailbox in the web interface and by protocol, for existing and unknown ones alike."""
    return {"ui": False, "sasl": []} if php.truthy(call.object) else EMPTY


@reads("reset-last-login")
def reset_last_login(call: Call) -> Any:
    """Forget the logins of a mailbox; ``true`` whether it exists or not."""
    return True if php.truthy(call.object) else EMPTY
