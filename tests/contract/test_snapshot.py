"""A live state loads from its GET answers and gives the same answers again."""

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import UsageError
from reconciler.simulator import Simulator, snapshot
from reconciler.simulator.snapshot import load, read

LIVE = Path(__file__).parent / "live"
KEY = "AAAAAA-READ-WRITE"
HEADERS = {"X-API-Key": KEY, "Content-Type": "application/json"}


def live(version: str) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(lzma.decompress((LIVE / f"{version}.json.xz").read_bytes()))
    # a body that was no JSON is noted so
    return {path: "" if answer == {"<status 200, body>": ""} else answer for path, answer in answers.items()}


def get(simulator: Simulator, path: str) -> Any:
    body = simulator.handle("GET", f"/api/v1/{path}", HEADERS).body
    return json.loads(body) if body else ""


@pytest.mark.parametrize("version", ["2022-01a", "2026-07a"])
def test_a_loaded_state_answers_as_the_server_did(version: str) -> None:
    simulator = Simulator(version, api_key=KEY)
    answers = live(version)
    unknown = load(simulator.server, answers)
    assert "Passwords of mailboxes cannot be read, so none are there." in unknown
    assert {path: json.dumps(get(simulator, path)) for path in answers} == {
        path: json.dumps(answer) for path, answer in answers.items()
    }


def test_a_loaded_state_goes_on_numbering_where_the_server_was() -> None:
    simulator = Simulator("2026-07a", api_key=KEY)
    answers = live("2026-07a")
    load(simulator.server, answers)
    known = {row["id"] for row in answers["get/alias/all"]}
    domain = answers["get/domain/all"][0]["domain_name"]
    body = json.dumps({"address": f"brand.new@{domain}", "goto": "x@elsewhere.example", "active": 1}).encode()
    added = json.loads(simulator.handle("POST", "/api/v1/add/alias", HEADERS, body).body)
    assert added[-1]["type"] == "success"
    assert int(added[-1]["msg"][2]) > max(known)


def test_paths_may_be_written_with_their_prefix() -> None:
    simulator = Simulator("2026-07a", api_key=KEY)
    load(simulator.server, {f"/api/v1/{path}": answer for path, answer in live("2026-07a").items()})
    assert get(simulator, "get/domain/all") == live("2026-07a")["get/domain/all"]


def test_what_is_no_snapshot_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    with pytest.raises(UsageError, match="cannot be read"):
        read(file)
    for content in ("{", "[]"):
        file.write_text(content)
        with pytest.raises(UsageError) as raised:
            read(file)
        assert raised.value.id == "bad-snapshot"
    with pytest.raises(UsageError, match="get/domain/all"):
        load(Simulator(api_key=KEY).server, {"get/domain/all": [{"name": "a.example"}]})


def test_the_paths_of_a_whole_state_are_told() -> None:
    assert {"get/domain/all", "get/mailbox/all", "get/alias/all", "get/dkim/"} <= set(snapshot.paths())
