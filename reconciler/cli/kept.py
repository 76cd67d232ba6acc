"""Plans in files: which argument is one, what may be said beside it, and whether it is the one that is meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from reconciler.errors import PlanRefused, UsageError
from reconciler.model.plan import Plan
from reconciler.records import record
from reconciler.render.plan_json import fingerprint
from reconciler.render.plan_reading import no_plan, plan_from_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reconciler.cli.commands import Given
    from reconciler.cli.session import Session

_SUFFIX: Final = ".json"
_LARGEST: Final = 1 << 30
_FINGERPRINT: Final = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
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


@record(frozen=True, slots=True)
class Kept:
    """A plan from a file.

    Attributes:
        fingerprint: stands for all that is in the file.
    """

    plan: Plan
    fingerprint: str


def take_plan(session: Session, given: Given) -> tuple[Plan | None, Given]:
    """The plan among the paths that were named, and the rest of what was said; None where there is none.

    Raises:
        UsageError: it is no plan, or not named first, or an option speaks of what it has decided.
        PlanRefused: ``plan-of-another-fingerprint``.
    """
    paths = tuple(given["paths"])
    expected = _expected(given["fingerprint"])
    late = next((path for path in paths[1:] if path.endswith(_SUFFIX)), None)
    if late is not None:
        hint = f"write `reconciler apply {late} PATH...`; two plans are two runs"
        raise UsageError(f"a kept plan is named first, and {late} is not", id="plan-not-first", hint=hint)
    if not paths or not paths[0].endswith(_SUFFIX):
        if expected is not None:
            hint = "name the kept plan first: `reconciler apply plan.json PATH... --fingerprint ...`"
            raise UsageError("`--fingerprint` is given, and no kept plan", id="fingerprint-without-plan", hint=hint)
        return None, given
    spoken = [flag for name, flag in _DECIDED.items() if given.get(name) not in (None, False, ())]
    if spoken:
        raise UsageError(
            f"the plan was reviewed without {spoken[0]}",
            id="plan-decided",
            hint=f"make it again: `reconciler plan PATH... {spoken[0]} ... --out FILE`",
        )
    return read_plan(session.surroundings.start / paths[0], expected=expected).plan, {**given, "paths": paths[1:]}


def _expected(said: str | None) -> str | None:
    """The fingerprint that was said, in the form in which it is told; None where none was.

    Raises:
        UsageError: ``fingerprint-malformed``.
    """
    if said is None:
        return None
    written = _FINGERPRINT.fullmatch(said.strip().lower())
    if written is None:
        raise UsageError(
            f"`--fingerprint {said}` is no fingerprint",
            id="fingerprint-malformed",
            hint="write `sha256:` and the 64 digits that `reconciler plan --out FILE` told",
        )
    return f"sha256:{written[1]}"


def read_plan(file: Path, *, expected: str | None = None) -> Kept:
    """The plan in a file.

    Args:
        file: the file.
        expected: the fingerprint it must have; None takes any.

    Raises:
        UsageError: ``plan-malformed`` or ``plan-format-unknown``.
        PlanRefused: ``plan-of-another-fingerprint``.
        OSError: it cannot be read.
    """
    if file.stat().st_size > _LARGEST:
        raise no_plan(file.name, "it is too large")
    content = file.read_bytes()
    found = fingerprint(content)
    if expected is not None and found != expected:
        raise PlanRefused(
            f"{file.name} is not the plan that was reviewed: its fingerprint is another one",
            id="plan-of-another-fingerprint",
            hint="nothing was asked of the server; get the file again from where it was reviewed, or make it again and "
            "have that reviewed: `reconciler plan PATH... --out FILE`",
            expected=expected,
            found=found,
        )
    try:
        text = content.decode()
    except UnicodeDecodeError as problem:
        raise no_plan(file.name, "it is not text") from problem
    return Kept(plan_from_text(text, name=file.name), found)
