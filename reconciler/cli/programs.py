"""Starting other programs: git, to ask what earlier revisions said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.history.git import ENVIRONMENT, GitAnswer, RunGit

_NEEDED = ("PATH", "HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "TMPDIR", "SYSTEMROOT", "USERPROFILE")
"""What git needs to start, and to find the user's own word on whose repositories they trust."""


def git_runner(environ: Mapping[str, str]) -> RunGit:
    """What runs git with the few variables it needs: not the API key, and nothing that points it elsewhere.

    Args:
        environ: the process's variables.
    """
    variables = {**{name: environ[name] for name in _NEEDED if name in environ}, **ENVIRONMENT}

    def run(command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        import subprocess  # noqa: PLC0415  most runs ask nothing

        done = subprocess.run(  # noqa: S603  a fixed program, no shell
            command, cwd=folder, env=variables, input=given, capture_output=True, check=False
        )
        return GitAnswer(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    return run
