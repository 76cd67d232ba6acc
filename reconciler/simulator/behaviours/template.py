"""Templates of domains and mailboxes: get, add, edit and delete domain/template and mailbox/template, since 2022-12.

An edit replaces everything. A mailbox template edited without protocols or rights swallows its own row (id, name,
attributes, ...) into its attributes. Source: mailcow 2024-08a, 2026-07a, functions.mailbox.inc.php: domain_templates,
mailbox_templates; init_db.inc.php: the default ones; recorded exchanges.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals, refuse_if
from reconciler.simulator.routing import ECHO, Call, ServerCrash, adds, deletes, edits, reads
from reconciler.simulator.rows import MEBIBYTE
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores
from reconciler.simulator.state import declare, seeds

declare("templates")

DEFAULT: Final = "Default"
PROTOCOLS: Final = ("imap", "pop3", "smtp", "sieve", "eas", "dav")
RIGHTS: Final = (
    "spam_alias",
    "tls_policy",
    "spam_score",
    "spam_policy",
    "delimiter_action",
    "syncjobs",
    "eas_reset",
    "sogo_profile_reset",
    "pushover",
    "quarantine",
    "quarantine_attachments",
    "quarantine_notification",
    "quarantine_category",
    "app_passwds",
    "pw_reset",
)
_WITHHELD: Final = ("syncjobs", "sogo_profile_reset")
_CATEGORIES: Final = ("add_header", "reject", "all")
_DOMAIN_QUOTAS: Final = {"def_quota_for_mbox": 3072, "max_quota_for_mbox": 10240, "max_quota_for_domain": 10240}
_DOMAIN_COUNTS: Final = {"max_num_aliases_for_domain": 400, "max_num_mboxes_for_domain": 10}
_DOMAIN_FLAGS: Final = {"active": 1, "gal": 1, "backupmx": 0, "relay_all_recipients": 0, "relay_unknown_only": 0}
_COLUMNS: Final = ("id", "template", "type", "attributes", "created", "modified")


def protocols(server: Server) -> tuple[str, ...]:
    """The protocols whose access the version knows."""
    return PROTOCOLS if server.has("eas_dav_access") else PROTOCOLS[:4]


def mailbox_defaults(server: Server) -> Row:
    """What vars.inc.php gives a new mailbox."""
    return {
        "tls_enforce_in": 0,
        "tls_enforce_out": 0,
        "force_pw_update": 0,
        **({"force_tfa": 0} if server.has("force_tfa") else {}),
        "sogo_access": 1,
        **({"tagged_mail_handler": "none"} if server.has("tagged_mail_handler") else {}),
        "quarantine_notification": "hourly",
        **{f"{name}_access": 1 for name in protocols(server)},
        "quarantine_category": "reject",
        "mailbox_format": "maildir:",
    }


@seeds
def seed_templates(server: Server) -> None:
    """The two the database starts with."""
    if server.has("templates"):
        _insert(server, "domain", DEFAULT, _default_domain_attributes())
        _insert(server, "mailbox", DEFAULT, _default_mailbox_attributes(server))


def _default_domain_attributes() -> Row:
    return {
        "tags": [],
        **_DOMAIN_COUNTS,
        **{name: size * MEBIBYTE for name, size in _DOMAIN_QUOTAS.items()},
        "rl_frame": "s",
        "rl_value": "",
        **_DOMAIN_FLAGS,
        "dkim_selector": "dkim",
        "key_size": 2048,
    }


def _default_mailbox_attributes(server: Server) -> Row:
    defaults = mailbox_defaults(server)
    early = ("force_pw_update", "force_tfa", "sogo_access")
    return {
        "tags": [],
        "quota": 0,
        "quarantine_notification": defaults["quarantine_notification"],
        "quarantine_category": defaults["quarantine_category"],
        "rl_frame": "s",
        "rl_value": "",
        **{name: defaults[name] for name in early if name in defaults},
        "active": 1,
        "tls_enforce_in": 0,
        "tls_enforce_out": 0,
        **{f"{name}_access": 1 for name in protocols(server)},
        **{f"acl_{name}": int(name not in _WITHHELD) for name in RIGHTS if name != "pw_reset"},
    }


def _insert(server: Server, kind: str, name: str, attributes: Row) -> None:
    server.state.table("templates").insert(
        {"template": name, "type": kind, "attributes": attributes, "created": server.now(), "modified": None}
    )


def _find(call: Call, kind: str, number: Any) -> Row | None:
    row = call.table("templates").get(php.intval(number))
    return row if row is not None and row["type"] == kind else None


def _all(call: Call, kind: str) -> list[Row]:
    return [sql.shown(row, _COLUMNS) for row in call.table("templates") if row["type"] == kind]


def domain_defaults(call: Call) -> Row:
    """The attributes a new domain takes what it is not told from: of the template named, or of the first one."""
    return _attributes(call, "domain") if call.has("templates") else {}


def mailbox_attributes(call: Call) -> Row:
    """The attributes a new mailbox takes what it is not told from: the server's, replaced by those of a template.

    Raises:
        ServerCrash: The caller may not read templates.
    """
    if not call.has("templates"):
        return mailbox_defaults(call.server)
    if call.role != "admin":
        raise ServerCrash.php("TypeError: array_merge(): Argument #2 must be of type array, null given")
    return {**mailbox_defaults(call.server), **_attributes(call, "mailbox")}


def _attributes(call: Call, kind: str) -> Row:
    wanted = call.data.get("template")
    row = _find(call, kind, wanted) if php.truthy(wanted) else None
    if row is None or not row["attributes"]:
        row = next(row for row in call.table("templates") if row["type"] == kind)
    attributes: Row = row["attributes"]
    return attributes


@reads("domain/template", since="templates")
def read_domain_templates(call: Call) -> Any:
    """One by its number, all for ``all`` and for nothing."""
    return _read(call, "domain")


@reads("mailbox/template", since="templates")
def read_mailbox_templates(call: Call) -> Any:
    """One by its number, all for ``all`` and for nothing."""
    return _read(call, "mailbox")


def _read(call: Call, kind: str) -> Any:
    if call.extra in (None, "all"):
        return _all(call, kind)
    row = _find(call, kind, call.extra)
    return sql.shown(row, _COLUMNS) if row else None


@adds("domain/template", log=("mailbox", "add", "domain_templates", ECHO, None), since="templates")
def add_domain_template(call: Call) -> bool:
    """Limits that are missing or 0 get the server's defaults."""
    with refusals(call):
        name = _new_name(call, "domain")
        data = call.data
        given = {key: php.intval(data[key]) for key in (*_DOMAIN_COUNTS, *_DOMAIN_QUOTAS) if php.truthy(data.get(key))}
        attributes = {
            "tags": _or(data, "tags", []),
            **{key: given.get(key, count) for key, count in _DOMAIN_COUNTS.items()},
            **{key: given.get(key, size) * MEBIBYTE for key, size in _DOMAIN_QUOTAS.items()},
            **_common_domain_attributes(data),
        }
        _insert(call.server, "domain", name, attributes)
        call.success(("template_added", data["template"]))
        return True
    return False


def _common_domain_attributes(data: Row) -> Row:
    return {
        "rl_frame": data["rl_frame"] if php.truthy(data.get("rl_frame")) else "s",
        "rl_value": data["rl_value"] if php.truthy(data.get("rl_value")) else "",
        **{key: php.intval(_or(data, key, flag)) for key, flag in _DOMAIN_FLAGS.items()},
        "dkim_selector": _or(data, "dkim_selector", "dkim"),
        "key_size": php.intval(_or(data, "key_size", 2048)),
    }


def _or(data: Row, key: str, default: Any) -> Any:
    return data[key] if php.isset(data, key) else default


def _new_name(call: Call, kind: str) -> str:
    refuse_if(call.role != "admin", "access_denied")
    name = call.data.get("template")
    refuse_if(not php.truthy(name), "template_name_invalid")
    written = sql.text("template", name) or ""
    taken = any(row["type"] == kind and sql.same(row["template"], written) for row in call.table("templates"))
    refuse_if(taken, "template_exists", name)
    return written


@adds(
    "mailbox/template",
    log=("mailbox", "add", "mailbox_templates", ECHO, None),
    masks=("password", "password2"),
    since="templates",
)
def add_mailbox_template(call: Call) -> bool:
    """What is missing gets the server's defaults, but rights: without a list of them all are withheld."""
    with refusals(call):
        name = _new_name(call, "mailbox")
        defaults = {**mailbox_defaults(call.server), "rl_frame": "s", "rl_value": "", "active": 1, "tags": []}
        attributes = _mailbox_attributes(call, defaults)
        protocol_list = call.data.get("protocol_access")
        for protocol in protocols(call.server):
            key = f"{protocol}_access"
            attributes[key] = 1 if protocol_list is None else int(protocol in php.values(protocol_list))
        _grant(call, attributes, php.values(call.data.get("acl")))
        if call.data.get("acl") is None:
            attributes.pop("acl_pw_reset", None)
        _insert(call.server, "mailbox", name, attributes)
        call.success(("template_added", call.data["template"]))
        return True
    return False


def _mailbox_attributes(call: Call, fallback: Row) -> Row:
    data = call.data
    has_handler = call.has("tagged_mail_handler")
    texts = (*(("tagged_mail_handler",) if has_handler else ()), "quarantine_notification", "quarantine_category")
    attributes: Row = {
        "quota": php.intval(data.get("quota")) * MEBIBYTE,
        "tags": _or(data, "tags", fallback.get("tags")),
        **{key: data[key] if php.truthy(data.get(key)) else fallback.get(key) for key in texts},
    }
    if call.has("quarantine_category_check"):
        refuse_if(attributes["quarantine_category"] not in _CATEGORIES, "quarantine_category_invalid")
    for key in ("rl_frame", "rl_value"):
        attributes[key] = data[key] if php.truthy(data.get(key)) else fallback.get(key)
    tfa = ("force_tfa",) if call.has("force_tfa") else ()
    for key in ("force_pw_update", *tfa, "sogo_access", "active", "tls_enforce_in", "tls_enforce_out"):
        attributes[key] = php.intval(data[key]) if php.isset(data, key) else fallback.get(key)
    return attributes


def _grant(call: Call, attributes: Row, rights: list[Any]) -> None:
    for right in RIGHTS:
        if right != "pw_reset" or call.has("password_reset"):
            attributes[f"acl_{right}"] = int(right in rights)


@edits("domain/template", log=("mailbox", "edit", "domain_templates", ECHO, None), key="ids", since="templates")
def edit_domain_templates(call: Call) -> bool:
    """Everything that is missing becomes 0 or the usual flag; all the ids get one name."""
    name = call.data.get("template")
    for number in call.items:
        with refusals(call):
            row = _existing(call, "domain", number)
            name = _name_after(row, name)
            data = call.data
            attributes = {
                "tags": _or(data, "tags", []),
                **{key: php.intval(data.get(key)) for key in _DOMAIN_COUNTS},
                **{key: php.intval(data.get(key)) * MEBIBYTE for key in _DOMAIN_QUOTAS},
                **_common_domain_attributes(data),
            }
            _update(call, row, name, attributes)
    call.success(("template_modified", name))
    return True


def _existing(call: Call, kind: str, number: Any) -> Row:
    row = _find(call, kind, number)
    refuse_if(row is None, "template_id_invalid")
    assert row is not None
    return row


def _name_after(row: Row, name: Any) -> Any:
    if row["template"] == DEFAULT or name is None:
        return row["template"]
    return name


def _update(call: Call, row: Row, name: Any, attributes: Row) -> None:
    columns = {"template": sql.text("template", name), "attributes": attributes}
    sql.changed(call.table("templates"), row["id"], call.server.now(), columns)


@edits(
    "mailbox/template",
    log=("mailbox", "edit", "mailbox_templates", ECHO, None),
    key="ids",
    masks=("password", "password2"),
    since="templates",
)
def edit_mailbox_templates(call: Call) -> bool:
    """What is missing becomes null: the server looks for it in the row instead of the row's attributes."""
    name = call.data.get("template")
    for number in call.items:
        with refusals(call):
            row = _existing(call, "mailbox", number)
            name = _name_after(row, name)
            itself = sql.shown(row, _COLUMNS)
            attributes = _mailbox_attributes(call, itself)
            _swallow_or_set(call, attributes, itself)
            _update(call, row, name, attributes)
    call.success(("template_modified", name))
    return True


def _swallow_or_set(call: Call, attributes: Row, itself: Row) -> None:
    if php.isset(call.data, "protocol_access"):
        allowed = php.values(call.data["protocol_access"])
        for protocol in protocols(call.server):
            attributes[f"{protocol}_access"] = int(protocol in allowed)
    else:
        attributes.update(itself)
    if php.isset(call.data, "acl"):
        _grant(call, attributes, php.values(call.data["acl"]))
    else:
        attributes.update(itself)


@deletes("domain/template", log=("mailbox", "delete", "domain_templates", ECHO, None), key="ids", since="templates")
def delete_domain_template(call: Call) -> bool | None:
    """Only the first of several; the default one answers success and stays."""
    for number in call.items[:1]:
        _delete(call, "domain", number)
        call.success(("template_removed", php.htmlspecialchars(php.text(number))))
    return True


@deletes("mailbox/template", log=("mailbox", "delete", "mailbox_templates", ECHO, None), key="ids", since="templates")
def delete_mailbox_templates(call: Call) -> bool | None:
    """All of them, but the default one."""
    for number in call.items:
        _delete(call, "mailbox", number)
    call.success("template_removed")
    return True


def _delete(call: Call, kind: str, number: Any) -> None:
    row = sql.row(call.table("templates"), number)
    if row is not None and row["type"] == kind and row["template"] != DEFAULT:
        call.table("templates").delete(row["id"])


@restores("get/domain/template/all")
def restore_domain_templates(server: Server, answer: Any) -> list[str]:
    """Templates of domains, in place of the default one."""
    return _restore(server, answer)


@restores("get/mailbox/template/all")
def restore_mailbox_templates(server: Server, answer: Any) -> list[str]:
    """Templates of mailboxes, in place of the default one."""
    return _restore(server, answer)


def _restore(server: Server, answer: Any) -> list[str]:
    table = server.state.table("templates")
    for shown in php.values(answer):
        table.delete(shown["id"])
        table.insert(dict(shown))
    return []
