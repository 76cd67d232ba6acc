import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.errors import AccessDenied
from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange
from reconciler.model.operation import Operation, Verb
from reconciler.model.reply import Reply
from reconciler.model.report import ChangeEnded, Leftover, OperationEnded, OperationStarted, Outcome
from reconciler.model.secret import SecretSource, SourceKind
from tests.engine.world import Does, World, call, create, delete, mailbox, relayhost, run, start, update
from tests.work import growth

ANNA, BEN, CARL = mailbox("anna"), mailbox("ben"), mailbox("carl")


def with_names(*addresses: Address) -> World:
    return World(there={address: {"name": "old"} for address in addresses})


def test_what_is_confirmed_is_done_and_nothing_is_read_for_it() -> None:
    world = with_names(BEN, CARL)
    operations = [call(Verb.ADD, ANNA), call(Verb.EDIT, BEN), call(Verb.DELETE, CARL)]
    ran = run(world, [create(ANNA), update(BEN), delete(CARL)], operations)
    assert ran.outcomes == {str(ANNA): "done", str(BEN): "done", str(CARL): "done"}
    assert world.looked == []
    assert ran.report.converged is True
    assert ran.report.calls == 3
    assert ran.report.stopped is None
    assert ran.report.seconds > 0


def test_every_call_and_every_change_is_told_as_it_happens() -> None:
    ran = run(World(), [create(ANNA)], [call(Verb.ADD, ANNA)])
    started, ended, done = ran.events
    assert isinstance(started, OperationStarted)
    assert isinstance(ended, OperationEnded)
    assert (ended.number, ended.outcome, ended.messages) == (started.number, Outcome.DONE, ("done",))
    assert done == ChangeEnded(ANNA, Outcome.DONE)


def test_lower_phases_are_finished_before_higher_ones_start() -> None:
    finished = threading.Event()
    world = World()

    def watch(operation: Operation) -> None:
        if operation.phase == 1:
            assert finished.is_set()
        else:
            finished.set()

    world.before_each = watch
    operations = [call(Verb.ADD, ANNA, phase=1), call(Verb.ADD, BEN, phase=0)]
    ran = run(world, [create(ANNA), create(BEN)], operations)
    assert set(ran.outcomes.values()) == {"done"}
    assert [each.changes[0] for each in world.sent] == [BEN, ANNA]


def test_a_refused_call_is_sent_once_and_failed_with_the_servers_words() -> None:
    world = World().on(ANNA, Does.REFUSE)
    ran = run(world, [create(ANNA), create(BEN)], [call(Verb.ADD, ANNA), call(Verb.ADD, BEN)])
    assert ran.outcomes == {str(ANNA): "failed", str(BEN): "done"}
    assert ran.messages(ANNA) == ("access_denied",)
    assert len(world.sent) == 2


def test_an_add_whose_answer_was_lost_is_done_when_it_is_there() -> None:
    world = World().on(ANNA, Does.LOSE_AFTER)
    ran = run(world, [create(ANNA)], [call(Verb.ADD, ANNA)])
    assert ran.outcomes == {str(ANNA): "done"}
    assert world.times_sent()["add", ANNA] == 1


def test_an_add_whose_answer_was_lost_is_sent_once_more_when_it_is_not_there() -> None:
    world = World().on(ANNA, Does.LOSE_BEFORE)
    ran = run(world, [create(ANNA)], [call(Verb.ADD, ANNA)])
    assert ran.outcomes == {str(ANNA): "done"}
    assert world.times_sent()["add", ANNA] == 2


def test_nothing_is_sent_a_third_time() -> None:
    world = World().on(ANNA, Does.LOSE_BEFORE, Does.LOSE_BEFORE)
    ran = run(world, [create(ANNA)], [call(Verb.ADD, ANNA)])
    assert ran.outcomes == {str(ANNA): "failed"}
    assert "reading again does not show it" in ran.messages(ANNA)
    assert world.times_sent()["add", ANNA] == 2


def test_an_add_that_took_after_all_is_done_although_its_repetition_is_refused() -> None:
    world = World().on(ANNA, Does.LOSE_BEFORE, Does.REFUSE)

    def arrive_late(_operation: Operation) -> None:
        if len(world.sent) == 2:
            world.there[ANNA] = {"name": "new"}

    world.before_each = arrive_late
    ran = run(world, [create(ANNA)], [call(Verb.ADD, ANNA)])
    assert ran.outcomes == {str(ANNA): "done"}


def test_an_add_of_a_kind_without_unique_keys_is_not_repeated_while_something_new_may_be_it() -> None:
    smtp = relayhost("acme:x@smtp.example")
    world = World().on(smtp, Does.LOSE_BEFORE)
    stored_otherwise = relayhost("acme\\:x@smtp.example")
    world.before_each = lambda _: world.there.update({stored_otherwise: {}})
    ran = run(world, [create(smtp)], [call(Verb.ADD, smtp)])
    assert ran.outcomes == {str(smtp): "unknown"}
    assert world.times_sent()["add", smtp] == 1


def test_what_never_left_this_machine_is_sent_once_more() -> None:
    world = World().on(ANNA, Does.UNSENT)
    ran = run(world, [create(ANNA)], [call(Verb.ADD, ANNA)])
    assert ran.outcomes == {str(ANNA): "done"}
    assert ran.report.calls == 1


def test_an_edit_whose_answer_was_lost_is_judged_by_what_it_set() -> None:
    for does, times in ((Does.LOSE_AFTER, 1), (Does.LOSE_BEFORE, 2)):
        world = with_names(ANNA).on(ANNA, does)
        ran = run(world, [update(ANNA)], [call(Verb.EDIT, ANNA)])
        assert ran.outcomes == {str(ANNA): "done"}
        assert world.times_sent()["edit", ANNA] == times


def test_an_edit_that_set_only_some_of_its_fields_is_partial() -> None:
    world = with_names(ANNA).on(ANNA, Does.CLAIM)
    world.there[ANNA] = {"name": "old", "quota": "9GiB"}
    change = replace(update(ANNA), fields=(*update(ANNA).fields, FieldChange("quota", "1GiB", "9GiB")))
    assert run(world, [change], [call(Verb.EDIT, ANNA)]).outcomes == {str(ANNA): "partial"}


def test_a_success_beside_a_refusal_is_checked_and_failed_where_nothing_changed() -> None:
    world = with_names(ANNA).on(ANNA, Does.CLAIM)
    ran = run(world, [update(ANNA)], [call(Verb.EDIT, ANNA)])
    assert ran.outcomes == {str(ANNA): "failed"}
    assert len(world.sent) == 1


def test_an_edit_of_what_cannot_be_read_is_unknown_when_its_answer_was_lost_and_not_repeated() -> None:
    secret = SecretSource(SourceKind.ENV, ("ANNA",))
    change = Change(Action.UPDATE, ANNA, (FieldChange("password", Absent.NOT_READABLE, secret, sensitive=True),))
    world = with_names(ANNA).on(ANNA, Does.LOSE_BEFORE)
    ran = run(world, [change], [call(Verb.EDIT, ANNA)])
    assert ran.outcomes == {str(ANNA): "unknown"}
    assert len(world.sent) == 1


def test_only_the_fields_an_operation_sets_decide_whether_it_took() -> None:
    change = Change(
        Action.UPDATE, ANNA, (FieldChange("name", "old", "new"), FieldChange("rate_limit", "unlimited", "10/h"))
    )
    world = World(there={ANNA: {"name": "old", "rate_limit": "unlimited"}}).on("the name", Does.LOSE_AFTER)
    operations = [
        call(Verb.EDIT, ANNA, fields=frozenset({"name"}), note="the name"),
        call(Verb.EDIT, ANNA, fields=frozenset({"rate_limit"}), route="rl-mbox"),
    ]
    ran = run(world, [change], operations)
    assert ran.outcomes == {str(ANNA): "done"}
    assert len(world.sent) == 2


def test_of_a_refused_batch_only_what_remains_is_sent_again_and_singly() -> None:
    world = with_names(ANNA, BEN, CARL).on(BEN, Does.REFUSE, Does.REFUSE)
    ran = run(world, map(update, (ANNA, BEN, CARL)), [call(Verb.EDIT, ANNA, BEN, CARL)])
    assert ran.outcomes == {str(ANNA): "done", str(BEN): "failed", str(CARL): "done"}
    assert [each.changes for each in world.sent] == [(ANNA, BEN, CARL), (BEN,)]
    assert world.sent[1].items == (BEN.key,)
    assert len(world.looked) == 2


def test_a_batch_whose_answer_was_lost_is_taken_apart_the_same_way() -> None:
    world = with_names(ANNA, BEN).on(ANNA, Does.LOSE_AFTER).on(BEN, Does.LOSE_BEFORE)
    ran = run(world, map(update, (ANNA, BEN)), [call(Verb.EDIT, ANNA, BEN)])
    assert set(ran.outcomes.values()) == {"done"}
    assert [each.changes for each in world.sent] == [(ANNA, BEN), (BEN,)]


def test_doubts_of_a_phase_are_resolved_by_one_reading() -> None:
    addresses = [mailbox(f"u{number}") for number in range(4)]
    world = World()
    for address in addresses:
        world.on(address, Does.LOSE_AFTER)
    ran = run(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=2)
    assert set(ran.outcomes.values()) == {"done"}
    assert [sorted(each) for each in world.looked] == [sorted(addresses)]


def test_four_times_as_many_doubts_take_four_times_the_work() -> None:
    assert growth(_doubts, 200) < 1.15


def test_four_times_as_many_calls_for_one_change_are_four_times_the_work() -> None:
    def changing(number: int) -> Callable[[], object]:
        operations = [call(Verb.EDIT, ANNA, note=str(each)) for each in range(number)]
        return lambda: run(with_names(ANNA), [create(ANNA)], operations, workers=1)

    assert growth(changing, 50) < 1.1


def _doubts(number: int) -> Callable[[], None]:
    """A run in which so many refused adds are judged."""
    addresses = [relayhost(f"smtp{each}.example") for each in range(number)]
    world = World(there={relayhost(f"old{each}.example"): {} for each in range(number)})
    for address in addresses:
        world.on(address, Does.REFUSE)

    def running() -> None:
        ran = run(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=1)
        assert set(ran.outcomes.values()) == {"failed"}

    return running


def test_a_deletion_that_is_refused_is_done_when_the_thing_is_gone() -> None:
    world = World().on(ANNA, Does.REFUSE)
    assert run(world, [delete(ANNA)], [call(Verb.DELETE, ANNA)]).outcomes == {str(ANNA): "done"}
    world = with_names(ANNA).on(ANNA, Does.REFUSE)
    assert run(world, [delete(ANNA)], [call(Verb.DELETE, ANNA)]).outcomes == {str(ANNA): "failed"}


def test_a_failure_blocks_what_needs_it_and_nothing_else() -> None:
    world = World().on(ANNA, Does.REFUSE)
    operations = [
        call(Verb.ADD, ANNA, phase=0),
        call(Verb.ADD, BEN, phase=1, requires=frozenset({ANNA})),
        call(Verb.ADD, CARL, phase=1),
    ]
    ran = run(world, map(create, (ANNA, BEN, CARL)), operations)
    assert ran.outcomes == {str(ANNA): "failed", str(BEN): "blocked", str(CARL): "done"}
    assert ran.messages(BEN) == (f"needs {ANNA}, which was not done",)


def test_what_the_run_itself_has_made_is_no_stranger_to_an_add_whose_answer_was_lost() -> None:
    smtp, other = relayhost("smtp.example"), relayhost("other.example")
    world = World().on(smtp, Does.LOSE_BEFORE)
    ran = run(world, [create(smtp), create(other)], [call(Verb.ADD, smtp), call(Verb.ADD, other)], workers=1)
    assert ran.outcomes == {str(smtp): "done", str(other): "done"}
    assert world.times_sent()["add", smtp] == 2


def test_what_is_needed_within_a_phase_is_waited_for() -> None:
    world = World().on(ANNA, Does.LOSE_BEFORE, Does.REFUSE)
    operations = [call(Verb.ADD, ANNA), call(Verb.ADD, BEN, requires=frozenset({ANNA}))]
    ran = run(world, map(create, (ANNA, BEN)), operations)
    assert ran.outcomes == {str(ANNA): "failed", str(BEN): "blocked"}


def test_of_a_batch_only_those_are_held_back_whose_own_requirement_failed() -> None:
    world = with_names(BEN, CARL).on(ANNA, Does.REFUSE)
    batch = call(
        Verb.EDIT,
        BEN,
        CARL,
        phase=1,
        requires=frozenset({ANNA}),
        requires_of=(frozenset({ANNA}), frozenset()),
    )
    ran = run(world, [create(ANNA), update(BEN), update(CARL)], [call(Verb.ADD, ANNA), batch])
    assert ran.outcomes == {str(ANNA): "failed", str(BEN): "blocked", str(CARL): "done"}
    assert world.sent[-1].items == (CARL.key,)


def test_what_follows_a_failed_creation_is_not_tried() -> None:
    world = World().on(ANNA, Does.REFUSE)
    operations = [call(Verb.ADD, ANNA), call(Verb.EDIT, ANNA, phase=1, route="rl-mbox")]
    ran = run(world, [create(ANNA)], operations)
    assert ran.outcomes == {str(ANNA): "failed"}
    assert len(world.sent) == 1


def test_a_change_of_which_one_call_failed_is_partial() -> None:
    world = with_names(ANNA).on("limit", Does.REFUSE)
    change = replace(update(ANNA), fields=(*update(ANNA).fields, FieldChange("rate_limit", "unlimited", "10/h")))
    operations = [
        call(Verb.EDIT, ANNA, fields=frozenset({"name"})),
        call(Verb.EDIT, ANNA, fields=frozenset({"rate_limit"}), route="rl-mbox", note="limit"),
    ]
    assert run(world, [change], operations).outcomes == {str(ANNA): "partial"}


def test_what_could_not_be_deleted_does_not_pass_for_made_anew() -> None:
    world = with_names(ANNA, BEN).on("away", Does.REFUSE, Does.REFUSE)
    operations = [
        call(Verb.DELETE, ANNA, note="away"),
        call(Verb.ADD, ANNA),
        call(Verb.DELETE, BEN),
        call(Verb.ADD, BEN),
    ]
    ran = run(world, [update(ANNA), update(BEN)], operations)
    assert ran.outcomes == {str(ANNA): "failed", str(BEN): "done"}
    assert world.times_sent()["add", ANNA] == 0
    assert world.there[BEN] == {"name": "new"}


def test_a_change_without_a_call_is_not_called_done() -> None:
    assert run(World(), [update(ANNA)], []).outcomes == {str(ANNA): "blocked"}


def test_a_stop_finishes_what_is_in_flight_and_leaves_the_rest() -> None:
    stop = threading.Event()
    both = threading.Barrier(2)

    def interrupt(_operation: Operation) -> None:
        both.wait(timeout=60)
        stop.set()

    addresses = [mailbox(f"u{number}") for number in range(6)]
    world = World(before_each=interrupt)
    ran = run(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=2, stop=stop)
    assert list(ran.outcomes.values()) == ["done", "done", "blocked", "blocked", "blocked", "blocked"]
    assert ran.messages(addresses[-1]) == ("not tried: interrupted",)
    assert ran.report.interrupted
    assert ran.report.converged is None
    assert ran.report.stopped is not None
    assert ran.report.stopped.exit_code == 130


def test_a_stop_after_the_last_call_interrupts_nothing() -> None:
    stop = threading.Event()
    world = World(before_each=lambda _: stop.set())
    ran = run(world, [create(ANNA)], [call(Verb.ADD, ANNA)], stop=stop)
    assert ran.outcomes == {str(ANNA): "done"}
    assert not ran.report.interrupted


def test_a_refused_key_stops_the_run_at_once() -> None:
    class Locked(World):
        def send(self, operation: Operation) -> Reply:
            self.sent.append(operation)
            raise AccessDenied("the API key may read only", id="api-key-read-only", hint="use another")

    world = Locked()
    addresses = [mailbox(f"u{number}") for number in range(5)]
    ran = run(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=1)
    assert len(world.sent) == 1
    assert list(ran.outcomes.values()) == ["failed", "blocked", "blocked", "blocked", "blocked"]
    assert ran.report.stopped is not None
    assert (ran.report.stopped.id, ran.report.stopped.exit_code) == ("api-key-read-only", 4)
    assert not ran.report.interrupted


def test_a_server_that_is_gone_leaves_what_was_sent_unknown_and_the_rest_untried() -> None:
    addresses = [mailbox(f"u{number}") for number in range(12)]
    world = World(unreachable=True)
    for address in addresses:
        world.on(address, Does.LOSE_BEFORE)
    ran = run(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=1)
    assert len(world.sent) == 5
    assert list(ran.outcomes.values()) == ["unknown"] * 5 + ["blocked"] * 7
    assert ran.report.stopped is not None
    assert ran.report.stopped.id == "api-connection-refused"
    assert ran.report.converged is None


def test_a_server_that_answers_reads_only_is_given_up_on() -> None:
    addresses = [mailbox(f"u{number:02}") for number in range(60)]
    world = World()
    for address in addresses:
        world.on(address, Does.LOSE_BEFORE, Does.LOSE_BEFORE)
    ran = run(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=1)
    assert ran.report.stopped is not None
    assert ran.report.stopped.id == "api-writes-unanswered"
    assert len(world.sent) == 15


def test_what_did_not_take_after_all_is_reported() -> None:
    world = with_names(ANNA)
    world.leftovers = (Leftover(ANNA, "name"),)
    report = run(world, [update(ANNA)], [call(Verb.EDIT, ANNA)]).report
    assert report.converged is False
    assert report.leftovers == (Leftover(ANNA, "name"),)


def test_a_fault_of_our_own_is_raised_after_what_was_in_flight_has_ended() -> None:
    ended: list[Address] = []
    both = threading.Barrier(2)

    class Faulty(World):
        def send(self, operation: Operation) -> Reply:
            both.wait(timeout=60)
            if operation.changes == (ANNA,):
                raise LookupError("a bug")
            ended.append(operation.changes[0])
            return Reply(Outcome.DONE)

    with pytest.raises(LookupError, match="a bug"):
        run(Faulty(), map(create, (ANNA, BEN)), [call(Verb.ADD, ANNA), call(Verb.ADD, BEN)], workers=2)
    assert ended == [BEN]


def test_an_apply_that_is_abandoned_waits_for_what_is_in_flight() -> None:
    in_flight, closing = threading.Event(), threading.Event()

    def linger(_operation: Operation) -> None:
        in_flight.set()
        closing.wait(timeout=60)

    world = World(before_each=linger)
    addresses = [mailbox(f"u{number}") for number in range(9)]
    running = start(world, map(create, addresses), [call(Verb.ADD, address) for address in addresses], workers=2)
    assert isinstance(next(running), OperationStarted)
    assert in_flight.wait(timeout=60)
    closer = threading.Thread(target=running.close)
    closer.start()
    closing.set()
    closer.join(timeout=60)
    assert not closer.is_alive()
    assert world.there.keys() == {operation.changes[0] for operation in world.sent}
