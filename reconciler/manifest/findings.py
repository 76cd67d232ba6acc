"""Everything wrong with the manifests of one run, gathered so that it can be told at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from reconciler.errors import ManifestError
from reconciler.model.diagnostic import Diagnostic, Origin, Severity, error
from reconciler.records import record

if TYPE_CHECKING:
    from reconciler.manifest.document import Document
    from reconciler.model.address import Address

__all__ = ["MOST", "Complaint", "Findings", "Path", "Spot"]

Path = tuple[str | int, ...]
"""The way to something inside a document, or inside an entry."""

MOST: Final = 200
"""Findings told of one run; who has more reads the first ones and runs again."""


@record(frozen=True, slots=True)
class Complaint:
    """Something wrong in an entry.

    Attributes:
        path: the way to it inside the entry; empty for the entry itself.
        at_key: the key is wrong, not its value.
    """

    path: Path
    id: str
    summary: str
    hint: str | None = None
    at_key: bool = False


@record(frozen=True, slots=True)
class Spot:
    """A place in a document."""

    document: Document
    path: Path


class Findings:
    """What is wrong so far. A finding is told once, also when many entries inherit it."""

    def __init__(self, earlier: Iterable[Diagnostic] = ()) -> None:
        """Start with what reading the files found."""
        self._found: dict[tuple[str, Origin | None, str], Diagnostic] = {}
        self._omitted = 0
        for diagnostic in earlier:
            self._add(diagnostic)

    def __len__(self) -> int:
        return len(self._found) + self._omitted

    def tell(
        self, spot: Spot, complaint: Complaint, *, related: Sequence[Spot] = (), address: Address | None = None
    ) -> None:
        """Add a finding; places are looked up only for those that will be shown.

        Args:
            spot: where; the complaint's own path is not added.
            related: further places it is about.
            address: the resource it is about.
        """
        if self.are_enough:
            self.omit(1)
            return
        self._add(
            error(
                complaint.id,
                complaint.summary,
                hint=complaint.hint,
                origin=spot.document.origin(spot.path, key=complaint.at_key),
                related=tuple(each.document.origin(each.path) for each in related),
                address=address,
            )
        )

    @property
    def are_enough(self) -> bool:
        """Whether more findings would only be counted."""
        return len(self._found) >= MOST

    def omit(self, number: int) -> None:
        """Count findings that are not told, because there are enough."""
        self._omitted += number

    def raise_if_any(self) -> None:
        """End here if anything is wrong.

        Raises:
            ManifestError: with every finding.
        """
        if not self._found:
            return
        found = list(self._found.values())
        if self._omitted:
            summary = f"{self._omitted:,} more findings are not shown"
            found.append(Diagnostic("findings-omitted", Severity.NOTE, summary, hint="mend these and run again"))
        raise ManifestError(tuple(found))

    def _add(self, diagnostic: Diagnostic) -> None:
        self._found.setdefault((diagnostic.id, diagnostic.origin, diagnostic.summary), diagnostic)
