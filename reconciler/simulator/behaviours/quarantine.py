"""get quarantine, edit and delete qitem, edit quarantine: mail held back, and how long.

No mail arrives here, so the quarantine is empty unless a live state with one was loaded; releasing and learning then
succeed at once. Source: mailcow functions.quarantine.inc.php of 2022-01, 2025-05, 2025-09 and 2026-07a.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("quarantine")

_META: Final = ("id", "qid", "subject", "virus_flag", "score", "rcpt", "sender", "action", "created", "notified")
_DETAILS: Final = (
    *("id", "qid", "subject", "score", "ip", "action", "symbols", "fuzzy_hashes", "sender", "rcpt", "msg", "domain"),
    *("notified", "created", "user"),
)
_YEAR: Final = 365
_EDIT: Final = ("quarantine", "edit", ECHO)


@reads("quarantine/all")
def list_quarantine(call: Call) -> list[Row] | bytes:
    """Every item without its text; an empty list is printed as one."""
    return [sql.shown(row, _META) for row in call.table("quarantine")] or b"[]"


@reads("quarantine")
def read_quarantine(call: Call) -> Row | bytes:
    """One item with its text; an empty list where there is none."""
    item = call.object
    row = sql.row(call.table("quarantine"), item) if php.is_numeric(item) and php.truthy(item) else None
    if row is None:
        return b"[]"
    created = datetime.fromtimestamp(php.intval(row["created"]), call.server.clock().tzinfo)
    columns = (*_DETAILS, "qhash") if call.has("quarantine_hash") else _DETAILS
    return {name: row.get(name) for name in columns} | {"created": f"{created:%Y-%m-%d %H:%M:%S}"}


@edits("quarantine", log=_EDIT)
def edit_quarantine(call: Call) -> bool | None:
    """The settings, with the action `settings`; else what `edit/qitem` does, to the ids in the attr."""
    return _edit(call)


@edits("qitem", log=_EDIT, key="id")
def edit_quarantine_items(call: Call) -> bool | None:
    """Release, learnham and learnspam take the items away; any other action does nothing, with success."""
    return _edit(call)


def _edit(call: Call) -> bool:
    if access.denies(call):
        return False
    action = call.data.get("action")
    ids = call.data.get("id")
    if loose.equal(action, "settings"):
        _save_settings(call)
    elif action in ("release", "learnham", "learnspam"):
        for item in php.values(ids) if php.is_array(ids) else [ids]:
            _take(call, item, ["qlearn_spam"] if action == "learnspam" else ["item_released", "learned_ham"])
    return True


def _take(call: Call, item: Any, messages: list[str]) -> None:
    row = sql.row(call.table("quarantine"), item) if php.is_numeric(item) else None
    if row is None or not php.truthy(row["rcpt"]):
        call.danger("access_denied")
        return
    call.table("quarantine").delete(row["id"])
    for key in messages:
        call.success((key, item))


def _save_settings(call: Call) -> None:
    """Everything is written: what is not sent is emptied, the age 365 days."""
    data = call.data
    score = data.get("max_score")
    age = php.intval(data.get("max_age"))
    addresses = {name: data[name] if php.is_email(data.get(name)) else "" for name in ("sender", "bcc", "redirect")}
    call.state.redis.strings.update(
        Q_RETENTION_SIZE=str(php.intval(data.get("retention_size"))),
        Q_MAX_SIZE=str(php.intval(data.get("max_size"))),
        Q_MAX_SCORE="" if loose.equal(score, "") else php.text(php.floatval(score)),
        Q_MAX_AGE=str(age if age > 0 else _YEAR),
        Q_EXCLUDE_DOMAINS=php.json_encode(php.as_array(data.get("exclude_domains"))).decode(),
        Q_RELEASE_FORMAT="attachment" if loose.equal(data.get("release_format"), "attachment") else "raw",
        Q_SENDER=addresses["sender"],
        Q_BCC=addresses["bcc"],
        Q_REDIRECT=addresses["redirect"],
        Q_SUBJ=php.text(data.get("subject")),
        Q_HTML=php.text(data.get("html_tmpl")),
    )
    call.success("saved_settings")


@deletes("qitem", log=("quarantine", "delete", ECHO), key="id")
def delete_quarantine_items(call: Call) -> bool | None:
    """Unknown ids succeed."""
    if access.denies(call):
        return False
    for item in call.items:
        if not php.is_numeric(item):
            call.danger("access_denied")
            continue
        call.table("quarantine").delete(sql.number(item))
        call.success(("item_deleted", item))
    return None


@restores("get/quarantine/all")
def restore_quarantine(server: Server, answer: Any) -> list[str]:
    """Put all items in place, without their text."""
    for row in php.values(answer):
        server.state.table("quarantine").insert(dict.fromkeys((*_DETAILS, "qhash")) | row)
    return ["The text of mails in quarantine is missing."] if answer else []
