"""What templates of domains and of mailboxes have in common, since 2022-12: table, first ones, reading, deleting.

Source: mailcow 2022-12, 2024-08a, 2026-07a, functions.mailbox.inc.php: domain_templates, mailbox_templates;
init_db.inc.php: the default ones; vars.inc.php; recorded exchanges, tests/contract.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import php, sql
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refuse_if
from reconciler.simulator.routing import Call, ServerCrash
from reconciler.simulator.rows import MEBIBYTE
from reconciler.simulator.server import Server
from reconciler.simulator.state import declare, seeds

declare("templates")

DEFAULT: Final = "Default"
COLUMNS: Final = ("id", "template", "type", "attributes", "created", "modified")
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
"""What a user may be allowed to do, in the order of the table's columns."""

DOMAIN_QUOTAS: Final = {"def_quota_for_mbox": 3072, "max_quota_for_mbox": 10240, "max_quota_for_domain": 10240}
DOMAIN_COUNTS: Final = {"max_num_aliases_for_domain": 400, "max_num_mboxes_for_domain": 10}
DOMAIN_FLAGS: Final = {"active": 1, "gal": 1, "backupmx": 0, "relay_all_recipients": 0, "relay_unknown_only": 0}
_WITHHELD: Final = ("syncjobs", "sogo_profile_reset")
USUAL_RIGHTS: Final = tuple(right for right in RIGHTS if right not in (*_WITHHELD, "pw_reset"))
"""What a user may do by the template that is there from the beginning."""


def untold_rights(server: Server) -> tuple[str, ...]:
    """What a user may do where an add names neither rights nor, since there are some, a template: the columns' own."""
    if server.has("no_rights_untold"):
        return ()
    return USUAL_RIGHTS if server.has("syncjobs_withheld") else (*USUAL_RIGHTS, "syncjobs")


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
        insert(server, "domain", DEFAULT, _default_domain_attributes())
        insert(server, "mailbox", DEFAULT, _default_mailbox_attributes(server))


def _default_domain_attributes() -> Row:
    return {
        "tags": [],
        **DOMAIN_COUNTS,
        **{name: size * MEBIBYTE for name, size in DOMAIN_QUOTAS.items()},
        "rl_frame": "s",
        "rl_value": "",
        **DOMAIN_FLAGS,
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
        **{f"{name}_access": 1 for name in (PROTOCOLS if server.has("default_template_eas_dav") else PROTOCOLS[:4])},
        **{f"acl_{name}": int(name in USUAL_RIGHTS) for name in RIGHTS if name != "pw_reset"},
    }


def insert(server: Server, kind: str, name: str, attributes: Row) -> None:
    """Keep a new template; ``kind`` is domain or mailbox."""
    server.state.table("templates").insert(
        {"template": name, "type": kind, "attributes": attributes, "created": server.now(), "modified": None}
    )


def find(call: Call, kind: str, number: Any) -> Row | None:
    """The template of this number and kind."""
    row = call.table("templates").get(php.intval(number))
    return row if row is not None and row["type"] == kind else None


def domain_defaults(call: Call) -> Row:
    """The attributes a new domain takes what it is not told from: of the template named, or of the first one."""
    return _attributes(call, "domain") if call.has("template_defaults") else {}


def mailbox_attributes(call: Call) -> Row:
    """The attributes a new mailbox takes what it is not told from: the server's, replaced by those of a template.

    Raises:
        ServerCrash: The caller may not read templates.
    """
    if not call.has("template_defaults"):
        return mailbox_defaults(call.server)
    if call.role != "admin":
        raise ServerCrash.php("TypeError: array_merge(): Argument #2 must be of type array, null given")
    return {**mailbox_defaults(call.server), **_attributes(call, "mailbox")}


def _attributes(call: Call, kind: str) -> Row:
    wanted = call.data.get("template")
    row = find(call, kind, wanted) if php.truthy(wanted) else None
    if row is None or not row["attributes"]:
        row = next(row for row in call.table("templates") if row["type"] == kind)
    attributes: Row = row["attributes"]
    return attributes


def given_or(data: Row, key: str, default: Any) -> Any:
    """What was sent under a key, null counted as nothing; else the default."""
    return data[key] if php.isset(data, key) else default


def new_name(call: Call, kind: str) -> str:
    """The name a new template is to have.

    Raises:
        Refusal: There is none, or another has it.
    """
    refuse_if(call.role != "admin", "access_denied")
    name = call.data.get("template")
    refuse_if(not php.truthy(name), "template_name_invalid")
    written = sql.text("template", name) or ""
    taken = any(row["type"] == kind and sql.same(row["template"], written) for row in call.table("templates"))
    refuse_if(taken, "template_exists", name)
    return written


def existing(call: Call, kind: str, number: Any) -> Row:
    """The template to edit.

    Raises:
        Refusal: There is none.
    """
    row = find(call, kind, number)
    refuse_if(row is None, "template_id_invalid")
    assert row is not None
    return row


def name_after(row: Row, name: Any) -> Any:
    """The name a template has after an edit: the default one keeps its own."""
    if row["template"] == DEFAULT or name is None:
        return row["template"]
    return name


def update(call: Call, row: Row, name: Any, attributes: Row) -> None:
    """Replace a template's name and attributes."""
    columns = {"template": sql.text("template", name), "attributes": attributes}
    sql.changed(call.table("templates"), row["id"], call.server.now(), columns)


def read(call: Call, kind: str) -> Any:
    """One by its number, all for ``all`` and for nothing."""
    if call.extra in (None, "all"):
        return [sql.shown(row, COLUMNS) for row in call.table("templates") if row["type"] == kind]
    row = find(call, kind, call.extra)
    return sql.shown(row, COLUMNS) if row else None


def delete(call: Call, kind: str, number: Any) -> None:
    """Remove a template unless it is the default one."""
    row = sql.row(call.table("templates"), number)
    if row is not None and row["type"] == kind and row["template"] != DEFAULT:
        call.table("templates").delete(row["id"])


def restore(server: Server, answer: Any) -> list[str]:
    """Keep templates as a GET answer shows them, in place of those of the same numbers."""
    table = server.state.table("templates")
    for shown in php.values(answer):
        table.delete(shown["id"])
        table.insert(dict(shown))
    return []
