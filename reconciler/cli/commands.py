"""Runs the commands that secrets come from or are delivered to; never a shell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from reconciler.model.command import Ran
from reconciler.records import record


@record(frozen=True, slots=True)
class Commands:
    """Runs commands as they are written, in the folder of the project.

    What they print is the secret; what they complain of may hold one, and goes nowhere.

    Attributes:
        folder: where they run.
        environ: the variables they see; without those that hold API keys.
    """

    folder: Path
    environ: Mapping[str, str] = field(repr=False)

    def __call__(self, command: tuple[str, ...], *, given: bytes, seconds: float) -> Ran:
        """Run one.

        Raises:
            OSError: it cannot be started.
            TimeoutError: it took too long, and was ended.
        """
        import subprocess  # noqa: PLC0415  most runs start nothing

        try:
            ended = subprocess.run(  # noqa: S603  naming a program is what `{command: ...}` is for
                command,
                input=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                cwd=self.folder,
                env=dict(self.environ),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{command[0]} took longer than {seconds:g} s") from None
        return Ran(ended.returncode, ended.stdout)
