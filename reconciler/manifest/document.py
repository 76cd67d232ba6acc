"""A document: a text read into plain values, that can still say where each of them stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import ManifestError
from reconciler.manifest.text import Position, SourceText
from reconciler.model.diagnostic import Diagnostic, Origin, error

if TYPE_CHECKING:
    from reconciler.manifest.composition import Composition

__all__ = ["Document", "parse"]

_ENTRY: Final = 2
"""Steps from the top of a manifest to an entry."""

_SENSITIVE: Final = r"(?i)pass|secret|token|key|hash|credential|salt"


class Document:
    """One manifest, read.

    A correct manifest is read without places. Whoever finds something wrong in it asks for one; the text is then read
    a second time, with all places, once for all questions.

    Attributes:
        name: what messages call it.
        value: what it says: mappings with text keys, lists, text, numbers, truths and nothing. Not to be changed:
            aliases make two places share one value.
    """

    __slots__ = ("_again", "_composition", "_entries", "_text", "_value", "name")

    def __init__(self, name: str, value: dict[str, Any] | None, again: Callable[[], SourceText]) -> None:
        """Keep what was read.

        Args:
            name: what messages call it.
            value: what the document says; None leaves reading it to whoever asks.
            again: gets the text once more; may raise `ManifestError`.
        """
        self.name = name
        self._value = value
        self._again = again
        self._text: SourceText | None = None
        self._composition: Composition | None = None
        self._entries: dict[str, list[Position] | None] | None = None

    @property
    def value(self) -> dict[str, Any]:
        """What it says."""
        if self._value is None:
            self._value = parse(self._again(), aside=[]).value
        return self._value

    def forget(self) -> None:
        """Let go of what it says, which takes much more room than the text; whoever asks again has it read again."""
        self._value = None

    def __repr__(self) -> str:
        return f"<Document {self.name}>"

    def locate(self, path: tuple[str | int, ...], *, key: bool = False) -> Position | None:
        """Find where a value stands, or else the nearest thing around it that is there.

        Args:
            path: keys and indexes from the top.
            key: the place of its key rather than of the value.

        Returns:
            The place; None when the file has gone or changed beyond reading since.
        """
        if self._text is None:
            try:
                self._text = self._again()
                self._entries = _entries_of(self._text)
            except ManifestError:
                self._text = SourceText(self.name, "")
        if len(path) == _ENTRY and not key and (position := self._entry(*path)) is not None:
            return position
        if self._composition is None and self._text.text:
            with suppress(ManifestError):
                self._composition = _compose(self._text, [])
        return self._composition.locate(path, key=key) if self._composition else None

    def _entry(self, section: str | int, index: str | int) -> Position | None:
        """Where an entry stands, if that is plain to see."""
        entries = self._entries.get(section) if self._entries and isinstance(section, str) else None
        return entries[index] if entries and isinstance(index, int) and 0 <= index < len(entries) else None

    def origin(self, path: tuple[str | int, ...] = (), *, key: bool = False) -> Origin:
        """Say where a value stands, for a message.

        Args:
            path: keys and indexes from the top.
            key: the place of its key rather than of the value.

        Returns:
            The place; with the rendered line for a template, unless it may hold a secret.
        """
        position = self.locate(path, key=key)
        secret = any(isinstance(step, str) and re.search(_SENSITIVE, step) for step in path)
        if position is None or secret or self._text is None:
            return Origin(self.name) if position is None else Origin(self.name, position.line, position.column)
        return self._text.origin(position)


def parse(
    text: SourceText,
    *,
    again: Callable[[], SourceText] | None = None,
    noun: str = "manifest",
    aside: list[Diagnostic] | None = None,
) -> Document:
    """Read a document whose top is a mapping.

    Args:
        text: what to read.
        again: gets the same text later, when a place is asked for; without it the text is kept.
        noun: what it is: a manifest, or values.
        aside: where it is given, refusals that leave the rest readable are put there instead of raised.

    Raises:
        ManifestError: with everything in it that is not YAML, that this language leaves out, or that would cost too
            much; `manifest-empty` when it says nothing, `manifest-not-a-mapping` when it says something else.
    """
    from reconciler.manifest.quick import quickly  # noqa: PLC0415  what is remembered need not be read

    value = quickly(text.text.encode())
    if value is None:
        value = _mapping(_compose(text, aside), text, noun)
    return Document(text.name, value, again or (lambda: text))


def _entries_of(text: SourceText) -> dict[str, list[Position] | None]:
    """Where the entries of its lists stand, as far as that is plain to see."""
    from reconciler.manifest.places import places_of  # noqa: PLC0415  only where something is told
    from reconciler.manifest.quick import quickly  # noqa: PLC0415  as above

    read = quickly(text.text.encode()) or {}
    lists = ((name, each) for name, each in read.items() if isinstance(each, list))
    return {name: places_of(text.text, name, len(each)) for name, each in lists}


def _compose(text: SourceText, aside: list[Diagnostic] | None) -> Composition:
    from reconciler.manifest.composition import compose  # noqa: PLC0415  PyYAML only where something is doubtful

    return compose(text, aside=aside)


def _mapping(composition: Composition, text: SourceText, noun: str) -> dict[str, Any]:
    value = composition.value
    if isinstance(value, dict):
        return value
    if value is None:
        identifier = "template-empty" if text.rendered else f"{noun}-empty"
        summary = "the template renders to nothing" if text.rendered else "there is nothing in this file"
        hint = "write `{}` if it says nothing on purpose"
        raise ManifestError((error(identifier, summary, hint=hint, origin=Origin(text.name)),))
    found = {list: "a list", str: "text", bool: "a truth"}.get(type(value), "a number")
    hint = "put it under its kind, such as `mailboxes:`" if noun == "manifest" else "write `name: value`"
    origin = text.origin(composition.locate(()))
    summary = f"the top of this file is {found}, not a mapping"
    raise ManifestError((error(f"{noun}-not-a-mapping", summary, hint=hint, origin=origin),))
