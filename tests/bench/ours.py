"""Our own commands, as people run them: the launcher in the virtual environment, a home of its own, no project."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.measure import Command

__all__ = ["KEY", "ours", "stages_in"]

KEY: Final = "bench-key"
_STAGE: Final = re.compile(r"^(?!together)([a-z ]+?) +([0-9.]+) s +[0-9]+%", re.MULTILINE)


def ours(words: Sequence[str], *, home: Path, folder: Path | None = None, url: str = "", cold: bool = False) -> Command:
    """One of our commands.

    Args:
        words: what is typed behind the program's name.
        home: where its parse cache is kept.
        folder: where it is started; at home otherwise.
        url: the server.
        cold: forget everything before each run.
    """
    home.mkdir(parents=True, exist_ok=True)
    launcher = Path(sys.executable).with_name("reconciler")
    program = [str(launcher)] if launcher.exists() else [sys.executable, "-m", "reconciler"]
    environ = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_STATE_HOME": str(home / "state"),
        "MAILCOW_URL": url,
        "MAILCOW_API_KEY": KEY,
        **{f"SMTP_RELAY_{number}": "x" for number in range(3)},
    }

    def forget() -> None:
        if cold:
            shutil.rmtree(home / "cache", ignore_errors=True)

    return Command([*program, *words], folder or home, environ, before=forget)


def stages_in(errors: str) -> dict[str, float]:
    """What `--profile` told: seconds by stage."""
    return {name: float(seconds) for name, seconds in _STAGE.findall(errors)}
