import pytest

from tests.simulator.mailcow import Start, messages, with_mailbox

LIMITS = {"aliases": 100, "mailboxes": 100, "defquota": 100, "maxquota": 1000, "quota": 10000, "active": 1}


@pytest.mark.parametrize(("version", "active"), [("2022-01a", 0), ("2023-12a", 0), ("2024-01", 1), ("2026-07a", 1)])
def test_what_a_new_domain_is_not_told_is_zero_before_2024_and_from_the_template_since(
    mailcow: Start, version: str, active: int
) -> None:
    server = mailcow(version)
    server.post("add/domain", {"domain": "a.example", "defquota": 1, "maxquota": 2, "quota": 3})
    shown = server.get("get/domain/a.example")
    assert (shown["active"], shown["gal"], shown["max_num_mboxes_for_domain"]) == (active, active, 10 * active)


def test_a_new_domain_gets_a_key_nobody_asked_for_since_2024_and_says_so(mailcow: Start) -> None:
    assert messages(mailcow("2024-08a").post("add/domain", {"domain": "a.example"})) == [
        ["dkim_added", "a.example"],
        ["domain_added", "a.example"],
    ]
    assert messages(mailcow("2022-01a").post("add/domain", {"domain": "a.example", **LIMITS})) == [
        ["domain_added", "a.example"]
    ]


def test_a_key_survives_its_domain_and_is_kept_for_the_next_of_the_name(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example"})
    key = server.get("get/dkim/a.example")
    server.post("delete/domain", ["a.example"])
    assert server.get("get/dkim/a.example") == key
    again = messages(server.post("add/domain", {"domain": "a.example", "key_size": 4096}))
    assert again == ["domain_add_dkim_available", ["domain_added", "a.example"]]
    assert server.get("get/dkim/a.example") == key


def test_on_old_versions_the_surviving_key_is_a_failure_and_the_domain_is_added_all_the_same(mailcow: Start) -> None:
    server = mailcow("2022-01a")
    body = {"domain": "a.example", **LIMITS, "key_size": 1024, "dkim_selector": "dkim"}
    server.post("add/domain", body)
    server.post("delete/domain", ["a.example"])
    assert messages(server.post("add/domain", body)) == [
        ["dkim_domain_or_sel_invalid", "a.example"],
        ["domain_added", "a.example"],
    ]


def test_the_name_of_an_alias_domain_shows_its_target_and_an_edit_by_it_changes_nothing(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example", **LIMITS})
    server.post("add/alias-domain", {"alias_domain": "b.example", "target_domain": "a.example"})
    assert server.get("get/domain/b.example")["domain_name"] == "a.example"
    answer = server.post("edit/domain", {"items": ["b.example"], "attr": {"description": "new"}})
    assert messages(answer) == [["domain_modified", "b.example"]]
    assert server.get("get/domain/a.example")["description"] == "a.example"


def test_zero_and_nothing_keep_most_limits_of_a_domain(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example", **LIMITS})
    before = server.get("get/domain/a.example")
    attr = {"aliases": 0, "maxquota": 0, "quota": 0, "description": "", "mailboxes": ""}
    answer = server.post("edit/domain", {"items": ["a.example"], "attr": attr})
    assert messages(answer) == [["domain_modified", "a.example"]]
    assert server.get("get/domain/a.example") == before


def test_limits_of_a_domain_are_checked_together_so_one_edit_may_move_them_all(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    shrink = {"items": ["alpha.example"], "attr": {"quota": 50}}
    assert messages(server.post("edit/domain", shrink)) == ["mailbox_quota_exceeds_domain_quota"]
    shrink["attr"] = {"quota": 150, "maxquota": 120, "defquota": 10}
    assert messages(server.post("edit/domain", shrink)) == [["domain_modified", "alpha.example"]]
    shrink["attr"] = {"quota": 150, "maxquota": 99, "defquota": 10}
    assert messages(server.post("edit/domain", shrink)) == [["max_quota_in_use", "100"]]


def test_relaying_unknown_recipients_brings_flags_along_that_stay_when_it_is_cleared(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example", **LIMITS, "relay_unknown_only": 1})
    server.post("edit/domain", {"items": ["a.example"], "attr": {"relay_unknown_only": 0}})
    shown = server.get("get/domain/a.example")
    assert (shown["relay_unknown_only"], shown["relay_all_recipients"], shown["backupmx"]) == (0, 1, 1)


def test_a_tag_a_domain_has_in_any_case_crashes_the_edit_after_the_rest_was_stored(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example", **LIMITS, "tags": ["red"]})
    attr = {"description": "stored", "tags": ["blue", "RED", "green"]}
    assert server.post("edit/domain", {"items": ["a.example"], "attr": attr}) == ""
    shown = server.get("get/domain/a.example")
    assert (shown["description"], shown["tags"]) == ("stored", ["blue", "red"])


def test_deleting_a_tag_is_deleting_a_domain_on_a_version_without_tags(mailcow: Start) -> None:
    for version, left in (("2022-04", []), ("2022-05", ["red.example"])):
        server = mailcow(version)
        server.post("add/domain", {"domain": "red.example", **LIMITS})
        server.post("delete/domain/tag/a.example", ["red.example"])
        domains = server.get("get/domain/all") or []
        assert [shown["domain_name"] for shown in domains] == left, version


def test_twenty_six_tags_fit_into_one_request_and_the_next_is_a_warning(mailcow: Start) -> None:
    server = mailcow()
    tags = [f"t{number:02}" for number in range(30)]
    answer = server.post("add/domain", {"domain": "a.example", **LIMITS, "key_size": 0, "tags": tags})
    assert messages(answer) == [["tag_limit_exceeded", "limit 25"], ["domain_added", "a.example"]]
    assert len(server.get("get/domain/a.example")["tags"]) == 26


def test_a_domain_administrator_goes_with_the_last_domain(mailcow: Start) -> None:
    server = mailcow()
    for name in ("a.example", "b.example"):
        server.post("add/domain", {"domain": name, **LIMITS})
    password = {"password": "Secret.12345", "password2": "Secret.12345"}
    server.post("add/domain-admin", {"username": "both", "domains": ["a.example", "b.example"], **password})
    server.post("add/domain-admin", {"username": "one", "domains": ["a.example"], **password})
    server.post("delete/domain", ["a.example"])
    assert [shown["username"] for shown in server.get("get/domain-admin/all")] == ["both"]


def test_aliases_of_an_alias_domain_hide_with_its_target_and_deliver_again_with_the_next(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example", **LIMITS})
    server.post("add/alias-domain", {"alias_domain": "b.example", "target_domain": "a.example"})
    server.post("add/alias-domain", {"alias_domain": "c.example", "target_domain": "a.example"})
    server.post("edit/rl-domain", {"items": ["b.example"], "attr": {"rl_value": 5, "rl_frame": "h"}})
    server.post("add/alias", {"address": "x@b.example", "goto": "y@z.example", "active": 1})
    server.post("delete/domain", ["a.example"])
    assert server.get("get/alias/all") == {}
    assert messages(server.post("add/alias", {"address": "x@b.example", "goto": "y@z.example"})) == [
        ["is_alias_or_mailbox", "x@b.example"]
    ]
    server.post("add/domain", {"domain": "b.example", **LIMITS})
    assert [shown["address"] for shown in server.get("get/alias/all")] == ["x@b.example"]
    assert server.get("get/domain/b.example")["rl"] == {"value": "5", "frame": "h"}


def test_a_domain_nobody_has_is_deleted_with_success(mailcow: Start) -> None:
    assert messages(mailcow().post("delete/domain", ["nope.example"])) == [["domain_removed", "nope.example"]]


def test_an_alias_domain_with_an_underscore_crashes_the_call_and_loses_the_rest(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example", **LIMITS})
    body = {"alias_domain": "b.example,c_c.example,d.example", "target_domain": "a.example"}
    assert server.post("add/alias-domain", body) == ""
    assert [shown["alias_domain"] for shown in server.get("get/alias-domain/all")] == ["b.example"]


def test_a_backup_mx_gets_no_alias_domain_but_may_become_the_target_of_one(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example", **LIMITS})
    server.post("add/domain", {"domain": "relay.example", **LIMITS, "backupmx": 1})
    body = {"alias_domain": "b.example", "target_domain": "relay.example"}
    assert messages(server.post("add/alias-domain", body)) == [["targetd_relay_domain", "relay.example"]]
    server.post("add/alias-domain", {"alias_domain": "b.example", "target_domain": "a.example"})
    answer = server.post("edit/alias-domain", {"items": ["b.example"], "attr": {"target_domain": "relay.example"}})
    assert messages(answer) == [["aliasd_modified", "b.example"]]


def test_a_rate_limit_wants_a_frame_even_to_be_removed(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/domain", {"domain": "a.example", **LIMITS, "rl_value": 7, "rl_frame": "m"})
    remove = {"items": ["a.example"], "attr": {"rl_value": ""}}
    assert messages(server.post("edit/rl-domain", remove)) == ["rl_timeframe"]
    assert server.get("get/rl-domain/all") == [{"value": "7", "frame": "m", "domain": "a.example"}]
    remove["attr"] = {"rl_value": 0, "rl_frame": "s"}
    assert messages(server.post("edit/rl-domain", remove)) == [["rl_saved", "a.example"]]
    assert server.get("get/rl-domain/a.example") == {}


def test_a_word_in_place_of_a_limit_crashes_an_edit_and_is_zero_in_an_add(mailcow: Start) -> None:
    server = mailcow()
    assert messages(server.post("add/domain", {"domain": "a.example", **LIMITS, "maxquota": "lots"})) == [
        "mailbox_defquota_exceeds_mailbox_maxquota"
    ]
    server.post("add/domain", {"domain": "a.example", **LIMITS})
    assert server.post("edit/domain", {"items": ["a.example"], "attr": {"quota": "lots"}}) == ""


def test_a_footer_takes_only_addresses_that_exist_and_stores_the_rest(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    attr = {"html": "<b>", "exclude": ["anna@alpha.example", "nobody@alpha.example", "alpha.example"]}
    answer = server.post("edit/domain/footer", {"items": ["alpha.example"], "attr": attr})
    assert messages(answer) == [
        ["username_invalid", "nobody@alpha.example"],
        ["username_invalid", "alpha.example"],
        ["domain_footer_modified", "alpha.example"],
    ]
    stored = server.simulator.state.table("domain_wide_footer").get("alpha.example")
    assert stored is not None
    assert (stored["mbox_exclude"], stored["plain"]) == (["anna@alpha.example"], "")
