"""Every write of every version can succeed and can fail, in the recordings or in the calls below."""

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.simulator import Simulator, Version
from tests.contract.replay import RECORDINGS, lines_of, recordings

HISTORY: list[tuple[str, str | None, str | None]] = json.loads(
    (Path(__file__).parent / "route-history.json").read_text()
)
VERSIONS = ["2022-01a", "2024-08a", "2026-07a"]
KEY = "AAAAAA-READ-WRITE"
HEADERS = {"X-API-Key": KEY, "Content-Type": "application/json"}
PASSWORD = {"password": "Abcdef123!", "password2": "Abcdef123!"}
DOMAIN = {"active": 1, "aliases": 50, "mailboxes": 50, "defquota": 100, "maxquota": 1000, "quota": 10000}
SETUP: list[tuple[str, Any]] = [
    ("add/domain", {"domain": "a.example", **DOMAIN}),
    ("add/domain", {"domain": "b.example", **DOMAIN}),
    ("add/mailbox", {"local_part": "anna", "domain": "a.example", "name": "A", "quota": 10, "active": 1, **PASSWORD}),
    ("add/mailbox", {"local_part": "ben", "domain": "a.example", "name": "B", "quota": 10, "active": 1, **PASSWORD}),
    ("add/domain-admin", {"username": "da1", "domains": ["a.example"], "active": 1, **PASSWORD}),
    ("edit/pushover", {"items": ["anna@a.example"], "attr": {"active": 1, "key": "k" * 30, "token": "t" * 30}}),
]


def edit(*items: str, **attributes: Any) -> dict[str, Any]:
    return {"items": items, "attr": attributes}


KEYCLOAK = {
    "authsource": "keycloak",
    "server_url": "https://k.example",
    "realm": "r",
    "client_id": "c",
    "client_secret": "s",
    "redirect_url": "https://r.example",
    "version": "26",
}
STS = {"domain": "a.example", "version": "stsv1", "mode": "enforce", "mx": "*.a.example", "max_age": 86400, "active": 1}
RENAME = {"domain": "a.example", "new_local_part": "bert"}
DONE = "Task completed"
PRIVATE_KEY = next(
    {"private_key_file": line["request_json"]["private_key_file"]}
    for line in lines_of(RECORDINGS / "2022-01a.jsonl.xz")
    if line["path"].endswith("add/dkim_import")
)

CALLS: list[tuple[str, Any, str]] = [
    ("add/admin", {"username": "a b", "active": 1, **PASSWORD}, "danger username_invalid"),
    ("delete/admin", ["nobody"], "danger username_invalid"),
    ("edit/admin", edit("nobody", active=1), "danger access_denied"),
    ("add/global-filter", {"filter_type": "prefilter", "script_data": "keep;"}, "success global_filter_written"),
    ("add/global-filter", {"filter_type": "x", "script_data": "keep;"}, "danger invalid_filter_type"),
    ("add/time_limited_alias", {"username": "x@a.example", "domain": "a.example"}, "danger access_denied"),
    ("edit/time_limited_alias", edit(validity=2), DONE),
    ("edit/time_limited_alias", edit("x@a.example", validity=2), "danger access_denied"),
    ("delete/time_limited_alias", [], DONE),
    ("delete/time_limited_alias", ["x@a.example"], "danger access_denied"),
    ("add/dkim_import", {"domain": "b.example", "private_key_file": "none"}, "danger private_key_error"),
    ("add/dkim_import", {"domain": "b.example", "overwrite_existing": 1, **PRIVATE_KEY}, "success dkim_added"),
    ("delete/dkim", ["-"], "danger dkim_domain_or_sel_invalid"),
    ("delete/eas_cache", ["anna@a.example"], "success eas_reset"),
    ("delete/eas_cache", ["x@a.example"], "danger access_denied"),
    ("delete/sogo_profile", ["anna@a.example"], "success sogo_profile_reset"),
    ("delete/sogo_profile", ["x@a.example"], "danger access_denied"),
    ("delete/fwdhost", [["x"]], ""),
    ("delete/mailq", ["ABC"], "success queue_command_success"),
    ("edit/mailq", edit("ABC", action="hold"), "success queue_command_success"),
    ("delete/qitem", ["1"], "success item_deleted"),
    ("delete/qitem", ["x"], "danger access_denied"),
    ("edit/qitem", edit(action="release"), DONE),
    ("edit/qitem", edit("x", action="release"), "danger access_denied"),
    ("edit/quarantine", edit(action="settings", retention_size=1), "success saved_settings"),
    ("delete/domain/tag/no.example", ["x"], "danger access_denied"),
    ("delete/mailbox/tag/no@a.example", ["x"], "danger access_denied"),
    ("edit/app_links", edit(app=["x"], href=["https://x"], user_href=["https://x"], hide=["0"]), "success app_links"),
    ("edit/ui_texts", edit(title_name="x"), "success ui_texts"),
    ("edit/ip_check", edit(ip_check_opt_in=1), "success ip_check_opt_in_modified"),
    ("edit/custom_login", edit(force_sso=1), "success custom_login_modified"),
    ("edit/delimiter_action", edit("x@a.example", tagged_mail_handler="subfolder"), "danger access_denied"),
    ("edit/pushover-test", edit("anna@a.example"), "danger Pushover API ERR (0): "),
    ("edit/pushover-test", edit("ben@a.example"), "danger pushover_credentials_missing"),
    ("edit/quota_notification", edit(sender="x", subject="y", html_tmpl="z"), "success saved_settings"),
    ("edit/quota_notification_bcc", edit(domain="a.example", bcc_rcpt="x@y.example"), "success saved_settings"),
    ("edit/quota_notification_bcc", edit(domain="no.example", bcc_rcpt="x@y.example"), "danger access_denied"),
    ("edit/rspamd-map", edit("fishy_tlds.map", rspamd_map_data="x"), "success object_modified"),
    ("edit/rspamd-map", edit("x.map", rspamd_map_data="x"), "danger global_map_invalid"),
    ("edit/reset-password-notification", edit(subject="s", text_tmpl="t"), "success saved_settings"),
    ("edit/cors", edit(allowed_origins="*", allowed_methods=["GET"]), "success cors_headers_edited"),
    ("edit/cors", edit(allowed_origins="*", allowed_methods="X"), "danger cors_invalid_method"),
    ("edit/identity-provider", edit("identity-provider", **KEYCLOAK), "success object_modified"),
    ("edit/identity-provider", edit("identity-provider", authsource="keycloak"), "danger required_data_missing"),
    ("edit/identity-provider-test", edit(authsource="keycloak"), "Cannot edit item"),
    ("delete/identity-provider", ["identity-provider"], "success item_deleted"),
    ("add/mta-sts", STS, DONE),
    ("add/mta-sts", {**STS, "version": "x"}, "danger version_invalid"),
    ("edit/mta-sts", edit("a.example", version="stsv1", active=0), "success object_modified"),
    ("edit/mta-sts", edit("b.example", version="stsv1"), "danger access_denied"),
    ("edit/rename-mbox", edit(old_local_part="ben", **RENAME), "success mailbox_renamed"),
    ("edit/rename-mbox", edit(old_local_part="nobody", **RENAME), "danger access_denied"),
    ("edit/domain/template", edit("99", quota=5), "danger template_id_invalid"),
    ("add/mailbox/template", {"template": "T", "quota": 10}, "success template_added"),
    ("edit/mailbox/template", edit("3", quota=5), "success template_modified"),
    ("edit/mailbox/template", edit("99", quota=5), "danger template_id_invalid"),
    ("delete/mailbox/template", ["99"], "success template_removed"),
    ("add/sso/domain-admin", {"username": "da1"}, "printed"),
    ("add/sso/domain-admin", {"username": "nobody"}, "danger object_doesnt_exist"),
    ("edit/fail2ban/banlist", edit(), "Cannot edit item"),
    ("edit/fido2-fn", edit(fido2_fn="x"), "success object_modified"),
]

ONLY_SUCCEED = {
    "add/oauth2-client": "takes any redirect URI, even none",
    "delete/domain/template": "an unknown number is removed too",
    "delete/identity-provider": "fails only while a mailbox uses the provider",
    "delete/mailbox/template": "an unknown number is removed too",
    "delete/mailq": "whatever Postfix says is success",
    "delete/relayhost": "an unknown number is removed too",
    "delete/rsetting": "an unknown number is removed too",
    "delete/transport": "an unknown number is removed too",
    "edit/app_links": "what does not fit is success without effect",
    "edit/custom_login": "missing values are read as off",
    "edit/fido2-fn": "an unknown key is renamed too",
    "edit/ip_check": "missing values are read as off",
    "edit/mailq": "whatever Postfix says is success",
    "edit/passwordpolicy": "what does not fit is passed over",
    "edit/quarantine": "what does not fit is replaced",
    "edit/quota_notification": "missing texts are emptied",
    "edit/reset-password-notification": "missing texts are emptied",
    "edit/ui_texts": "missing texts are emptied",
}
"""Writes that fail for lack of access only, which the protocol's tests show."""

ONLY_FAIL = {
    "add/fido2-args": "takes a browser with a security key",
    "add/fido2-registration": "takes a browser with a security key",
    "add/sso": "prints nothing for anything but domain admins",
    "add/webauthn-tfa-registration": "takes a browser with a security key",
    "delete/rlhash": "there is never an entry",
    "edit/fail2ban/banlist": "takes the list's id, which settings' tests use",
    "edit/identity-provider-test": "there is no provider to reach",
    "edit/pushover-test": "there is no network",
    "edit/self": "a key is nobody's account",
}
"""Writes that can't succeed in a simulator, or did not in the recordings."""


def said(body: bytes) -> list[str]:
    answer = json.loads(body) if body else ""
    entries = answer if isinstance(answer, list) else [answer]
    return [words(entry) for entry in entries]


def words(entry: Any) -> str:
    if not isinstance(entry, dict) or "msg" not in entry:
        return "" if entry == "" else "printed"
    message = entry["msg"][0] if isinstance(entry["msg"], list) else entry["msg"]
    return str(message) if "log" not in entry else f"{entry['type']} {message}"


def simulator(version: str) -> Simulator:
    server = Simulator(version, api_key=KEY, random=Random(5))
    for path, body in SETUP:
        assert b"success" in server.handle("POST", f"/api/v1/{path}", HEADERS, json.dumps(body).encode()).body
    return server


def routes(version: str) -> Iterator[str]:
    now = Version.parse(version)
    for path, since, until in HISTORY:
        there = (since is None or Version.parse(since) <= now) and (until is None or now < Version.parse(until))
        if there and path.partition("/")[0] in ("add", "edit", "delete"):
            yield path


def route_of(path: str, known: frozenset[str]) -> str:
    parts = path.strip("/").split("/")
    longest = "/".join(parts[:3])
    return longest if longest in known else "/".join(parts[:2])


def call(server: Simulator, path: str, body: Any) -> list[str]:
    return said(server.handle("POST", f"/api/v1/{path}", HEADERS, json.dumps(body).encode()).body)


@cache
def recorded_outcomes(version: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    known = frozenset(routes(version))
    for name in recordings():
        if version in name:
            for line in lines_of(RECORDINGS / f"{name}.jsonl.xz"):
                if line["method"] == "POST" and line["key"] == "rw" and line["status"] == 200:
                    path = route_of(line["path"].removeprefix("/api/v1/"), known)
                    answer = "" if line["response_json"] is None else line["response_json"]
                    found[path].update(words(entry) for entry in (answer if isinstance(answer, list) else [answer]))
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_calls_beyond_the_recordings_end_as_mailcow_s_source_says(version: str) -> None:
    server = simulator(version)
    known = frozenset(routes(version))
    wrong = []
    for path, body, expected in CALLS:
        route = route_of(path, frozenset(route for route, *_ in HISTORY))
        if route in known and expected not in (heard := call(server, path, body)):
            wrong.append((path, expected, heard))
    assert not wrong


@pytest.mark.parametrize("version", VERSIONS)
def test_every_write_succeeds_somewhere_and_fails_somewhere(version: str) -> None:
    known = frozenset(routes(version))
    outcomes: dict[str, set[str]] = defaultdict(set)
    for recorded in ("2022-01a", "2026-07a") if version == "2024-08a" else (version,):
        for path, heard in recorded_outcomes(recorded).items():
            outcomes[path] |= heard
    for path, _, expected in CALLS:
        outcomes[route_of(path, known)].add(expected)
    missing = []
    for path in known:
        succeeded = any(word in (DONE, "printed") or word.startswith("success") for word in outcomes[path])
        failed = any(word == "" or word.startswith(("danger", "warning", "Cannot")) for word in outcomes[path])
        if not succeeded and path not in ONLY_FAIL:
            missing.append(f"{path} never succeeds")
        if not failed and path not in {*ONLY_SUCCEED, *ONLY_FAIL}:
            missing.append(f"{path} never fails")
    assert not missing
