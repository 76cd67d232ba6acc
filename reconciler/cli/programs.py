"""Starting other programs, never a shell: git, to ask what earlier revisions said, and what secrets come from."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.history.git import GitAnswer, RunGit
    from reconciler.model.command import Ran, Run

_NEEDED = ("PATH", "HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "TMPDIR", "SYSTEMROOT", "USERPROFILE")
"""What git needs to start, and to find the user's own word on whose repositories they trust."""


def git_runner(environ: Mapping[str, str]) -> RunGit:
    """What runs git with the few variables it needs: not the API key, and nothing that points it elsewhere.

    Args:
        environ: the process's variables.
    """
    from reconciler.history.git import ENVIRONMENT, GitAnswer  # noqa: PLC0415  checking manifests asks git nothing

    variables = {**{name: environ[name] for name in _NEEDED if name in environ}, **ENVIRONMENT}

    def run(command: Sequence[str], *, folder: Path, given: bytes) -> GitAnswer:
        import subprocess  # noqa: PLC0415  most runs ask nothing

        done = subprocess.run(  # noqa: S603  a fixed program, no shell
            command, cwd=folder, env=variables, input=given, capture_output=True, check=False
        )
        return GitAnswer(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    return run


def command_runner(place: Path, environ: Mapping[str, str]) -> Run:
    """What runs the commands that secrets come from or are delivered to, as they are written.

    What they print is the secret; what they complain of may hold one, and goes nowhere.

    Args:
        place: the folder they run in, the project's.
        environ: the variables they see; without those that hold API keys.
    """

    def run(command: tuple[str, ...], *, given: bytes, seconds: float) -> Ran:
        import subprocess  # noqa: PLC0415  most runs start nothing

        from reconciler.model.command import Ran  # noqa: PLC0415  as above

        try:
            ended = subprocess.run(  # noqa: S603  naming a program is what `{command: ...}` is for
                command,
                input=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                cwd=place,
                env=dict(environ),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{command[0]} took longer than {seconds:g} s") from None
        return Ran(ended.returncode, ended.stdout)

    return run
