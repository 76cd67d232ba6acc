"""domain/template: get, add, edit and delete, since 2022-12. An edit replaces everything, a delete takes one only.

Source: mailcow 2022-12, 2024-08a, 2026-07a, functions.mailbox.inc.php: domain_templates; recorded exchanges.
"""

from __future__ import annotations

from typing import Any

from reconciler.simulator import php
from reconciler.simulator.behaviours import template
from reconciler.simulator.behaviours.template import DOMAIN_COUNTS, DOMAIN_FLAGS, DOMAIN_QUOTAS, given_or
from reconciler.simulator.php import Row
from reconciler.simulator.refusal import refusals
from reconciler.simulator.routing import ECHO, Call, adds, deletes, edits, reads
from reconciler.simulator.rows import MEBIBYTE
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores


@reads("domain/template", since="templates")
def read_domain_templates(call: Call) -> Any:
    """One by its number, all for ``all`` and for nothing."""
    return template.read(call, "domain")


@adds("domain/template", log=("mailbox", "add", "domain_templates", ECHO, None), since="templates")
def add_domain_template(call: Call) -> bool:
    """Limits that are missing or 0 get the server's defaults."""
    with refusals(call):
        name = template.new_name(call, "domain")
        data = call.data
        given = {key: php.intval(data[key]) for key in (*DOMAIN_COUNTS, *DOMAIN_QUOTAS) if php.truthy(data.get(key))}
        attributes = {
            "tags": given_or(data, "tags", []),
            **{key: given.get(key, count) for key, count in DOMAIN_COUNTS.items()},
            **{key: given.get(key, size) * MEBIBYTE for key, size in DOMAIN_QUOTAS.items()},
            **_common_domain_attributes(data),
        }
        template.insert(call.server, "domain", name, attributes)
        call.success(("template_added", data["template"]))
        return True
    return False


def _common_domain_attributes(data: Row) -> Row:
    return {
        "rl_frame": data["rl_frame"] if php.truthy(data.get("rl_frame")) else "s",
        "rl_value": data["rl_value"] if php.truthy(data.get("rl_value")) else "",
        **{key: php.intval(given_or(data, key, flag)) for key, flag in DOMAIN_FLAGS.items()},
        "dkim_selector": given_or(data, "dkim_selector", "dkim"),
        "key_size": php.intval(given_or(data, "key_size", 2048)),
    }


@edits("domain/template", log=("mailbox", "edit", "domain_templates", ECHO, None), key="ids", since="templates")
def edit_domain_templates(call: Call) -> bool:
    """Everything that is missing becomes 0 or the usual flag; all the ids get one name."""
    name = call.data.get("template")
    for number in call.items:
        with refusals(call):
            row = template.existing(call, "domain", number)
            name = template.name_after(row, name)
            data = call.data
            attributes = {
                "tags": given_or(data, "tags", []),
                **{key: php.intval(data.get(key)) for key in DOMAIN_COUNTS},
                **{key: php.intval(data.get(key)) * MEBIBYTE for key in DOMAIN_QUOTAS},
                **_common_domain_attributes(data),
            }
            template.update(call, row, name, attributes)
    call.success(("template_modified", name))
    return True


@deletes("domain/template", log=("mailbox", "delete", "domain_templates", ECHO, None), key="ids", since="templates")
def delete_domain_template(call: Call) -> bool | None:
    """Only the first of several; the default one answers success and stays."""
    for number in call.items[:1]:
        template.delete(call, "domain", number)
        call.success(("template_removed", php.htmlspecialchars(php.text(number))))
    return True


@restores("get/domain/template/all")
def restore_domain_templates(server: Server, answer: Any) -> list[str]:
    """Templates of domains, in place of the default one."""
    return template.restore(server, answer)
