"""From sources to manifests: read, rendered where they are templates, parsed; everything wrong told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from reconciler.errors import ManifestError
from reconciler.manifest.build import Manifest, Portion
from reconciler.manifest.contents import Contents
from reconciler.manifest.document import Document, parse
from reconciler.manifest.files import Source
from reconciler.manifest.text import SourceText, decode
from reconciler.model.diagnostic import Diagnostic
from reconciler.records import field, record

__all__ = ["FILES_IN_A_PORTION", "Files", "LearningMemory", "Memory", "Reading", "Unread", "files_of", "read"]

FILES_IN_A_PORTION: Final = 64
"""About so many are remembered together: few enough to read again, many enough to save their overhead."""


class Memory(Protocol):
    """Remembers what texts declare, so that they need not be read and checked again."""

    def recall(self, key: bytes) -> Contents | None:
        """Say what texts declare, if that is known.

        Args:
            key: the digest of all that decides it.
        """


class LearningMemory(Memory, Protocol):
    """A memory that learns."""

    def note(self, key: bytes, contents: Contents) -> None:
        """Learn what texts declare."""

    def save(self) -> None:
        """Keep what was learned; to be called once it is known to be right."""


class Unread(Protocol):
    """What sources hold, where that may be known without reading them."""

    def key_of(self, sources: Sequence[Source]) -> bytes | None:
        """The key of sources that were read together before and hold the same as then; None for any others."""

    def filled(self, sources: Sequence[Source]) -> Sequence[Source]:
        """The sources, and the defaults around them, with what they hold.

        Raises:
            ManifestError: it cannot be read.
        """


Files = tuple[tuple[str, ...], ...]
"""The names of manifests, each behind the names of its defaults."""


def files_of(sources: Iterable[Source]) -> Files:
    """The names of sources and of their defaults."""
    return tuple((*(each.name for each in source.defaults), source.name) for source in sources)


@record(frozen=True, slots=True)
class Reading:
    """What reading gave.

    Attributes:
        manifests: those that could be read, in the order of their sources, each with the defaults of its folders.
        findings: what is wrong with the others.
        keys: what files are known by that are remembered together; without those that depend on values too.
    """

    manifests: tuple[Manifest, ...]
    findings: tuple[Diagnostic, ...]
    keys: Mapping[Files, bytes] = field(default_factory=dict)


def read(
    sources: Iterable[Source],
    *,
    values: Mapping[str, Any],
    memory: Memory | None = None,
    unread: Unread | None = None,
) -> Reading:
    """Read every source.

    Args:
        sources: what `files.find` found.
        values: what the variables of templates mean.
        memory: spares reading texts that were read before.
        unread: what the sources hold, where they are but names.

    Returns:
        The manifests, and what is wrong with those that could not be read; nothing is raised for these, so that
        `build` tells it together with what it finds itself.
    """
    sources = tuple(sources)
    reader = _Reader(values, memory, unread)
    portions = _portions(sources) if memory is not None else [sources]
    found = {manifest.document.name: manifest for some in portions for manifest in reader.manifests(some)}
    order = {source.name: number for number, source in enumerate(sources)}
    findings = sorted(reader.findings, key=lambda each: order.get(each.origin.file, -1) if each.origin else -1)
    return Reading(
        tuple(found[source.name] for source in sources if source.name in found), tuple(findings), reader.keys
    )


def _portions(sources: Sequence[Source]) -> Iterable[Sequence[Source]]:
    """Part sources into portions that are remembered as a whole, so that a changed file makes a few be read again.

    By their names, so that a file that is added or removed changes one portion, until there are twice as many.
    """
    from zlib import crc32  # noqa: PLC0415  what is not remembered needs none

    count = 1 << max(0, (len(sources) // FILES_IN_A_PORTION).bit_length() - 1)
    found: dict[int, list[Source]] = {}
    for source in sources:
        found.setdefault(crc32(source.name.encode()) % count, []).append(source)
    return found.values()


def _later(source: Source, unread: Unread) -> Callable[[], SourceText]:
    return lambda: decode(unread.filled([source])[0].read(), source.name)


@record(frozen=True, slots=True)
class _Text:
    """A document's text, before anything in it is looked at.

    Attributes:
        content: its bytes; of a template, what it renders to.
        rendered: what a template renders to.
    """

    source: Source
    content: bytes
    rendered: SourceText | None = None

    @property
    def again(self) -> Callable[[], SourceText]:
        """What gets the text once more; the contents of large repositories are not kept."""
        source, rendered = self.source, self.rendered
        return lambda: rendered or decode(source.read(), source.name)

    def read(self) -> Document:
        """The document.

        Raises:
            ManifestError: with everything that is wrong in it.
        """
        return parse(self.rendered or decode(self.content, self.source.name), again=self.again)


class _Reader:
    """Reads sources, each file of defaults once."""

    def __init__(self, values: Mapping[str, Any], memory: Memory | None, unread: Unread | None) -> None:
        self.findings: list[Diagnostic] = []
        self.keys: dict[Files, bytes] = {}
        self._values = values
        self._memory = memory
        self._unread = unread
        self._shared: dict[str, _Text | None] = {}
        self._defaults: dict[str, Document | None] = {}

    def manifests(self, sources: Sequence[Source]) -> list[Manifest]:
        """Read a portion of the manifests and the defaults around them; those that are wrong are left out."""
        if self._unread is not None:
            portion = self._known(sources, self._unread)
            if portion is not None:
                return [
                    Manifest(Document(each.name, None, _later(each, self._unread)), (), portion) for each in sources
                ]
            sources = self._unread.filled(sources)
        texts = [text for source in sources if (text := self._text(source)) is not None]
        portion = self._portion(texts)
        if portion is not None and portion.contents is not None:
            return [Manifest(Document(text.source.name, None, text.again), (), portion) for text in texts]
        found = []
        for text in texts:
            defaults = tuple(filter(None, map(self._read_defaults, text.source.defaults)))
            document = self._read(text)
            if document is not None:
                found.append(Manifest(document, defaults, portion))
        return found

    def _known(self, sources: Sequence[Source], unread: Unread) -> Portion | None:
        """What is known of sources that need not be read for it."""
        key = unread.key_of(sources)
        contents = self._memory.recall(key) if key is not None and self._memory is not None else None
        return Portion(key, contents) if key is not None and contents is not None else None

    def _portion(self, texts: Sequence[_Text]) -> Portion | None:
        """What is known of some texts together; what they declare depends on nothing but what is in the digest."""
        if self._memory is None:
            return None
        from hashlib import sha256  # noqa: PLC0415  takes as long to import as a few manifests to read

        digest = sha256()
        for text in texts:
            above = (each for source in text.source.defaults if (each := self._shared_text(source)) is not None)
            for each in (*above, text):
                digest.update(f"{each.source.name}\n{len(each.content)}\n".encode())
                digest.update(each.content)
        sources = [text.source for text in texts]
        if not any(each.is_template for source in sources for each in (*source.defaults, source)):
            self.keys[files_of(sources)] = digest.digest()
        return Portion(digest.digest(), self._memory.recall(digest.digest()))

    def _shared_text(self, source: Source) -> _Text | None:
        """The text of a file of defaults."""
        if source.name not in self._shared:
            self._shared[source.name] = self._text(source)
        return self._shared[source.name]

    def _read_defaults(self, source: Source) -> Document | None:
        if source.name not in self._defaults:
            text = self._shared_text(source)
            self._defaults[source.name] = self._read(text) if text is not None else None
        return self._defaults[source.name]

    def _text(self, source: Source) -> _Text | None:
        try:
            content = source.read()
            if not source.is_template:
                return _Text(source, content)
            rendered = self._render(decode(content, source.name))
            return _Text(source, rendered.text.encode(), rendered)
        except ManifestError as problem:
            self.findings.extend(problem.diagnostics)
            return None

    def _read(self, text: _Text) -> Document | None:
        try:
            return text.read()
        except ManifestError as problem:
            self.findings.extend(problem.diagnostics)
            return None

    def _render(self, template: SourceText) -> SourceText:
        from reconciler.manifest.template import render  # noqa: PLC0415  Jinja2 only where there are templates

        return render(template, self._values)
