"""The command line: what was typed -> the pipeline -> a view -> an exit code. One small file a command."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from reconciler.cli.asked import Pipeline
    from reconciler.cli.surroundings import Surroundings


def program() -> NoReturn:
    """Be the process: run what was typed, and end with its exit code.

    Everything is imported and made for one run, so neither looking for garbage on the way nor taking millions of values
    apart at the end is of use to anybody; for a tiny manifest that is a quarter of the time.
    """
    gc.disable()
    _open_what_is_closed()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody reads any more
            code = code or 64
    os._exit(code)


def _open_what_is_closed() -> None:
    """Have all three streams: whoever starts us may have closed some, and their numbers would go to other files."""
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115  for as long as the process is
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as above
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  as above


def main(
    arguments: Sequence[str] | None = None,
    *,
    surroundings: Surroundings | None = None,
    pipeline: Pipeline | None = None,
) -> int:
    """Run one command.

    Args:
        arguments: what was typed; the process's own otherwise.
        surroundings: streams, folder and environment; the process's own otherwise.
        pipeline: another pipeline than the real one, for tests.

    Returns:
        The exit code.
    """
    typed = sys.argv[1:] if arguments is None else list(arguments)
    if not typed:
        sys.stderr.write(_known_answer("--help"))
        return 64
    if len(typed) == 1 and (answer := _known_answer(typed[0])):
        try:
            sys.stdout.write(answer)
        except OSError:  # nobody reads it, or the disk is full
            return 64
        return 0
    # everything below takes longer to import than the answers above take altogether
    from reconciler.cli.running import run  # noqa: PLC0415
    from reconciler.cli.session import Session  # noqa: PLC0415
    from reconciler.cli.surroundings import of_this_process  # noqa: PLC0415

    try:
        around = surroundings or of_this_process()
    except OSError as problem:  # the folder was deleted, or is out of reach
        sys.stderr.write(
            f"error[folder-gone]: the folder this runs in cannot be used: {problem.strerror}\n"
            "hint: change to one that is there\n"
        )
        return 64
    return run(typed, Session(around, pipeline))


def _known_answer(word: str) -> str:
    """What can be said without importing anything: the version, and the help of all commands."""
    if word == "--version":
        from reconciler import __version__  # noqa: PLC0415

        return f"reconciler {__version__}\n"
    if word in ("--help", "-h"):
        with open(f"{__path__[0]}/help.txt", encoding="utf-8") as file:  # noqa: PTH123  pathlib takes long to import
            return file.read()
    return ""
