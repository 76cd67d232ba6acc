from datetime import timedelta
from typing import Any

import pytest

from reconciler.simulator import Simulator, snapshot
from tests.simulator.mailcow import READ_ONLY_KEY, Mailcow, Start, messages, with_mailbox

DONE = {"type": "success", "msg": "Task completed"}


def edit(server: Mailcow, path: str, *items: Any, **attr: Any) -> Any:
    return server.post(f"edit/{path}", {"items": list(items), "attr": attr})


def test_a_forwarding_host_is_overwritten_by_an_add_and_loses_its_spam_by_an_edit(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/fwdhost", {"hostname": "192.0.2.1", "filter_spam": 1})
    server.post("add/fwdhost", {"hostname": " 192.0.2.1 "})
    assert server.get("get/fwdhost/all") == [{"host": "192.0.2.1", "source": " 192.0.2.1 ", "keep_spam": "yes"}]
    edit(server, "fwdhost", "192.0.2.1", filter_spam=0)
    assert server.get("get/fwdhost/192.0.2.1")["keep_spam"] == "no"
    edit(server, "fwdhost", "192.0.2.1", keep_spam="yes")
    assert server.get("get/fwdhost/192.0.2.1")["keep_spam"] == "no"
    edit(server, "fwdhost", "192.0.2.1", keep_spam=True)
    assert server.get("get/fwdhost/192.0.2.1")["keep_spam"] == "yes"


def test_whatever_looks_like_an_address_is_a_forwarding_host_and_no_name_is(mailcow: Start) -> None:
    server = mailcow()
    assert messages(server.post("add/fwdhost", {"hostname": "abc"})) == [["forwarding_host_added", "abc"]]
    assert messages(server.post("add/fwdhost", {"hostname": "<mx>.test"})) == [["invalid_host", "&lt;mx&gt;.test"]]


def test_a_new_secret_is_made_for_an_oauth2_client_unless_tokens_are_revoked_too(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/oauth2-client", {"redirect_uri": "https://app.test"})
    first = server.get("get/oauth2-client/1")["client_secret"]
    edit(server, "oauth2-client", 1, renew_secret=0, revoke_tokens=0, redirect_uri="https://other.test")
    assert server.get("get/oauth2-client/1")["client_secret"] == first
    edit(server, "oauth2-client", 1, renew_secret=0, redirect_uri="https://other.test")
    shown = server.get("get/oauth2-client/1")
    assert (shown["client_secret"] != first, shown["redirect_uri"]) == (True, "https://app.test")


def test_an_unknown_oauth2_client_ends_an_edit_and_not_a_delete(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(2):
        server.post("add/oauth2-client", {"redirect_uri": "https://app.test"})
    assert messages(edit(server, "oauth2-client", 9, 1, redirect_uri="https://new.test")) == ["access_denied"]
    assert messages(server.post("delete/oauth2-client", ["x", 1])) == ["access_denied", ["items_deleted", "1"]]
    assert [row["redirect_uri"] for row in server.get("get/oauth2-client/all")] == ["https://app.test"]


def test_the_content_of_an_rspamd_setting_is_trimmed_by_any_edit(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/rsetting", {"desc": "d", "content": " a = 1; \n"})
    assert server.get("get/rsetting/1")["content"] == " a = 1; \n"
    assert messages(edit(server, "rsetting", 1, "9", active=1)) == [
        ["object_modified", "1,9"],
        ["settings_map_invalid", "9"],
    ]
    assert server.get("get/rsetting/1") == {"id": 1, "desc": "d", "content": "a = 1;", "active": 1}


def test_an_rspamd_setting_without_description_is_an_empty_answer(mailcow: Start) -> None:
    assert mailcow().post("add/rsetting", {"content": "a = 1;"}) == ""


def test_an_invalid_rspamd_map_is_refused_and_was_written_nevertheless_until_2024_04(mailcow: Start) -> None:
    refused, done = ["global_map_invalid", "x.map"], ["object_modified", "x.map"]
    for version, expected in (("2024-02", [refused, done]), ("2024-04", [refused])):
        assert messages(edit(mailcow(version), "rspamd-map", "x.map", rspamd_map_data="a")) == expected, version


def test_a_password_policy_keeps_what_is_not_sent_and_a_length_below_three(mailcow: Start) -> None:
    server = mailcow()
    edit(server, "passwordpolicy", length=2, numbers="1")
    assert server.get("get/passwordpolicy") == {
        "length": "6",
        "chars": "0",
        "special_chars": "0",
        "lowerupper": "0",
        "numbers": "1",
    }
    assert mailcow("2022-12b").get("get/passwordpolicy") == ""
    assert mailcow("2022-12b").get("get/passwordpolicy/html").startswith("<p")


LDAP = {"authsource": "LDAP", "host": "a.test, b.test", "basedn": "dc=x", "binddn": "cn=y", "bindpass": "secret"}


def test_an_identity_provider_is_written_whole_and_keeps_keys_of_the_one_before(mailcow: Start) -> None:
    server = mailcow()
    assert server.get("get/identity-provider") == {"login_provisioning": 1}
    answer = edit(server, "identity-provider", **LDAP, use_ssl=True, use_tls=True, login_provisioning="false")
    assert messages(answer) == [["object_modified", ""]]
    assert answer[0]["log"][2]["authsource"] == "LDAP"
    shown = server.get("get/identity-provider")
    assert (shown["authsource"], shown["host"], shown["port"]) == ("ldap", "a.test,b.test", "389")
    assert (shown["bindpass"], shown["use_ssl"], shown["use_tls"]) == ("secret", True, False)
    assert (shown["login_provisioning"], shown["ignore_ssl_error"], shown["ignore_ssl_errors"]) == (True, "", False)
    urls = dict.fromkeys(("authorize_url", "token_url", "userinfo_url", "redirect_url"), "https://idp.test")
    oidc = {"authsource": "generic-oidc", "client_id": "c", "client_secret": "s", **urls}
    answer = edit(server, "identity-provider", **oidc)
    assert answer[0]["log"][2]["client_secret"] == "*"
    shown = server.get("get/identity-provider")
    assert (shown["authsource"], shown["basedn"], shown["client_secret"]) == ("generic-oidc", "dc=x", "s")
    assert shown["login_provisioning"] is False


def test_a_missing_key_takes_back_the_whole_edit_of_an_identity_provider(mailcow: Start) -> None:
    server = mailcow()
    answer = edit(server, "identity-provider", **{**LDAP, "bindpass": None})
    assert messages(answer) == [["required_data_missing", "bindpass"]]
    assert server.get("get/identity-provider") == {"login_provisioning": 1}


def test_mappers_are_stored_with_as_many_templates_only(mailcow: Start) -> None:
    server = mailcow()
    edit(server, "identity-provider", **LDAP, mappers=["a", "b", ""], templates=["t"])
    assert "mappers" not in server.get("get/identity-provider")
    edit(server, "identity-provider", **LDAP, mappers=["a", ""], templates=["t"])
    assert server.get("get/identity-provider")["mappers"] == ["a"]


def test_a_provider_that_mailboxes_need_can_neither_be_changed_nor_deleted(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    edit(server, "identity-provider", **LDAP)
    edit(server, "mailbox", "anna@alpha.example", authsource="ldap")
    assert messages(edit(server, "identity-provider", authsource="keycloak")) == [["authsource_in_use", None]]
    assert messages(server.post("delete/identity-provider", [])) == [["authsource_in_use", None]]


def test_the_test_of_an_identity_provider_finds_nobody_but_passes_a_kind_it_does_not_know(mailcow: Start) -> None:
    server = mailcow()
    refused = {"type": "error", "msg": "Cannot edit item"}
    assert edit(server, "identity-provider-test", **{**LDAP, "authsource": "ldap"}) == refused
    assert edit(server, "identity-provider-test", **LDAP) == DONE


POLICY = {"domain": "alpha.example", "version": "STSv1", "mode": "testing", "mx": "mx.test", "max_age": 86400}


def test_the_version_of_an_mta_sts_policy_must_be_sent_with_every_edit(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    assert server.post("add/mta-sts", POLICY) == DONE
    assert messages(edit(server, "mta-sts", "alpha.example", active=1)) == [["version_invalid", "STSv1"]]
    assert messages(edit(server, "mta-sts", "alpha.example", active=1, version="STSv1")) == [
        ["object_modified", "alpha.example"]
    ]


def test_a_second_mta_sts_policy_is_refused_in_the_databases_words_and_goes_with_its_domain(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/mta-sts", POLICY)
    assert messages(server.post("add/mta-sts", POLICY))[0].startswith("SQLSTATE[23000]: Integrity constraint violation")
    server.post("delete/mailbox", ["anna@alpha.example"])
    server.post("delete/domain", ["alpha.example"])
    with_mailbox(server)
    assert messages(edit(server, "mta-sts", "alpha.example", version="stsv1")) == ["access_denied"]


def test_the_number_of_an_mta_sts_policy_changes_with_what_it_promises_only(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/mta-sts", POLICY)

    def number() -> int:
        row = server.simulator.state.table("mta_sts").get("alpha.example")
        assert row is not None
        found: int = row["id"]
        return found

    first = number()
    server.clock.now += timedelta(seconds=5)
    edit(server, "mta-sts", "alpha.example", version="stsv1", active=1)
    assert number() == first
    edit(server, "mta-sts", "alpha.example", version="stsv1", mode="enforce")
    assert number() == first + 5


def test_a_wildcard_is_a_mail_server_since_2025_09c_and_a_list_never(mailcow: Start) -> None:
    for version, expected in (("2025-09b", [["mx_invalid", "*.test"]]), ("2025-09c", DONE)):
        answer = with_mailbox(mailcow(version)).post("add/mta-sts", {**POLICY, "mx": "*.test"})
        assert (messages(answer) if isinstance(answer, list) else answer) == expected, version
    assert with_mailbox(mailcow()).post("add/mta-sts", {**POLICY, "mx": ["mx.test"]}) == ""


def test_methods_as_text_fail_by_the_blank_between_them(mailcow: Start) -> None:
    server = mailcow()
    origins = {"allowed_origins": ["https://Admin.test"]}
    assert messages(edit(server, "cors", **origins, allowed_methods="GET, POST")) == ["cors_invalid_method"]
    assert messages(edit(server, "cors", **origins, allowed_methods="GET,POST")) == ["cors_headers_edited"]
    headers = dict(server.send("GET", "get/status/version", Origin="https://admin.test").headers)
    assert headers["Access-Control-Allow-Origin"] == "https://admin.test"
    assert headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"


def test_an_origin_was_a_host_name_before_2026_07a(mailcow: Start) -> None:
    for version, bare, full in (
        ("2026-05", "cors_headers_edited", "cors_invalid_origin"),
        ("2026-07a", "cors_invalid_origin", "cors_headers_edited"),
    ):
        assert messages(edit(mailcow(version), "cors", allowed_origins="admin.test")) == [bare], version
        assert messages(edit(mailcow(version), "cors", allowed_origins=["https://admin.test"])) == [full], version


def test_a_fresh_servers_methods_and_origins_are_back_when_an_edit_does_not_send_them(mailcow: Start) -> None:
    server = mailcow()
    fresh = server.send("GET", "get/status/version").headers
    edit(server, "cors", allowed_origins=["*"], allowed_methods=["GET"])
    assert server.send("GET", "get/status/version").headers != fresh
    edit(server, "cors")
    without_cookie = [header for header in fresh if header[0] != "Set-Cookie"]
    now = server.send("GET", "get/status/version").headers
    assert [header for header in now if header[0] != "Set-Cookie"] == without_cookie


@pytest.mark.parametrize(
    ("path", "attr", "said"),
    [
        ("quarantine", {"action": "settings", "max_score": "5"}, "saved_settings"),
        ("quota_notification", {"subject": "full"}, "saved_settings"),
        ("reset-password-notification", {"from": "no address"}, "saved_settings"),
        ("ui_texts", {"title_name": "<b>"}, "ui_texts"),
        ("app_links", {"app": ["a"], "href": []}, "app_links"),
        ("ip_check", {"ip_check_opt_in": "1"}, "ip_check_opt_in_modified"),
        ("custom_login", {"force_sso": "1"}, "custom_login_modified"),
    ],
)
def test_settings_nobody_can_read_say_they_were_saved(
    mailcow: Start, path: str, attr: dict[str, Any], said: str
) -> None:
    assert messages(edit(mailcow(), path, **attr)) == [said]


def test_quarantine_settings_without_their_action_do_nothing_with_success(mailcow: Start) -> None:
    server = mailcow()
    assert edit(server, "quarantine", max_age=1) == DONE
    assert "Q_MAX_AGE" not in server.simulator.state.redis.strings


def test_copies_of_quota_mails_need_an_existing_domain_and_name_wrong_addresses(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    assert messages(edit(server, "quota_notification_bcc", domain="none.test")) == ["access_denied"]
    answer = edit(server, "quota_notification_bcc", domain="alpha.example", bcc_rcpt="a@b.test, wrong", active=1)
    assert messages(answer) == [["goto_invalid", "wrong"], "saved_settings"]


def held_back() -> dict[str, Any]:
    item = {"id": 4, "qid": "q", "subject": "s", "virus_flag": 0, "score": 7.5, "rcpt": "anna@alpha.example"}
    return {**item, "sender": "x@y.test", "action": "reject", "created": 1795331680, "notified": 0}


def test_a_released_mail_is_learned_and_gone(mailcow: Start) -> None:
    server = mailcow()
    snapshot.load(server.simulator.server, {"get/quarantine/all": [held_back()]})
    assert server.get("get/quarantine/all") == [held_back()]
    assert server.get("get/quarantine/4")["rcpt"] == "anna@alpha.example"
    assert messages(edit(server, "qitem", "4", 9, action="release")) == [
        ["item_released", "4"],
        ["learned_ham", "4"],
        "access_denied",
    ]
    assert (server.get("get/quarantine/all"), server.get("get/quarantine/4")) == ([], [])
    assert messages(server.post("delete/qitem", [4, "x"])) == [["item_deleted", 4], "access_denied"]


def test_queued_mails_are_held_and_deleted_by_their_number(mailcow: Start) -> None:
    server = mailcow()
    queued = [{"queue_name": "deferred", "queue_id": name, "recipients": ["a@b.test (later)"]} for name in ("A1", "B2")]
    snapshot.load(server.simulator.server, {"get/mailq/all": queued})
    answer = edit(server, "mailq", "A1", "rm -rf", action="hold")
    assert (messages(answer), answer[0]["log"][0]) == (["queue_command_success"], "process_mailq_output")
    assert [row["queue_name"] for row in server.get("get/mailq/all")] == ["hold", "deferred"]
    assert edit(server, "mailq", "A1", action="dance") == DONE
    server.post("delete/mailq", ["A1"])
    assert [row["queue_id"] for row in server.get("get/mailq/all")] == ["B2"]
    edit(server, "mailq", action="super_delete")
    assert server.get("get/mailq/all") == []


def test_what_a_loaded_state_cannot_know_is_said(mailcow: Start) -> None:
    simulator: Simulator = mailcow().simulator
    unknown = snapshot.load(simulator.server, {"get/bcc/all": {}, "get/syncjobs/all/no_log": {}})
    assert unknown == [
        "BCC maps of deleted domains are hidden, so none are there.",
        "Passwords of sync jobs are empty: they were not read with them.",
    ]


def test_a_caller_without_a_key_may_add_nothing(mailcow: Start) -> None:
    server = mailcow()
    for path in (
        "relayhost",
        "transport",
        "fwdhost",
        "rsetting",
        "oauth2-client",
        "filter",
        "syncjob",
        "global-filter",
    ):
        assert messages(server.post(f"add/{path}", {"a": 1}, X_API_Key="")) == ["access_denied"], path
    for path in ("bcc", "recipient_map", "tls-policy-map"):
        answer = server.post(f"add/{path}", {"a": 1}, X_API_Key="")
        assert answer == {"type": "error", "msg": "Cannot add item"}, path


def test_a_read_only_key_reads_secrets_and_writes_nothing(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/relayhost", {"hostname": "smtp.test", "password": "secret"})
    assert server.get("get/relayhost/1", X_API_Key=READ_ONLY_KEY)["password"] == "secret"
    assert server.send("POST", "delete/relayhost", [1], X_API_Key=READ_ONLY_KEY).status == 403
