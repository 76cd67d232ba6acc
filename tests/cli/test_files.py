"""Files that commands write: whole or not at all, and nothing that was there is lost."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import Runner, Shell

NO_ROOM = "ulimit -f 0"
USAGE = 64


def _files(folder: Path) -> list[Path]:
    return [each for each in sorted(folder.rglob("*")) if each.is_file()]


def _contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in _files(folder)}


@pytest.mark.parametrize("command", ["plan mail.yaml --out kept.json", "snapshot --out kept.json"])
def test_a_file_there_is_no_room_for_leaves_the_one_before_it_and_no_litter(
    shell: Shell, tmp_path: Path, command: str
) -> None:
    (tmp_path / "kept.json").write_text("before", encoding="utf-8")
    ended = shell(command, first=NO_ROOM)
    assert ended.returncode == USAGE
    assert "error[file-unusable]: cannot use " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "kept.json").read_text(encoding="utf-8") == "before"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["kept.json", "mail.yaml"]


def test_an_export_there_is_no_room_for_leaves_the_one_before_it(shell: Shell, tmp_path: Path) -> None:
    assert shell("apply mail.yaml --auto-approve").returncode == 0
    assert shell("export --out mail").returncode == 0
    before = _contents(tmp_path / "mail")
    assert before
    ended = shell("export --out mail --overwrite", first=NO_ROOM)
    assert (ended.returncode, "file-unusable" in ended.stderr) == (USAGE, True)
    assert _contents(tmp_path / "mail") == before


def test_exported_files_are_for_those_whom_the_person_lets_read_files(shell: Shell, tmp_path: Path) -> None:
    assert shell("apply mail.yaml --auto-approve").returncode == 0
    assert shell("export --out mail", first="umask 027").returncode == 0
    assert {stat.S_IMODE(file.stat().st_mode) for file in _files(tmp_path / "mail")} == {0o640}
    for file in _files(tmp_path / "mail"):
        file.chmod(0o600)
    assert shell("export --out mail --overwrite").returncode == 0
    assert {stat.S_IMODE(file.stat().st_mode) for file in _files(tmp_path / "mail")} == {0o600}


def test_a_pipe_or_a_device_takes_a_plan_and_stays_one(run: Runner) -> None:
    pipe = run.folder / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    assert run("plan", "mail", "--out", "pipe").code == 0
    reader.join(10)
    assert pipe.is_fifo()
    assert read[0].startswith("{")


def test_a_plan_is_kept_where_a_link_leads_and_the_link_stays(run: Runner) -> None:
    (run.folder / "plans").mkdir()
    (run.folder / "plan.json").symlink_to("plans/today.json")
    assert run("plan", "mail", "--out", "plan.json").code == 0
    assert (run.folder / "plan.json").is_symlink()
    assert stat.S_IMODE((run.folder / "plans/today.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("command", ["schema --out", "export --out"])
def test_links_in_a_circle_are_told(shell: Shell, tmp_path: Path, command: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    ended = shell(f"{command} loop")
    assert ended.returncode == USAGE
    assert ended.stderr.splitlines()[-2].startswith("error[file-unusable]: cannot use ")
