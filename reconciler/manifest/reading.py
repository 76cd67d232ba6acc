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

__all__ = ["FILES_IN_A_PORTION", "LearningMemory", "Memory", "Reading", "Unread", "read"]

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

    def digest_of(self, source: Source) -> bytes | None:
        """The digest of what a source holds, if it was read before and holds the same as then."""

    def filled(self, sources: Sequence[Source]) -> Sequence[Source]:
        """The sources, and the defaults around them, with what they hold.

        Raises:
            ManifestError: it cannot be read.
        """


@record(frozen=True, slots=True)
class Reading:
    """What reading gave.

    Attributes:
        manifests: those that could be read, in the order of their sources, each with the defaults of its folders.
        findings: what is wrong with the others, and what is said twice in these.
        digests: of the contents of files, by name, where something is remembered; without templates.
    """

    manifests: tuple[Manifest, ...]
    findings: tuple[Diagnostic, ...]
    digests: Mapping[str, bytes] = field(default_factory=dict)


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
        tuple(found[source.name] for source in sources if source.name in found), tuple(findings), reader.digests
    )


def _portions(sources: Sequence[Source]) -> Iterable[Sequence[Source]]:
    """Part sources into portions that are remembered as a whole, so that a changed file makes a few be read again.

    By their names, so that a file that is added or removed changes one portion, until there are twice as many.
    """
    from zlib import crc32  # noqa: PLC0415  what is not remembered needs none

    count = 1 << max(0, (len(sources) // FILES_IN_A_PORTION).bit_length() - 1)
    found: dict[int, list[Source]] = {}
    for source in sources:
        found.setdefault(crc32(_coded(source.name)) % count, []).append(source)
    return found.values()


def _digest(content: bytes) -> bytes:
    from hashlib import sha256  # noqa: PLC0415  takes as long to import as a few manifests to read

    return sha256(content).digest()


def _key(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """What names and the digests of contents are known by together."""
    return _digest(b"".join([b"%d\n%s%s" % (len(named := _coded(name)), named, digest) for name, digest in parts]))


def _coded(name: str) -> bytes:
    """The name of a file as bytes, also of one that is not UTF-8."""
    return name.encode(errors="surrogatepass")


def _in_order(sources: Iterable[Source]) -> Iterable[Source]:
    """The sources, each behind its defaults."""
    return (each for source in sources for each in (*source.defaults, source))


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

    def read(self, aside: list[Diagnostic]) -> Document:
        """The document.

        Args:
            aside: takes what is refused in it and leaves the rest readable.

        Raises:
            ManifestError: with everything that is wrong in it.
        """
        return parse(self.rendered or decode(self.content, self.source.name), again=self.again, aside=aside)


class _Reader:
    """Reads sources, each file of defaults once."""

    def __init__(self, values: Mapping[str, Any], memory: Memory | None, unread: Unread | None) -> None:
        self.findings: list[Diagnostic] = []
        self.digests: dict[str, bytes] = {}
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
        """What is known of sources, of which only those are read that have changed."""
        every = {each.name: each for source in sources for each in (*source.defaults, source)}
        if self._memory is None or any(each.is_template for each in every.values()):
            return None
        digests = {name: unread.digest_of(each) for name, each in every.items()}
        changed = [each for name, each in every.items() if digests[name] is None]
        read = {each.name: _digest(each.read()) for each in unread.filled(changed)}
        parts = ((each.name, digests[each.name] or read[each.name]) for each in _in_order(sources))
        key = _key(parts)
        contents = self._memory.recall(key)
        return Portion(key, contents) if contents is not None else None

    def _portion(self, texts: Sequence[_Text]) -> Portion | None:
        """What is known of some texts together; what they declare depends on nothing but what is in the digest."""
        if self._memory is None:
            return None
        every = [each for text in texts for each in (*filter(None, map(self._shared_text, text.source.defaults)), text)]
        key = _key((each.source.name, self._digest_of(each)) for each in every)
        return Portion(key, self._memory.recall(key))

    def _digest_of(self, text: _Text) -> bytes:
        if text.source.is_template:
            return _digest(text.content)
        name = text.source.name
        if name not in self.digests:
            self.digests[name] = _digest(text.content)
        return self.digests[name]

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
            return text.read(self.findings)
        except ManifestError as problem:
            self.findings.extend(problem.diagnostics)
            return None

    def _render(self, template: SourceText) -> SourceText:
        from reconciler.manifest.template import render  # noqa: PLC0415  Jinja2 only where there are templates

        return render(template, self._values)
