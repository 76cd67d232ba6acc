"""How one value, and one value's change, reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

from reconciler.model.change import Absent, Action, FieldChange
from reconciler.model.secret import SecretSource
from reconciler.records import record, replace
from reconciler.render.words import count, visible

_ROOM: Final = 100
"""A list longer than this many characters is written one element a line."""


def shown(value: Any) -> str:
    """One value on one line, as a manifest would say it."""
    if isinstance(value, str):  # as most are
        return value.value if isinstance(value, Absent) else _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{visible(str(name))}: {shown(each)}" for name, each in value.items()) + "}"
    return visible(str(value))  # numbers, sources of secrets, and secrets, which print as a mask


def _text(value: str) -> str:
    text = visible(value)
    return text if text and text == text.strip() else f'"{text}"'


def shown_secret(value: Any) -> str:
    """A sensitive value: where it comes from, or that it is there, never the value."""
    return visible(str(value)) if isinstance(value, SecretSource | Absent) else Absent.HIDDEN.value


class Sign(Enum):
    """What a line of a change says."""

    ADDED = "added"
    REMOVED = "removed"
    SAME = "same"
    BOTH = "both"


@record(frozen=True, slots=True)
class Line:
    """One line about a field: a value, or a part of one.

    Attributes:
        sign: whether the part appears, disappears, stays, or the line holds before and after.
    """

    sign: Sign
    text: str


def lines(change: FieldChange, action: Action) -> list[Line]:
    """A field's change as lines: one for a plain value, one an element or a text line that comes or goes."""
    before, after = change.before, change.after
    if action is Action.CREATE or (isinstance(before, Absent) and _is_long(after) and not change.sensitive):
        return [Line(Sign.ADDED, text) for text in appearing(change)]
    if change.sensitive:
        return [Line(Sign.BOTH, f"{shown_secret(before)} -> {shown_secret(after)}")]
    if isinstance(before, tuple) and isinstance(after, tuple):
        return list(_elements(before, after))
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return list(_parts(before, after))
    if _is_text(before) and _is_text(after) and "\n" in before + after:
        return list(_text_lines(before, after))
    return [_both(before, after)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Absent)


def _is_long(value: Any) -> bool:
    return (_is_text(value) and "\n" in value) or (isinstance(value, tuple) and len(shown(value)) > _ROOM)


def _both(before: Any, after: Any) -> Line:
    return Line(Sign.BOTH, f"{shown(before)} -> {shown(after)}")


def appearing(change: FieldChange) -> list[str]:
    """What a field is to be that was not there before: one line, or one for each line or element of what is long."""
    value = change.after
    if change.sensitive:
        return [shown_secret(value)]
    if _is_text(value) and "\n" in value:
        return [visible(line) for line in value.splitlines()]
    whole = shown(value)
    return [shown(each) for each in value] if isinstance(value, tuple) and len(whole) > _ROOM else [whole]


def _elements(before: tuple[Any, ...], after: tuple[Any, ...]) -> Iterator[Line]:
    old, new = Counter(map(shown, before)), Counter(map(shown, after))
    if old == new:
        yield _both(before, after)
        return
    yield from (Line(Sign.ADDED, each) for each in (new - old).elements())
    yield from (Line(Sign.REMOVED, each) for each in (old - new).elements())
    if stay := (old & new).total():
        yield Line(Sign.SAME, f"({stay:,} unchanged)")


def _parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Line]:
    from reconciler.planning.compare import differing_parts  # noqa: PLC0415  few fields have parts

    found = differing_parts(before, after)
    if not found:
        yield _both(before, after)
        return
    for part in found:
        name = ".".join(map(visible, part.path))
        whole = FieldChange(name, part.before, part.after)
        yield from (replace(line, text=f"{name}: {line.text}") for line in lines(whole, Action.UPDATE))
    if stay := len(before.keys() & after.keys() - {part.path[0] for part in found}):
        yield Line(Sign.SAME, f"({stay:,} unchanged)")


def _text_lines(before: str, after: str) -> Iterator[Line]:
    from difflib import SequenceMatcher  # noqa: PLC0415  slow to import, and most plans show no long text

    old, new = before.splitlines(), after.splitlines()
    if old == new:
        yield _both(before, after)
        return
    same = 0
    for step, start, end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
        if step == "equal":
            same += end - start
            continue
        yield from (Line(Sign.REMOVED, visible(line)) for line in old[start:end])
        yield from (Line(Sign.ADDED, visible(line)) for line in new[new_start:new_end])
    if same:
        yield Line(Sign.SAME, f"({count(same, 'line')} unchanged)")
