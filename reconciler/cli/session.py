"""One run of a command: how it speaks, and whom it asks."""

from __future__ import annotations

import importlib
import os

from reconciler.records import record
from reconciler.render.commands import without_commands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TextIO

    from reconciler.cli.asked import Pipeline
    from reconciler.cli.surroundings import Surroundings
    from reconciler.model.profile import RequestCost
    from reconciler.render.style import Style

TEXT = "text"
JSON = "json"
MARKDOWN = "markdown"


@record(slots=True)
class Session:
    """What every command is given. Data goes to stdout, talk to stderr.

    Attributes:
        given_pipeline: another pipeline than the real one.
        format: of the data.
        streaming: the data are documents one a line.
        verbosity: -1 quiet, 0 as usual, 1 more.
        lost: why data could not be written, such as to a full disk; empty while all could.
    """

    surroundings: Surroundings
    given_pipeline: Pipeline | None = None
    format: str = TEXT
    streaming: bool = False
    verbosity: int = 0
    lost: str = ""

    def heed(self, name: str, value: Any) -> None:
        """Take to heart what an option says of how to speak; others say nothing of it."""
        if name == "format":
            self.format = value
        elif value and name == "verbose":
            self.verbosity = 1
        elif value and name == "quiet":
            self.verbosity = -1

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline, imported when it is needed."""
        if self.given_pipeline is not None:
            return self.given_pipeline
        whole: Any = importlib.import_module("reconciler.pipeline")
        pipeline: Pipeline = whole
        return pipeline

    @property
    def style(self) -> Style:
        """The palette for data."""
        return self.surroundings.style(self.surroundings.stdout)

    @property
    def talk_style(self) -> Style:
        """The palette for talk."""
        return self.surroundings.style(self.surroundings.stderr)

    def give(self, text: str) -> None:
        """Write data."""
        self._write(self.surroundings.stdout, without_commands(text, is_json=self.format == JSON))

    def say(self, text: str) -> None:
        """Talk, unless it was asked to be quiet."""
        if self.verbosity >= 0:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Talk about what went wrong."""
        self._write(self.surroundings.stderr, without_commands(text))

    def draw(self, text: str) -> None:
        """Draw on the terminal, with all that moves and colours."""
        self._write(self.surroundings.stderr, text)

    def tell_profile(self, timings: Mapping[str, float], requests: Sequence[RequestCost] = ()) -> None:
        """Say where the time went."""
        from reconciler.render.profile_text import profile_text  # noqa: PLC0415  most runs are not asked

        begun = self.surroundings.begun
        total = self.surroundings.clock.now() - begun if begun is not None else 0.0
        self.complain(profile_text(timings, requests, total=total))

    def _write(self, stream: TextIO, text: str) -> None:
        """Write; neither a reader that has gone nor a full disk ends an apply halfway."""
        try:
            stream.write(text)
            stream.flush()
        except OSError as problem:
            if stream is self.surroundings.stdout and not isinstance(problem, BrokenPipeError):
                self.lost = problem.strerror or type(problem).__name__
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
