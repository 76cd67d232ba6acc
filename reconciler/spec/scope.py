"""What a value may be read relative to."""

from __future__ import annotations

from typing import Final

from reconciler.records import record

__all__ = ["NO_SCOPE", "Scope"]


@record(frozen=True, slots=True)
class Scope:
    """What a value may be read relative to.

    Attributes:
        domain: the domain a bare local part belongs to, from the file's ``domain:`` line.
    """

    domain: str | None = None


NO_SCOPE: Final = Scope()
