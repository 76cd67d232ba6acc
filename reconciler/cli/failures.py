"""What went wrong, told: every exception as an error with an id, a hint and an exit code."""

from __future__ import annotations

import errno
import os
import traceback
from typing import Final

import click

from reconciler.cli.commands import PROGRAM
from reconciler.cli.exits import Exit
from reconciler.cli.session import JSON, MARKDOWN, Session
from reconciler.errors import ProtocolError, ReconcilerError, UsageError
from reconciler.render.diagnostic_json import error_document
from reconciler.render.diagnostic_text import error_text
from reconciler.render.events_json import line
from reconciler.render.plan_json import json_text
from reconciler.render.style import plain

_NO_THREAD: Final = "can't start new thread"
"""What Python says of it, 3.11 to 3.14."""


def tell(session: Session, problem: Exception) -> int:
    """Tell people, and machines that asked for JSON, what ended a run.

    Returns:
        The exit code.
    """
    error = _as_error(problem)
    if error.exit_code == Exit.BUG or session.verbosity > 0:
        session.complain("".join(traceback.format_exception(problem)))
    if session.format == JSON:
        document = error_document(error)
        session.give(line("error", document) if session.streaming else json_text(document))
    elif session.format == MARKDOWN:
        from reconciler.render.markdown import error_markdown  # noqa: PLC0415  most runs are for no comment

        session.give(error_markdown(error_text(error, plain()), error.summary))
    session.complain(error_text(error, session.talk_style))
    return error.exit_code


def _as_error(problem: Exception) -> ReconcilerError:
    match problem:
        case ReconcilerError():
            return problem
        case click.UsageError(ctx=click.Context() as context):
            return _usage_error(problem, context.command_path)
        case click.ClickException():
            return _usage_error(problem, PROGRAM)
        case OSError(filename=str() | bytes() as name):
            summary = f"cannot use {os.fsdecode(name)}: {problem.strerror}"
            full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
            hint = "make room, and run it again" if full else "check the path and its permissions"
            return UsageError(summary, id="file-unusable", hint=hint)
    hint = "please report it, with what is above and the command you ran"
    return _exhausted(problem) or ReconcilerError(f"this is a bug: {type(problem).__name__}", id="bug", hint=hint)


def _exhausted(problem: Exception) -> ReconcilerError | None:
    """What a run had too little of; None where it had enough."""
    match problem:
        case MemoryError():
            hint = "give it more, or plan less at once with `--domain`; what an apply has done already is left alone"
            return UsageError("this machine has not enough memory", id="memory-exhausted", hint=hint)
        case RuntimeError() if str(problem) == _NO_THREAD:
            hint = "permit more processes, such as with `ulimit -u` or the `pids-limit` of a container"
            return UsageError("this machine lets no more threads be started", id="threads-exhausted", hint=hint)
        case RecursionError():  # manifests and kept plans are refused before: only an answer can be so deep
            hint = "what answered may not be mailcow; `--verbose` says where it could not be gone through"
            return ProtocolError("the server's answer is nested too deeply", id="api-too-deep", hint=hint)
    return None


def _usage_error(problem: click.ClickException, command: str) -> UsageError:
    return UsageError(problem.format_message().rstrip("."), id="usage", hint=f"see `{command} --help`")
