"""Journals and the lock: what a crash left unsaid is told, and applies of one checkout run one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from reconciler.engine.lock import locked
from tests.acceptance.person import Person
from tests.acceptance.test_main_job import OFFICE

Welcome = Callable[..., Person]

REFUSED = 5
KEPT = 20


def _at_home(welcome: Welcome, tmp_path: Path) -> Person:
    person = welcome()
    person.environ["HOME"] = str(tmp_path / "home")
    person.writes("mail.yaml", OFFICE)
    return person


def _journals(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "home" / ".local" / "state" / "mailcow-reconciler").glob("*/journals/*.jsonl"))


def _entries(journal: Path) -> list[Any]:
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def test_every_call_is_written_down_with_its_outcome_and_without_secrets(welcome: Welcome, tmp_path: Path) -> None:
    person = _at_home(welcome, tmp_path)

    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0

    (journal,) = _journals(tmp_path)
    entries = _entries(journal)
    intents = [entry["call"] for entry in entries if entry["type"] == "intent"]
    assert intents == ["add/domain", "add/mailbox", "add/mailbox", "add/alias", "add/alias"]
    assert [entry["outcome"] for entry in entries if entry["type"] == "outcome"] == ["done"] * len(intents)
    assert entries[-1] == {"type": "end"}
    assert "$2y$" not in journal.read_text(encoding="utf-8")


def test_what_was_in_flight_when_an_apply_died_is_told_by_the_next(welcome: Welcome, tmp_path: Path) -> None:
    person = _at_home(welcome, tmp_path)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    (journal,) = _journals(tmp_path)
    lines = journal.read_text(encoding="utf-8").splitlines()
    last_intent = max(number for number, line in enumerate(lines) if '"intent"' in line)
    journal.write_text("\n".join(lines[: last_intent + 1]) + "\n", encoding="utf-8")

    told = person.types("apply", "mail.yaml", "--auto-approve")

    assert told.code == 0
    assert (told.out + told.err).count("last-apply-unfinished") == 1
    assert "add/alias (alias/sales@acme.example)" in told.err


def test_old_journals_are_let_go_when_one_begins(welcome: Welcome, tmp_path: Path) -> None:
    person = _at_home(welcome, tmp_path)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    (journal,) = _journals(tmp_path)
    for number in range(30):
        (journal.parent / f"old-{number}.jsonl").write_bytes(journal.read_bytes())
    person.writes("more.yaml", "domains: [{name: more.example}]\n")

    assert person.types("apply", "mail.yaml", "more.yaml", "--auto-approve").code == 0

    assert len(_journals(tmp_path)) == KEPT + 1


def test_what_was_in_flight_is_told_by_the_next_apply_to_that_server_though_another_had_one_since(
    welcome: Welcome, tmp_path: Path
) -> None:
    person, staging = _at_home(welcome, tmp_path), welcome()
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    (journal,) = _journals(tmp_path)
    lines = journal.read_text(encoding="utf-8").splitlines()
    journal.write_text("\n".join(lines[: lines.index(next(each for each in lines if '"intent"' in each)) + 1]) + "\n")
    own, person.url = person.url, staging.url
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    person.url = own
    person.writes("more.yaml", "domains: [{name: more.example}]\n")

    told = person.types("apply", "mail.yaml", "more.yaml", "--auto-approve")
    again = person.types("apply", "mail.yaml", "more.yaml", "--auto-approve")

    assert told.code == 0
    assert "add/domain (domain/acme.example)" in told.out + told.err
    assert "last-apply-unfinished" not in again.out + again.err


def test_no_journal_or_cache_goes_into_a_checkout_where_a_variable_names_no_absolute_folder(
    welcome: Welcome, tmp_path: Path
) -> None:
    person = _at_home(welcome, tmp_path)
    state, cache = (f"{name}-of-{uuid4().hex}" for name in ("state", "cache"))
    person.environ |= {"XDG_STATE_HOME": state, "XDG_CACHE_HOME": cache}
    here = Path.cwd()

    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0

    assert len(_journals(tmp_path)) == 1
    assert not [folder for folder in (here, person.folder) for name in (state, cache) if (folder / name).exists()]


def test_a_second_apply_of_the_same_checkout_is_refused_while_one_is_under_way(
    welcome: Welcome, tmp_path: Path
) -> None:
    person = _at_home(welcome, tmp_path)
    assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    (journal,) = _journals(tmp_path)

    with locked(journal.parent.parent / "lock", holder="process 7 since this morning"):
        ended = person.types("apply", "mail.yaml", "--auto-approve")

    assert ended.code == REFUSED
    assert "apply-under-way" in ended.err
