"""A state loaded from GET answers gives the same answers, after everything the recordings did."""

import json
from typing import Any

import pytest

from reconciler.simulator import Simulator, snapshot
from tests.contract.replay import KEYS, RECORDINGS, recordings, simulator_after

LISTS = (
    "domain/all", "alias-domain/all", "mailbox/all", "mailbox/reduced", "alias/all", "resource/all", "rl-domain/all",
    "rl-mbox/all", "domain-admin/all", "admin/all", "domain/template/all", "mailbox/template/all",
)  # fmt: skip
OF_DOMAINS = ("policy_wl_domain", "policy_bl_domain", "dkim")
OF_MAILBOXES = ("app-passwd/all", "time_limited_aliases", "spam-score")


def _read(simulator: Simulator, path: str) -> Any:
    answer = simulator.handle("GET", f"/api/v1/get/{path}", {"X-API-Key": KEYS["rw"]})
    return json.loads(answer.body) if answer.body and answer.status == 200 else None


def _answers(simulator: Simulator) -> dict[str, Any]:
    answers = {path: _read(simulator, path) for path in LISTS}
    names = [shown["domain_name"] for shown in answers["domain/all"] or ()]
    addresses = [shown["username"] for shown in answers["mailbox/all"] or ()]
    paths = [f"{path}/{name}" for path in OF_DOMAINS for name in names]
    paths += [f"{path}/{name}" for path in OF_MAILBOXES for name in addresses]
    answers |= {path: _read(simulator, path) for path in paths}
    return {f"get/{path}": answer for path, answer in answers.items() if answer is not None}


@pytest.mark.parametrize("name", [name for name in recordings() if name.startswith("random")])
def test_a_state_loaded_from_answers_gives_them_again(name: str) -> None:
    original = simulator_after(RECORDINGS / f"{name}.jsonl.xz")
    answers = _answers(original)
    copy = Simulator(original.version, api_key=KEYS["rw"])
    unknown = snapshot.load(copy.server, answers)
    assert _answers(copy) == answers
    assert "Passwords of mailboxes cannot be read, so none are there." in unknown


def test_a_server_that_behaves_like_another_version_than_what_it_starts_with_says_so() -> None:
    answers = {"get/status/version": {"version": "2024-08a"}}
    told = {
        version: [each for each in snapshot.load(Simulator(version, api_key="x").server, answers) if "behaves" in each]
        for version in ("2024-08a", "2026-07a")
    }
    sentence = "What is loaded is of mailcow 2024-08a, and this server behaves like 2026-07a."
    assert told == {"2024-08a": [], "2026-07a": [sentence]}


def test_a_loaded_mailbox_has_its_own_alias_and_rights_again() -> None:
    original = simulator_after(RECORDINGS / "random-more-2026-07a-11.jsonl.xz")
    copy = Simulator(original.version, api_key=KEYS["rw"])
    snapshot.load(copy.server, _answers(original))
    shown = _read(copy, "mailbox/all")[0]
    own = [row for row in copy.state.table("alias") if row["address"] == row["goto"] == shown["username"]]
    assert len(own) == 1
    row = copy.state.table("mailbox").get(shown["username"])
    assert row is not None
    assert "pushover" in row["acl"]
