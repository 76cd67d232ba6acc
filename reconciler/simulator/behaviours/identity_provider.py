"""edit, delete and get identity-provider: where people's passwords are checked instead. Since 2025-03.

A table of keys and values: an edit writes all keys of its kind of provider, keys of another kind stay and are shown.
Nothing is fetched here, so a test of the connection always fails. Source: mailcow functions.inc.php (identity_provider)
of 2025-03, 2025-05 and 2026-07a; recorded exchanges, tests/contract.
"""

from __future__ import annotations

import json
from typing import Any, Final

from reconciler.simulator import access, php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, deletes, edits, reads
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import Table, declare

declare("identity_provider", key="key")

_MASKS: Final = ("client_secret", "access_token")
_LISTS: Final = ("redirect_url_extra", "mappers", "templates")
_BOOLEANS: Final = ("use_ssl", "use_tls", "ignore_ssl_errors")
_CLIENT: Final = ("client_id", "client_secret", "redirect_url")
_REQUIRED: Final = {
    "keycloak": (
        *("authsource", "server_url", "realm", *_CLIENT, "version"),
        *("mailpassword_flow", "periodic_sync", "import_users", "sync_interval"),
    ),
    "generic-oidc": ("authsource", "authorize_url", "token_url", *_CLIENT, "userinfo_url", "client_scopes"),
    "ldap": (
        *("authsource", "host", "port", "basedn", "username_field", "filter", "attribute_field", "binddn", "bindpass"),
        *("periodic_sync", "import_users", "sync_interval", "use_ssl", "use_tls"),
    ),
}
_SCOPES: Final = "openid profile email mailcow_template"
_MINUTES: Final = 15
_LDAP_PORT: Final = 389


@reads("identity-provider", since="identity_provider")
def read_identity_provider(call: Call) -> Row:
    """Everything stored, secrets in clear and numbers as text; without any, that logins may create mailboxes."""
    shown = {row["key"]: _shown(call, row["key"], row["value"]) for row in _by_key(call.table("identity_provider"))}
    if call.has("login_provisioning"):
        shown.setdefault("login_provisioning", 1)
    if shown.get("authsource") == "generic-oidc" and not php.truthy(shown.get("client_scopes")):
        shown["client_scopes"] = _SCOPES
    if shown.get("authsource") == "ldap":
        for name in _BOOLEANS:
            shown.setdefault(name, False)
    return shown


def _by_key(table: Table) -> list[Row]:
    return sorted(table, key=lambda row: sql.weight(row["key"]))


def _shown(call: Call, key: str, value: str) -> Any:
    if key in ("mappers", "templates") or (key == "redirect_url_extra" and call.has("login_provisioning")):
        return json.loads(value)
    if key in _BOOLEANS or (key == "login_provisioning" and call.has("login_provisioning")):
        return php.truthy(value)
    return value


@edits("identity-provider", log=("identity_provider", "edit", ECHO), masks=_MASKS, since="identity_provider")
def edit_identity_provider(call: Call) -> bool | None:
    """All keys of the kind must be sent, and none is kept: what is missing takes everything back."""
    if access.denies(call):
        return False
    with refusals(call):
        _edit(call)
    return None


def _edit(call: Call) -> None:
    sent = dict(call.data)
    refuse_if(not php.isset(sent, "authsource"), "required_data_missing", "")
    kind = php.text(sent["authsource"]).lower()
    sent["authsource"] = kind
    refuse_if(kind not in _REQUIRED, "invalid_authsource", None)
    refuse_if(_in_use(call, kind), "authsource_in_use", None)
    required = [*_REQUIRED[kind], "ignore_ssl_error"]
    sent["ignore_ssl_error"] = php.truthy(sent.get("ignore_ssl_error"))
    if call.has("login_provisioning"):
        required.append("login_provisioning")
        sent["login_provisioning"] = php.truthy(sent.get("login_provisioning"))
    _COMPLETE[kind](sent)
    for name in required:
        refuse_if(not php.isset(sent, name), "required_data_missing", name)
    for name in required:
        _store(call, name, sent[name])
    _store_optional(call, sent)
    _store(call, "access_token", "")
    call.success(("object_modified", ""))


def _in_use(call: Call, kind: str | None) -> bool:
    """Tell whether a mailbox is checked by another provider than this one."""
    sources = (row.get("authsource") for row in call.table("mailbox"))
    return any(source not in (None, "mailcow", kind) for source in sources)


def _complete_sync(sent: Row) -> None:
    for name in ("periodic_sync", "import_users"):
        sent[name] = php.intval(sent.get(name))
    interval = php.intval(sent["sync_interval"]) if php.truthy(sent.get("sync_interval")) else _MINUTES
    sent["sync_interval"] = max(interval, 1)


def _complete_keycloak(sent: Row) -> None:
    url = sent.get("server_url")
    sent["server_url"] = php.text(url).rstrip("/") if php.truthy(url) else None
    sent["mailpassword_flow"] = php.intval(sent.get("mailpassword_flow"))
    _complete_sync(sent)


def _complete_oidc(sent: Row) -> None:
    for name in ("authorize_url", "token_url", "userinfo_url"):
        sent[name] = sent[name] if php.truthy(sent.get(name)) else None
    if not php.truthy(sent.get("client_scopes")):
        sent["client_scopes"] = _SCOPES


def _complete_ldap(sent: Row) -> None:
    def given(name: str, default: str) -> str:
        return php.text(sent[name]) if php.truthy(sent.get(name)) else default

    sent["host"] = given("host", "").replace(" ", "")
    sent["port"] = php.intval(sent["port"]) if php.truthy(sent.get("port")) else _LDAP_PORT
    sent["username_field"] = given("username_field", "mail").lower()
    sent["attribute_field"] = given("attribute_field", "").lower()
    sent["filter"] = given("filter", "")
    sent["use_ssl"] = php.truthy(sent.get("use_ssl"))
    sent["use_tls"] = not sent["use_ssl"] and php.truthy(sent.get("use_tls"))
    _complete_sync(sent)


_COMPLETE: Final = {"keycloak": _complete_keycloak, "generic-oidc": _complete_oidc, "ldap": _complete_ldap}


def _store(call: Call, key: str, value: Any) -> None:
    table = call.table("identity_provider")
    stored = sql.long_text("value", "" if value is None else value)
    if key in table:
        sql.changed(table, key, call.server.now(), {"value": stored})
    else:
        table.insert({"key": key, "value": stored, "created": call.server.now(), "modified": None})


def _store_optional(call: Call, sent: Row) -> None:
    """Lists lose their empty entries; mappers and templates are stored only together and of one length."""
    if call.has("login_provisioning") and php.isset(sent, "redirect_url_extra"):
        _store(call, "redirect_url_extra", _list(sent["redirect_url_extra"]))
    if php.isset(sent, "default_template"):
        default = sent["default_template"]
        _store(call, "default_template", default if php.truthy(default) else "")
    if php.isset(sent, "mappers") and php.isset(sent, "templates"):
        mappers, templates = _filtered(sent["mappers"]), _filtered(sent["templates"])
        if len(mappers) == len(templates):
            _store(call, "mappers", _list(mappers))
            _store(call, "templates", _list(templates))


def _filtered(value: Any) -> Row:
    return {key: item for key, item in php.as_array(value).items() if php.truthy(item)}


def _list(value: Any) -> str:
    return php.json_encode(_filtered(value)).decode()


@edits("identity-provider-test", log=(), since="identity_provider")
def try_identity_provider(call: Call) -> bool:
    """There is nobody to ask; a kind nobody knows passes."""
    return call.data.get("authsource") not in _REQUIRED


@deletes("identity-provider", log=("identity_provider", "delete", None), key="", since="identity_provider")
def delete_identity_provider(call: Call) -> bool:
    """Refused while a mailbox depends on one."""
    if _in_use(call, None):
        call.danger(("authsource_in_use", None))
        return False
    table = call.table("identity_provider")
    for row in table:
        table.delete(row["key"])
    call.success(("item_deleted", ""))
    return True


@restores("get/identity-provider")
def restore_identity_provider(server: Server, answer: Any) -> list[str]:
    """Put all keys in place."""
    table = server.state.table("identity_provider")
    for key, value in php.as_array(answer if server.has("identity_provider") else None).items():
        if key == "login_provisioning" and value == 1 and value is not True:
            continue
        stored = php.json_encode(value).decode() if key in _LISTS else php.text(value)
        table.insert({"key": key, "value": stored, "created": server.now(), "modified": None})
    return []
