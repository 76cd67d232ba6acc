"""Journals that something else has written into: what is no line of one is left out, and no run breaks down over it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.journal import last_run, last_word, let_go
from reconciler.model.address import Address

SERVER = "https://mail.example"
NONSENSE: tuple[Any, ...] = (None, True, 5, "", "no address", [], [[]], [5], ["x"], {}, {"x": 1}, {"a/b": [{}]})
LINES: tuple[dict[str, Any], ...] = (
    {"type": "begin", "format_version": 1, "server": SERVER, "began": "now", "fields": {"a/x": ["p"]}, "sent": ["a/y"]},
    {"type": "intent", "number": 1, "call": "add/alias", "changes": ["alias/a@acme.example", "rspamd_setting/"]},
    {"type": "intent", "number": 2, "call": "add/alias", "changes": ["alias/b@acme.example"]},
    {"type": "outcome", "number": 2, "outcome": "done", "messages": []},
    {"type": "withdrawn", "numbers": [2]},
    {"type": "delivered", "files": ["a.age"]},
    {"type": "settled", "unsettled": ["a.age"]},
    {"type": "sent", "of": "a/x", "fields": ["p"]},
    {"type": "end", "fields": {"a/z": ["q"]}, "sent": ["a/x"], "unsettled": ["b.age"]},
)


def _written(folder: Path, lines: list[str]) -> None:
    (folder / "1.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _damaged() -> Iterator[list[str]]:
    whole = [json.dumps(line) for line in LINES]
    for place, line in enumerate(LINES):
        for name in line:
            for nonsense in NONSENSE:
                yield [*whole[:place], json.dumps({**line, name: nonsense}), *whole[place + 1 :]]
        for other in (*map(json.dumps, NONSENSE), "[" * 5_000, "\x00", whole[place][:20]):
            yield [*whole[:place], other, *whole[place + 1 :]]


def test_a_resource_whose_key_is_empty_is_among_what_was_in_flight(tmp_path: Path) -> None:
    _written(tmp_path, [json.dumps(line) for line in LINES[:2]])
    found = last_run(tmp_path)
    assert found is not None
    assert found.unfinished[0].changes == (Address("alias", "a@acme.example"), Address("rspamd_setting", ""))


def test_nonsense_in_a_line_is_left_out(tmp_path: Path) -> None:
    for lines in _damaged():
        _written(tmp_path, lines)
        assert last_run(tmp_path) is not None
        last_word(tmp_path, SERVER)


def test_nonsense_in_the_first_line_keeps_no_journal_from_being_let_go(tmp_path: Path) -> None:
    for number, nonsense in enumerate(NONSENSE):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps({"server": nonsense}), encoding="utf-8")
    let_go(tmp_path, keep=1)
    assert len(list(tmp_path.iterdir())) < len(NONSENSE)


@pytest.mark.parametrize("text", ["alias/", "alias/a/b"])
def test_an_address_is_read_as_it_is_written(text: str) -> None:
    assert str(Address.parse(text)) == text
