"""Files the simulator starts from and that somebody has changed: these are taken, or refused by their name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import UsageError
from reconciler.simulator import Simulator, snapshot, state_file

NONSENSE: tuple[Any, ...] = (None, True, -1, "", "plenty", [], [None], {}, {"a": [{}]})
VERSION = "2026-07a"
KEY = "KEY"


@pytest.fixture
def simulator() -> Simulator:
    simulator = Simulator(VERSION, api_key=KEY)
    headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
    domain = {
        "domain": "a.example",
        "active": 1,
        "mailboxes": 5,
        "aliases": 5,
        "defquota": 1,
        "maxquota": 1,
        "quota": 9,
    }
    simulator.handle("POST", "/api/v1/add/domain", headers, json.dumps(domain).encode())
    alias = {"address": "x@a.example", "goto": "y@b.example", "active": 1}
    simulator.handle("POST", "/api/v1/add/alias", headers, json.dumps(alias).encode())
    return simulator


def _broken(value: Any) -> Iterator[Any]:
    """A document with nonsense, nothing or the same again in one place of it."""
    yield from NONSENSE
    if isinstance(value, dict):
        for name, each in value.items():
            yield {other: kept for other, kept in value.items() if other != name}
            for inner in _broken(each):
                yield {**value, name: inner}
    if isinstance(value, list):
        yield [*value, *value]
        for place, each in enumerate(value):
            for inner in _broken(each):
                yield [*value[:place], inner, *value[place + 1 :]]


def test_a_changed_state_is_taken_or_refused(simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state_file.save(simulator, path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    tables = kept["state"]["tables"]
    kept["state"]["tables"] = {name: tables[name] for name in ("domain", "alias")}
    for broken in _broken(kept):
        path.write_text(json.dumps(broken), encoding="utf-8")
        with suppress(UsageError):
            state_file.load(path, version=VERSION)
    path.write_text("[" * 9_999, encoding="utf-8")
    with pytest.raises(UsageError):
        state_file.load(path, version=VERSION)


def test_a_changed_snapshot_is_taken_or_refused(simulator: Simulator, tmp_path: Path) -> None:
    asked = ("get/domain/all", "get/alias/all")
    answers = {path: json.loads(simulator.handle("GET", f"/api/v1/{path}", {"X-API-Key": KEY}).body) for path in asked}
    for broken in _broken(answers):
        if isinstance(broken, dict):
            with suppress(UsageError):
                snapshot.load(Simulator(VERSION, api_key=KEY).server, broken)
    path = tmp_path / "live.json"
    path.write_text("[" * 9_999, encoding="utf-8")
    with pytest.raises(UsageError):
        snapshot.read(path)
