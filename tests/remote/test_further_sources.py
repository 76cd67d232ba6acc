"""Sources that take a request for each domain or resource, declared here as the kinds of later will declare them."""

from typing import Required, TypedDict

from reconciler.model.address import Address
from reconciler.remote.schedule import readable_routes
from reconciler.remote.wanted import Wanted, wanted_of
from reconciler.spec.addresses import Domain, MailboxAddress
from reconciler.spec.codecs import Tags, Text
from reconciler.spec.kind import Kind, Routes, Source
from reconciler.spec.language import Annotated
from reconciler.spec.mark import MAIN, field
from tests.remote.rehearsal import Rehearsal


class _Zone(TypedDict, total=False):
    """A domain with what it lets in."""

    name: Required[Annotated[Domain, field("Its name.", "domain_name")]]
    allowed: Annotated[Tags, field("Senders it lets in.", read="value", source="allowed")]


class _Box(TypedDict, total=False):
    """A mailbox with its spam score."""

    address: Required[Annotated[MailboxAddress, field("Its address.", "username")]]
    score: Annotated[Text, field("From when on mail is spam.", read="score", source="score", since="2023-11a")]


KINDS = {
    "zone": Kind(
        name="zone",
        plural="zones",
        record=_Zone,
        key=("name",),
        handle="domain_name",
        domain_field="name",
        routes=Routes(),
        sources={
            MAIN: Source(path="domain/all"),
            "allowed": Source(path="policy_wl_domain/{domain}", join="object", row_handle="prefid", many=True),
        },
    ),
    "box": Kind(
        name="box",
        plural="boxes",
        record=_Box,
        key=("address",),
        handle="username",
        within=("zone",),
        domain_field="address",
        routes=Routes(),
        sources={
            MAIN: Source(path="mailbox/reduced", by_domain="mailbox/reduced/{domain}"),
            "score": Source(path="spam-score/{handle}"),
        },
    ),
}


def with_these_kinds(server: Rehearsal) -> Rehearsal:
    for domain in ("a.example", "b.example", "c.example"):
        server.add_domain(domain)
        for name in ("anna", "ben"):
            server.add_mailbox(f"{name}@{domain}")
    return server.again(kinds=KINDS)


def test_rows_are_gathered_as_the_elements_of_what_they_are_about(new_server: Rehearsal) -> None:
    server = with_these_kinds(new_server)
    for sender in ("x.test", "y.test"):
        server.post("add/domain-policy", {"domain": "a.example", "object_list": "wl", "object_from": sender})
    server.post("add/mailbox-policy", {"username": "anna@a.example", "object_list": "wl", "object_from": "z.test"})
    live = server.reader.read(Wanted(fields={"zone": {"allowed"}})).live
    assert live.of("zone")["a.example"].values["allowed"] == ("x.test", "y.test")
    assert live.of("zone")["b.example"].values["allowed"] == ()
    rows = live.of("zone")["a.example"].rows["allowed"]
    assert server.post("delete/domain-policy", [rows["y.test"]])
    assert server.requests["get policy_wl_domain"] == 3


def test_only_the_domains_of_those_that_declare_the_field_are_asked_for(new_server: Rehearsal) -> None:
    server = with_these_kinds(new_server)
    wanted = Wanted(fields={"zone": {"allowed"}}, details={("zone", "allowed"): {"b.example", "gone.example"}})
    live = server.reader.read(wanted).live
    assert server.requests["get policy_wl_domain"] == 1
    assert [key for key, each in live.of("zone").items() if "allowed" in each.values] == ["b.example"]


def test_a_request_for_each_resource_is_made_for_those_that_declare_the_field(new_server: Rehearsal) -> None:
    server = with_these_kinds(new_server)
    server.post("edit/spam-score", {"items": ["ben@b.example"], "attr": {"spam_score": "6,12"}})
    wanted = Wanted(fields={"box": {"score"}}, details={("box", "score"): {"ben@b.example"}})
    live = server.reader.read(wanted).live
    assert live.of("box")["ben@b.example"].values["score"] == "6,12"
    assert "score" not in live.of("box")["anna@b.example"].values
    assert server.requests["get spam-score"] == 1


def test_without_a_word_on_who_declares_it_no_resource_is_asked_for(new_server: Rehearsal) -> None:
    server = with_these_kinds(new_server)
    server.reader.read(Wanted(fields={"box": {"score"}}))
    assert server.requests["get spam-score"] == 0


def test_a_field_that_the_version_does_not_have_is_not_asked_for(old_server: Rehearsal) -> None:
    server = with_these_kinds(old_server)
    wanted = Wanted(fields={"box": {"score"}}, details={("box", "score"): {"ben@b.example"}})
    assert "score" not in server.reader.read(wanted).live.of("box")["ben@b.example"].values
    assert server.requests["get spam-score"] == 0


def test_a_later_reading_adds_details_to_what_is_known(new_server: Rehearsal) -> None:
    server = with_these_kinds(new_server)
    first = server.reader.read(Wanted(fields={"box": ()})).live
    before = server.requests
    wanted = Wanted(fields={"box": {"score"}}, details={("box", "score"): {"anna@a.example"}})
    live = server.reader.read(wanted, known=first).live
    assert server.requests - before == {"get spam-score": 1}
    assert live.of("box")["anna@a.example"].values["score"] == "5,15"


def test_looking_again_includes_every_source() -> None:
    wanted = wanted_of([Address("box", "anna@a.example")], KINDS)
    assert wanted.details == {("box", "score"): {"anna@a.example"}}
    assert wanted.domains == ("a.example",)


def test_the_list_of_readable_routes_names_no_objects() -> None:
    expected = {"domain/all", "policy_wl_domain", "mailbox/reduced", "spam-score"}
    assert readable_routes(KINDS.values()) == expected
