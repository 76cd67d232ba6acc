"""What an apply shows while it runs: a bar on a terminal, a line a change in a log, documents for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

from reconciler.cli.session import JSON, Session
from reconciler.model.report import ChangeEnded, Event, OperationEnded, Outcome
from reconciler.render.apply_text import call_line, change_line
from reconciler.render.events_json import event_line

Show = Callable[[Event], None]


@contextmanager
def showing(session: Session, *, calls: int) -> Iterator[Show]:
    """Show events the way that suits the session, until the apply is over.

    Args:
        session: where to show them.
        calls: how many calls there will be at most.
    """
    if session.format == JSON:
        yield lambda event: session.give(event_line(event))
    elif session.verbosity < 0:
        yield lambda _event: None
    elif session.surroundings.shows_bars and session.verbosity == 0:
        with _bar(session, calls) as show:
            yield show
    else:
        yield lambda event: _line(session, event)


def _line(session: Session, event: Event) -> None:
    if isinstance(event, ChangeEnded):
        session.say(change_line(event, session.talk_style) + "\n")
    elif isinstance(event, OperationEnded) and session.verbosity > 0:
        session.say(call_line(event, session.talk_style) + "\n")


class _Canvas:
    """What a bar is drawn on: the terminal, which may go away while calls are under way."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.encoding = session.surroundings.stderr.encoding

    def write(self, text: str) -> None:
        """Draw."""
        self._session.draw(text)

    def flush(self) -> None:
        """What is drawn is there already."""

    def isatty(self) -> bool:
        """It was a terminal in the beginning."""
        return True


@contextmanager
def _bar(session: Session, calls: int) -> Iterator[Show]:
    # rich takes as long to import as everything else together; only a terminal pays for it
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    style = session.talk_style
    console = Console(file=cast("IO[str]", _Canvas(session)), highlight=False, no_color=not style.codes)
    columns = (TextColumn("applying"), BarColumn(), MofNCompleteColumn(), TextColumn("calls"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=calls)

        def show(event: Event) -> None:
            if isinstance(event, OperationEnded):
                progress.advance(task)
            elif isinstance(event, ChangeEnded) and event.outcome is not Outcome.DONE:
                progress.console.print(Text.from_ansi(change_line(event, style)))

        yield show
