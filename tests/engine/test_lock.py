import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.engine.lock import is_held, locked
from reconciler.errors import PlanRefused, UsageError


def test_a_second_apply_is_refused_and_told_who_is_first(tmp_path: Path) -> None:
    path = tmp_path / ".reconciler" / "lock"
    with locked(path, holder="process 12, since 07:04"), pytest.raises(PlanRefused) as caught, locked(path, holder="x"):
        pass
    assert caught.value.id == "apply-under-way"
    assert caught.value.details["holder"] == "process 12, since 07:04"
    with locked(path, holder="process 13"):
        assert path.read_text() == "process 13"


def test_waiting_ends_when_the_lock_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = locked(path, holder="first")
    first.__enter__()
    asked: list[str] = []

    def wait(holder: str) -> bool:
        asked.append(holder)
        if len(asked) == 3:
            first.__exit__(None, None, None)
        return True

    with locked(path, holder="second", wait=wait):
        assert asked == ["first"] * 3


def test_waiting_can_be_given_up(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "lock", holder="first"),
        pytest.raises(PlanRefused),
        locked(tmp_path / "lock", holder="second", wait=lambda _: False),
    ):
        pass


def test_a_process_that_is_killed_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = f"""
import os, pathlib
from reconciler.engine.lock import is_held, locked
with locked(pathlib.Path({str(path)!r}), holder="killed"):
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == -9
    with locked(path, holder="next"):
        assert path.read_text() == "next"


def test_whoever_only_looks_at_the_lock_keeps_nobody_from_taking_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    path.touch()
    with path.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)  # as `is_held` does for a moment
        with locked(path, holder="apply", pause=lambda: fcntl.flock(looking, fcntl.LOCK_UN)):
            assert is_held(path)
    assert not is_held(path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as caught, locked(tmp_path / "file" / "lock", holder="x"):
        pass
    assert caught.value.id == "lock-unwritable"


def test_a_place_that_takes_no_writing_is_told() -> None:
    with pytest.raises(UsageError) as caught, locked(Path("/dev/full"), holder="x"):
        pass
    assert caught.value.id == "lock-unwritable"
