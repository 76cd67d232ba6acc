"""edit ui_texts, app_links, ip_check and custom_login: the look of the web pages, written and never read over the API.

Source: mailcow functions.customize.inc.php of 2022-01, 2023-01, 2025-03, 2025-05 and 2026-07a.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.simulator import access, loose, php
from reconciler.simulator.php import Row
from reconciler.simulator.routing import ECHO, Call, edits
from reconciler.simulator.server import Server
from reconciler.simulator.snapshot import restores

_ESCAPED: Final = {"title_name": "TITLE_NAME", "main_name": "MAIN_NAME", "apps_name": "APPS_NAME"}
_AS_SENT: Final = {"help_text": "HELP_TEXT", "ui_footer": "UI_FOOTER", "ui_announcement_text": "UI_ANNOUNCEMENT_TEXT"}
_ANNOUNCEMENTS: Final = ("info", "warning", "danger")
_LOGINS: Final = ("hide_user_quicklink", "hide_domainadmin_quicklink", "hide_admin_quicklink", "force_sso")


@edits("ui_texts", log=("customize", "edit", "ui_texts", ECHO))
def edit_ui_texts(call: Call) -> bool | None:
    """What is not sent is emptied."""
    if access.denies(call):
        return False
    strings, data = call.state.redis.strings, call.data
    strings.update({name: php.htmlspecialchars(php.text(data.get(key))) for key, name in _ESCAPED.items()})
    strings.update({name: php.text(data.get(key)) for key, name in _AS_SENT.items()})
    kind = data.get("ui_announcement_type")
    strings["UI_ANNOUNCEMENT_TYPE"] = php.text(kind) if loose.contains(_ANNOUNCEMENTS, kind) else ""
    strings["UI_ANNOUNCEMENT_ACTIVE"] = str(int(php.truthy(data.get("ui_announcement_active"))))
    call.success("ui_texts")
    return None


@edits("app_links", log=("customize", "edit", "app_links", ECHO))
def edit_app_links(call: Call) -> bool | None:
    """Lists of unequal length are not stored, with success."""
    if access.denies(call):
        return False
    wide = call.has("app_links_hidden")
    columns = ("app", "href", "user_href", "hide") if wide else ("app", "href")
    lists = [php.values(call.data.get(name)) for name in columns]
    if len({len(each) for each in lists}) == 1:
        links = [_link(*row) if wide else {php.text(row[0]): row[1]} for row in zip(*lists, strict=True)]
        call.state.redis.strings["APP_LINKS"] = php.json_encode(links).decode()
    call.success("app_links")
    return None


def _link(name: Any, link: Any, user_link: Any, hide: Any) -> Row:
    shown = isinstance(hide, str | int) and not isinstance(hide, bool) and hide in ("0", 0)
    return {php.text(name): {"link": link, "user_link": user_link, "hide": not shown}}


@edits("ip_check", log=("customize", "edit", "ip_check", ECHO), since="ip_check")
def edit_ip_check(call: Call) -> bool | None:
    """Anything but a 1 is off."""
    if access.denies(call):
        return False
    call.state.redis.strings["IP_CHECK"] = str(int(loose.equal(call.data.get("ip_check_opt_in"), "1")))
    call.success("ip_check_opt_in_modified")
    return None


@edits("custom_login", log=("customize", "edit", "custom_login", ECHO), since="custom_login")
def edit_custom_login(call: Call) -> bool | None:
    """What is not sent is off."""
    if access.denies(call):
        return False
    chosen = {name: int(loose.equal(call.data.get(name), "1")) for name in _LOGINS}
    call.state.redis.strings["CUSTOM_LOGIN"] = php.json_encode(chosen).decode()
    call.success("custom_login_modified")
    return None


@restores("get/status/version")
def name_unreadable_settings(server: Server, answer: Any) -> list[str]:
    """Every live state has this path: say once what no version shows of its settings, and of which version it is."""
    told = ["Web page texts, notification mails, quarantine settings, CORS and MTA-STS cannot be read: they are unset."]
    theirs = str(answer.get("version", "")) if isinstance(answer, dict) else ""
    if theirs not in ("", str(server.profile.version)):
        told.append(f"What is loaded is of mailcow {theirs}, and this server behaves like {server.profile.version}.")
    return told
