"""One apply at a time, each written down as it goes, so that a crash does not hide what was in flight."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Final

from reconciler.engine.journal import Journal, LastRun, Left, last_run, last_word, let_go, newest
from reconciler.engine.lock import is_held, locked
from reconciler.flow import Inputs, PlanRequest, Workplace
from reconciler.model.diagnostic import Diagnostic, Severity

_JOURNALS: Final = "journals"
_KEPT: Final = 20
"""How many journals are kept; an older one has nothing to tell about what is on the server now."""

_SECONDS_BETWEEN_TRIES: Final = 0.5
_SECONDS_OF_A_LOOK: Final = 0.01
_SHOWN: Final = 5


@contextmanager
def alone(
    request: PlanRequest, *, wait: bool = False, told: Callable[[str], None] = lambda _holder: None
) -> Iterator[tuple[Diagnostic, ...]]:
    """Keep other applies of the same checkout out, from planning on; gives what the last one left unsaid.

    Args:
        wait: wait for another one to end, instead of giving up.
        told: is told once who is waited for.

    Raises:
        PlanRefused: another one is under way.
        UsageError: the folder for locks and journals cannot be written.
    """
    place = request.inputs.workplace
    if place is None:
        yield ()
        return
    waiting: list[str] = []

    def another_try(holder: str) -> bool:
        if not waiting:
            waiting.append(holder)
            told(holder)
        request.inputs.clock.sleep(_SECONDS_BETWEEN_TRIES)
        return True

    def a_moment() -> None:
        request.inputs.clock.sleep(_SECONDS_OF_A_LOOK)

    with locked(place.folder / "lock", holder=place.holder, wait=another_try if wait else None, pause=a_moment):
        run = last_run(place.folder / _JOURNALS)
        yield (*_left_unsaid(run), *_undelivered(run, request.inputs))


def journal(place: Workplace | None, *, server: str, left: Left) -> Journal | nullcontext[None]:
    """Begin the journal of an apply; nothing where there is no place for one.

    Args:
        left: what it is to tell, should the apply come no further.

    Raises:
        UsageError: ``journal-unwritable``.
    """
    if place is None:
        return nullcontext()
    folder = place.folder / _JOURNALS
    let_go(folder, keep=_KEPT)
    taken = len(list(folder.glob(f"{place.moment}*")))
    while (path := folder / f"{place.moment}-{taken}.jsonl").exists():  # some of that moment were let go
        taken += 1
    return Journal(path, {"server": server, "began": place.moment}, left)


def known_before(inputs: Inputs, server: str) -> tuple[LastRun | None, tuple[Diagnostic, ...]]:
    """What the newest journal of a server says, and what of it is to be told.

    An apply that is under way has nothing to say yet, and what may not be read tells nothing. What `alone` has told,
    which knows no server yet, is not told again.
    """
    place = inputs.workplace
    if place is None or (place.looked_at and is_held(place.folder / "lock")):
        return None, ()
    run = _last_word(place, server)
    if run is None or (not place.looked_at and run.path == newest(place.folder / _JOURNALS)):
        return run, ()
    return run, (*_left_unsaid(run), *_undelivered(run, inputs))


def unconfirmed_before(inputs: Inputs, server: str) -> tuple[str, ...]:
    """The files of new passwords that earlier applies to a server handed over and did not see taken."""
    return () if inputs.workplace is None else _still_there(_last_word(inputs.workplace, server), inputs)


def _last_word(place: Workplace, server: str) -> LastRun | None:
    try:
        return last_word(place.folder / _JOURNALS, server)
    except OSError:
        return None


def _still_there(run: LastRun | None, inputs: Inputs) -> tuple[str, ...]:
    """Of the files that were left unconfirmed, those that nobody has seen to."""
    folder = inputs.project.folder if inputs.project is not None else inputs.start
    files = run.undelivered if run is not None else ()
    return tuple(name for name in files if os.path.exists(folder / name))  # noqa: PTH110  says no where a path is impossible


def _undelivered(run: LastRun | None, inputs: Inputs) -> tuple[Diagnostic, ...]:
    """Tell of new passwords that applies handed over, and did not see taken; a file that is gone was seen to."""
    files = _still_there(run, inputs)
    if not files:
        return ()
    shown = ", ".join(f"`{name}`" for name in files[:_SHOWN]) + (", ..." if len(files) > _SHOWN else "")
    return (
        Diagnostic(
            "delivery-unconfirmed",
            Severity.WARNING,
            f"{len(files)} of earlier applies' new passwords may be in use or not: {shown}",
            hint="try each, and take `.unconfirmed` off the name of its file if it is the one; else remove the file",
        ),
    )


def _left_unsaid(run: LastRun | None) -> tuple[Diagnostic, ...]:
    """Tell of the calls that were in flight when the last apply ended without ending."""
    if run is None or run.ended:
        return ()
    calls = [f"{each.call} ({', '.join(map(str, each.changes[:_SHOWN]))})" for each in run.unfinished]
    in_flight = "; ".join(calls[:_SHOWN]) or "nothing"
    return (
        Diagnostic(
            "last-apply-unfinished",
            Severity.NOTE,
            f"the last apply ({run.about.get('began', 'unknown')}) did not come to its end after {run.calls} calls",
            detail=f"in flight: {in_flight}; what became of it is read from the server now",
        ),
    )
