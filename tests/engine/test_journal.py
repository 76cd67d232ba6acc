import json
import threading
from pathlib import Path

import pytest

from reconciler.engine.journal import Journal, Unfinished, last_run
from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.operation import HandleOf, Operation, Verb
from reconciler.model.reply import Reply
from reconciler.model.report import Outcome
from reconciler.model.secret import Secret, SecretSource, SourceKind
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
