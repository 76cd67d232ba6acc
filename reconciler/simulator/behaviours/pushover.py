"""edit/pushover: push notifications of a mailbox; only whether they are on can be read.

Source: mailcow 2022-01a, 2024-08a, functions.pushover.inc.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

import re
from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import Refusal, refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, edits
from reconciler.simulator.state import declare

declare("pushover", key="username")

_LOG: Final = ("pushover", "edit", ECHO)
_DOUBLED_LOG: Final = ("pushover", "edit", ECHO, ECHO)
_CREDENTIAL_LENGTH: Final = 30
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
_FLAGS: Final = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE, "u": re.UNICODE}
_IGNORED_FLAGS: Final = "ADSUXJn\n\r "
_DOTS_BEFORE_GMAIL = re.compile(r"\.(?=.*?@gmail\.com$)")


@edits("pushover", log=_LOG, key="username")
def edit_pushover(call: Call) -> None:
    """Settings are merged into what is there; ``delete`` removes them."""
    for item in call.items:
        with refusals(call):
            refuse_if(not access.has_mailbox(call, item), "access_denied")
            if loose.equal(call.data.get("delete"), "true"):
                call.table("pushover").delete(item)
            else:
                _save(call, item)
            call.success("pushover_settings_edited")


def _save(call: Call, username: str) -> None:
    data = call.data
    current = call.table("pushover").get(username) or {}
    kept = {name: _kept(data, current, name) for name in ("key", "token", "title", "text")}
    pattern = data["senders_regex"] if php.isset(data, "senders_regex") else current.get("senders_regex")
    refuse_if(php.truthy(pattern) and not is_pattern(php.text(pattern)), "Invalid regex")
    senders = data["senders"] if php.isset(data, "senders") else current.get("senders")
    for name in ("key", "token"):
        valid = php.ctype_alnum(kept[name]) and len(kept[name]) == _CREDENTIAL_LENGTH
        if not valid:
            raise Refusal(f"pushover_{name}", log=_DOUBLED_LOG)
    active = php.intval(data["active"]) if php.isset(data, "active") else current.get("active")
    if active is None:
        raise ServerCrash.sql("23000", 1048, "Column 'active' cannot be null")
    call.table("pushover").delete(username)
    call.table("pushover").insert(
        {
            "username": username,
            **{name: sql.long_text(name, value) for name, value in kept.items()},
            "attributes": _attributes(call),
            "senders_regex": sql.long_text("senders_regex", pattern),
            "senders": sql.long_text("senders", _senders(senders)),
            "active": sql.integer("active", active),
        }
    )


def _kept(data: Row, current: Row, name: str) -> Any:
    return data[name] if php.truthy(data.get(name)) else current.get(name)


def _attributes(call: Call) -> Row:
    """Flags start from 0 at each edit: the server looks for the old ones in the wrong place."""
    flags = {name: str(php.intval(call.data.get(name))) for name in ("evaluate_x_prio", "only_x_prio")}
    return {**flags, **({"sound": php.text(call.data.get("sound"))} if call.has("pushover_sound") else {})}


def _senders(written: Any) -> str:
    valid = [sender for sender in loose.split(written) if php.truthy(sender) and php.is_email(sender)]
    return ",".join(_DOTS_BEFORE_GMAIL.sub("", sender) for sender in valid)


def is_pattern(written: str) -> bool:
    """Tell whether PHP takes a text as a regular expression: delimiters, flags, and a body that compiles."""
    written = written.lstrip(" \t\n\r\0\x0b\x0c")
    if not written or written[0].isalnum() or written[0] in "\\\0":
        return False
    end = written.rfind(_CLOSING.get(written[0], written[0]))
    if end <= 0:
        return False
    body, flags = written[1:end], written[end + 1 :]
    if any(flag not in _FLAGS and flag not in _IGNORED_FLAGS for flag in flags):
        return False
    try:
        re.compile(body)
    except re.error:
        return False
    return True
