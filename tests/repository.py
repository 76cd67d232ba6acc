"""Repositories made for a test."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli.programs import git_runner
from reconciler.history.git import Repository

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Anna",
    "GIT_AUTHOR_EMAIL": "anna@acme.example",
    "GIT_COMMITTER_NAME": "Anna",
    "GIT_COMMITTER_EMAIL": "anna@acme.example",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Made:
    """A repository in a folder, written as people write it."""

    folder: Path

    def git(self, *arguments: str) -> str:
        """Run git as a person would."""
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder,
            env={**os.environ, **_IDENTITY},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str | None], message: str = "more") -> str:
        """Write files (None removes one) and commit everything; gives the commit."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def write(self, files: dict[str, str | None]) -> None:
        """Write files without committing them; None removes one."""
        for name, text in files.items():
            path = self.folder / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def ref(self, name: str) -> str | None:
        """The commit a ref leads to."""
        done = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() or None

    @property
    def opened(self) -> Repository:
        """The repository as the program sees it."""
        return Repository(self.folder.resolve(), git_runner(os.environ))

    def clone(self, folder: Path, *options: str) -> Made:
        """Clone it as a pipeline would."""
        self.git("clone", "--quiet", *options, f"file://{self.folder}", str(folder))
        return Made(folder)


def made(folder: Path, *, bare: bool = False) -> Made:
    """Make an empty repository; a bare one is for others to fetch from and push to."""
    folder.mkdir(parents=True, exist_ok=True)
    repository = Made(folder)
    repository.git("init", "--quiet", *(["--bare"] if bare else []))
    return repository
