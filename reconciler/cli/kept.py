"""Plans in files: which argument is one, and what may be said beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reconciler.errors import UsageError
from reconciler.model.plan import Plan
from reconciler.render.plan_reading import plan_from_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given
    from reconciler.cli.session import Session

_SUFFIX: Final = ".json"
_LARGEST: Final = 1 << 30
_DECIDED: Final = {
    "domains": "--domain",
    "targets": "--target",
    "resend": "--resend",
    "skip_unsupported": "--skip-unsupported",
    "allow_delete": "--allow-delete",
    "allow_delete_kind": "--allow-delete-kind",
    "allow_deletes": "--allow-deletes",
    "allow_delete_percent": "--allow-delete-percent",
    "allow_delete_bytes": "--allow-delete-bytes",
    "allow_changes": "--allow-changes",
    "allow_vanished": "--allow-vanished",
    "prune": "--prune",
    "show_unmanaged": "--show-unmanaged",
}
"""What a plan has decided: it was reviewed with that, and is carried out with that."""


def take_plan(session: Session, given: Given) -> tuple[Plan | None, Given]:
    """The plan among the paths that were named, and the rest of what was said; None where there is none.

    Raises:
        UsageError: it is no plan, or an option speaks of what it has decided.
    """
    paths = tuple(given["paths"])
    if not paths or not paths[0].endswith(_SUFFIX):
        return None, given
    spoken = [flag for name, flag in _DECIDED.items() if given.get(name) not in (None, False, ())]
    if spoken:
        raise UsageError(
            f"the plan was reviewed without {spoken[0]}",
            id="plan-decided",
            hint=f"make it again: `reconciler plan PATH... {spoken[0]} ... --out FILE`",
        )
    return read_plan(session.surroundings.start / paths[0]), {**given, "paths": paths[1:]}


def read_plan(file: Path) -> Plan:
    """The plan in a file.

    Raises:
        UsageError: ``plan-malformed`` or ``plan-format-unknown``.
        OSError: it cannot be read.
    """
    if file.stat().st_size > _LARGEST:
        raise UsageError(f"{file.name} is too large for a plan", id="plan-malformed")
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise UsageError(f"{file.name} is not a plan: it is not text", id="plan-malformed") from problem
    return plan_from_text(text)
