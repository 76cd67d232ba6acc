from tests.simulator.mailcow import Start, messages, with_mailbox


def test_a_bcc_map_outlives_its_domain_unseen_and_is_back_with_it(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/bcc", {"local_dest": "alpha.example", "bcc_dest": "x@other.example", "type": "rcpt"})
    server.post("delete/mailbox", ["anna@alpha.example"])
    server.post("delete/domain", ["alpha.example"])
    assert server.get("get/bcc/all") == {}
    assert messages(server.post("delete/bcc", [1])) == ["access_denied"]
    with_mailbox(server)
    assert [row["local_dest"] for row in server.get("get/bcc/all")] == ["@alpha.example"]


def test_a_hidden_bcc_map_still_blocks_its_place(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    body = {"local_dest": "mirror.example", "bcc_dest": "x@other.example", "type": "rcpt"}
    server.post("add/alias-domain", {"alias_domain": "mirror.example", "target_domain": "alpha.example"})
    server.post("add/bcc", body)
    server.post("delete/alias-domain", ["mirror.example"])
    server.post("add/alias-domain", {"alias_domain": "mirror.example", "target_domain": "alpha.example"})
    assert messages(server.post("add/bcc", body)) == [["bcc_exists", "@mirror.example", "rcpt"]]


def test_a_bcc_map_of_a_mailbox_goes_with_the_mailbox(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/bcc", {"local_dest": "anna@alpha.example", "bcc_dest": "x@other.example", "type": "sender"})
    server.post("delete/mailbox", ["anna@alpha.example"])
    with_mailbox(server)
    assert server.get("get/bcc/all") == {}


def test_a_domain_with_its_at_sign_is_refused_without_a_word(mailcow: Start) -> None:
    answer = with_mailbox(mailcow()).post(
        "add/bcc", {"local_dest": "@alpha.example", "bcc_dest": "x@other.example", "type": "rcpt"}
    )
    assert answer == {"type": "error", "msg": "Cannot add item"}


def test_an_unknown_type_in_an_edit_of_a_bcc_map_ends_in_an_empty_answer(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/bcc", {"local_dest": "alpha.example", "bcc_dest": "x@other.example", "type": "rcpt"})
    assert server.post("edit/bcc", {"items": [1], "attr": {"type": "both"}}) == ""
    assert server.get("get/bcc/1")["type"] == "rcpt"


def test_an_alias_can_be_copied_since_2023_05_and_crashes_the_call_before(mailcow: Start) -> None:
    body = {"local_dest": "info@alpha.example", "bcc_dest": "x@other.example", "type": "rcpt"}
    for version, expected in (("2023-04b", ""), ("2023-05", ["bcc_saved"])):
        server = with_mailbox(mailcow(version))
        server.post("add/alias", {"address": "info@alpha.example", "goto": "anna@alpha.example", "active": 1})
        answer = server.post("add/bcc", body)
        assert (messages(answer) if answer else answer) == expected, version


def test_a_single_map_has_a_stray_key_that_lists_do_not_have(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/recipient_map", {"recipient_map_old": "a@b.example", "recipient_map_new": "c@d.example"})
    listed = server.get("get/recipient_map/all")
    assert server.get("get/recipient_map/1") == {**listed[0], "0": None}


def test_an_edit_of_a_recipient_map_takes_letters_as_sent_where_an_add_lowers_them(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/recipient_map", {"recipient_map_old": " FOO@Old.test", "recipient_map_new": "N@new.test"})
    assert server.get("get/recipient_map/1")["recipient_map_old"] == "foo@old.test"
    server.post("edit/recipient_map", {"items": [1], "attr": {"recipient_map_old": "FOO@Old.test"}})
    assert server.get("get/recipient_map/1")["recipient_map_old"] == "FOO@Old.test"
    refused = server.post("edit/recipient_map", {"items": [1], "attr": {"recipient_map_old": " foo@old.test"}})
    assert messages(refused) == [["invalid_recipient_map_old", " foo@old.test"]]


def test_a_domain_as_new_recipient_is_taken_since_2025_02(mailcow: Start) -> None:
    body = {"recipient_map_old": "old.test", "recipient_map_new": "@new.test", "active": "1"}
    refused = [["invalid_recipient_map_new", "@new.test"]]
    for version, expected in (("2024-11b", refused), ("2025-02", [["recipient_map_entry_saved", "@old.test"]])):
        assert messages(mailcow(version).post("add/recipient_map", body)) == expected, version


def test_a_taken_old_recipient_ends_the_edit_of_the_items_behind(mailcow: Start) -> None:
    server = mailcow()
    for name in ("a", "b", "c"):
        server.post("add/recipient_map", {"recipient_map_old": f"{name}.test", "recipient_map_new": "n@new.test"})
    answer = server.post("edit/recipient_map", {"items": [2, 3], "attr": {"recipient_map_old": "a.test", "active": 1}})
    assert messages(answer) == [["recipient_map_entry_exists", "@a.test"]]
    assert [row["active"] for row in server.get("get/recipient_map/all")] == [0, 0, 0]


def test_recipient_maps_and_tls_policies_are_listed_by_what_they_are_for(mailcow: Start) -> None:
    server = mailcow()
    for name in ("zeta.test", "_under.test", "alpha.test"):
        server.post("add/tls-policy-map", {"dest": name, "policy": "may"})
    assert [row["dest"] for row in server.get("get/tls-policy-map/all")] == ["alpha.test", "zeta.test", "_under.test"]


def test_a_wrong_tls_policy_is_an_empty_answer_and_leaves_nothing(mailcow: Start) -> None:
    server = mailcow()
    assert server.post("add/tls-policy-map", {"dest": "mx.test", "policy": "always"}) == ""
    assert server.get("get/tls-policy-map/all") == {}


def test_a_destination_with_a_leading_dot_passes_an_edit_only(mailcow: Start) -> None:
    server = mailcow()
    assert messages(server.post("add/tls-policy-map", {"dest": ".mx.test", "policy": "may"})) == [
        "tls_policy_map_dest_invalid"
    ]
    server.post("add/tls-policy-map", {"dest": "mx.test", "policy": "may"})
    server.post("edit/tls-policy-map", {"items": [1], "attr": {"dest": ".MX.test ", "policy": "DANE-Only"}})
    shown = server.get("get/tls-policy-map/1")
    assert (shown["dest"], shown["policy"]) == (".MX.test ", "dane-only")


def test_a_destination_that_differs_in_case_only_hits_the_databases_own_rule(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/tls-policy-map", {"dest": "one.test", "policy": "may"})
    server.post("add/tls-policy-map", {"dest": "two.test", "policy": "may"})
    assert server.post("edit/tls-policy-map", {"items": [2], "attr": {"dest": "ONE.test"}}) == ""
    same = server.post("edit/tls-policy-map", {"items": [2], "attr": {"dest": "one.test"}})
    assert messages(same) == [["recipient_map_entry_exists", "one.test"]]
