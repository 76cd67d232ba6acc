"""One run: the only place where errors become messages and exit codes."""

from __future__ import annotations

import importlib

from reconciler.cli.commands import COMMANDS, Said
from reconciler.cli.exits import Exit
from reconciler.cli.typed import read_plainly
from reconciler.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.session import Session


def run(typed: Sequence[str], session: Session) -> int:
    """Run what was typed, and tell what went wrong.

    Returns:
        The exit code.
    """
    code = _ran(typed, session)
    if not session.lost:
        return code
    from reconciler.cli.failures import tell  # noqa: PLC0415  as below

    summary = f"not all that there is to tell could be written: {session.lost}"
    hint = "make room where the output goes, and run it again: what is done already is left alone"
    lost = tell(session, UsageError(summary, id="output-lost", hint=hint))
    return lost if code in (Exit.DONE, Exit.CHANGES) else code


def _ran(typed: Sequence[str], session: Session) -> int:
    try:
        said = _said_plainly(typed) or _said_somehow(typed, session)
        if isinstance(said, int):
            return said
        for name, value in said.given.items():
            session.heed(name, value)
        return int(importlib.import_module(f"reconciler.cli.{said.command}").act(session, said.given))
    except KeyboardInterrupt:
        session.complain("\nInterrupted.\n")
        return Exit.INTERRUPTED
    except Exception as problem:  # noqa: BLE001  whatever nobody else knows is a bug, and is told as one
        from reconciler.cli.failures import tell  # noqa: PLC0415  what most runs never need

        return tell(session, problem)


def _said_plainly(typed: Sequence[str]) -> Said | None:
    command, *rest = typed
    if command not in COMMANDS:
        return None
    given = read_plainly(importlib.import_module(f"reconciler.cli.{command}").WORDS, rest)
    return None if given is None else Said(command, given)


def _said_somehow(typed: Sequence[str], session: Session) -> Said | int:
    from reconciler.cli.group import read_with_click  # noqa: PLC0415  it takes longer than many a command

    return read_with_click(typed, session)
