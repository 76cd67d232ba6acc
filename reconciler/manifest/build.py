"""From documents to the desired state.

    every document
      its own `domain:` and `defaults:`, and those of its folders
      each kind's entries, read in bulk -> declared resources
      `removed:` and `moved:`
    all together
      one declaration a thing, nothing that contradicts another
      short references made whole

Everything wrong, in all documents, is told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.manifest.contents import Contents
from reconciler.manifest.document import Document
from reconciler.manifest.findings import Findings
from reconciler.manifest.references import complete_references
from reconciler.manifest.union import Union
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import DesiredState
from reconciler.records import record
from reconciler.spec.kind import Kind

if TYPE_CHECKING:
    from reconciler.manifest.document_reading import DocumentReader

__all__ = ["Manifest", "Portion", "build"]


@record(slots=True)
class Portion:
    """Manifests that are remembered together.

    Attributes:
        key: what their texts are known by.
        contents: what they declare, where that is known already.
    """

    key: bytes = b""
    contents: Contents | None = None


@record(frozen=True, slots=True)
class Manifest:
    """A document with the documents whose defaults apply to it, the outermost folder's first."""

    document: Document
    defaults: tuple[Document, ...] = ()
    portion: Portion | None = None


def build(
    manifests: Sequence[Manifest],
    kinds: Mapping[str, Kind],
    *,
    earlier: Iterable[Diagnostic] = (),
    learn: Callable[[bytes, Contents], None] | None = None,
    plurals: Mapping[str, Kind] | None = None,
) -> DesiredState:
    """Make the desired state of what is written.

    Args:
        manifests: every manifest of the run.
        kinds: by name, in the order they are created.
        earlier: what was found wrong when the documents were read, so that all is told at once.
        learn: is told what each portion declares, by what it is known by, unless something in it is wrong.
        plurals: the kinds by the key manifests use, where whoever asks has them.

    Raises:
        ManifestError: with everything that is wrong.
    """
    findings = Findings(earlier)

    def reader() -> DocumentReader:
        from reconciler.manifest.document_reading import DocumentReader  # noqa: PLC0415  most runs remember

        return DocumentReader(kinds, plurals or {kind.plural: kind for kind in kinds.values()}, findings, {})

    contents = [*_contents(_portions(manifests), reader, learn)]
    documents = {manifest.document.name: manifest.document for manifest in manifests}
    union = Union(kinds, documents, findings)
    resources = {}
    for name in kinds:
        sheets = [sheet for each in contents for sheet in each.sections.get(name, {}).values()]
        if any(name in each.sections for each in contents):
            resources[name] = union.by_key(kinds[name], sheets)
    removals = tuple(removal for each in contents for removal in each.removals)
    relocations = tuple(relocation for each in contents for relocation in each.relocations)
    union.check_spaces(resources)
    union.check_shared(resources)
    complete_references(resources, kinds, documents, findings)
    union.check_farewells(resources, removals, relocations)
    findings.raise_if_any()
    return DesiredState(resources, removals, relocations)


def _portions(manifests: Sequence[Manifest]) -> list[tuple[Portion | None, list[Manifest]]]:
    """The manifests by the portions they belong to, in the order these begin in."""
    found: dict[int, tuple[Portion | None, list[Manifest]]] = {}
    for manifest in manifests:
        found.setdefault(id(manifest.portion), (manifest.portion, []))[1].append(manifest)
    return list(found.values())


def _contents(
    portions: Iterable[tuple[Portion | None, Iterable[Manifest]]],
    made: Callable[[], DocumentReader],
    learn: Callable[[bytes, Contents], None] | None,
) -> Iterator[Contents]:
    """What each portion declares: as it is remembered, or else read."""
    reader: DocumentReader | None = None
    for portion, manifests in portions:
        if portion is not None and portion.contents is not None:
            yield portion.contents
        else:
            reader = reader or made()
            yield reader.learned(portion, manifests, learn)
