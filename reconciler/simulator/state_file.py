"""The simulator's memory in a file between runs: written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

from reconciler.errors import UsageError

from . import Simulator
from .state import FORMAT, DuplicateKeyError, State


def load(path: Path, *, version: str) -> State | None:
    """The state a file holds; None where there is no file yet.

    Raises:
        UsageError: ``bad-state-file``: not a state, or of another version.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _bad(path, error.strerror or str(error), "Check the path and its permissions") from error
    try:
        dumped = json.loads(content)
        kept, kept_format = dumped["version"], dumped["state"]["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _not_a_state(path) from error
    if kept != version:
        raise _bad(path, f"it was kept by a server of {kept}", f"Use --version {kept}, or another file")
    if kept_format != FORMAT:
        raise _bad(path, f"it has the format {kept_format}, this is {FORMAT}", "Remove it to start afresh")
    try:
        return State.load(dumped["state"])
    except (LookupError, TypeError, ValueError, AttributeError, DuplicateKeyError) as error:
        raise _not_a_state(path) from error


def save(simulator: Simulator, path: Path) -> None:
    """Keep the state; a reader sees the old file or the new one."""
    simulator.state.save(path, version=simulator.version)


def _not_a_state(path: Path) -> UsageError:
    return _bad(path, "it is not a simulator's state", "Remove it to start afresh")


def _bad(path: Path, why: str, hint: str) -> UsageError:
    return UsageError(f"The state file {path} cannot be used: {why}", id="bad-state-file", hint=hint, path=str(path))
