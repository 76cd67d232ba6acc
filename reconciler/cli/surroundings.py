"""Where a run takes place: its streams, its folder, its environment. The one place that reads them."""

from __future__ import annotations

import os
import sys
import time
from io import TextIOWrapper
from pathlib import Path

from reconciler.flow import Clock, Workplace
from reconciler.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

    from reconciler.render.style import Style

URL_VARIABLE = "MAILCOW_URL"
KEY_VARIABLE = "MAILCOW_API_KEY"
PROXY_VARIABLE = "MAILCOW_PROXY"


@record(frozen=True, slots=True)
class Surroundings:
    """What a run finds around itself.

    Attributes:
        start: the folder it started in.
        environ: the environment's variables.
        clock: the time.
        process: this process's number.
        begun: when the run began, on the clock; of a process, when that was started; None where nobody knows.
    """

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    start: Path
    environ: Mapping[str, str]
    clock: Clock
    process: int = 0
    begun: float | None = None

    @property
    def cache(self) -> Path | None:
        """The person's own folder for what can be made again; in a checkout, whoever wrote that would be believed."""
        base = self._own("XDG_CACHE_HOME", ".cache")
        return Path(base, "mailcow-reconciler") if base else None

    def workplace(self, checkout: Path, *, looked_at: bool = False) -> Workplace | None:
        """The person's own folder for the applies of a checkout; None where they have no home.

        Args:
            looked_at: it is only looked at: None where there is nothing to be seen.
        """
        base = self._own("XDG_STATE_HOME", ".local/state")
        if not base or (looked_at and not Path(base, "mailcow-reconciler").is_dir()):
            return None
        import hashlib  # noqa: PLC0415  not everybody applies

        from reconciler.engine.endings import is_quiet  # noqa: PLC0415  as above

        name = hashlib.sha256(str(checkout.resolve()).encode(errors="surrogatepass")).hexdigest()[:16]
        holder = f"process {self.process} since {self.clock.moment}"
        folder = Path(base, "mailcow-reconciler", name)
        if looked_at and is_quiet(f"{folder}/journals"):
            return None
        return Workplace(folder=folder, holder=holder, moment=self.clock.moment, looked_at=looked_at)

    def _own(self, variable: str, usual: str) -> str:
        """A folder of the person's: the one that a variable names, or the usual one at home; empty where there is none.

        What is not absolute counts as not said (XDG Base Directory Specification): it would be in a checkout.
        """
        home, named = self.environ.get("HOME", ""), self.environ.get(variable, "")
        if named.startswith("/"):
            return named
        return f"{home}/{usual}" if home.startswith("/") else ""

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can be asked."""
        return self.stdin.isatty() and self.stderr.isatty()

    @property
    def shows_bars(self) -> bool:
        """Whether a line on stderr can be drawn over: on a terminal, not in the log of a CI job."""
        return self.stderr.isatty() and not self.environ.get("CI") and self.environ.get("TERM") != "dumb"

    def style(self, stream: TextIO) -> Style:
        """The palette for a stream: https://no-color.org, dumb terminals and pipes are respected."""
        from reconciler.render.style import coloured, plain  # noqa: PLC0415  not everything that is told has colours

        colourless = self.environ.get("NO_COLOR") or self.environ.get("TERM") == "dumb" or not stream.isatty()
        return plain() if colourless else coloured()


def of_this_process() -> Surroundings:
    """The process's own; text that a stream's encoding lacks is escaped instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    now = time.localtime()
    begun = time.perf_counter() - time.process_time()  # nothing was waited for until now
    clock = Clock(
        now=time.perf_counter,
        sleep=time.sleep,
        today=time.strftime("%Y-%m-%d", now),
        moment=time.strftime("%Y-%m-%dT%H%M%S", now),
    )
    return Surroundings(sys.stdin, sys.stdout, sys.stderr, Path.cwd(), os.environ, clock, os.getpid(), begun)
