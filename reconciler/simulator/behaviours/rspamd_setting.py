"""add, edit, delete and get rsetting, edit rspamd-map, get rspamd: settings and maps of the spam filter.

Source: mailcow functions.rspamd.inc.php and vars.inc.php (RSPAMD_MAPS) of 2022-01a, 2024-04 and 2026-07a; recorded
exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, EMPTY, Call, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("settingsmap")

_COLUMNS: Final = ("id", "desc", "content", "active")
_LONGTEXT: Final = 2**32 - 1
_MAPS: Final = "SIMULATOR_RSPAMD_MAPS"
_KNOWN_MAPS: Final = frozenset(
    {
        *(
            f"global_{place}_{kind}.map"
            for place in ("mime_from", "smtp_from", "rcpt")
            for kind in ("blacklist", "whitelist")
        ),
        *(f"{name}.map" for name in ("fishy_tlds", "bad_words", "bad_words_de", "bad_languages", "bulk_header")),
        *("bad_header.map", "monitoring_nolog.map"),
    }
)


@adds("rsetting", log=("rsettings", "add", ECHO))
def add_rspamd_setting(call: Call) -> bool | None:
    """Nothing is unique and the syntax is not looked at; a missing description ends the call without a word."""
    if access.denies(call):
        return False
    content = call.data.get("content")
    if not php.truthy(content):
        call.danger("map_content_empty")
        return False
    call.table("settingsmap").insert(
        {
            "desc": sql.text("desc", call.data.get("desc")),
            "content": sql.text("content", content, _LONGTEXT),
            "created": call.server.now(),
            "modified": None,
            "active": sql.integer("active", php.intval(call.data.get("active"))),
        }
    )
    call.success("settings_map_added")
    return None


@edits("rsetting", log=("rsettings", "edit", ECHO), key="id")
def edit_rspamd_setting(call: Call) -> bool | None:
    """The content loses its outer blanks even where only something else is sent."""
    if access.denies(call):
        return False
    data, table = call.data, call.table("settingsmap")
    for item in call.items:
        current = sql.row(table, item)
        if current is None:
            call.danger(("settings_map_invalid", item))
            continue
        content = data["content"] if php.truthy(data.get("content")) else current["content"]
        description = data["desc"] if php.truthy(data.get("desc")) else current["desc"]
        active = php.intval(data["active"]) if php.isset(data, "active") else current["active"]
        changes = {
            "content": sql.text("content", loose.trim(content), _LONGTEXT),
            "desc": sql.text("desc", description),
            "active": sql.integer("active", active),
        }
        sql.changed(table, current["id"], call.server.now(), changes)
        call.success(("object_modified", php.htmlspecialchars(",".join(map(php.text, call.items)))))
    return None


@deletes("rsetting", log=("rsettings", "delete", ECHO), key="id")
def delete_rspamd_setting(call: Call) -> bool | None:
    """Nothing is checked."""
    if access.denies(call):
        return False
    for item in call.items:
        call.table("settingsmap").delete(sql.number(item))
        call.success(("settings_map_removed", php.htmlspecialchars(php.text(item))))
    return None


@reads("rsetting/all")
def list_rspamd_settings(call: Call) -> list[Row]:
    """All rows."""
    return [sql.shown(row, _COLUMNS) for row in call.table("settingsmap")]


@reads("rsetting")
def read_rspamd_setting(call: Call) -> Row | None:
    """One row; an id is read as a number."""
    row = None if call.object is None else sql.row(call.table("settingsmap"), call.object)
    return None if row is None else sql.shown(row, _COLUMNS)


@edits("rspamd-map", log=("rspamd_maps", "edit", "-"), key="map")
def edit_rspamd_map(call: Call) -> bool | None:
    """Names outside the list are refused; until 2024-04 they were written to nevertheless, where such a file was."""
    if access.denies(call):
        return False
    if call.has("rspamd_map_check"):
        valid = [name for name in call.items if _is_map(call, name)]
        for name in valid:
            _write_map(call, name)
    else:
        for name in call.items:
            _is_map(call, name)
            _write_map(call, name)
    return None


def _is_map(call: Call, name: object) -> bool:
    if isinstance(name, str) and name in _KNOWN_MAPS:
        return True
    call.danger(("global_map_invalid", name))
    return False


def _write_map(call: Call, name: object) -> None:
    written = php.text(name)
    if written in _KNOWN_MAPS:
        call.state.redis.hash(_MAPS)[written] = loose.trim(call.data.get("rspamd_map_data")) + "\n"
    call.success(("object_modified", php.htmlspecialchars(written)))


@reads("rspamd")
def read_rspamd(call: Call) -> bytes:
    """Any other word than ``actions`` prints nothing."""
    del call
    return EMPTY


@reads("rspamd/actions")
def read_rspamd_actions(call: Call) -> None:
    """What the spam filter did, of which none runs here: always nothing."""
    del call


@restores("get/rsetting/all")
def restore_rspamd_settings(server: Server, answer: Any) -> list[str]:
    """Rebuild all rows."""
    for row in php.values(answer):
        stored = {"created": server.now(), "modified": None, **row}
        server.state.table("settingsmap").insert(stored)
    return ["The spam filter's global maps cannot be read, so none are there."]
