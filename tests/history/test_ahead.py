"""What is asked ahead of need is answered as if it were asked in time, and never twice."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.cli.programs import git_runner
from reconciler.history.ahead import AskedAhead
from reconciler.history.applied import memories
from reconciler.history.asked import Asked
from reconciler.history.git import GitAnswer, RunGit, open_repository


class Counting:
    """Runs git, and remembers what for."""

    def __init__(self, run: RunGit) -> None:
        self.run = run
        self.asked: list[str] = []

    def __call__(self, command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        self.asked.append(next(word for word in command if word in ("rev-parse", "ls-tree", "for-each-ref", "init")))
        return self.run(command, folder=folder, given=given)


@pytest.fixture
def git(tmp_path: Path) -> Counting:

    plain = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    identity = ("-c", "user.name=x", "-c", "user.email=x@acme.example")
    for words in (("init", "-q"), (*identity, "commit", "-q", "--allow-empty", "-m", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, env=plain, check=True)
    return Counting(git_runner(plain))


def _read(folder: Path, run: RunGit) -> tuple[object, ...]:
    repository = open_repository(folder, run)
    assert repository is not None
    assert repository.head is not None
    return repository.head, repository.entries(repository.head), tuple(memories(repository, "default"))


def test_what_was_asked_ahead_is_answered_alike_and_asked_once(git: Counting, tmp_path: Path) -> None:
    in_time = _read(tmp_path, git)
    git.asked.clear()
    with AskedAhead(git, Asked(start=tmp_path)) as ahead:
        assert _read(tmp_path, ahead) == in_time
    assert git.asked == ["rev-parse", "ls-tree", "for-each-ref"]


def test_an_answer_is_given_once_and_none_outlives_the_reading(git: Counting, tmp_path: Path) -> None:
    with AskedAhead(git, Asked(start=tmp_path)) as ahead:
        open_repository(tmp_path, ahead)
        open_repository(tmp_path, ahead)
        assert git.asked.count("rev-parse") == 2
    git.asked.clear()
    _read(tmp_path, ahead)
    assert git.asked == ["rev-parse", "ls-tree", "for-each-ref"]


def test_a_git_that_cannot_be_started_is_told_to_whoever_asks(tmp_path: Path) -> None:
    def missing(command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        raise FileNotFoundError(command[0], folder, given)

    with AskedAhead(missing, Asked(start=tmp_path)) as ahead, pytest.raises(FileNotFoundError):
        ahead(["git", "status"], folder=tmp_path, given=b"")
