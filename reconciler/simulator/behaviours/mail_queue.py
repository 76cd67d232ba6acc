"""get mailq and postcat, edit and delete mailq: mail that waits to be sent.

No mail is sent here, so the queue is empty unless a live state with one was loaded; Postfix's commands succeed as they
do there, whether they found something to do or not. Source: mailcow functions.mailq.inc.php and the dockerapi
container, the same from 2022-01 to 2026-07a.
"""

from __future__ import annotations

import re
from typing import Any, Final

from reconciler.simulator import access, loose, php
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, EMPTY, Call, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("mail_queue", key="queue_id")

_QUEUE_ID: Final = re.compile(r"^[0-9a-fA-F]+$")
_QUEUES: Final = {"hold": "hold", "unhold": "deferred", "deliver": "active"}
_FUNCTION: Final = "process_mailq_output"


@reads("mailq")
def read_mail_queue(call: Call) -> bytes:
    """Any other word than ``all`` prints nothing."""
    del call
    return EMPTY


@reads("mailq/all")
def list_mail_queue(call: Call) -> bytes:
    """Every mail, compact; an empty list is printed as one."""
    return php.json_encode(list(call.table("mail_queue")))


@reads("postcat")
def read_queued_mail(call: Call) -> bytes:
    """A mail as Postfix's own tool prints it, which of these knows the envelope only."""
    row = call.table("mail_queue").get(call.object)
    if row is None:
        return f"postcat: fatal: open queue file {call.object or ''}: No such file or directory\n".encode()
    lines = [f"*** ENVELOPE RECORDS {row['queue_id']} ***", f"sender: {row.get('sender', '')}"]
    lines += [f"recipient: {php.text(receiver).split(' ')[0]}" for receiver in php.values(row.get("recipients"))]
    return "\n".join([*lines, "*** MESSAGE FILE END ***", ""]).encode()


@edits("mailq", log=(_FUNCTION, "edit", ECHO), key="qid")
def edit_mail_queue(call: Call) -> bool | None:
    """Flushing and emptying ignore the items; an action nobody knows does nothing, with success."""
    if access.denies(call):
        return False
    action = call.data.get("action")
    if action in _QUEUES and call.items:
        for row in _named(call):
            call.table("mail_queue").update(row["queue_id"], queue_name=_QUEUES[str(action)])
        call.success("queue_command_success")
    elif loose.contains(("flush", "super_delete"), action):
        if action == "super_delete":
            for row in call.table("mail_queue"):
                call.table("mail_queue").delete(row["queue_id"])
        call.success("queue_command_success")
    return None


@deletes("mailq", log=(_FUNCTION, "delete", ECHO), key="qid")
def delete_queued_mail(call: Call) -> bool | None:
    """Succeeds for unknown mails too."""
    if access.denies(call):
        return False
    for row in _named(call):
        call.table("mail_queue").delete(row["queue_id"])
    call.success("queue_command_success")
    return None


def _named(call: Call) -> list[Row]:
    names = [name for name in call.items if isinstance(name, str) and _QUEUE_ID.match(name)]
    rows = [call.table("mail_queue").get(name) for name in names]
    return [row for row in rows if row is not None]


@restores("get/mailq/all")
def restore_mail_queue(server: Server, answer: Any) -> list[str]:
    """Put all mails in place, without their text."""
    for row in php.values(answer):
        server.state.table("mail_queue").insert(dict(row))
    return ["The text of queued mails is missing."] if answer else []
