"""What entries inherit, and how what they say themselves is laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.manifest.findings import Path, Spot
from reconciler.manifest.words import INITIAL, LIFECYCLE
from reconciler.records import field, record

__all__ = ["NOTHING_INHERITED", "Inheritance", "Inherited", "overlay"]


@record(frozen=True, slots=True)
class Inherited:
    """What the entries of one kind inherit in one file.

    Attributes:
        fields: managed fields, as written.
        words: the rest, `initial` and its companions, as written.
        spots: where each is written, by its way inside an entry: ``("quota",)``, ``("initial", "password")``.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Any] = field(default_factory=dict)
    spots: Mapping[Path, Spot] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fields or self.words)

    def spot(self, path: Path) -> Spot | None:
        """Find where something was inherited from, by its way inside an entry."""
        for length in (2, 1):
            found = self.spots.get(path[:length])
            if found is not None:
                return Spot(found.document, (*found.path, *path[length:]))
        return None


NOTHING_INHERITED: Final = Inherited()

Inheritance = Mapping[str, Inherited]
"""What each kind's entries inherit, by the kind's plural."""


def overlay(
    inherited: Inherited, written: Mapping[str, Any], words: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Lay what is written over what is inherited.

    A field is managed or initial, as the nearer one says; `initial` and `lifecycle` are laid over word by word.

    Args:
        words: what an entry of this kind may say besides its fields.

    Returns:
        The fields and the words that result, as written.
    """
    fields = {name: value for name, value in written.items() if name not in words}
    own = {name: written[name] for name in words if name in written}
    result = {**inherited.words, **own}
    for name in (INITIAL, LIFECYCLE):
        if name in inherited.words and isinstance(own.get(name), dict):
            result[name] = {**inherited.words[name], **own[name]}
    mine: Mapping[str, Any] = own[INITIAL] if isinstance(own.get(INITIAL), dict) else {}
    if isinstance(result.get(INITIAL), dict):
        result[INITIAL] = {name: value for name, value in result[INITIAL].items() if name in mine or name not in fields}
    below = {name: value for name, value in inherited.fields.items() if name not in mine}
    return {**below, **fields}, result
