"""Ctrl-C, SIGTERM and SIGHUP, sent to a real process: what is in flight is finished, the rest is for the next run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.http import serving
from tests.acceptance.person import KEY

PEOPLE = 30
MANIFEST = (
    "domain: acme.example\n"
    f"domains: [{{name: acme.example, max_mailboxes: {PEOPLE}, max_total_quota: 100GiB}}]\n"
    "mailboxes:\n"
    + "".join(
        f"  - {{address: u{number:02}, name: U, quota: 1GiB, initial: {{password: {{hash: '{{SHA256}}x'}}}}}}\n"
        for number in range(PEOPLE)
    )
)


class Slow(Simulator):
    """A server whose adds of mailboxes take their time; tells when the first and the third one have come.

    Attributes:
        seconds: what an add takes.
        letting_go: lets waiting adds go on.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(api_key=KEY)
        self.seconds = seconds
        self.begun = 0
        self.first = threading.Event()
        self.third = threading.Event()
        self.letting_go = threading.Event()

    def handle(self, method: str, path: str, *more: Any) -> Any:
        if path.endswith("add/mailbox"):
            self.begun += 1
            self.first.set()
            if self.begun == 3:
                self.third.set()
            self.letting_go.wait(self.seconds)
        return super().handle(method, path, *more)


@contextmanager
def applying(server: Slow, folder: Path) -> Iterator[subprocess.Popen[str]]:
    (folder / "mail.yaml").write_text(MANIFEST, encoding="utf-8")
    with serving(server) as url:
        environ = {**os.environ, "HOME": str(folder), "MAILCOW_URL": url, "MAILCOW_API_KEY": KEY}
        for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "CI"):
            environ.pop(name, None)
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "apply", "mail.yaml", "--auto-approve", "--allow-changes", "99"],
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
            server.letting_go.set()


def entries(folder: Path) -> list[Any]:
    (journal,) = folder.glob(".local/state/mailcow-reconciler/*/journals/*.jsonl")
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def unfinished(found: list[Any]) -> set[int]:
    withdrawn = {number for each in found if each["type"] == "withdrawn" for number in each["numbers"]}
    outcomes = {each["number"] for each in found if each["type"] == "outcome"}
    return {each["number"] for each in found if each["type"] == "intent"} - outcomes - withdrawn


def send_at_one_moment(process: subprocess.Popen[str], *numbers: signal.Signals) -> None:
    """Have a process hear signals at the same moment, however much the machine has to do."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    for number in numbers:
        process.send_signal(number)
    process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    "numbers",
    [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGHUP,), (signal.SIGINT, signal.SIGTERM)],
    ids=["SIGINT", "SIGTERM", "SIGHUP", "two at the same moment"],
)
def test_the_first_signal_finishes_what_is_in_flight_and_starts_nothing_more(
    numbers: tuple[signal.Signals, ...], tmp_path: Path
) -> None:
    server = Slow(seconds=0.2)
    with applying(server, tmp_path) as process:
        assert server.third.wait(30)
        send_at_one_moment(process, *numbers)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    found = entries(tmp_path)
    done = [each for each in found if each["type"] == "outcome" and each["outcome"] == "done"]
    assert 3 <= server.begun < PEOPLE
    assert len(done) == server.begun + 1, "every call that was begun was finished and written down, the domain's too"
    assert found[-1] == {"type": "end"}
    assert unfinished(found) == set()
    assert "interrupted" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_at_once_and_the_journal_tells_what_was_in_flight(
    number: signal.Signals, tmp_path: Path
) -> None:
    server = Slow(seconds=60)
    with applying(server, tmp_path) as process:
        assert server.first.wait(30)
        process.send_signal(number)
        time.sleep(1)  # a fifth of it makes two signals of it; the rest is for a machine that has much to do
        assert process.poll() is None, "it waits for what is in flight"
        process.send_signal(number)
        process.communicate(timeout=server.seconds / 2)
    assert process.returncode == -number
    found = entries(tmp_path)
    assert found[-1] != {"type": "end"}
    assert unfinished(found)


def test_a_signal_before_anything_is_sent_ends_with_130_too(tmp_path: Path) -> None:
    reading = threading.Event()

    class Reading(Slow):
        def handle(self, method: str, path: str, *more: Any) -> Any:
            if path.endswith("get/domain/all"):
                reading.set()
                time.sleep(1)
            return super().handle(method, path, *more)

    server = Reading(seconds=0)
    with applying(server, tmp_path) as process:
        assert reading.wait(30)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in err
    assert server.begun == 0
