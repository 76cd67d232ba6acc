from typing import Any

from tests.simulator.mailcow import Mailcow, Start, messages, with_mailbox


def test_a_colon_is_escaped_by_an_add_and_stored_as_sent_by_an_edit(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/relayhost", {"hostname": "smtp.test", "username": "u:v", "password": "p:w"})
    shown = server.get("get/relayhost/1")
    assert (shown["username"], shown["password"]) == (r"u\:v", r"p\\:w")
    server.post("edit/relayhost", {"items": ["1"], "attr": {"username": "u:v", "password": "p:w"}})
    shown = server.get("get/relayhost/1")
    assert (shown["username"], shown["password"]) == ("u:v", "p:w")


def test_the_answer_to_an_add_of_a_relayhost_echoes_its_password(mailcow: Start) -> None:
    body = {"hostname": "smtp.test", "username": "u", "password": "secret"}
    assert mailcow().post("add/relayhost", body)[0]["log"] == ["relayhost", "add", body]


def test_equal_relayhosts_are_stored_side_by_side_and_always_active(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(2):
        server.post("add/relayhost", {"hostname": "smtp.test", "active": 0})
    assert [(row["id"], row["active"]) for row in server.get("get/relayhost/all")] == [(1, 1), (2, 1)]


def test_deleting_a_relayhost_resets_its_domains_and_leaves_its_mailboxes_dangling(mailcow: Start) -> None:
    server = with_mailbox(mailcow())
    server.post("add/relayhost", {"hostname": "smtp.test"})
    server.post("edit/domain", {"items": ["alpha.example"], "attr": {"relayhost": "1"}})
    server.post("edit/mailbox", {"items": ["anna@alpha.example"], "attr": {"relayhost": "1"}})
    shown = server.get("get/relayhost/1")
    assert (shown["used_by_domains"], shown["used_by_mailboxes"]) == ("alpha.example", "anna@alpha.example")
    assert messages(server.post("delete/relayhost", [1])) == [["relayhost_removed", "1"]]
    assert server.get("get/domain/alpha.example")["relayhost"] == "0"
    assert server.get("get/mailbox/anna@alpha.example")["attributes"]["relayhost"] == "1"


def test_an_id_is_read_as_a_number(mailcow: Start) -> None:
    server = mailcow()
    server.post("add/relayhost", {"hostname": "smtp.test"})
    assert server.get("get/relayhost/1abc")["id"] == 1
    assert server.get("get/relayhost/abc") == {}


def test_an_id_among_the_attributes_replaces_the_items(mailcow: Start) -> None:
    server = mailcow()
    for _ in range(2):
        server.post("add/relayhost", {"hostname": "smtp.test"})
    server.post("edit/relayhost", {"items": ["1"], "attr": {"id": "2", "hostname": "other.test"}})
    assert [row["hostname"] for row in server.get("get/relayhost/all")] == ["smtp.test", "other.test"]


def test_too_long_a_relayhost_is_told_in_the_databases_words(mailcow: Start) -> None:
    answer = mailcow().post("add/relayhost", {"hostname": "x" * 256})
    assert messages(answer) == [
        ["mysql_error", {"errorInfo": ["22001", 1406, "Data too long for column 'hostname' at row 1"]}]
    ]


def transport(server: Mailcow, destination: str, nexthop: str, **more: Any) -> Any:
    return server.post("add/transport", {"destination": destination, "nexthop": nexthop, "active": 1, **more})


def test_several_destinations_become_several_transports(mailcow: Start) -> None:
    server = mailcow()
    assert messages(transport(server, "a.test, b.test;c.test", "192.0.2.1")) == [["relayhost_added", ""]]
    shown = [(row["destination"], row["nexthop"]) for row in server.get("get/transport/all")]
    assert shown == [("a.test", "[192.0.2.1]"), ("b.test", "[192.0.2.1]"), ("c.test", "[192.0.2.1]")]


def test_the_first_transport_is_not_checked_at_all_and_the_second_is(mailcow: Start) -> None:
    server = mailcow()
    transport(server, "!!bad!!", "mx.test")
    assert [row["destination"] for row in server.get("get/transport/all")] == ["!!bad!!"]
    assert messages(transport(server, "!!worse!!", "mx.test")) == [["invalid_destination", "!!worse!!"]]


def test_a_wrong_destination_is_named_and_the_others_are_stored(mailcow: Start) -> None:
    server = mailcow()
    transport(server, "a.test", "mx.test")
    answer = transport(server, "a.test !! b.test", "mx.test")
    assert [(entry["type"], entry["msg"]) for entry in answer] == [
        ("danger", ["transport_dest_exists", "a.test"]),
        ("danger", ["invalid_destination", "!!"]),
        ("success", ["relayhost_added", ""]),
    ]


def test_credentials_belong_to_the_next_hop_whoever_writes_them(mailcow: Start) -> None:
    server = mailcow()
    transport(server, "a.test", "mx.test", username="u", password="one")
    transport(server, "b.test", "mx.test", username="u", password="two")
    assert {row["password"] for row in server.get("get/transport/all")} == {"two"}
    server.post("edit/transport", {"items": [1], "attr": {"username": "v", "password": "p:w"}})
    assert {(row["username"], row["password"]) for row in server.get("get/transport/all")} == {("v", "p:w")}


def test_a_transport_without_a_name_loses_its_password(mailcow: Start) -> None:
    server = mailcow()
    transport(server, "a.test", "mx.test", username="u", password="p")
    server.post("edit/transport", {"items": [1], "attr": {"username": ""}})
    assert server.get("get/transport/1")["password"] == ""


def test_a_next_hop_with_other_credentials_is_refused_by_an_add_only(mailcow: Start) -> None:
    server = mailcow()
    transport(server, "a.test", "mx.test", username="u")
    transport(server, "b.test", "other.test")
    assert messages(transport(server, "c.test", "mx.test")) == ["invalid_nexthop_authenticated"]
    assert messages(server.post("edit/transport", {"items": [2], "attr": {"nexthop": "mx.test"}})) == [
        ["object_modified", ""]
    ]


def test_a_next_hop_in_brackets_does_not_go_with_the_same_without(mailcow: Start) -> None:
    server = mailcow()
    transport(server, "a.test", "mx.test")
    assert messages(transport(server, "b.test", "[mx.test]")) == [["next_hop_interferes", "mx.test", "[mx.test]"]]
    transport(server, "c.test", "[relay.test]:25")
    assert messages(transport(server, "d.test", "relay.test")) == [["next_hop_interferes_any", "relay.test"]]


def test_a_destination_based_on_mx_is_a_regular_expression_without_slashes(mailcow: Start) -> None:
    server = mailcow()
    transport(server, "a.test", "mx.test")
    for pattern, taken in (("mx[0-9]+\\.b\\.test", True), ("(mx", False), ("a/b", False)):
        answer = transport(server, pattern, "mx.test", is_mx_based=1)
        assert (messages(answer) == [["relayhost_added", ""]]) is taken, pattern


def test_an_unknown_transport_is_refused_as_a_relayhost_and_the_others_are_edited(mailcow: Start) -> None:
    server = mailcow()
    transport(server, "a.test", "mx.test")
    answer = server.post("edit/transport", {"items": [9, 1], "attr": {"active": 0}})
    assert messages(answer) == [["relayhost_invalid", 9], ["object_modified", ""]]
    assert server.get("get/transport/1")["active"] == 0
