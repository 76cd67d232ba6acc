import pytest

from tests.simulator.mailcow import Mailcow, Start, messages, with_mailbox

PASSWORD = {"password": "Secret.12345", "password2": "Secret.12345"}


def _server(server: Mailcow) -> Mailcow:
    return with_mailbox(with_mailbox(server), "ben@beta.example")


def test_an_administrator_without_a_valid_domain_is_a_ghost_that_blocks_its_name(mailcow: Start) -> None:
    server = _server(mailcow())
    body = {"username": "Boss", "domains": ["nope.example"], "active": 1, **PASSWORD}
    assert messages(server.post("add/domain-admin", body)) == [
        ["domain_invalid", "nope.example"],
        ["domain_admin_added", "boss"],
    ]
    assert server.get("get/domain-admin/all") == {}
    assert messages(server.post("edit/da-acl", {"items": ["boss"], "attr": {}})) == [["acl_saved", "boss"]]
    assert server.post("add/domain-admin", {**body, "domains": ["alpha.example"]}) == ""
    assert server.get("get/domain-admin/boss")["selected_domains"] == ["alpha.example"]


def test_a_ghost_goes_with_the_next_domain_that_is_deleted(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain-admin", {"username": "ghost", "domains": ["nope.example"], **PASSWORD})
    server.post("delete/domain", ["other.example"])
    assert messages(server.post("edit/da-acl", {"items": ["ghost"], "attr": {}})) == ["Cannot determine current ACL"]


def test_domains_are_replaced_and_none_at_all_keeps_them(mailcow: Start) -> None:
    server = _server(mailcow())
    server.post("add/domain-admin", {"username": "boss", "domains": ["alpha.example"], **PASSWORD})
    for domains, expected in (
        (["beta.example"], ["beta.example"]),
        ([], ["beta.example"]),
        (["alpha.example", "nope.example"], ["beta.example"]),
    ):
        server.post("edit/domain-admin", {"items": ["boss"], "attr": {"domains": domains}})
        assert server.get("get/domain-admin/boss")["selected_domains"] == expected
    shown = server.get("get/domain-admin/boss")
    assert (shown["unselected_domains"], shown["active"]) == (["alpha.example"], 0)


def test_flags_that_are_not_sent_become_zero_since_2026_03(mailcow: Start) -> None:
    server = _server(mailcow())
    server.post("add/domain-admin", {"username": "boss", "domains": ["alpha.example"], **PASSWORD})
    server.post("edit/domain-admin", {"items": ["boss"], "attr": {"force_tfa": 1, "force_pw_update": 1}})
    assert server.get("get/domain-admin/boss")["attributes"] == {"force_tfa": "1", "force_pw_update": "1"}
    server.post("edit/domain-admin", {"items": ["boss"], "attr": {"active": 1}})
    assert server.get("get/domain-admin/boss")["attributes"] == {"force_tfa": "0", "force_pw_update": "0"}
    assert "attributes" not in _shown_on("2026-01", mailcow)


def _shown_on(version: str, mailcow: Start) -> dict[str, object]:
    server = _server(mailcow(version))
    server.post("add/domain-admin", {"username": "boss", "domains": ["alpha.example"], **PASSWORD})
    shown: dict[str, object] = server.get("get/domain-admin/boss")
    return shown


def test_a_bad_password_comes_after_the_domains_were_rewritten(mailcow: Start) -> None:
    server = _server(mailcow())
    server.post("add/domain-admin", {"username": "boss", "domains": ["alpha.example"], **PASSWORD})
    attr = {"domains": ["beta.example"], "password": "Secret.1", "password2": "Secret.2"}
    assert messages(server.post("edit/domain-admin", {"items": ["boss"], "attr": attr})) == ["password_mismatch"]
    assert server.get("get/domain-admin/boss")["selected_domains"] == ["beta.example"]


def test_a_new_name_of_an_administrator_crashes_where_an_account_has_it(mailcow: Start) -> None:
    server = _server(mailcow())
    server.post("add/domain-admin", {"username": "boss", "domains": ["alpha.example"], **PASSWORD})
    assert server.post("edit/domain-admin", {"items": ["boss"], "attr": {"username_new": "admin"}}) == ""
    server.post("add/domain-admin", {"username": "chief", "domains": ["alpha.example"], **PASSWORD})
    answer = server.post("edit/domain-admin", {"items": ["chief"], "attr": {"username_new": "head"}})
    assert messages(answer) == [["domain_admin_modified", "chief"]]
    assert server.get("get/domain-admin/head")["selected_domains"] == ["alpha.example"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"username": "bo ss", "domains": ["alpha.example"]}, ["username_invalid", "bo ss"]),
        ({"username": "admin", "domains": ["alpha.example"]}, ["object_exists", "admin"]),
        ({"username": "boss", "domains": []}, "domain_invalid"),
        ({"username": "boss", "domains": "alpha.example", "password2": "x"}, "password_mismatch"),
        (
            {"username": "boss", "domains": "alpha.example,beta.example"},
            ["domain_invalid", "alpha.example,beta.example"],
        ),
    ],
)
def test_an_account_is_refused_for_its_name_its_domains_or_its_password(
    mailcow: Start, body: dict[str, object], expected: object
) -> None:
    assert messages(_server(mailcow()).post("add/domain-admin", {**PASSWORD, **body}))[0] == expected


def test_the_last_active_administrator_cannot_be_switched_off_but_deleted(mailcow: Start) -> None:
    server = mailcow()
    assert messages(server.post("edit/admin", {"items": ["admin"], "attr": {"active": 0}})) == ["no_active_admin"]
    assert messages(server.post("delete/admin", ["API", "nope", "admin"])) == [
        "cannot_delete_self",
        ["username_invalid", "nope"],
        ["admin_removed", "admin"],
    ]
    assert server.get("get/admin/all") == {}


def test_rights_of_a_user_are_written_whole_and_unknown_ones_passed_over(mailcow: Start) -> None:
    server = _server(mailcow())
    attr = {"user_acl": ["pushover", "bogus"]}
    answer = server.post("edit/user-acl", {"items": ["anna@alpha.example", "nope@alpha.example"], "attr": attr})
    assert messages(answer) == [["acl_saved", "anna@alpha.example"], "access_denied"]
    row = server.simulator.state.table("mailbox").get("anna@alpha.example")
    assert row is not None
    assert row["acl"] == ["pushover"]


def test_a_token_logs_a_domain_administrator_in_and_stands_alone_in_the_answer(mailcow: Start) -> None:
    server = _server(mailcow())
    assert messages(server.post("add/sso/domain-admin", {"username": "boss"})) == [["object_doesnt_exist", "boss"]]
    server.post("add/domain-admin", {"username": "boss", "domains": ["alpha.example"], **PASSWORD})
    assert list(server.post("add/sso/domain-admin", {"username": "boss"})) == ["token"]
