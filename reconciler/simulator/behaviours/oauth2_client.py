"""add, edit, delete and get oauth2-client: applications that may ask who a user is.

Source: mailcow functions.oauth2.inc.php, the same from 2022-01 to 2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare

declare("oauth_clients")

_URI_LENGTH: Final = 2000
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 12
_ADD: Final = ("oauth2", "add", "client", ECHO)
_EDIT: Final = ("oauth2", "edit", "client", ECHO)
_DELETE: Final = ("oauth2", "delete", "client", ECHO)


def _random(server: Server, size: int) -> str:
    return server.random.randbytes(size).hex()


@adds("oauth2-client", log=_ADD)
def add_oauth2_client(call: Call) -> bool | None:
    """The server makes id and secret; the address is not looked at and may be missing."""
    if access.denies(call):
        return False
    call.table("oauth_clients").insert(
        {
            "client_id": _random(call.server, _ID_BYTES),
            "client_secret": _random(call.server, _SECRET_BYTES),
            "redirect_uri": sql.text("redirect_uri", call.data.get("redirect_uri"), _URI_LENGTH, nullable=True),
            "grant_types": None,
            "scope": "profile",
            "user_id": None,
        }
    )
    call.success("Added client access")
    return None


@edits("oauth2-client", log=_EDIT, key="id")
def edit_oauth2_client(call: Call) -> bool | None:
    """Revoking comes before renewing, and either before the address; an unknown id ends the call."""
    if access.denies(call):
        return False
    data, table = call.data, call.table("oauth_clients")
    for item in call.items:
        current = sql.row(table, item)
        if current is None:
            call.danger("access_denied")
            return False
        uri = data["redirect_uri"] if php.truthy(data.get("redirect_uri")) else current["redirect_uri"]
        if php.isset(data, "renew_secret") and not php.isset(data, "revoke_tokens"):
            table.update(current["id"], client_secret=_random(call.server, _SECRET_BYTES))
        elif not php.isset(data, "revoke_tokens"):
            if not php.truthy(uri):
                call.danger("Redirect/Callback URL cannot be empty")
                continue
            table.update(current["id"], redirect_uri=sql.text("redirect_uri", uri, _URI_LENGTH))
        call.success(("object_modified", php.htmlspecialchars(php.text(item))))
    return None


@deletes("oauth2-client", log=_DELETE, key="id")
def delete_oauth2_client(call: Call) -> bool | None:
    """The last id is named as deleted whatever happened to it."""
    if access.denies(call):
        return False
    for item in call.items:
        if not php.is_numeric(item):
            call.danger("access_denied")
            continue
        call.table("oauth_clients").delete(sql.number(item))
    last = php.text(call.items[-1]) if call.items else ""
    call.success(("items_deleted", php.htmlspecialchars(last)))
    return None


@reads("oauth2-client/all")
def list_oauth2_clients(call: Call) -> list[Row]:
    """All rows, secrets in clear."""
    return list(call.table("oauth_clients"))


@reads("oauth2-client")
def read_oauth2_client(call: Call) -> Row | None:
    """One row; an id is read as a number."""
    return None if call.object is None else sql.row(call.table("oauth_clients"), call.object)


@restores("get/oauth2-client/all")
def restore_oauth2_clients(server: Server, answer: Any) -> list[str]:
    """Rebuild all rows."""
    for row in php.values(answer):
        server.state.table("oauth_clients").insert(dict(row))
    return ["Tokens of OAuth2 clients cannot be read, so none are there."]
