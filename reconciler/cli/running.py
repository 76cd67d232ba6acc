"""One run: the only place where errors become messages and exit codes."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reconciler.cli.exits import Exit
from reconciler.cli.group import PROGRAM, root
from reconciler.cli.session import Session


def run(typed: Sequence[str], session: Session) -> int:
    """Run what was typed, and tell what went wrong.

    Returns:
        The exit code.
    """
    try:
        with root.make_context(PROGRAM, list(typed), obj=session) as context:
            return int(root.invoke(context) or Exit.DONE)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except KeyboardInterrupt:
        session.complain("\nInterrupted.\n")
        return Exit.INTERRUPTED
    except Exception as problem:  # noqa: BLE001  whatever nobody else knows is a bug, and is told as one
        from reconciler.cli.failures import tell  # noqa: PLC0415  what most runs never need

        return tell(session, problem)
