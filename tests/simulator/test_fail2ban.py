from typing import Any

from tests.simulator.mailcow import Mailcow, Start, messages


def edit(server: Mailcow, items: Any = ("none",), **attr: Any) -> Any:
    return server.post("edit/fail2ban", {"items": list(items), "attr": attr})


def test_what_is_not_sent_is_kept_except_the_increment_and_the_external_management(mailcow: Start) -> None:
    server = mailcow()
    edit(server, ban_time=7200, ban_time_increment="1", manage_external=1, whitelist="192.0.2.1")
    edit(server, max_attempts=3)
    shown = server.get("get/fail2ban")
    assert (shown["ban_time"], shown["max_attempts"], shown["whitelist"]) == (7200, 3, "192.0.2.1")
    assert (shown["ban_time_increment"], shown["manage_external"]) == (False, 0)


def test_each_version_shows_and_writes_its_own_settings(mailcow: Start) -> None:
    for version, present in (
        ("2023-03", set()),
        ("2023-04", {"ban_time_increment", "max_ban_time"}),
        ("2023-12", {"ban_time_increment", "max_ban_time", "manage_external", "banlist_id"}),
    ):
        server = mailcow(version)
        later = {"ban_time_increment", "max_ban_time", "manage_external", "banlist_id"}
        assert later & server.get("get/fail2ban").keys() == present, version
        edit(server, ban_time=100)
        assert later & server.get("get/fail2ban").keys() == present, version


def test_the_rules_change_with_the_versions(mailcow: Start) -> None:
    def rule(version: str, number: int) -> str:
        found: str = mailcow(version).get("get/fail2ban")["regex"][str(number)]
        return found

    assert "Connection lost" not in rule("2022-04", 3)
    assert "Connection lost" in rule("2022-05", 3)
    assert rule("2022-11b", 6).startswith(r"-login: Disconnected \(")
    assert rule("2024-08a", 6).startswith(r"-login: Disconnected.+ \(")
    assert rule("2024-04", 9).startswith("SOGo.+ Login from '")
    assert rule("2024-08a", 9).startswith(r"SOGo.+ Login from \'")
    assert rule("2025-02", 6).endswith(r"Password mismatch \(SHA1 of given password: [a-f0-9]+\)")


def test_lists_are_emptied_before_their_new_entries_are_looked_at(mailcow: Start) -> None:
    server = mailcow()
    edit(server, whitelist="192.0.2.10,192.0.2.9", blacklist="203.0.113.0/24")
    assert server.get("get/fail2ban")["whitelist"] == "192.0.2.9\n192.0.2.10"
    answer = edit(server, whitelist="wrong! 192.0.2.1", blacklist="0.0.0.0/0;host.test")
    assert messages(answer) == [
        ["network_host_invalid", "wrong!"],
        ["network_host_invalid", "0.0.0.0/0"],
        ["network_host_invalid", "host.test"],
        "f2b_modified",
    ]
    shown = server.get("get/fail2ban")
    assert (shown["whitelist"], shown["blacklist"]) == ("192.0.2.1", "")


def test_numbers_are_cut_to_what_makes_sense_except_small_networks(mailcow: Start) -> None:
    server = mailcow()
    edit(server, ban_time=1, max_ban_time=0, max_attempts=-1, retry_window="x", netban_ipv4=99, netban_ipv6=4)
    shown = server.get("get/fail2ban")
    assert [shown[name] for name in ("ban_time", "max_ban_time", "max_attempts", "retry_window")] == [60, 60, 1, 1]
    assert (shown["netban_ipv4"], shown["netban_ipv6"]) == (32, 4)


def test_a_network_moves_from_one_list_to_the_other(mailcow: Start) -> None:
    server = mailcow()
    edit(server, blacklist="192.0.2.1")
    answer = edit(server, ["192.0.2.1", "nonsense"], action="whitelist")
    assert messages(answer) == [["object_modified", "192.0.2.1"], ["network_host_invalid", "nonsense"]]
    shown = server.get("get/fail2ban")
    assert (shown["whitelist"], shown["blacklist"]) == ("192.0.2.1", "")


def test_an_action_without_networks_writes_the_settings(mailcow: Start) -> None:
    assert messages(edit(mailcow(), [], action="unban")) == ["f2b_modified"]


def test_rules_are_numbered_anew_when_written_and_come_back_when_reset(mailcow: Start) -> None:
    server = mailcow()
    original = server.get("get/fail2ban")["regex"]
    edit(server, action="edit-regex", regex={"7": "a", "9": "b"})
    assert server.get("get/fail2ban")["regex"] == {"1": "a", "2": "b"}
    edit(server, action="reset-regex")
    assert server.get("get/fail2ban")["regex"] == original


def test_the_list_of_bans_moves_only_for_who_knows_where_it_is(mailcow: Start) -> None:
    server = mailcow()
    place = server.get("get/fail2ban")["banlist_id"]
    wrong = server.send("POST", "edit/fail2ban/banlist", {"items": ["elsewhere"], "attr": {}})
    assert (wrong.status, server.read(wrong)) == (404, {"type": "error", "msg": "Cannot edit item"})
    right = server.post("edit/fail2ban/banlist", {"items": [place], "attr": {}})
    assert right[0]["log"] == ["fail2ban", "banlist", "refresh", place]
    assert server.get("get/fail2ban")["banlist_id"] != place


def test_versions_without_the_list_of_bans_write_their_settings_instead(mailcow: Start) -> None:
    server = mailcow("2023-07")
    answer = server.post("edit/fail2ban/banlist", {"items": ["x"], "attr": {"ban_time": 120}})
    assert messages(answer) == ["f2b_modified"]
    assert server.get("get/fail2ban")["ban_time"] == 120


def test_the_list_of_bans_was_part_of_the_api_for_a_year(mailcow: Start) -> None:
    server = mailcow("2024-08a")
    edit(server, blacklist="203.0.113.0/24")
    place = server.get("get/fail2ban")["banlist_id"]
    assert server.send("GET", f"get/fail2ban/banlist/{place}").body == b"203.0.113.0/24"
    assert server.send("GET", "get/fail2ban/banlist/elsewhere").status == 404
    assert "ban_time" in mailcow("2025-01").get(f"get/fail2ban/banlist/{place}")
