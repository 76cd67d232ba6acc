"""What comes of comparing two states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from reconciler.model.address import Address
from reconciler.model.change import Change
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.plan import NotCompared
from reconciler.records import field, record


@record(frozen=True, slots=True)
class Difference:
    """What a diff found.

    Attributes:
        changes: by kind in creation order, then key.
        unmanaged: by kind that was read, the live resources nothing declares.
    """

    changes: tuple[Change, ...]
    unchanged: int
    unmanaged: Mapping[str, tuple[Address, ...]]
    not_compared: tuple[NotCompared, ...]
    diagnostics: tuple[Diagnostic, ...]


@record(slots=True)
class Findings:
    """What a diff has found so far."""

    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0
    not_compared: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    diagnostics: list[Diagnostic] = field(default_factory=list)
