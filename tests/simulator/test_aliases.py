import pytest

from tests.simulator.mailcow import Mailcow, Start, messages, with_mailbox


def _with_alias(server: Mailcow, address: str, goto: str, **flags: int) -> int:
    answer = server.post("add/alias", {"address": address, "goto": goto, "active": 1, **flags})
    assert answer[-1]["type"] == "success", answer
    return int(answer[-1]["msg"][2])


def test_an_alias_that_discards_refuses_every_edit_that_does_not_repeat_its_flag(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    number = _with_alias(server, "no@alpha.example", "", goto_null=1)
    answer = server.post("edit/alias", {"items": [number], "attr": {"active": 0}})
    assert messages(answer) == [["goto_invalid", "null@localhost"], ["alias_modified", "no@alpha.example"]]
    assert server.get(f"get/alias/{number}")["active"] == 1
    server.post("edit/alias", {"items": [number], "attr": {"active": 0, "goto_null": 1}})
    assert server.get(f"get/alias/{number}")["active"] == 0


def test_an_address_that_begins_with_digits_is_taken_for_the_number_of_another_alias(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    victim = _with_alias(server, "victim@alpha.example", "anna@alpha.example")
    meant = f"{victim}@alpha.example"
    _with_alias(server, meant, "anna@alpha.example")
    assert messages(server.post("delete/alias", [meant])) == [["alias_removed", "victim@alpha.example"]]


def test_a_key_of_the_attributes_replaces_the_items(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    first, second = (_with_alias(server, f"{name}@alpha.example", "x@y.example") for name in ("a", "b"))
    server.post("edit/alias", {"items": [first], "attr": {"id": second, "active": 0}})
    assert [server.get(f"get/alias/{number}")["active"] for number in (first, second)] == [1, 0]


def test_an_address_among_its_own_targets_is_passed_over_without_a_word(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    answer = server.post("add/alias", {"address": "a@alpha.example", "goto": "a@alpha.example"})
    assert answer == {"type": "success", "msg": "Task completed"}
    assert server.get("get/alias/all") == {}


def test_the_last_of_several_targets_is_not_recognised_as_the_address_itself(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    answer = server.post("add/alias", {"address": "a@alpha.example", "goto": "x@y.example,a@alpha.example"})
    assert messages(answer)[0][:2] == ["alias_added", "a@alpha.example"]


def test_a_full_domain_ends_the_call_after_what_fitted(mailcow: Start) -> None:
    server = mailcow()
    limits = {"aliases": 2, "mailboxes": 9, "defquota": 1, "maxquota": 10, "quota": 100, "key_size": 0}
    server.post("add/domain", {"domain": "a.example", **limits})
    body = {"address": "1@a.example,2@a.example,3@a.example,4@a.example", "goto": "x@y.example"}
    assert messages(server.post("add/alias", body)) == [
        ["alias_added", "1@a.example", "1"],
        ["alias_added", "2@a.example", "2"],
        "max_alias_exceeded",
    ]
    shown = server.get("get/domain/a.example")
    assert (shown["aliases_in_domain"], shown["aliases_left"]) == (2, 0)


def test_a_mailboxs_own_address_is_no_alias_to_see_or_count_but_takes_a_number(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    assert server.get("get/alias/all") == {}
    assert server.get("get/domain/alpha.example")["aliases_in_domain"] == 0
    assert _with_alias(server, "a@alpha.example", "x@y.example") == 2


def test_the_case_of_a_local_part_stays_and_the_domains_goes(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    number = _with_alias(server, "Info@ALPHA.example", "Anna@Alpha.Example,anna@alpha.example")
    shown = server.get(f"get/alias/{number}")
    assert (shown["address"], shown["goto"]) == ("Info@alpha.example", "Anna@alpha.example,anna@alpha.example")
    assert messages(server.post("add/alias", {"address": "INFO@alpha.example", "goto": "x@y.example"})) == [
        ["is_alias_or_mailbox", "INFO@alpha.example"]
    ]


def test_a_resource_is_no_target_and_a_bad_target_is_dropped_from_an_edit(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/resource", {"domain": "alpha.example", "description": "Room 1", "kind": "location"})
    assert messages(server.post("add/alias", {"address": "a@alpha.example", "goto": "Room1@alpha.example"})) == [
        ["goto_invalid", "Room1@alpha.example"]
    ]
    number = _with_alias(server, "a@alpha.example", "x@y.example")
    answer = server.post("edit/alias", {"items": [number], "attr": {"goto": "nonsense, b@c.example"}})
    assert messages(answer) == [["goto_invalid", "nonsense"], ["alias_modified", "a@alpha.example"]]
    assert server.get(f"get/alias/{number}")["goto"] == "b@c.example"


def test_an_unknown_alias_is_reported_under_the_address_of_the_one_before(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    number = _with_alias(server, "a@alpha.example", "x@y.example")
    answer = server.post("edit/alias", {"items": [99, number, 98], "attr": {"active": 1}})
    assert messages(answer) == [
        ["alias_invalid", None],
        ["alias_modified", "a@alpha.example"],
        ["alias_invalid", "a@alpha.example"],
    ]


def test_expanding_an_alias_copies_it_into_alias_domains_that_lack_it(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    for name in ("b.example", "c.example"):
        server.post("add/alias-domain", {"alias_domain": name, "target_domain": "alpha.example"})
    number = _with_alias(server, "info@alpha.example", "anna@alpha.example")
    _with_alias(server, "info@b.example", "x@y.example")
    answer = server.post("edit/alias", {"items": [number], "attr": {"expand_alias": 1}})
    assert messages(answer) == [["alias_added", "info@c.example", "4"], ["alias_modified", "info@alpha.example"]]
    assert server.get("get/alias/4")["in_primary_domain"] == "alpha.example"


def test_deleting_a_mailbox_takes_aliases_of_its_own_and_its_place_in_lists(mailcow: Start) -> None:
    server = with_mailbox(with_mailbox(mailcow()), "ben@beta.example")
    only = _with_alias(server, "only@beta.example", "anna@alpha.example")
    listed = _with_alias(server, "team@beta.example", "anna@alpha.example,ben@beta.example")
    other_case = _with_alias(server, "crew@beta.example", "Anna@alpha.example,ben@beta.example")
    server.post("delete/mailbox", ["anna@alpha.example"])
    assert server.get(f"get/alias/{only}") == {}
    assert server.get(f"get/alias/{listed}")["goto"] == "ben@beta.example"
    assert server.get(f"get/alias/{other_case}")["goto"] == "Anna@alpha.example,ben@beta.example"


@pytest.mark.parametrize(
    ("version", "left"), [("2024-11b", "e+tag@alpha.example,x@y.example"), ("2025-01", "x@y.example")]
)
def test_an_address_with_a_plus_stays_in_lists_where_patterns_are_not_quoted(
    mailcow: Start, version: str, left: str
) -> None:
    server = with_mailbox(mailcow(version), "e+tag@alpha.example")
    number = _with_alias(server, "a@alpha.example", "e+tag@alpha.example,x@y.example")
    server.post("delete/mailbox", ["e+tag@alpha.example"])
    assert server.get(f"get/alias/{number}")["goto"] == left


def test_a_throw_away_address_is_random_and_may_last_forever(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    body = {"username": "anna@alpha.example", "domain": "alpha.example", "validity": 1, "description": "shop"}
    assert messages(server.post("add/time_limited_alias", body)) == [["mailbox_modified", "anna@alpha.example"]]
    shown = server.get("get/time_limited_aliases/anna@alpha.example")[0]
    assert (shown["description"], shown["permanent"]) == ("shop", 0)
    server.clock.forward(hours=2)
    assert server.get("get/time_limited_aliases/anna@alpha.example") == {}
    server.post("edit/time_limited_alias", {"items": [shown["address"]], "attr": {"permanent": 1}})
    assert server.get("get/time_limited_aliases/anna@alpha.example")[0]["validity"] == 0
    assert server.get("get/mailbox/anna@alpha.example")["spam_aliases"] == 1


@pytest.mark.parametrize(("version", "hours"), [("2022-01a", 8760), ("2026-07", 8760), ("2026-07a", 24)])
def test_a_throw_away_address_lives_for_a_year_whatever_was_asked_for_until_2026_07a(
    mailcow: Start, version: str, hours: int
) -> None:
    server = with_mailbox(mailcow(version))
    body = {"username": "anna@alpha.example", "domain": "alpha.example", "validity": 24, "description": ""}
    server.post("add/time_limited_alias", body)
    shown = server.get("get/time_limited_aliases/anna@alpha.example")[0]
    assert shown["validity"] == int(server.clock().timestamp()) + hours * 3600


@pytest.mark.parametrize("hours", ["-+5", "05", "0", "87601", "1.5"])
def test_a_throw_away_address_lives_for_whole_hours(mailcow: Start, hours: str) -> None:
    body = {"username": "anna@alpha.example", "domain": "alpha.example", "validity": hours, "description": ""}
    answer = with_mailbox(mailcow()).post("add/time_limited_alias", body)
    assert messages(answer) == ["validity_missing"]


def test_a_throw_away_address_without_a_description_crashes_from_2025_01_to_2026_07(mailcow: Start) -> None:
    body = {"username": "anna@alpha.example", "domain": "alpha.example"}
    answers = [
        with_mailbox(mailcow(version)).post("add/time_limited_alias", body) != ""
        for version in ("2024-11b", "2025-01", "2026-07", "2026-07a")
    ]
    assert answers == [True, False, False, True]
