"""The three streams of a process: closed before it starts, or unable to take what is written to them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.faults import Faults, parse
from reconciler.simulator.http import serving
from tests.acceptance.person import KEY

FULL = Path("/dev/full")
USAGE = 64
MAIL = "domains: [{name: acme.example}]\naliases: [{address: info@acme.example, to: [x@elsewhere.example]}]\n"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def simulator() -> Simulator:
    return Simulator("2026-07a", api_key=KEY)


@pytest.fixture
def run(simulator: Simulator, tmp_path: Path) -> Iterator[Run]:
    """Run a command by a shell, which can redirect what it likes."""
    (tmp_path / "mail.yaml").write_text(MAIL, encoding="utf-8")
    with serving(simulator) as url:
        environ = {**os.environ, "HOME": str(tmp_path), "MAILCOW_URL": url, "MAILCOW_API_KEY": KEY}

        def shell(command: str) -> subprocess.CompletedProcess[str]:
            script = f'exec "{sys.executable}" -m reconciler {command}'
            return subprocess.run(
                ["sh", "-c", script],
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )

        yield shell


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["plan mail.yaml --detailed-exitcode", "plan mail.yaml --out plan.json"])
def test_a_closed_stream_is_one_that_nobody_reads(run: Run, closed: str, command: str) -> None:
    ended = run(f"{command} {closed}")
    assert ended.returncode == (2 if "detailed" in command else 0)
    assert "error" not in ended.stderr


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize(
    "command", ["validate mail.yaml", "plan mail.yaml", "plan mail.yaml --format json", "schema", "kinds"]
)
def test_data_that_a_full_disk_does_not_take_are_not_taken_for_written(run: Run, command: str) -> None:
    ended = run(f"{command} >{FULL}")
    assert ended.returncode == USAGE
    assert ended.stderr.startswith("error[output-lost]: ")
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_does_not_end_an_apply_halfway(run: Run, simulator: Simulator, form: str) -> None:
    ended = run(f"apply mail.yaml --auto-approve --format {form} >{FULL}")
    assert ended.returncode == USAGE
    assert "output-lost" in ended.stderr
    there = simulator.handle("GET", "/api/v1/get/alias/all", {"X-API-Key": KEY}, b"").body
    assert b"info@acme.example" in there
    assert run("plan mail.yaml --quiet").stdout.endswith("0 to create, 0 to update, 0 to delete, 2 unchanged\n")


def test_the_help_of_all_commands_on_a_full_disk_ends_without_a_word(run: Run) -> None:
    ended = run(f"--help >{FULL}")
    assert (ended.returncode, ended.stderr) == (1, "")


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
