import pytest

from tests.simulator.mailcow import Mailcow, Start, messages, with_mailbox

ANNA = "anna@alpha.example"
PASSWORD = {"password": "Secret.12345", "password2": "Secret.12345"}


def _edit(server: Mailcow, **attr: object) -> list[object]:
    return messages(server.post("edit/mailbox", {"items": [ANNA], "attr": attr}))


def test_a_mailbox_in_a_domain_nobody_has_is_access_denied_and_in_an_alias_domain_not_found(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/alias-domain", {"alias_domain": "b.example", "target_domain": "alpha.example"})
    for domain, expected in (("nope.example", "access_denied"), ("b.example", ["domain_not_found", "b.example"])):
        answer = server.post("add/mailbox", {"local_part": "x", "domain": domain, **PASSWORD})
        assert messages(answer) == [expected]


def test_the_checks_of_a_new_mailbox_come_in_the_servers_order(mailcow: Start) -> None:
    server = mailcow()
    limits = {"aliases": 9, "mailboxes": 1, "defquota": 10, "maxquota": 50, "quota": 60, "key_size": 0}
    server.post("add/domain", {"domain": "alpha.example", **limits})
    server.post("add/alias", {"address": "x@alpha.example", "goto": "y@z.example"})
    body: dict[str, object] = {
        "local_part": "x",
        "domain": "alpha.example",
        "quota": 99,
        "password": "short",
        "password2": "other",
    }
    expected = [
        ["is_alias", "x@alpha.example"],
        "password_mismatch",
        "password_complexity",
        ["mailbox_quota_exceeded", 50],
        ["rl_saved", "anna@alpha.example"],
    ]
    changes: tuple[dict[str, object], ...] = (
        {},
        {"local_part": "anna"},
        {"password2": "short"},
        {**PASSWORD},
        {"quota": 50},
    )
    for change, message in zip(changes, expected, strict=True):
        body.update(change)
        assert messages(server.post("add/mailbox", body))[0] == message
    body["local_part"] = "ben"
    assert messages(server.post("add/mailbox", body)) == [["max_mailbox_exceeded", 1, 1]]


def test_the_quota_is_checked_at_every_edit_whether_it_is_sent_or_not(mailcow: Start) -> None:
    server = with_mailbox(with_mailbox(mailcow()), "ben@alpha.example")
    server.post("edit/domain", {"items": ["alpha.example"], "attr": {"quota": 200, "maxquota": 150, "defquota": 1}})
    assert _edit(server, quota=101) == [["mailbox_quota_left_exceeded", 100]]
    assert _edit(server, quota="abc", name="Anna") == [["mailbox_modified", ANNA]]
    assert server.get(f"get/mailbox/{ANNA}")["quota"] == 0


def test_a_bad_password_comes_after_permissions_were_stored_and_before_the_name(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    answer = _edit(server, name="New", sender_acl=["*"], password="Secret.1", password2="Secret.2")
    assert answer == ["password_mismatch"]
    shown = server.get(f"get/mailbox/{ANNA}")
    assert (shown["name"], shown["sender_acl"]) == ("", ["*"])


def test_an_old_list_of_protocols_switches_off_those_it_does_not_know(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    _edit(server, protocol_access=["imap", "smtp"])
    attributes = server.get(f"get/mailbox/{ANNA}")["attributes"]
    accesses = {name: value for name, value in attributes.items() if name.endswith("_access")}
    assert {name for name, value in accesses.items() if value == "1"} == {"imap_access", "smtp_access", "sogo_access"}


def test_an_edit_clears_the_identity_providers_mark_unless_it_is_sent_back(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    _edit(server, attribute_hash="abc")
    assert server.get(f"get/mailbox/{ANNA}")["attributes"]["attribute_hash"] == "abc"
    _edit(server, name="Anna")
    assert server.get(f"get/mailbox/{ANNA}")["attributes"]["attribute_hash"] == ""


def test_settings_of_the_user_have_their_own_routes_and_are_not_heeded_by_the_edit(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    _edit(server, tls_enforce_in=1, quarantine_notification="never")
    assert server.get(f"get/mailbox/{ANNA}")["attributes"]["tls_enforce_in"] == "0"
    server.post("edit/tls_policy", {"items": [ANNA], "attr": {"tls_enforce_in": 1}})
    attributes = server.get(f"get/mailbox/{ANNA}")["attributes"]
    assert (attributes["tls_enforce_in"], attributes["quarantine_notification"]) == ("1", "hourly")


def test_deleting_a_mailbox_as_a_resource_leaves_an_alias_that_blocks_its_address(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    assert messages(server.post("delete/resource", [ANNA])) == [["resource_removed", ANNA]]
    answer = server.post("add/mailbox", {"local_part": "anna", "domain": "alpha.example", **PASSWORD})
    assert messages(answer) == [["is_alias", ANNA]]
    assert server.get("get/domain/alpha.example")["aliases_in_domain"] == 1


def test_a_resource_is_a_mailbox_of_nulls_and_goes_as_a_mailbox_with_a_warning(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    room = {"domain": "alpha.example", "description": "Übungsraum 1", "kind": "location"}
    assert messages(server.post("add/resource", room)) == [["resource_added", "bungsraum1@alpha.example"]]
    shown = server.get("get/mailbox/bungsraum1@alpha.example")
    assert (shown["username"], shown["quota"], shown["percent_in_use"]) == (None, None, "- ")
    assert [entry["type"] for entry in server.post("delete/mailbox", ["bungsraum1@alpha.example"])] == [
        "warning",
        "success",
    ]


def test_a_half_made_mailbox_is_all_null_until_it_is_deleted(mailcow: Start) -> None:
    server = with_mailbox(mailcow("2022-01a"))
    server.simulator.server.half_created = 1
    body = {"local_part": "ben", "domain": "alpha.example", "quota": 1, **PASSWORD}
    assert server.post("add/mailbox", body) == ""
    assert server.get("get/mailbox/ben@alpha.example")["username"] is None
    assert messages(server.post("add/mailbox", body)) == [["object_exists", "ben@alpha.example"]]
    assert messages(server.post("edit/mailbox", {"items": ["ben@alpha.example"], "attr": {}})) == ["access_denied"]
    server.post("delete/mailbox", ["ben@alpha.example"])
    assert messages(server.post("add/mailbox", body)) == [["mailbox_added", "ben@alpha.example"]]


def test_a_domain_nobody_has_lists_every_mailbox_since_2022_05(mailcow: Start) -> None:
    for version, expected in (("2022-04", {}), ("2022-05", [ANNA])):
        answer = with_mailbox(mailcow(version)).get("get/mailbox/all/nope.example")
        assert (answer and [shown["username"] for shown in answer]) == expected, version


def test_limits_shown_for_a_mailbox_may_be_its_domains(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("edit/rl-domain", {"items": ["alpha.example"], "attr": {"rl_value": 9, "rl_frame": "h"}})
    shown = server.get(f"get/mailbox/{ANNA}")
    assert (shown["rl"], shown["rl_scope"]) == ({"value": "9", "frame": "h"}, "domain")
    server.post("edit/rl-mbox", {"items": [ANNA], "attr": {"rl_value": 2, "rl_frame": "s"}})
    shown = server.get(f"get/mailbox/{ANNA}")
    assert (shown["rl"], shown["rl_scope"]) == ({"value": "2", "frame": "s"}, "mailbox")
    assert server.get("get/rl-mbox/all") == [{"value": "2", "frame": "s", "mailbox": ANNA}]


def test_a_renamed_mailbox_leaves_its_score_to_the_next_of_the_old_name_and_loses_its_limit(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("edit/spam-score", {"items": [ANNA], "attr": {"spam_score": "8,8"}})
    server.post("edit/rl-mbox", {"items": [ANNA], "attr": {"rl_value": 2, "rl_frame": "s"}})
    server.post("add/alias", {"address": "one@alpha.example", "goto": ANNA})
    server.post("add/alias", {"address": "two@alpha.example", "goto": f"{ANNA},x@y.example"})
    attr = {"domain": "alpha.example", "old_local_part": "anna", "new_local_part": "Beth", "create_alias": 0}
    answer = server.post("edit/rename-mbox", {"items": [], "attr": attr})
    assert messages(answer) == [["mailbox_renamed", ANNA, "Beth@alpha.example"]]
    assert {row["address"]: row["goto"] for row in server.get("get/alias/all")} == {
        "one@alpha.example": "Beth@alpha.example",
        "two@alpha.example": f"{ANNA},x@y.example",
    }
    assert server.get("get/rl-mbox/all") == {}
    server.post("add/mailbox", {"local_part": "anna", "domain": "alpha.example", **PASSWORD})
    assert server.get(f"get/spam-score/{ANNA}") == {"score": "8,8.1"}
    assert server.get(f"get/rl-mbox/{ANNA}") == {}


def test_a_new_name_that_is_taken_is_told_in_the_databases_words(mailcow: Start) -> None:
    server = with_mailbox(with_mailbox(mailcow()), "ben@alpha.example")
    attr = {"domain": "alpha.example", "old_local_part": "anna", "new_local_part": "ben"}
    message = messages(server.post("edit/rename-mbox", {"items": [], "attr": attr}))[0]
    assert message.startswith(
        "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'ben@alpha.example'"
    )


def test_custom_attributes_are_an_empty_list_or_an_object_and_replaced_whole(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    assert server.get(f"get/mailbox/{ANNA}")["custom_attributes"] == []
    for attr, expected in (({"attribute": ["a b", "c"], "value": ["1", "2"]}, {"ab": "1", "c": "2"}), ({}, [])):
        server.post("edit/mailbox/custom-attribute", {"items": [ANNA], "attr": attr})
        assert server.get(f"get/mailbox/{ANNA}")["custom_attributes"] == expected
    uneven = {"items": [ANNA], "attr": {"attribute": ["a"], "value": ["1", "2"]}}
    assert server.post("edit/mailbox/custom-attribute", uneven) == ""


def test_a_tag_a_mailbox_has_crashes_an_edit_before_2025_03_and_is_passed_over_since(mailcow: Start) -> None:
    for version, expected in (("2025-02", ""), ("2025-03", [["mailbox_modified", ANNA]])):
        server = with_mailbox(mailcow(version))
        server.post("edit/mailbox", {"items": [ANNA], "attr": {"tags": ["red"]}})
        answer = server.post("edit/mailbox", {"items": [ANNA], "attr": {"tags": ["RED", "blue"], "name": "x"}})
        assert (messages(answer) if answer else answer) == expected, version
        assert server.get(f"get/mailbox/{ANNA}")["name"] == "x"


def test_permissions_an_alias_gives_anyway_are_not_kept_and_others_must_exist(mailcow: Start) -> None:
    server = with_mailbox(with_mailbox(mailcow()), "ben@alpha.example")
    server.post("add/alias", {"address": "may@alpha.example", "goto": ANNA, "sender_allowed": 1})
    server.post("add/alias", {"address": "not@alpha.example", "goto": ANNA, "sender_allowed": 0})
    wanted = [
        "may@alpha.example",
        "not@alpha.example",
        "ben@alpha.example",
        "alpha.example",
        "x@nope.example",
        "y.example",
    ]
    assert _edit(server, sender_acl=wanted) == [
        ["sender_acl_invalid", "x@nope.example"],
        ["sender_acl_invalid", "y.example"],
        ["mailbox_modified", ANNA],
    ]
    assert server.get(f"get/mailbox/{ANNA}")["sender_acl"] == [
        "not@alpha.example",
        "ben@alpha.example",
        "@alpha.example",
    ]
    _edit(server, sender_acl=["default"])
    assert server.get(f"get/mailbox/{ANNA}")["sender_acl"] == []


def test_foreign_senders_vanish_when_their_domain_comes_to_the_server(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    assert _edit(server, extended_sender_acl="a@beta.example, @gamma.example alpha.example") == [
        ["extra_acl_invalid_domain", "beta.example"],
        ["mailbox_modified", ANNA],
    ]
    table = server.simulator.state.table("sender_acl")
    assert [row["send_as"] for row in table] == ["a@beta.example", "@gamma.example"]
    with_mailbox(server, "x@beta.example")
    assert [row["send_as"] for row in table] == ["@gamma.example"]


@pytest.mark.parametrize("attr", [{"rl_value": 1}, {"rl_value": "", "rl_frame": "x"}])
def test_a_mailboxs_limit_wants_a_valid_frame(mailcow: Start, attr: dict[str, object]) -> None:
    answer = with_mailbox(mailcow()).post("edit/rl-mbox", {"items": [ANNA], "attr": attr})
    assert messages(answer) == ["rl_timeframe"]


def test_pushover_without_active_crashes_at_first_and_flags_start_anew_at_each_edit(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    attr: dict[str, object] = {"key": "k" * 30, "token": "t" * 30, "evaluate_x_prio": 1}
    assert server.post("edit/pushover", {"items": [ANNA], "attr": attr}) == ""
    answer = server.post("edit/pushover", {"items": [ANNA], "attr": {**attr, "active": 1}})
    assert messages(answer) == ["pushover_settings_edited"]
    assert server.get(f"get/mailbox/{ANNA}")["pushover_active"] == 1
    server.post("edit/pushover", {"items": [ANNA], "attr": {"title": "x"}})
    stored = server.simulator.state.table("pushover").get(ANNA)
    assert stored is not None
    assert stored["attributes"]["evaluate_x_prio"] == "0"
    for bad, expected in (({"key": "short"}, "pushover_key"), ({"senders_regex": "/("}, "Invalid regex")):
        assert messages(server.post("edit/pushover", {"items": [ANNA], "attr": bad})) == [expected]
    server.post("edit/pushover", {"items": [ANNA], "attr": {"delete": "true"}})
    assert server.get(f"get/mailbox/{ANNA}")["pushover_active"] == 0


def test_an_app_password_edited_without_its_owner_is_refused_by_the_database(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    body = {"username": ANNA, "app_name": "a<b", "app_passwd": "{SSHA}x", "app_passwd2": "{SSHA}x", "active": 1}
    server.post("add/app-passwd", body)
    assert server.post("edit/app-passwd", {"items": [1], "attr": {"active": 0}}) == ""
    shown = server.get(f"get/app-passwd/all/{ANNA}")[0]
    assert (shown["name"], shown["password"], shown["active"]) == ("a&amp;lt;b", "{SSHA}x", 1)
    answer = server.post("edit/app-passwd", {"items": ["1"], "attr": {"active": 0, "username": ANNA}})
    assert messages(answer) == [["object_modified", "1"]]
    assert server.get(f"get/app-passwd/all/{ANNA}")[0]["name"] == "a&amp;amp;amp;lt;b"
    assert server.get("get/app-passwd/1") == ""


def test_policies_of_a_domain_show_its_mailboxes_and_one_value_fits_one_list_only(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    wide = {"domain": "alpha.example", "object_list": "wl", "object_from": "*@Good.example"}
    assert messages(server.post("add/domain-policy", wide)) == [["domain_modified", "alpha.example"]]
    assert messages(server.post("add/domain-policy", {**wide, "object_list": "bl"})) == ["policy_list_from_exists"]
    server.post("edit/spam-score", {"items": [ANNA], "attr": {"spam_score": "4,8"}})
    server.post("add/mailbox-policy", {"username": ANNA, "object_list": "wl", "object_from": "x@y.example"})
    for path in ("policy_wl_domain/alpha.example", f"policy_wl_mailbox/{ANNA}"):
        assert [(row["value"], row["prefid"]) for row in server.get(f"get/{path}")] == [
            ("*@good.example", 1),
            ("x@y.example", 4),
        ]
    assert messages(server.post("delete/domain-policy", [4])) == ["access_denied"]
