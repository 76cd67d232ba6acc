"""A document: a text read into plain values, that can still say where each of them stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from reconciler.errors import ManifestError
from reconciler.manifest.composition import Composition, compose
from reconciler.manifest.quick import quickly
from reconciler.manifest.text import Position, SourceText
from reconciler.model.diagnostic import Origin, error

__all__ = ["Document", "parse"]

_SECRET: Final = re.compile(r"(?i)pass|secret|token|key|hash|credential|salt")


class Document:
    """One manifest, read.

    A correct manifest is read without places. Whoever finds something wrong in it asks for one; the text is then read
    a second time, with all places, once for all questions.

    Attributes:
        name: what messages call it.
        value: what it says: mappings with text keys, lists, text, numbers, truths and nothing. Not to be changed:
            aliases make two places share one value.
        rendered: whether a template made its text.
    """

    __slots__ = ("_again", "_composition", "_text", "name", "rendered", "value")

    def __init__(
        self,
        value: dict[str, Any],
        again: Callable[[], SourceText],
        *,
        name: str,
        rendered: bool = False,
    ) -> None:
        """Keep what was read.

        Args:
            value: what the document says.
            again: gets the text once more; may raise `ManifestError`.
            name: what messages call it.
            rendered: whether a template made its text.
        """
        self.name = name
        self.value = value
        self.rendered = rendered
        self._again = again
        self._text: SourceText | None = None
        self._composition: Composition | None = None

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
                self._composition = compose(self._text)
            except ManifestError:
                self._text = self._text or SourceText(self.name, "")
        return self._composition.locate(path, key=key) if self._composition else None

    def origin(self, path: tuple[str | int, ...] = (), *, key: bool = False) -> Origin:
        """Say where a value stands, for a message.

        Args:
            path: keys and indexes from the top.
            key: the place of its key rather than of the value.

        Returns:
            The place; with the rendered line for a template, unless it may hold a secret.
        """
        position = self.locate(path, key=key)
        secret = any(isinstance(step, str) and _SECRET.search(step) for step in path)
        if position is None or secret or self._text is None:
            return Origin(self.name, *(position or ()))
        return self._text.origin(position)


def parse(text: SourceText, *, again: Callable[[], SourceText] | None = None) -> Document:
    """Read a document whose top is a mapping.

    Args:
        text: what to read.
        again: gets the same text later, when a place is asked for; without it the text is kept.

    Raises:
        ManifestError: with everything in it that is not YAML, that this language leaves out, or that would cost too
            much; `manifest-empty` when it says nothing, `manifest-not-a-mapping` when it says something else.
    """
    value = quickly(text.text.encode())
    if value is None:
        value = _mapping(compose(text), text)
    return Document(value, again or (lambda: text), name=text.name, rendered=text.rendered)


def _mapping(composition: Composition, text: SourceText) -> dict[str, Any]:
    value = composition.value
    if isinstance(value, dict):
        return value
    if value is None:
        identifier = "template-empty" if text.rendered else "manifest-empty"
        summary = "the template renders to nothing" if text.rendered else "there is nothing in this file"
        hint = "write `{}` if it shall declare nothing, or remove the file"
        raise ManifestError((error(identifier, summary, hint=hint, origin=Origin(text.name)),))
    found = {list: "a list", str: "text", bool: "a truth"}.get(type(value), "a number")
    raise ManifestError(
        (
            error(
                "manifest-not-a-mapping",
                f"a manifest is a mapping, this is {found}",
                hint="put what is written here under its kind, such as `mailboxes:`",
                origin=text.origin(composition.locate(())),
            ),
        )
    )
