"""The kinds as the README's table."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.reference import KindReference
from reconciler.render.reference_phrases import DELETED, DELETED_NOTE, since

__all__ = ["kinds_markdown"]


def kinds_markdown(kinds: Iterable[KindReference]) -> str:
    """All kinds as a table in Markdown; ends with a newline."""
    told = ["| Section | What it is | Known by | Deleted | Since |", "| --- | --- | --- | --- | --- |"]
    for each in kinds:
        key = ", ".join(f"`{name}`" for name in each.key) or "there is one"
        cells = (f"`{each.section}`", each.about, key, _escaped(DELETED[each.deletion]), since(each.since))
        told.append(f"| {' | '.join(cells)} |")
    return "\n".join([*told, "", _escaped(DELETED_NOTE), ""])


def _escaped(text: str) -> str:
    return text.replace("*", "\\*")
