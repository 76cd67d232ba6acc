import json
import os
import threading
import time
from pathlib import Path

import pytest

from reconciler.engine.durable import DurableLines
from reconciler.engine.endings import is_quiet
from reconciler.engine.journal import Journal, Left, Unfinished, last_run, last_word, let_go
from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Operation, Verb
from reconciler.model.reply import Reply
from reconciler.model.report import Outcome
from reconciler.model.secret import Secret, SecretSource, SourceKind
from reconciler.records import replace
from tests.engine.world import Does, World, call, create, mailbox, run

ANNA = mailbox("anna")
ABOUT = {"server": "https://mail.example", "began": "2026-11-22T07:04:30+01:00"}


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_call_is_written_down_before_and_after_it(tmp_path: Path) -> None:
    path = tmp_path / "journal" / "1.jsonl"
    seen: list[list[dict[str, object]]] = []
    world = World(before_each=lambda _: seen.append(lines(path)))
    with Journal(path, ABOUT) as journal:
        run(world, [create(ANNA)], [call(Verb.ADD, ANNA)], record=journal)
    begin, intent, outcome, end = lines(path)
    assert seen == [[begin, intent]]
    assert begin == {"type": "begin", "format_version": 1, **ABOUT}
    assert intent == {"type": "intent", "number": 1, "call": "add/mailbox", "changes": [str(ANNA)]}
    assert outcome == {"type": "outcome", "number": 1, "outcome": "done", "messages": ["done"]}
    assert end == {"type": "end"}


def test_a_call_that_was_in_flight_at_a_crash_is_found(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "1.jsonl", ABOUT)
    journal.intend(1, call(Verb.ADD, ANNA))
    journal.intend(2, call(Verb.EDIT, mailbox("ben"), mailbox("carl")))
    journal.settle(1, Reply(Outcome.DONE))
    with (tmp_path / "1.jsonl").open("a") as file:
        file.write('{"type":"intent","number":3,"ca')
    found = last_run(tmp_path)
    assert found is not None
    assert found.about == ABOUT
    assert not found.ended
    assert found.calls == 2
    assert found.unfinished == (Unfinished(2, "edit/mailbox", (mailbox("ben"), mailbox("carl"))),)
    journal.close()


def test_whatever_line_ends_a_text_holds_its_call_is_found(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "1.jsonl", ABOUT)
    journal.intend(1, replace(call(Verb.ADD, ANNA), attributes={"name": "Anna\u2028\x85Archer"}))
    found = last_run(tmp_path)
    assert found is not None
    assert found.unfinished == (Unfinished(1, "add/mailbox", (ANNA,)),)
    journal.close()


def test_the_newest_journal_counts(tmp_path: Path) -> None:
    assert last_run(tmp_path / "none") is None
    assert last_run(tmp_path) is None
    for name in ("2026-11-21.jsonl", "2026-11-22.jsonl"):
        Journal(tmp_path / name, {"name": name}).close()
    found = last_run(tmp_path)
    assert found is not None
    assert (found.about, found.ended, found.unfinished) == ({"name": "2026-11-22.jsonl"}, True, ())


def test_no_secret_is_written_down(tmp_path: Path) -> None:
    attributes = {
        "password": Secret("CANARY-1"),
        "nested": [{"hash": SecretSource(SourceKind.HASH, ("{BLF-CRYPT}CANARY-2",))}],
        "source": SecretSource(SourceKind.ENV, ("SMTP_ACME",)),
        "relayhost": HandleOf(Address("relayhost", "smtp")),
        "name": "Änne",
    }
    with Journal(tmp_path / "1.jsonl", {}) as journal:
        journal.intend(1, Operation(Verb.ADD, "mailbox", (ANNA,), attributes=attributes))
    written = (tmp_path / "1.jsonl").read_text()
    assert "CANARY" not in written
    assert lines(tmp_path / "1.jsonl")[1]["attributes"] == {
        "password": "********",
        "nested": [{"hash": "(hash)"}],
        "source": "(env SMTP_ACME)",
        "relayhost": "(handle of relayhost/smtp)",
        "name": "Änne",
    }
    assert (tmp_path / "1.jsonl").stat().st_mode & 0o077 == 0


def test_what_was_promised_and_not_kept_is_left_and_carried_to_the_end(tmp_path: Path) -> None:
    promised = {ANNA: ("rate_limit", "pushover"), mailbox("ben"): ("pushover",), mailbox("carl"): ("pushover",)}
    journal = Journal(tmp_path / "1.jsonl", ABOUT, Left(promised, frozenset([mailbox("dora")])))
    journal.keep(ANNA, ["rate_limit"])
    journal.keep(mailbox("ben"), ["pushover"])
    killed, left = last_run(tmp_path), {ANNA: ("pushover",), mailbox("carl"): ("pushover",)}
    journal.close()
    ended = last_run(tmp_path)
    for found in (killed, ended):
        assert found is not None
        assert found.unseen == left
        assert found.sent == {mailbox("ben"), mailbox("dora")}


def test_a_journal_that_is_cut_anywhere_tells_of_all_that_was_not_kept_by_then(tmp_path: Path) -> None:
    left = Left({ANNA: ("rate_limit",), mailbox("ben"): ("pushover",)}, unsettled=("carl.age.unconfirmed",))
    with Journal(tmp_path / "whole.jsonl", ABOUT, left) as journal:
        journal.intend(1, call(Verb.ADD, ANNA))
        journal.settle(1, Reply(Outcome.DONE))
        journal.keep(ANNA, ["rate_limit"])
    whole = (tmp_path / "whole.jsonl").read_bytes()
    promised, kept = (whole.index(b"\n", whole.index(word)) for word in (b'"begin"', b'"sent"'))
    for end in range(len(whole)):
        (tmp_path / "cut").mkdir(exist_ok=True)
        (tmp_path / "cut" / "1.jsonl").write_bytes(whole[:end])
        found = last_word(tmp_path / "cut", ABOUT["server"])
        assert (found is None) == (end < promised)  # then the one before it has the last word
        if found is not None:
            assert set(found.unseen) == {ANNA, mailbox("ben")} - ({ANNA} if end >= kept else set())
            assert (found.about, found.undelivered) == (ABOUT, left.unsettled)


def test_of_a_long_journal_that_came_to_its_end_only_what_is_left_is_read(tmp_path: Path) -> None:
    with Journal(tmp_path / "1.jsonl", ABOUT, Left({ANNA: ("pushover", "rate_limit")})) as journal:
        journal.keep(ANNA, ["rate_limit"])
        for number in range(500):
            journal.announce(number, replace(call(Verb.ADD, ANNA), attributes={"name": "x" * 200}))
        journal.deliver(["one.age", "two.age"])
        journal.settle_deliveries(["two.age"])
    found = last_word(tmp_path, ABOUT["server"])
    assert found is not None
    assert (found.calls, found.ended, found.unseen, found.undelivered) == (0, True, {ANNA: ("pushover",)}, ("two.age",))
    journal = Journal(tmp_path / "2.jsonl", ABOUT)
    for number in range(500):
        journal.announce(number, replace(call(Verb.ADD, ANNA), attributes={"name": "x" * 200}))
    journal.deliver(["three.age"])
    killed = last_word(tmp_path, ABOUT["server"])
    assert killed is not None
    assert (killed.calls, killed.ended, killed.undelivered) == (500, False, ("three.age",))
    journal.close()
    ended = last_word(tmp_path, ABOUT["server"])
    assert ended is not None
    assert (ended.calls, ended.ended, ended.undelivered) == (0, True, ("three.age",))


def test_the_last_word_is_about_one_server_and_outlives_many_journals_of_others(tmp_path: Path) -> None:
    for number, server in enumerate(["https://rare.example", *["https://often.example"] * 6]):
        Journal(tmp_path / f"{number}.jsonl", {"server": server}, Left({ANNA: (f"field{number}",)})).close()
    let_go(tmp_path, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.jsonl", "5.jsonl", "6.jsonl"]
    found = last_word(tmp_path, "https://rare.example")
    assert found is not None
    assert found.unseen == {ANNA: ("field0",)}
    assert last_word(tmp_path, "https://none.example") is None


def test_the_newest_journal_is_the_one_written_last_whatever_its_name(tmp_path: Path) -> None:
    for name, written in (("2026-10-25T025000", 1), ("2026-10-25T021000", 2)):
        Journal(tmp_path / f"{name}.jsonl", {"name": name}).close()
        os.utime(tmp_path / f"{name}.jsonl", (written, written))
    found = last_run(tmp_path)
    assert found is not None
    assert found.about == {"name": "2026-10-25T021000"}


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    with Journal(tmp_path / "1.jsonl", {}) as journal:

        def work(first: int) -> None:
            for number in range(first, first + 50):
                journal.intend(number, call(Verb.ADD, ANNA))
                journal.settle(number, Reply(Outcome.DONE))

        threads = [threading.Thread(target=work, args=(50 * place,)) for place in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = last_run(tmp_path)
    assert found is not None
    assert (found.calls, found.unfinished, found.ended) == (400, (), True)
    assert len(lines(tmp_path / "1.jsonl")) == 802


def test_a_journal_is_never_overwritten_and_says_so(tmp_path: Path) -> None:
    Journal(tmp_path / "1.jsonl", {}).close()
    with pytest.raises(UsageError) as caught:
        Journal(tmp_path / "1.jsonl", {})
    assert caught.value.id == "journal-unwritable"


def test_what_cannot_be_written_down_is_not_sent(tmp_path: Path) -> None:
    class Full(Journal):
        def intend(self, number: int, operation: Operation) -> None:  # noqa: ARG002  the protocol's names
            raise UsageError("the journal cannot be written: No space left on device", id="journal-unwritable")

    world = World().on(ANNA, Does.WORK)
    with Full(tmp_path / "1.jsonl", {}) as journal:
        ran = run(world, [create(ANNA), create(mailbox("ben"))], [call(Verb.ADD, ANNA)], record=journal, workers=1)
    assert world.sent == []
    assert ran.report.stopped is not None
    assert ran.report.stopped.id == "journal-unwritable"
    assert ran.outcomes == {str(ANNA): "failed", str(mailbox("ben")): "blocked"}


def test_an_answer_that_cannot_be_written_down_is_not_lost(tmp_path: Path) -> None:
    class Full(Journal):
        def settle(self, number: int, reply: Reply) -> None:  # noqa: ARG002  the protocol's names
            raise UsageError("the journal cannot be written: No space left on device", id="journal-unwritable")

    with Full(tmp_path / "1.jsonl", {}) as journal:
        addresses = [ANNA, mailbox("ben")]
        operations = [call(Verb.ADD, address) for address in addresses]
        ran = run(World(), map(create, addresses), operations, record=journal, workers=1)
    assert list(ran.outcomes.values()) == ["done", "blocked"]
    assert ran.report.calls == 1


class Disk:
    """A disk that takes its time: how much of a file has reached it, and how often it was asked to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, seconds: float = 0.002) -> None:
        self.safe = b""
        self.syncs = 0
        self._seconds = seconds
        self._sync = os.fsync
        monkeypatch.setattr(os, "fsync", self.sync)

    def sync(self, file: int) -> None:
        written = Path(f"/proc/self/fd/{file}").read_bytes()
        time.sleep(self._seconds)
        self._sync(file)
        self.safe = written
        self.syncs += 1


def test_no_call_is_sent_before_its_intent_is_on_the_disk_and_many_share_one_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    missing: list[str] = []

    def look(operation: Operation) -> None:
        safe = [json.loads(line) for line in disk.safe.splitlines()]
        if str(operation.changes[0]) not in {each["changes"][0] for each in safe if each["type"] == "intent"}:
            missing.append(str(operation.changes[0]))
        time.sleep(0.005)

    addresses = [Address("mailbox", f"u{number}@d{number % 40}.example") for number in range(200)]
    with Journal(tmp_path / "1.jsonl", {}) as journal:
        operations = [call(Verb.ADD, address) for address in addresses]
        ran = run(World(before_each=look), map(create, addresses), operations, record=journal, workers=8)
    assert missing == []
    assert set(ran.outcomes.values()) == {"done"}
    assert disk.syncs < 100
    found = last_run(tmp_path)
    assert found is not None
    assert (found.calls, found.unfinished, found.ended) == (200, (), True)


def test_what_comes_next_is_on_the_disk_before_what_is_under_way_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    addresses = [mailbox(f"u{number:02}") for number in range(20)]
    begun: list[Operation] = []
    missed = threading.Event()

    def work(operation: Operation) -> None:
        begun.append(operation)
        patience = time.monotonic() + 20
        while disk.safe.count(b'"intent"') < min(len(begun) + 1, len(addresses)) and not missed.is_set():
            if time.monotonic() > patience:
                missed.set()
            time.sleep(0.001)

    with Journal(tmp_path / "1.jsonl", {}) as journal:
        operations = [call(Verb.ADD, address) for address in addresses]
        ran = run(World(before_each=work), map(create, addresses), operations, record=journal, workers=4)
    assert not missed.is_set()
    assert set(ran.outcomes.values()) == {"done"}


def test_what_was_announced_and_not_sent_is_withdrawn(tmp_path: Path) -> None:
    stop = threading.Event()
    addresses = [mailbox(f"u{number}") for number in range(9)]
    with Journal(tmp_path / "1.jsonl", {}) as journal:
        operations = [call(Verb.ADD, address) for address in addresses]
        world = World(before_each=lambda _: stop.set())
        run(world, map(create, addresses), operations, record=journal, workers=1, stop=stop)
        found = last_run(tmp_path)
    assert len(world.sent) == 1
    assert found is not None
    assert not found.ended
    assert (found.calls, found.unfinished) == (1, ())
    assert sum(line["type"] == "intent" for line in lines(tmp_path / "1.jsonl")) > 1


def test_an_intent_is_written_once_whoever_comes_first(tmp_path: Path) -> None:
    with Journal(tmp_path / "1.jsonl", {}) as journal:
        journal.intend(1, call(Verb.ADD, ANNA))
        journal.announce(1, call(Verb.ADD, ANNA))
        journal.announce(2, call(Verb.ADD, ANNA))
        journal.intend(2, call(Verb.ADD, ANNA))
        journal.withdraw()
    assert [line["type"] for line in lines(tmp_path / "1.jsonl")] == ["begin", "intent", "intent", "end"]


def test_a_disk_that_fails_stops_the_run_before_anything_more_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "1.jsonl", {})

    def broken(_file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    world = World()
    ran = run(world, [create(ANNA)], [call(Verb.ADD, ANNA)], record=journal)
    assert world.sent == []
    assert ran.report.stopped is not None
    assert ran.report.stopped.id == "journal-unwritable"
    with pytest.raises(UsageError, match="Input/output error"):
        journal.close()


def test_a_line_there_is_no_room_for_to_its_end_is_not_taken_for_written() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    durable = DurableLines(writing)
    assert durable.append(b"short\n") == 1
    with pytest.raises(OSError, match="temporarily unavailable"):
        durable.append(b"x" * 1_000_000)
    for file in (reading, writing):
        os.close(file)


def test_lines_wanted_by_many_are_synced_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch, seconds=0.01)
    durable = DurableLines(os.open(tmp_path / "lines", os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    late: list[int] = []

    def work(name: int) -> None:
        durable.wait(durable.append(b"%d\n" % name))
        if b"%d\n" % name not in disk.safe:
            late.append(name)

    threads = [threading.Thread(target=work, args=(100 + number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    durable.close()
    durable.close()
    assert late == []
    assert disk.syncs < 15


def test_journals_are_quiet_when_the_last_of_each_server_left_nothing(tmp_path: Path) -> None:
    assert is_quiet(f"{tmp_path}/none")
    assert is_quiet(str(tmp_path))
    Journal(tmp_path / "1.jsonl", ABOUT).close()
    assert is_quiet(str(tmp_path))
    killed = Journal(tmp_path / "2.jsonl", ABOUT)
    assert not is_quiet(str(tmp_path))
    Journal(tmp_path / "3.jsonl", {"server": "https://other.example"}).close()
    assert not is_quiet(str(tmp_path))
    Journal(tmp_path / "4.jsonl", ABOUT).close()
    assert is_quiet(str(tmp_path))
    Journal(tmp_path / "5.jsonl", ABOUT, Left({ANNA: ("pushover",)})).close()
    assert not is_quiet(str(tmp_path))
    killed.close()
