"""From sources to manifests: read, rendered where they are templates, parsed; everything wrong told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from reconciler.errors import ManifestError
from reconciler.manifest.build import Manifest
from reconciler.manifest.document import Document, parse
from reconciler.manifest.files import Source
from reconciler.manifest.text import SourceText, decode
from reconciler.model.diagnostic import Diagnostic

__all__ = ["Memory", "Reading", "read"]


class Memory(Protocol):
    """Remembers what texts say, so that they need not be parsed again."""

    def recall(self, content: bytes) -> dict[str, Any] | None:
        """Say what a text says, if that is known."""

    def note(self, content: bytes, value: dict[str, Any]) -> None:
        """Learn what a text says."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading gave.

    Attributes:
        manifests: those that could be read, in the order of their sources, each with the defaults of its folders.
        findings: what is wrong with the others.
    """

    manifests: tuple[Manifest, ...]
    findings: tuple[Diagnostic, ...]


def read(sources: Iterable[Source], *, values: Mapping[str, Any], memory: Memory | None = None) -> Reading:
    """Read every source.

    Args:
        sources: what `files.find` found.
        values: what the variables of templates mean.
        memory: spares parsing texts that were parsed before.

    Returns:
        The manifests, and what is wrong with those that could not be read; nothing is raised for these, so that
        `build` tells it together with what it finds itself.
    """
    reader = _Reader(values, memory)
    manifests = [reader.manifest(source) for source in sources]
    return Reading(tuple(filter(None, manifests)), tuple(reader.findings))


class _Reader:
    """Reads sources, each file of defaults once."""

    def __init__(self, values: Mapping[str, Any], memory: Memory | None) -> None:
        self.findings: list[Diagnostic] = []
        self._values = values
        self._memory = memory
        self._defaults: dict[str, Document | None] = {}

    def manifest(self, source: Source) -> Manifest | None:
        """Read a manifest and the defaults around it; None when it is wrong."""
        defaults = tuple(filter(None, map(self._shared, source.defaults)))
        document = self._document(source)
        return Manifest(document, defaults) if document else None

    def _shared(self, source: Source) -> Document | None:
        if source.name not in self._defaults:
            self._defaults[source.name] = self._document(source)
        return self._defaults[source.name]

    def _document(self, source: Source) -> Document | None:
        try:
            content = source.read()
            if not source.is_template:
                return self._known(source.name, content, lambda: decode(source.read(), source.name))
            text = self._render(decode(content, source.name))
            return self._known(source.name, text.text.encode(), lambda: text, text)
        except ManifestError as problem:
            self.findings.extend(problem.diagnostics)
            return None

    def _known(
        self, name: str, content: bytes, again: Callable[[], SourceText], text: SourceText | None = None
    ) -> Document:
        """Remember what a text says, or parse it."""
        value = self._memory.recall(content) if self._memory else None
        if value is not None:
            return Document(name, value, again)
        document = parse(text or decode(content, name), again=again)
        if self._memory:
            self._memory.note(content, document.value)
        return document

    def _render(self, template: SourceText) -> SourceText:
        from reconciler.manifest.template import render  # noqa: PLC0415  Jinja2 only where there are templates

        return render(template, self._values)
