"""The careful way to read a document: PyYAML's events, each with its place, checked one by one.

It reads what the fast way does not want to decide, it finds every refusal at once, and it alone knows lines and
columns. Events are taken one at a time, so that a hostile document is left as soon as it goes too deep: PyYAML's own
recursion over a hundred thousand brackets ends the process.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from reconciler.errors import ManifestError
from reconciler.manifest.scalars import scalar
from reconciler.manifest.syntax import explain
from reconciler.manifest.text import DEEPEST, Position, SourceText, refuse_control_characters
from reconciler.model.diagnostic import Diagnostic, error
from reconciler.records import record

__all__ = ["LIBYAML", "MOST_REPEATED", "Composition", "compose"]

MOST_REPEATED: Final = 100_000
"""Values that all the aliases of one document may repeat together."""

_MOST_FINDINGS: Final = 50
"""Refusals told of one document; after so many it is something else than a manifest."""

LIBYAML: Final = getattr(yaml, "CBaseLoader", None)
"""PyYAML's loader around libyaml; None where PyYAML was built without."""


Mark: TypeAlias = Any
"""PyYAML's, of which there are two classes: a line and a column, counted from 0."""


class Block:
    """Where a mapping or a list stands, and what is in it."""

    __slots__ = ("items", "keys", "mark")

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self.keys: dict[Any, Mark] = {}
        self.items: dict[Any, Place] = {}


Place: TypeAlias = Mark | Block
"""PyYAML's own marks are kept; making a position of each would double the time."""


@record(frozen=True, slots=True)
class Composition:
    """A document read with places.

    Attributes:
        value: what it says, in plain values; None when it says nothing.
        place: where each value stands.
    """

    value: Any
    place: Place

    def locate(self, path: tuple[str | int, ...], *, key: bool = False) -> Position:
        """Find where a value stands, or else the nearest thing around it that exists.

        Args:
            path: keys and indexes from the top.
            key: the key's own place rather than its value's.
        """
        place = self.place
        mark = _mark(place)
        for step in path:
            if not isinstance(place, Block) or step not in place.items:
                break
            name = place.keys.get(step)
            place = place.items[step]
            mark = name if key and name else _mark(place)
        return _position(mark)


def compose(source: SourceText, *, loader: Any = LIBYAML, aside: list[Diagnostic] | None = None) -> Composition:
    """Read a document.

    Args:
        source: its text.
        loader: which of PyYAML's loaders makes the events; None for the one in Python.
        aside: where it is given, refusals that leave the rest readable are put there, so that what else is wrong can
            be told with them.

    Raises:
        ManifestError: with everything that is refused in it, each with its own id and place.
    """
    refuse_control_characters(source)
    composer = _Composer(source, loader or yaml.BaseLoader)
    composition = None
    try:
        composition = composer.document()
    except yaml.YAMLError as problem:
        composer.findings.append(explain(problem, source))
    except _Hopeless:
        pass
    if composition is None or not composer.readable or (composer.findings and aside is None):
        raise ManifestError(tuple(composer.findings))
    if aside is not None:
        aside += composer.findings
    return composition


class _Hopeless(Exception):  # noqa: N818  not an error to anyone but this module
    """The rest of the document is not worth reading."""


class _Composer:
    """Reads one document, from its first event to its last.

    Attributes:
        findings: what is refused.
        readable: whether the values are those that are meant, but for single fields that are said twice.
    """

    def __init__(self, source: SourceText, loader: Any) -> None:
        self.findings: list[Diagnostic] = []
        self.readable = True
        self._source = source
        self._next = loader(source.text).get_event
        self._anchors: dict[str, tuple[Any, Place, int]] = {}
        self._nodes = 0
        self._repeated = 0

    def document(self) -> Composition:
        self._next()
        event = self._next()
        if isinstance(event, StreamEndEvent):
            return Composition(None, event.start_mark)
        value, place = self._node(self._next(), 0)
        self._next()
        after = self._next()
        if isinstance(after, DocumentStartEvent):
            self._refuse(
                after,
                "yaml-several-documents",
                "a second document starts here",
                hint="split the file, or join the documents' lists and remove the `---`",
            )
        return Composition(value, place)

    def _node(self, event: Event, depth: int) -> tuple[Any, Place]:
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        assert isinstance(event, CollectionStartEvent)
        if depth == DEEPEST:
            self._give_up(
                event,
                "yaml-too-deep",
                f"more than {DEEPEST} lists and mappings stand inside each other",
                hint="a manifest is a mapping of lists of entries; look for brackets that are never closed",
            )
        before = self._nodes
        self._nodes += 1
        read = self._mapping if isinstance(event, MappingStartEvent) else self._sequence
        value, place = read(event, depth + 1)
        self._check(event, value, place, self._nodes - before)
        return value, place

    def _scalar(self, event: ScalarEvent) -> tuple[Any, Mark]:
        self._nodes += 1
        value = event.value if event.style else scalar(event.value)
        if event.tag is not None or event.anchor is not None:
            self._check(event, value, event.start_mark, 1)
        return value, event.start_mark

    def _sequence(self, event: Event, depth: int) -> tuple[list[Any], Block]:
        values: list[Any] = []
        block = Block(event.start_mark)
        while not isinstance(event := self._next(), SequenceEndEvent):
            value, block.items[len(values)] = self._node(event, depth)
            values.append(value)
        return values, block

    def _mapping(self, event: Event, depth: int) -> tuple[dict[Any, Any], Block]:
        values: dict[Any, Any] = {}
        block = Block(event.start_mark)
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, block, depth)
            values[key], block.items[key] = self._node(self._next(), depth)
        return values, block

    def _key(self, event: Event, block: Block, depth: int) -> Any:
        if not isinstance(event, ScalarEvent):
            self._give_up(
                event,
                "yaml-key-not-text",
                "a key can only be a word",
                hint="a `?`, a list or a mapping in a key's place is usually a missing quote; "
                "what has `{{ ... }}` is a template, and its name ends in `.yaml.j2`",
            )
        key, place = self._scalar(event)
        if key == "<<" and not event.style:
            self._refuse(
                event,
                "yaml-merge-key",
                "merge keys (`<<`) are not supported",
                hint="what many entries share belongs under `defaults:`",
            )
        elif not isinstance(key, str):
            self._refuse(
                event,
                "yaml-key-not-text",
                f"the key `{event.value}` is not text",
                hint=f'write "{event.value}" in quotes',
            )
        elif key in block.keys:
            first = block.keys[key]
            self._refuse(
                event,
                "yaml-duplicate-key",
                f"the key `{key}` is written twice in one mapping",
                hint=f"keep one of them; the first is on line {first.line + 1}",
                related=first,
                readable=depth > 1,  # of two sections at the top, many entries would be lost
            )
        block.keys.setdefault(key, place)
        return key

    def _alias(self, event: AliasEvent) -> tuple[Any, Place]:
        name = event.anchor or ""
        if name not in self._anchors:
            self._refuse(
                event,
                "yaml-unknown-alias",
                f"`*{name}` repeats a value that is not marked `&{name}` above it",
                hint="if the `*` is part of the text, put the text in quotes",
            )
            return None, event.start_mark
        value, place, size = self._anchors[name]
        self._nodes += size
        self._repeated += size
        if self._repeated > MOST_REPEATED:
            self._give_up(
                event,
                "yaml-too-many-aliases",
                f"the aliases of this document repeat more than {MOST_REPEATED:,} values",
                hint="what many entries share belongs under `defaults:`",
            )
        return value, place

    def _check(self, event: ScalarEvent | CollectionStartEvent, value: Any, place: Place, size: int) -> None:
        if event.tag is not None:
            self._refuse(
                event,
                "yaml-tag",
                f"tags are not supported: `{event.tag.replace('tag:yaml.org,2002:', '!!')}`",
                hint="remove it; if the `!` is part of the text, put the text in quotes",
            )
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, place, size)

    def _refuse(
        self,
        event: Event,
        identifier: str,
        summary: str,
        *,
        hint: str,
        related: Mark | None = None,
        readable: bool = False,
    ) -> None:
        self.readable = self.readable and readable
        origin = self._source.origin(_position(event.start_mark))
        others = (self._source.origin(_position(related)),) if related else ()
        self.findings.append(error(identifier, summary, hint=hint, origin=origin, related=others))
        if len(self.findings) == _MOST_FINDINGS:
            raise _Hopeless

    def _give_up(self, event: Event, identifier: str, summary: str, *, hint: str) -> NoReturn:
        self._refuse(event, identifier, summary, hint=hint)
        raise _Hopeless


def _mark(place: Place) -> Mark:
    return place.mark if isinstance(place, Block) else place


def _position(mark: Mark) -> Position:
    return Position(mark.line + 1, mark.column + 1)
