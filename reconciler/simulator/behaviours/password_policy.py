"""edit and get passwordpolicy: what a password must have.

Source: mailcow functions.inc.php (password_complexity), the same from 2022-01 to 2026-07a; json_api.php; recorded
exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, php
from reconciler.simulator.passwords import DEFAULT_POLICY, POLICY
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, EMPTY, Call, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores

_SHORTEST: Final = 3
_SENTENCES: Final = {
    "length": "Minimum password length is {}",
    "chars": "Must contain at least one alphabetic character",
    "special_chars": "Must contain special characters",
    "lowerupper": "Must contain lowercase and uppercase characters",
    "numbers": "Must contain at least one number",
}


@edits("passwordpolicy", log=("password_complexity", "edit", ECHO))
def edit_password_policy(call: Call) -> bool | None:
    """What is not sent is kept, and a length below three too."""
    if access.denies(call):
        return False
    policy = call.state.redis.hash(POLICY)
    for name in DEFAULT_POLICY:
        if not php.isset(call.data, name):
            continue
        wanted = php.intval(call.data[name])
        if name != "length" or wanted >= _SHORTEST:
            policy[name] = str(wanted)
    call.success("password_policy_saved")
    return None


@reads("passwordpolicy")
def read_password_policy(call: Call) -> Row | bytes:
    """All as text; before 2023-01 only the object ``html`` printed anything."""
    if not call.has("password_policy_route"):
        return EMPTY
    policy = call.state.redis.hash(POLICY)
    return {name: policy.get(name) for name in DEFAULT_POLICY}


@reads("passwordpolicy/html")
def read_password_policy_as_html(call: Call) -> str:
    """The rules in force as the web page shows them, a JSON string."""
    policy = call.state.redis.hash(POLICY)
    rules = [_SENTENCES[name].format(policy[name]) for name in DEFAULT_POLICY if php.intval(policy.get(name)) != 0]
    return '<p class="help-block small">- ' + "<br>- ".join(rules) + "</p>"


@restores("get/passwordpolicy")
def restore_password_policy(server: Server, answer: Any) -> list[str]:
    """Put the policy in place."""
    policy = server.state.redis.hash(POLICY)
    shown = php.as_array(answer)
    policy.update({name: php.text(shown[name]) for name in DEFAULT_POLICY if php.isset(shown, name)})
    return []
