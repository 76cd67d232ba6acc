"""Which calls a change becomes, and in which order."""

from __future__ import annotations

import re
from typing import Any

from reconciler.kinds import registry
from reconciler.model.operation import HandleOf
from reconciler.model.resource import Place
from reconciler.model.state import Relocation, Removal
from reconciler.planning.gather import NAMES
from reconciler.planning.options import PlanOptions
from tests.planning.states import NEW, OLD, address, calls, desired, live, routes

ACME: dict[str, Any] = {
    "name": "acme.example",
    "max_total_quota": "100GiB",
    "max_mailboxes": 10,
    "max_mailbox_quota": "50GiB",
}
PASSWORD = {"env": "PASSWORD"}


def test_a_domain_and_what_is_in_it_are_created_from_the_outside_in() -> None:
    manifest: dict[str, Any] = {
        "aliases": [{"address": "sales@acme.example", "to": ["anna@acme.example"]}],
        "mailboxes": [{"address": "anna@acme.example", "password": PASSWORD}],
        "domains": [ACME],
    }

    assert routes(calls(desired(manifest), live({}))) == [("add", "domain"), ("add", "mailbox"), ("add", "alias")]


def test_a_new_domain_asks_for_no_dkim_key_and_states_every_limit() -> None:
    (call,) = calls(desired({"domains": [{"name": "acme.example"}]}), live({}))

    assert call.attributes == {
        "domain": "acme.example",
        "description": "acme.example",
        "active": 1,
        "aliases": 400,
        "mailboxes": 10,
        "defquota": 3072,
        "maxquota": 10240,
        "quota": 10240,
        "gal": 1,
        "backupmx": 0,
        "relay_all_recipients": 0,
        "relay_unknown_only": 0,
        "key_size": 0,
        "rl_value": "",
        "rl_frame": "s",
    }


def test_a_new_domain_gets_its_relayhost_by_an_edit_because_add_does_not_take_it() -> None:
    manifest: dict[str, Any] = {
        "relayhosts": [{"host": "smtp.example:587", "username": "acme"}],
        "domains": [{**ACME, "relayhost": "acme@smtp.example:587"}],
    }

    operations = calls(desired(manifest), live({}))

    assert routes(operations) == [("add", "relayhost"), ("add", "domain"), ("edit", "domain")]
    assert operations[2].attributes == {"relayhost": HandleOf(address("relayhost/acme@smtp.example:587"))}
    assert address("relayhost/acme@smtp.example:587") in operations[2].requires


def test_equal_edits_are_one_call_and_chunks_hold_a_hundred() -> None:
    many = [f"user{number}@acme.example" for number in range(250)]
    have = live(
        {"domains": [{**ACME, "max_mailboxes": 500}], "mailboxes": [{"address": each, "imap": True} for each in many]}
    )
    want = desired({"mailboxes": [{"address": each, "imap": False} for each in many]})

    operations = calls(want, have)

    assert [len(operation.items) for operation in operations] == [100, 100, 50]
    assert all(operation.attributes == {"imap_access": 0} for operation in operations)
    assert [each for operation in operations for each in operation.items] == sorted(many)


def test_a_null_alias_repeats_its_flag_in_every_edit() -> None:
    have = live(
        {"domains": [ACME], "aliases": [{"id": 7, "address": "no@acme.example", "to": "discard", "state": "active"}]}
    )

    (call,) = calls(desired({"aliases": [{"address": "no@acme.example", "to": "discard", "state": "off"}]}), have)

    assert call.items == ("7",)
    assert call.attributes == {"active": 0, "goto_null": 1}


def test_limits_rise_before_what_they_bound_and_fall_after() -> None:
    have = live(
        {
            "domains": [{**ACME, "max_mailboxes": 1, "max_total_quota": "100GiB"}],
            "mailboxes": [{"address": "anna@acme.example", "quota": "50GiB"}],
        }
    )
    want = desired(
        {
            "domains": [{"name": "acme.example", "max_mailboxes": 2, "max_total_quota": "20GiB"}],
            "mailboxes": [
                {"address": "anna@acme.example", "quota": "10GiB"},
                {"address": "ben@acme.example", "quota": "10GiB", "password": PASSWORD},
            ],
        }
    )

    operations = calls(want, have)

    assert [(operation.route, dict(operation.attributes)) for operation in operations if operation.verb == "edit"] == [
        ("domain", {"mailboxes": 2}),
        ("mailbox", {"quota": 10240}),
        ("domain", {"quota": 20480}),
    ]
    assert routes(operations) == [("edit", "domain"), ("edit", "mailbox"), ("add", "mailbox"), ("edit", "domain")]


def test_a_deletion_makes_room_first_only_where_a_limit_would_be_hit() -> None:
    full = {"domains": [{**ACME, "max_mailboxes": 1}], "mailboxes": [{"address": "dora@acme.example", "quota": "1GiB"}]}
    roomy = {**full, "domains": [ACME]}
    gone = (Removal(address("mailbox/dora@acme.example"), Place("mail.yaml", ("removed", 0))),)
    want = desired({"mailboxes": [{"address": "ben@acme.example", "password": PASSWORD}]}, removals=gone)

    assert routes(calls(want, live(full))) == [("delete", "mailbox"), ("add", "mailbox")]
    assert routes(calls(want, live(roomy))) == [("add", "mailbox"), ("delete", "mailbox")]


def test_an_alias_gives_up_its_address_right_before_the_mailbox_takes_it() -> None:
    have = live({"domains": [ACME], "aliases": [{"id": 3, "address": "ben@acme.example", "to": ["x@else.example"]}]})
    gone = (Removal(address("alias/ben@acme.example"), Place("mail.yaml", ("removed", 0))),)

    operations = calls(
        desired({"mailboxes": [{"address": "ben@acme.example", "password": PASSWORD}]}, removals=gone), have
    )

    assert routes(operations) == [("delete", "alias"), ("add", "mailbox")]
    assert operations[1].requires == {address("alias/ben@acme.example")}


def test_deletions_go_from_the_inside_out() -> None:
    have = live(
        {
            "domains": [ACME],
            "aliases": [{"id": 3, "address": "sales@acme.example", "to": ["anna@acme.example"]}],
            "mailboxes": [{"address": "anna@acme.example"}],
            "bcc_maps": [{"id": 9, "for": "acme.example", "direction": "outgoing", "to": "x@else.example"}],
        }
    )
    removed = (
        "domain/acme.example",
        "alias/sales@acme.example",
        "mailbox/anna@acme.example",
        "bcc_map/outgoing:acme.example",
    )
    gone = tuple(Removal(address(each), Place("mail.yaml", ("removed", 0))) for each in removed)

    operations = calls(desired({}, removals=gone), have)

    deletions = [route for verb, route in routes(operations) if verb == "delete"]
    assert deletions == ["bcc", "alias", "mailbox", "domain"]
    assert address("mailbox/anna@acme.example") in operations[-1].requires


def test_old_servers_get_one_lane_for_everything() -> None:
    manifest: dict[str, Any] = {
        "domains": [ACME, {"name": "other.example"}],
        "tls_policies": [{"destination": "x.example", "policy": "dane"}],
    }

    assert {operation.lanes for operation in calls(desired(manifest), live({}), capabilities=OLD)} == {
        frozenset({"server"})
    }
    assert len({operation.lanes for operation in calls(desired(manifest), live({}), capabilities=NEW)}) == 3


def test_tags_are_added_and_removed_one_by_one_never_sent_twice() -> None:
    have = live({"domains": [{**ACME, "tags": ["Old", "kept"]}]})

    operations = calls(desired({"domains": [{"name": "acme.example", "tags": ["KEPT", "new"]}]}), have)

    assert [
        (operation.verb, operation.route, operation.items, dict(operation.attributes)) for operation in operations
    ] == [
        ("delete", "domain/tag/acme.example", ("Old",), {}),
        ("edit", "domain", ("acme.example",), {"tags": ["new"]}),
    ]


def test_a_subdomain_policy_is_added_under_a_placeholder_and_renamed() -> None:
    operations = calls(desired({"tls_policies": [{"destination": ".x.example", "policy": "dane"}]}), live({}))

    add, edit = operations
    assert re.fullmatch(r"placeholder-[0-9a-f]+\.invalid", add.attributes["dest"])
    assert (add.attributes["active"], edit.attributes) == (0, {"dest": ".x.example", "active": 1})


def test_a_second_transport_repeats_the_credentials_of_its_nexthop() -> None:
    have = live({"transports": [{"id": 1, "destination": "a.example", "nexthop": "[mx.example]:25", "username": "u"}]})

    operations = calls(desired({"transports": [{"destination": "b.example", "nexthop": "[mx.example]:25"}]}), have)

    assert [(operation.verb.value, operation.attributes["nexthop"]) for operation in operations] == [
        ("add", "placeholder.invalid"),
        ("edit", "[mx.example]:25"),
    ]
    assert "username" not in operations[0].attributes
    assert operations[1].attributes["username"] == "u"


def test_a_transport_takes_its_credentials_along_to_another_nexthop() -> None:
    there = {"username": "u", "password": {"env": "ONE"}}
    have = live(
        {
            "transports": [
                {"id": 1, "destination": "a.example", "nexthop": "[old.example]", **there},
                {"id": 2, "destination": "b.example", "nexthop": "[new.example]", "username": "v"},
            ]
        }
    )

    operations = calls(
        desired({"transports": [{"destination": "a.example", "nexthop": "[new.example]", **there}]}), have
    )

    assert [(operation.items, operation.attributes["username"]) for operation in operations] == [(("1",), "u")]


def test_a_mailbox_is_renamed_not_deleted_and_made_anew() -> None:
    have = live({"domains": [ACME], "mailboxes": [{"address": "anna.alt@acme.example", "name": "Anna"}]})
    move = Relocation(
        address("mailbox/anna.alt@acme.example"),
        address("mailbox/anna@acme.example"),
        Place("m.yaml", ("moved", 0)),
        keep_alias=True,
    )

    operations = calls(
        desired({"mailboxes": [{"address": "anna@acme.example", "name": "Anna B"}]}, relocations=(move,)), have
    )

    assert routes(operations) == [("edit", "rename-mbox"), ("edit", "mailbox")]
    assert operations[0].attributes["create_alias"] == 1
    assert operations[1].items == ("anna@acme.example",)


def test_a_mailbox_that_shrinks_before_it_is_renamed_is_called_by_its_old_name() -> None:
    have = live({"domains": [ACME], "mailboxes": [{"address": "anna.alt@acme.example", "quota": "2GiB"}]})
    move = Relocation(
        address("mailbox/anna.alt@acme.example"), address("mailbox/anna@acme.example"), Place("m.yaml", ("moved", 0))
    )

    operations = calls(
        desired({"mailboxes": [{"address": "anna@acme.example", "quota": "1GiB"}]}, relocations=(move,)), have
    )

    assert routes(operations) == [("edit", "mailbox"), ("edit", "rename-mbox")]
    assert operations[0].items == ("anna.alt@acme.example",)


def test_a_mailbox_without_a_declared_quota_gets_what_its_domain_gives() -> None:
    manifest: dict[str, Any] = {
        "domains": [
            {
                "name": "acme.example",
                "default_mailbox_quota": "1GiB",
                "max_total_quota": "2GiB",
                "max_mailbox_quota": "1GiB",
            }
        ],
        "mailboxes": [{"address": f"{name}@acme.example", "password": PASSWORD} for name in ("anna", "ben")],
    }

    operations = calls(desired(manifest), live({}))

    assert [operation.attributes["quota"] for operation in operations if operation.route == "mailbox"] == [1024, 1024]


def test_edits_with_a_secret_of_its_own_for_each_are_not_one_call() -> None:
    names = ("anna@acme.example", "ben@acme.example")
    have = live({"domains": [ACME], "mailboxes": [{"address": each} for each in names]})
    again = PlanOptions(resend=("mailbox/*#password",))

    for source, count in (({"hash_table": "hashes.yaml"}, 2), ({"env": "SHARED"}, 1)):
        want = desired({"mailboxes": [{"address": each, "password": source} for each in names]})
        assert len(calls(want, have, options=again)) == count


def test_adds_are_joined_only_where_all_but_the_address_is_alike() -> None:
    def alias(name: str, to: str = "x@else.example", **more: Any) -> dict[str, Any]:
        return {"address": name, "to": [to], **more}

    manifest: dict[str, Any] = {
        "domains": [ACME, {**ACME, "name": "other.example"}],
        "mailboxes": [{"address": "anna@acme.example", "password": PASSWORD}],
        "aliases": [
            *(alias(f"a{number:02}@acme.example") for number in range(NAMES + 1)),
            alias("b@acme.example", "y@else.example"),
            alias("c@acme.example", state="off"),
            alias("d@other.example"),
            alias("e@acme.example", "anna@acme.example"),
        ],
    }
    made = [call for call in calls(desired(manifest), live({})) if call.route == "alias"]
    assert [len(call.changes) for call in made] == [NAMES, 1, 1, 1, 1, 1]
    (joined, *rest) = made
    assert joined.attributes["address"] == ",".join(f"a{number:02}@acme.example" for number in range(NAMES))
    assert joined.attributes["address"].split(",") == [*joined.names] == [each.key for each in joined.changes]
    assert joined.lanes == {"acme.example"}
    assert all(not call.names and "," not in call.attributes["address"] for call in rest)


def test_an_attribute_by_which_adds_are_joined_is_what_the_key_is_sent_as() -> None:
    joined = [kind for kind in registry().values() if kind.joined_by]
    assert joined
    for kind in joined:
        (key,) = kind.key
        assert kind.fields[key].mark.add == (kind.joined_by,)
        assert kind.unique
