"""The three streams of a process: closed before it starts, or unable to take what is written to them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults, parse
from reconciler.simulator.http import serving
from tests.acceptance.person import KEY
from tests.cli.conftest import Shell

FULL = Path("/dev/full")
USAGE = 64


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["plan mail.yaml --detailed-exitcode", "plan mail.yaml --out plan.json"])
def test_a_closed_stream_is_one_that_nobody_reads(shell: Shell, closed: str, command: str) -> None:
    ended = shell(f"{command} {closed}")
    assert ended.returncode == (2 if "detailed" in command else 0)
    assert "error" not in ended.stderr


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize(
    "command", ["validate mail.yaml", "plan mail.yaml", "plan mail.yaml --format json", "schema", "kinds"]
)
def test_data_that_a_full_disk_does_not_take_are_not_taken_for_written(shell: Shell, command: str) -> None:
    ended = shell(f"{command} >{FULL}")
    assert ended.returncode == USAGE
    assert ended.stderr.startswith("error[output-lost]: ")
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_does_not_end_an_apply_halfway(shell: Shell, simulator: Simulator, form: str) -> None:
    ended = shell(f"apply mail.yaml --auto-approve --format {form} >{FULL}")
    assert ended.returncode == USAGE
    assert "output-lost" in ended.stderr
    there = simulator.handle("GET", "/api/v1/get/alias/all", {"X-API-Key": KEY}, b"").body
    assert b"info@acme.example" in there
    assert shell("plan mail.yaml --quiet").stdout.endswith("0 to create, 0 to update, 0 to delete, 2 unchanged\n")


def test_the_help_of_all_commands_on_a_full_disk_ends_without_a_word(shell: Shell) -> None:
    ended = shell(f"--help >{FULL}")
    assert (ended.returncode, ended.stderr) == (USAGE, "")


def test_a_terminal_that_goes_away_leaves_an_apply_to_its_end(tmp_path: Path) -> None:
    simulator = Simulator("2026-07a", api_key=KEY)
    people = "".join(
        f"  - {{address: p{number}@acme.example, to: [x{number}@elsewhere.example]}}\n" for number in range(9)
    )
    (tmp_path / "mail.yaml").write_text(f"domains: [{{name: acme.example}}]\naliases:\n{people}", encoding="utf-8")
    ours, theirs = pty.openpty()
    with serving(simulator, faults=Faults((parse("latency=50ms"),))) as url:
        environ = {**os.environ, "HOME": str(tmp_path), "MAILCOW_URL": url, "MAILCOW_API_KEY": KEY, "TERM": "xterm"}
        environ.pop("CI", None)
        command = [sys.executable, "-m", "reconciler", "apply", "mail.yaml", "--auto-approve", "--parallelism", "1"]
        with subprocess.Popen(
            command, cwd=tmp_path, env=environ, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True
        ) as process:
            os.close(theirs)
            drawn = b""
            while b"applying" not in drawn:
                drawn += os.read(ours, 4096)
            os.close(ours)
            out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Converged" in out


@pytest.mark.parametrize("command", ["validate mail.yaml", "kinds", "plan ."])
def test_a_folder_that_was_deleted_is_told(shell: Shell, command: str) -> None:
    ended = shell(f"{command}", first="mkdir gone && cd gone && rmdir ../gone")
    assert ended.returncode == USAGE
    assert ended.stderr.startswith("error[folder-gone]: ")
