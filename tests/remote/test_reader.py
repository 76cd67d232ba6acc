import pytest

from reconciler.errors import ConnectionFailed, ProtocolError
from reconciler.model.address import Address
from reconciler.model.diagnostic import Severity
from reconciler.remote.wanted import Wanted, listed_fields
from tests.remote.rehearsal import Rehearsal, rehearsing


def fill(server: Rehearsal, *, domains: int, mailboxes: int) -> None:
    for number in range(domains):
        server.add_domain(f"d{number}.example")
    for number in range(mailboxes):
        domain = f"d{number % domains}.example"
        server.add_mailbox(f"u{number}@{domain}")
        server.add_alias(f"a{number}@{domain}", f"u{number}@{domain}")


def test_everything_a_server_has_is_read_with_references_by_name(server: Rehearsal) -> None:
    fill(server, domains=3, mailboxes=6)
    server.add_relayhost("smtp.example:587", "acme", "x")
    server.post("edit/domain", {"items": ["d1.example"], "attr": {"relayhost": "1"}})
    server.post("edit/rl-mbox", {"items": ["u1@d1.example"], "attr": {"rl_value": "10", "rl_frame": "h"}})
    live = server.read(*server.kinds)
    counts = {name: len(found) for name, found in live.resources.items() if not server.kinds[name].singleton}
    assert {name: count for name, count in counts.items() if count and "template" not in name} == {
        "admin": 1,
        "relayhost": 1,
        "domain": 3,
        "mailbox": 6,
        "alias": 6,
    }
    assert live.value(Address("domain", "d1.example"), "relayhost") == "acme@smtp.example:587"
    assert live.value(Address("domain", "d0.example"), "relayhost") == "none"
    assert live.value(Address("mailbox", "u1@d1.example"), "rate_limit") == "10/h"
    assert live.value(Address("mailbox", "u2@d2.example"), "rate_limit") == "unlimited"
    assert list(live.of("mailbox")) == sorted(live.of("mailbox"))


def test_a_reference_is_resolved_although_its_kind_was_not_asked_for(new_server: Rehearsal) -> None:
    new_server.add_domain("a.example")
    new_server.add_relayhost("smtp.example:587")
    new_server.post("edit/domain", {"items": ["a.example"], "attr": {"relayhost": "1"}})
    live = new_server.reader.read(Wanted(fields={"domain": {"relayhost"}})).live
    assert live.value(Address("domain", "a.example"), "relayhost") == "smtp.example:587"


def test_a_reference_to_what_is_gone_keeps_its_number(new_server: Rehearsal) -> None:
    new_server.add_domain("a.example")
    new_server.post("edit/domain", {"items": ["a.example"], "attr": {"relayhost": "77"}})
    assert new_server.read("domain").value(Address("domain", "a.example"), "relayhost") == "#77"


def test_requests_grow_with_kinds_and_domains_and_not_with_objects() -> None:
    counts = []
    for mailboxes in (10, 1000):
        with rehearsing() as server:
            fill(server, domains=5, mailboxes=mailboxes)
            live = server.read("domain", "alias_domain", "mailbox", "alias", "relayhost", "bcc_map")
            assert len(live.of("mailbox")) == len(live.of("alias")) == mailboxes
            counts.append(server.requests)
    assert counts[0] == counts[1]
    assert counts[0]["get mailbox/reduced"] == counts[0]["get alias/all"] == 5


def test_requests_stay_bounded_on_a_server_with_very_many_domains(new_server: Rehearsal) -> None:
    for number in range(150):
        new_server.add_domain(f"d{number}.example")
        new_server.add_mailbox(f"u@d{number}.example")
    live = new_server.read("mailbox")
    assert len(live.of("mailbox")) == 150
    assert new_server.requests["get mailbox/reduced"] == 2 * new_server.parallelism


def test_only_the_kinds_that_are_wanted_or_needed_are_read(new_server: Rehearsal) -> None:
    fill(new_server, domains=2, mailboxes=2)
    live = new_server.reader.read(Wanted(fields={"mailbox": {"name"}})).live
    assert new_server.requests == {"get domain/all": 1, "get mailbox/reduced": 2}
    assert not live.was_read("alias")
    assert live.of("mailbox")["u0@d0.example"].values.keys() == {"address", "name"}


def test_further_lists_are_read_only_for_their_fields(new_server: Rehearsal) -> None:
    fill(new_server, domains=2, mailboxes=2)
    fields = listed_fields(new_server.kinds["mailbox"])
    new_server.reader.read(Wanted(fields={"mailbox": fields}))
    assert new_server.requests["get rl-mbox/all"] == 0
    new_server.reader.read(Wanted(fields={"mailbox": fields | {"rate_limit"}}))
    assert new_server.requests["get rl-mbox/all"] == 1


def test_a_later_reading_adds_to_an_earlier_one_without_repeating_it(new_server: Rehearsal) -> None:
    fill(new_server, domains=2, mailboxes=4)
    first = new_server.read("domain", "mailbox")
    before = new_server.requests
    live = new_server.reader.read(Wanted(fields={"alias": {"to"}}), known=first).live
    assert new_server.requests - before == {"get alias/all": 2, "get alias-domain/all": 1}
    assert live.of("mailbox") == first.of("mailbox")
    assert len(live.of("alias")) == 4
    assert live.fields_read["mailbox"] == first.fields_read["mailbox"]


def test_a_narrowed_reading_asks_for_its_domains_only(new_server: Rehearsal) -> None:
    fill(new_server, domains=6, mailboxes=6)
    live = new_server.read("domain", "mailbox", domains=("d1.example", "d[45].*"))
    assert live.of("mailbox").keys() == {"u1@d1.example", "u4@d4.example", "u5@d5.example"}
    assert new_server.requests["get mailbox/reduced"] == 3
    assert live.domains == ("d1.example", "d[45].*")


def test_what_the_server_answers_for_a_domain_it_does_not_have_is_not_taken_for_that_domains(
    new_server: Rehearsal,
) -> None:
    fill(new_server, domains=2, mailboxes=2)
    assert len(new_server.get("get/mailbox/reduced/nowhere.example")) == 2
    seen = new_server.reader.look_again([Address("mailbox", "u9@nowhere.example")])
    assert new_server.requests["get mailbox/reduced"] == 1
    assert seen.of("mailbox") == {}


def test_looking_again_reads_the_domains_of_what_is_looked_for(new_server: Rehearsal) -> None:
    fill(new_server, domains=4, mailboxes=8)
    seen = new_server.reader.look_again([Address("mailbox", "u1@d1.example"), Address("alias", "a2@d2.example")])
    assert new_server.requests["get mailbox/reduced"] == 2
    assert new_server.requests["get alias/all"] == 2
    assert new_server.requests["get domain/all"] == 0
    assert "u1@d1.example" in seen.of("mailbox")
    assert "a2@d2.example" in seen.of("alias")


def test_a_domain_that_is_created_meanwhile_is_seen_when_looking_again(new_server: Rehearsal) -> None:
    fill(new_server, domains=2, mailboxes=2)
    new_server.read("domain", "mailbox")
    new_server.add_domain("new.example")
    new_server.add_mailbox("u@new.example")
    seen = new_server.reader.look_again([Address("mailbox", "u@new.example"), Address("domain", "new.example")])
    assert seen.get(Address("mailbox", "u@new.example")) is not None
    assert seen.get(Address("domain", "new.example")) is not None


def test_looking_again_for_a_domain_and_for_what_is_in_it_works_although_other_homes_are_not_read(
    new_server: Rehearsal,
) -> None:
    fill(new_server, domains=2, mailboxes=2)
    wanted = [Address("alias", "a1@d1.example"), Address("domain", "d1.example"), Address("bcc_map", "incoming:x")]
    for addresses in (wanted[:2], wanted):
        seen = new_server.reader.look_again(addresses)
        assert [seen.get(address) is not None for address in wanted] == [True, True, False]


def test_a_domain_that_is_known_not_to_be_there_is_not_asked_for(new_server: Rehearsal) -> None:
    fill(new_server, domains=2, mailboxes=2)
    first = new_server.read("domain")
    before = new_server.requests
    wanted = Wanted(fields={"mailbox": ()}, domains=("d1.example", "new.example"))
    live = new_server.reader.read(wanted, known=first).live
    assert live.of("mailbox").keys() == {"u1@d1.example"}
    assert new_server.requests - before == {"get mailbox/reduced": 1}


def test_names_in_other_scripts_are_asked_for_as_the_server_knows_them(new_server: Rehearsal) -> None:
    for domain in ("xn--mller-kva.example", "b.example"):
        new_server.add_domain(domain)
        new_server.add_mailbox(f"u@{domain}")
    live = new_server.read("domain", "mailbox")
    assert live.of("mailbox").keys() == {"u@müller.example", "u@b.example"}


def test_rows_with_one_key_are_numbered_by_their_ids(new_server: Rehearsal) -> None:
    for _ in range(3):
        new_server.add_relayhost("smtp.example:587", "acme", "x")
    wanted = Wanted(fields={"relayhost": {"state"}}, declared={"relayhost": {"acme@smtp.example:587"}})
    readout = new_server.reader.read(wanted)
    found = {key: each.handle for key, each in readout.live.of("relayhost").items()}
    key = "acme@smtp.example:587"
    assert found == {key: "1", f"{key}#2": "2", f"{key}#3": "3"}
    assert readout.diagnostics == ()


@pytest.mark.parametrize(("declared", "told"), [({"acme@smtp.example:587"}, ["key-ambiguous"]), (set(), [])])
def test_differing_rows_with_one_key_stop_those_who_do_not_say_which_is_meant(
    new_server: Rehearsal, declared: set[str], told: list[str]
) -> None:
    new_server.add_relayhost("smtp.example:587", "acme", "x")
    new_server.add_relayhost("smtp.example:587", "acme", "x")
    new_server.post("edit/relayhost", {"items": ["2"], "attr": {"active": 0}})
    wanted = Wanted(fields={"relayhost": {"state"}}, declared={"relayhost": declared})
    found = new_server.reader.read(wanted).diagnostics
    assert [(each.id, each.severity) for each in found] == [(each, Severity.ERROR) for each in told]


def test_mailboxes_that_were_left_half_made_are_told_with_their_domain() -> None:
    with rehearsing("2022-01a") as server:
        fill(server, domains=2, mailboxes=2)
        server.leave_half_made("half@d1.example")
        readout = server.reader.read(Wanted(fields={"mailbox": {"name"}}))
        assert len(readout.live.of("mailbox")) == 2
        (found,) = readout.diagnostics
        assert found.id == "row-half-made"
        assert "d1.example" in found.summary


def test_an_empty_answer_is_a_failure_and_never_no_objects() -> None:
    with rehearsing(faults=("empty:get/alias",)) as server:
        fill(server, domains=2, mailboxes=2)
        with pytest.raises(ProtocolError) as caught:
            server.read("alias")
        assert caught.value.id == "api-empty-answer"


def test_a_refusal_in_the_midst_of_a_list_is_a_failure_and_no_domain() -> None:
    with rehearsing(faults=("danger:get/domain",)) as server:
        fill(server, domains=2, mailboxes=0)
        with pytest.raises(ProtocolError) as caught:
            server.read("domain")
        assert caught.value.id == "row-without-key"


def test_a_list_that_fails_at_first_is_asked_for_again() -> None:
    with rehearsing(faults=("status=502:get/mailbox:1,2",)) as server:
        fill(server, domains=2, mailboxes=4)
        assert len(server.read("mailbox").of("mailbox")) == 4


def test_a_server_that_keeps_failing_ends_the_reading() -> None:
    with rehearsing(faults=("status=500:get/mailbox",)) as server:
        fill(server, domains=2, mailboxes=4)
        with pytest.raises(ConnectionFailed):
            server.read("domain", "mailbox")


def test_reading_beside_each_other_and_one_by_one_gives_the_same() -> None:
    states = []
    for parallelism in (1, 8):
        with rehearsing(parallelism=parallelism) as server:
            fill(server, domains=7, mailboxes=40)
            states.append(server.read(*server.kinds))
    assert states[0] == states[1]
    assert [list(found) for found in states[0].resources.values()] == [
        list(found) for found in states[1].resources.values()
    ]
