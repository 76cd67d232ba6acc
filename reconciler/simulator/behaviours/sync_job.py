"""add, edit and delete syncjob, get syncjobs: mail fetched from other servers.

Source: mailcow functions.mailbox.inc.php (syncjob, syncjobs, syncjob_details) of 2022-01a, 2024-08a and 2026-07a;
recorded exchanges, tests/contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from reconciler.simulator import access, filters, imapsync, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.rows import mailboxes_of
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores_each
from reconciler.simulator.state import declare
from reconciler.simulator.tables import domains

declare("imapsync", indexes=("user2",))

_PORTS: Final = (1, 65535)
_MINUTES: Final = (1, 43800)
_LIMIT: Final = (1, 32000)
_BYTES: Final = (1, 125_000_000)
_ENCRYPTIONS: Final = ("TLS", "SSL", "PLAIN")
_SWITCHES: Final = ("delete2duplicates", "delete1", "delete2", "automap", "skipcrossduplicates", "subscribeall", "dry")
_ADD: Final = ("mailbox", "add", "syncjob", ECHO, None)
_EDIT: Final = ("mailbox", "edit", "syncjob", ECHO, None)
_DELETE: Final = ("mailbox", "delete", "syncjob", ECHO, None)
_COLUMNS: Final = (
    *("id", "user2", "host1", "authmech1", "regextrans2", "authmd51", "domain2", "subfolder2", "user1", "password1"),
    *("exclude", "maxage", "mins_interval", "maxbytespersecond", "port1", "enc1", "delete2duplicates", "delete1"),
    *("delete2", "automap", "skipcrossduplicates", "custom_params", "timeout1", "timeout2", "subscribeall", "dry"),
    *("is_running", "last_run", "success", "exit_status", "created", "modified", "active"),
)
_FRESH: Final = {
    "authmech1": "PLAIN",
    "regextrans2": "",
    "authmd51": 0,
    "domain2": "",
    "is_running": 0,
    "returned_text": None,
    "last_run": None,
    "success": None,
    "exit_status": None,
    "modified": None,
}


@adds("syncjob", log=_ADD)
def add_sync_job(call: Call) -> bool | None:
    """The host is lowered and not checked; what the database needs and is not sent ends the call without a word."""
    if access.denies(call):
        return False
    data, user = call.data, call.data.get("username")
    if not php.is_email(user):
        call.danger("no_user_defined")
        return False
    if not access.has_mailbox(call, user):
        call.danger("access_denied")
        return False
    settings: Row = {name: php.intval(data.get(name)) for name in (*_SWITCHES, "active", "timeout1", "timeout2")}
    settings |= {name: data.get(name) for name in ("port1", "exclude", "maxage", "maxbytespersecond", "subfolder2")}
    settings |= {name: data.get(name) for name in ("user1", "password1", "mins_interval", "enc1")}
    settings["host1"] = php.text(data.get("host1")).lower()
    options = loose.trim(data.get("custom_params"))
    settings["custom_params"] = options if php.truthy(options) else ""
    refused = _option_refusal(call, settings) or _refusal(settings, check_host=False)
    if refused:
        call.danger(refused)
        return False
    if any(_is_same(row, settings) for row in call.table("imapsync").find("user2", user)):
        named = f"{settings['host1']} / {php.text(settings['user1'])}"
        call.danger(("object_exists", php.htmlspecialchars(named)))
        return False
    call.table("imapsync").insert({"user2": user, **_FRESH, **_stored(settings), "created": call.server.now()})
    call.success(("mailbox_modified", user))
    return None


def _is_same(row: Row, settings: Row) -> bool:
    user1 = settings["user1"]
    return user1 is not None and sql.same(row["user1"], php.text(user1)) and sql.same(row["host1"], settings["host1"])


def _option_refusal(call: Call, settings: Row) -> str | None:
    """What is said against the options of imapsync, which old versions drop instead."""
    written = php.text(settings["custom_params"])
    settings["custom_params"] = imapsync.without_pipe(written, call.has)
    return imapsync.refusal(written, call.has) if call.has("syncjob_option_list") else None


def _refusal(settings: Row, *, check_host: bool) -> str | None:
    """Put limits that don't hold to their defaults, and say ``access_denied`` to everything else that is wrong."""
    if not php.truthy(settings["subfolder2"]):
        settings["subfolder2"] = ""
    for name, bounds, default in (
        ("maxage", _LIMIT, 0),
        ("timeout1", _LIMIT, 600),
        ("timeout2", _LIMIT, 600),
        ("maxbytespersecond", _BYTES, 0),
    ):
        settings[name] = filters.integer(settings[name], *bounds) or default
    passes = (
        filters.integer(settings["port1"], *_PORTS) is not None
        and filters.integer(settings["mins_interval"], *_MINUTES) is not None
        and (not check_host or php.is_valid_domain_name(settings["host1"]))
        and settings["enc1"] in _ENCRYPTIONS
        and filters.regex(settings["exclude"])
    )
    return None if passes else "access_denied"


def _stored(settings: Row) -> Row:
    return {
        **{name: sql.integer(name, settings[name]) for name in (*_SWITCHES, "active")},
        **{name: settings[name] for name in ("maxage", "timeout1", "timeout2")},
        **{name: sql.text(name, settings[name]) for name in ("host1", "user1", "password1", "subfolder2")},
        "exclude": sql.text("exclude", settings["exclude"], 500),
        "maxbytespersecond": str(settings["maxbytespersecond"]),
        "port1": filters.integer(settings["port1"], *_PORTS),
        "mins_interval": filters.integer(settings["mins_interval"], *_MINUTES),
        "enc1": settings["enc1"],
        "custom_params": sql.text("custom_params", settings["custom_params"], 512),
    }


@edits("syncjob", log=_EDIT, key="id")
def edit_sync_job(call: Call) -> bool | None:
    """The mailbox is ignored, the host checked and not lowered; a refused option ends the call."""
    if access.denies(call):
        return False
    for item in call.items:
        current = _row(call, item)
        if current is None:
            call.danger("access_denied")
            continue
        settings = _edited(call.data, current)
        if refused := _option_refusal(call, settings):
            call.danger(refused)
            return False
        if refused := _refusal(settings, check_host=True):
            call.danger(refused)
            continue
        forgotten = {name: None for name in ("last_run", "success") if php.isset(call.data, name)}
        changes = {**_stored(settings), **forgotten}
        sql.changed(call.table("imapsync"), current["id"], call.server.now(), changes)
        call.success(("mailbox_modified", current["user2"]))
    return None


def _edited(data: Row, current: Row) -> Row:
    """The settings as an edit leaves them: some are kept where sent empty, some where not sent at all."""
    settings = {name: current[name] for name in current}
    for name in (*_SWITCHES, "active"):
        if php.isset(data, name):
            settings[name] = php.intval(data[name])
    for name in ("user1", "port1", "password1", "host1", "enc1", "mins_interval"):
        if php.truthy(data.get(name)):
            settings[name] = data[name]
    for name in ("subfolder2", "exclude", "custom_params"):
        if php.isset(data, name):
            settings[name] = data[name]
    for name in ("maxage", "maxbytespersecond", "timeout1", "timeout2"):
        if php.isset_has_content(data, name):
            settings[name] = php.intval(data[name])
    return settings


@deletes("syncjob", log=_DELETE, key="id")
def delete_sync_job(call: Call) -> bool | None:
    """What is not a number ends the call without a word."""
    if access.denies(call):
        return False
    for item in call.items:
        if not php.is_numeric(item):
            return False
        row = _row(call, item)
        if row is None:
            call.danger("access_denied")
            continue
        call.table("imapsync").delete(row["id"])
        call.success(("deleted_syncjob", item))
    return None


def _row(call: Call, item: object) -> Row | None:
    row = sql.row(call.table("imapsync"), item) if php.is_numeric(item) else None
    return row if row is not None and access.has_mailbox(call, row["user2"]) else None


@reads("syncjobs/all")
def list_sync_jobs(call: Call) -> list[Row]:
    """The jobs of all mailboxes, by domain and mailbox."""
    mailboxes = (row for domain in domains(call.state) for row in mailboxes_of(call.state, domain["domain"]))
    return [shown for mailbox in mailboxes for shown in _of(call, mailbox["username"])]


@reads("syncjobs")
def read_sync_jobs(call: Call) -> list[Row]:
    """The jobs of one mailbox; anything but an address asks for those of the session, which has none."""
    address = call.object
    return list(_of(call, address)) if php.is_email(address) and access.has_mailbox(call, address) else []


def _of(call: Call, mailbox: str | None) -> Iterable[Row]:
    asked = call.extra.split(",") if call.extra is not None else []
    hidden = set() if "with_password" in asked and "no_log" not in asked else {"password1"}
    if not call.has("syncjob_dry"):
        hidden.add("dry")
    columns = [column for column in _COLUMNS if column not in hidden]
    for row in call.table("imapsync").find("user2", mailbox):
        log = "" if "no_log" in asked or not php.truthy(row["returned_text"]) else row["returned_text"]
        yield {**sql.shown(row, columns), "log": log}


@restores_each("get/syncjobs/all")
def restore_sync_jobs(server: Server, rest: str, answer: Any) -> list[str]:
    """Rebuild all jobs from their list with or without logs and passwords; what several lists have adds up."""
    table = server.state.table("imapsync")
    for row in php.values(answer):
        shown = {name: value for name, value in row.items() if name != "log"}
        if row.get("log"):
            shown["returned_text"] = row["log"]
        if not table.update(row["id"], **shown):
            table.insert({"password1": "", "dry": 0, "returned_text": None, **shown})
    return [] if "with_password" in rest else ["Passwords of sync jobs are empty: they were not read with them."]
