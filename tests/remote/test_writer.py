from collections.abc import Mapping

import pytest

from reconciler.api import Entry, Judgement, Verdict
from reconciler.errors import AccessDenied, UsageError
from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Operation, Verb
from reconciler.model.report import Outcome
from reconciler.model.secret import MASK, Secret, SecretSource, SourceKind
from reconciler.remote.handles import Handles, HandleUnknownError
from reconciler.remote.reader import NOTHING_READ
from reconciler.remote.writer import ApiWriter, reply_of
from tests.remote.rehearsal import PASSWORD, Rehearsal, rehearsing

DOMAIN = Address("domain", "a.example")
ROOM = {"aliases": 10, "mailboxes": 10, "defquota": 10, "maxquota": 100, "quota": 1000, "active": 1, "gal": 1}


def add_domain(domain: str = "a.example") -> Operation:
    return Operation(
        verb=Verb.ADD,
        route="domain",
        changes=(Address("domain", domain),),
        attributes={"domain": domain, "key_size": 0, **ROOM},
        successes=("domain_added",),
    )


def edit(
    kind: str, route: str, keys: tuple[str, ...], items: tuple[str | HandleOf, ...], success: str, **attr: object
) -> Operation:
    changes = tuple(Address(kind, key) for key in keys)
    return Operation(verb=Verb.EDIT, route=route, changes=changes, items=items, attributes=attr, successes=(success,))


def test_an_add_that_is_confirmed_is_done(server: Rehearsal) -> None:
    reply = server.writer().send(add_domain())
    assert reply.outcome is Outcome.DONE
    assert server.get("get/domain/a.example")["domain_name"] == "a.example"


def test_a_refusal_is_a_failure_with_the_servers_words(server: Rehearsal) -> None:
    server.add_domain("a.example")
    reply = server.writer().send(add_domain())
    assert reply.outcome is Outcome.FAILED
    assert reply.messages == ("domain_exists: a.example",)
    assert "domain_exists" in reply.keys


def test_an_edit_of_several_is_done_when_each_is_confirmed(server: Rehearsal) -> None:
    for domain in ("a.example", "b.example"):
        server.add_domain(domain)
    keys = ("a.example", "b.example")
    reply = server.writer().send(edit("domain", "domain", keys, keys, "domain_modified", gal=0))
    assert reply.outcome is Outcome.DONE


def test_a_refusal_beside_a_success_is_partial(server: Rehearsal) -> None:
    server.add_domain("a.example")
    keys = ("a.example", "nowhere.example")
    reply = server.writer().send(edit("domain", "domain", keys, keys, "domain_modified", gal=0))
    assert reply.outcome is Outcome.PARTIAL


def test_a_success_that_was_not_expected_proves_nothing(server: Rehearsal) -> None:
    server.add_domain("a.example")
    reply = server.writer().send(edit("domain", "domain", (), ("a.example",), "something_else", gal=0))
    assert reply.outcome is Outcome.UNKNOWN


def test_task_completed_proves_nothing(server: Rehearsal) -> None:
    server.add_domain("a.example")
    alias = Operation(
        verb=Verb.ADD,
        route="alias",
        changes=(Address("alias", "x@a.example"),),
        attributes={"address": "x@a.example", "goto": "x@a.example", "active": 1},
        successes=("alias_added",),
    )
    assert server.writer().send(alias).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "fault", ["empty-after:add", "reset-after:add", "reset-before:add", "status-after=502:add", "database-down:add"]
)
def test_an_answer_that_is_lost_leaves_the_outcome_unknown_and_nothing_is_sent_twice(fault: str) -> None:
    with rehearsing(faults=(fault,)) as server:
        reply = server.writer().send(add_domain())
        assert reply.outcome is Outcome.UNKNOWN
        assert reply.sent
        assert server.requests["post add/domain"] == 1


def test_what_never_left_this_machine_is_known_as_such() -> None:
    with rehearsing() as server:
        writer = server.writer()
    reply = writer.send(add_domain())
    assert (reply.outcome, reply.sent) == (Outcome.UNKNOWN, False)


def test_a_refused_key_is_raised() -> None:
    with rehearsing() as server:
        stranger = server.again(key="WRONG-KEY")
        with pytest.raises(AccessDenied):
            stranger.writer().send(add_domain())


def test_a_handle_is_filled_in_from_what_was_read(new_server: Rehearsal) -> None:
    new_server.add_domain("a.example")
    new_server.add_relayhost("other.example:25")
    new_server.add_relayhost("smtp.example:587", "acme")
    live = new_server.read("relayhost")
    handle = HandleOf(Address("relayhost", "acme@smtp.example:587"))
    before = new_server.requests
    operation = edit("domain", "domain", ("a.example",), ("a.example",), "domain_modified", relayhost=handle)
    assert new_server.writer(live).send(operation).outcome is Outcome.DONE
    assert new_server.get("get/domain/a.example")["relayhost"] == "2"
    assert new_server.requests - before == {"post edit/domain": 1}


def test_the_handle_of_what_was_just_created_is_looked_up_once(new_server: Rehearsal) -> None:
    for domain in ("a.example", "b.example"):
        new_server.add_domain(domain)
    writer = new_server.writer(new_server.read("relayhost"))
    relayhost = Address("relayhost", "smtp.example:587")
    add = Operation(
        verb=Verb.ADD,
        route="relayhost",
        changes=(relayhost,),
        attributes={"hostname": "smtp.example:587"},
        successes=("relayhost_added",),
    )
    assert writer.send(add).outcome is Outcome.DONE
    before = new_server.requests
    for domain in ("a.example", "b.example"):
        operation = edit("domain", "domain", (domain,), (domain,), "domain_modified", relayhost=HandleOf(relayhost))
        assert writer.send(operation).outcome is Outcome.DONE
    assert new_server.requests - before == {"get relayhost/all": 1, "post edit/domain": 2}
    assert new_server.get("get/domain/b.example")["relayhost"] == "1"


def test_the_id_an_answer_tells_needs_no_look_up(new_server: Rehearsal) -> None:
    new_server.add_domain("a.example")
    writer = new_server.writer(new_server.read("alias"))
    alias = Address("alias", "info@a.example")
    add = Operation(
        verb=Verb.ADD,
        route="alias",
        changes=(alias,),
        attributes={"address": "Info@a.example", "goto": "x@b.example", "active": 1},
        successes=("alias_added",),
    )
    assert writer.send(add).outcome is Outcome.DONE
    before = new_server.requests
    assert writer.send(
        edit("alias", "alias", (alias.key,), (HandleOf(alias),), "alias_modified", active=0)
    ).outcome is (Outcome.DONE)
    assert new_server.requests - before == {"post edit/alias": 1}


def test_a_reference_to_what_is_not_there_is_not_sent(new_server: Rehearsal) -> None:
    new_server.add_domain("a.example")
    handle = HandleOf(Address("relayhost", "gone.example"))
    operation = edit("domain", "domain", ("a.example",), ("a.example",), "domain_modified", relayhost=handle)
    reply = new_server.writer().send(operation)
    assert (reply.outcome, reply.sent) == (Outcome.FAILED, False)
    assert "relayhost/gone.example" in reply.messages[0]
    assert new_server.requests["post edit/domain"] == 0


def test_a_deleted_resources_handle_is_not_used_for_its_successor() -> None:
    handles = Handles(NOTHING_READ, lambda _kind: {"smtp": "7"})
    smtp = Address("relayhost", "smtp")
    handles.learn(smtp, "3")
    assert handles.of(HandleOf(smtp)) == "3"
    handles.forget(smtp)
    assert handles.of(HandleOf(smtp)) == "7"


def test_a_kind_is_listed_again_only_after_it_was_written_to() -> None:
    listed: list[str] = []

    def list_again(kind: str) -> Mapping[str, str]:
        listed.append(kind)
        return {}

    handles = Handles(NOTHING_READ, list_again)
    wanted = HandleOf(Address("relayhost", "smtp"), default="0")
    assert [handles.of(wanted) for _ in range(3)] == ["0", "0", "0"]
    handles.outdate("relayhost")
    assert handles.of(wanted) == "0"
    with pytest.raises(HandleUnknownError, match="relayhost/smtp"):
        handles.of(HandleOf(Address("relayhost", "smtp")))
    assert listed == ["relayhost", "relayhost"]


def add_mailbox(password: SecretSource | Secret, address: str = "anna@a.example") -> Operation:
    local, _, domain = address.partition("@")
    return Operation(
        verb=Verb.ADD,
        route="mailbox",
        changes=(Address("mailbox", address),),
        attributes={"local_part": local, "domain": domain, "quota": 5, "password": password, "password2": password},
        successes=("mailbox_added",),
    )


def test_a_secret_is_found_when_it_is_sent(new_server: Rehearsal) -> None:
    new_server.add_domain("a.example")
    reply = new_server.writer().send(add_mailbox(SecretSource(SourceKind.ENV, ("ANNA",))))
    assert reply.outcome is Outcome.DONE


def test_a_secret_that_cannot_be_found_stops_its_call_before_it_is_sent(new_server: Rehearsal) -> None:
    def resolve(_source: SecretSource, _address: Address) -> Secret:
        raise UsageError("the variable ANNA is not set", id="secret-missing")

    handles = Handles(NOTHING_READ, new_server.reader.handles_of)
    writer = ApiWriter(client=new_server.client, kinds=new_server.kinds, handles=handles, resolve=resolve)
    reply = writer.send(add_mailbox(SecretSource(SourceKind.ENV, ("ANNA",))))
    assert (reply.outcome, reply.sent) == (Outcome.FAILED, False)
    assert reply.messages == ("not sent: the variable ANNA is not set",)


def test_a_call_about_several_is_not_sent_with_the_secret_of_one(new_server: Rehearsal) -> None:
    keys = ("anna@a.example", "ben@a.example")
    table = SecretSource(SourceKind.HASH_TABLE, ("hashes.csv",))
    operation = edit("mailbox", "mailbox", keys, keys, "mailbox_modified", password=table)
    reply = new_server.writer().send(operation)
    assert (reply.outcome, reply.sent) == (Outcome.UNKNOWN, False)
    assert new_server.requests.total() == 0


def test_a_secret_the_server_echoes_is_masked() -> None:
    operation = add_mailbox(Secret(PASSWORD))
    verdict = Verdict(Judgement.REFUSED, (Entry("danger", "mysql_error", (f"Data too long: '{PASSWORD}'",)),), 200)
    reply = reply_of(operation, verdict, {PASSWORD})
    assert reply.messages == (f"mysql_error: Data too long: '{MASK}'",)
    assert PASSWORD not in repr(reply)


def test_a_warning_beside_every_expected_success_is_told_and_done() -> None:
    entries = (Entry("success", "mailbox_added", ("anna@a.example",)), Entry("warning", "maildir", ()))
    reply = reply_of(add_mailbox(Secret("x")), Verdict(Judgement.MIXED, entries, 200), set())
    assert reply.outcome is Outcome.DONE
    assert reply.messages == ("mailbox_added: anna@a.example", "warning: maildir")


def test_a_route_the_version_does_not_have_is_a_failure(old_server: Rehearsal) -> None:
    operation = Operation(
        verb=Verb.ADD, route="mta-sts", changes=(DOMAIN,), attributes={"domain": "a.example"}, successes=("x",)
    )
    reply = old_server.writer().send(operation)
    assert reply.outcome is Outcome.FAILED
    assert reply.messages == ("route not found",)


def test_fewer_confirmations_than_items_prove_nothing() -> None:
    keys = ("a.example", "b.example")
    operation = edit("domain", "domain", keys, keys, "domain_modified", gal=0)
    one = Verdict(Judgement.ACCEPTED, (Entry("success", "domain_modified", ("a.example",)),), 200)
    assert reply_of(operation, one, set()).outcome is Outcome.UNKNOWN
