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

from collections.abc import Callable, Iterable, Mapping, Sequence

from reconciler.manifest import suggest
from reconciler.manifest.complaints import Complaint, about_null, shown
from reconciler.manifest.contents import Contents
from reconciler.manifest.defaults import NOTHING_INHERITED, Inheritance, inherit
from reconciler.manifest.document import Document
from reconciler.manifest.findings import Findings, Spot
from reconciler.manifest.references import complete_references
from reconciler.manifest.union import Union
from reconciler.manifest.words import DEFAULTS, DOMAIN, MOVED, REMOVED, WORDS
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.state import DesiredState
from reconciler.records import record
from reconciler.spec.codec import NO_SCOPE, Refusal, Scope
from reconciler.spec.kind import Kind
from reconciler.spec.names import read_domain

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
    reader = _Reader(kinds, plurals or {kind.plural: kind for kind in kinds.values()}, findings, {})
    contents = [
        (portion.contents if portion is not None else None) or reader.learned(portion, some, learn)
        for portion, some in _portions(manifests)
    ]
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


@record(frozen=True, slots=True)
class _Reader:
    """Reads documents one by one.

    Attributes:
        by_plural: the kinds by the key manifests use.
        folders: what folders hand down, by the names of the documents that say so.
    """

    kinds: Mapping[str, Kind]
    by_plural: Mapping[str, Kind]
    findings: Findings
    folders: dict[tuple[str, ...], Inheritance]

    def learned(
        self,
        portion: Portion | None,
        manifests: Iterable[Manifest],
        learn: Callable[[bytes, Contents], None] | None,
    ) -> Contents:
        """Read documents, and let others learn what they declare if nothing in them is wrong."""
        before = len(self.findings)
        contents = Contents()
        for manifest in manifests:
            self.read(manifest, contents)
            manifest.document.forget()
        if learn is not None and portion is not None and portion.key and len(self.findings) == before:
            learn(portion.key, contents)
        return contents

    def read(self, manifest: Manifest, contents: Contents) -> None:
        """Read a document, telling what is wrong; what is right is added to the contents all the same."""
        from reconciler.manifest.entries import Section  # noqa: PLC0415  what is remembered need not be read

        document = manifest.document
        scope = self._scope(document)
        above = self._handed_down(manifest.defaults)
        inheritance = inherit(above, document, self.by_plural, self.findings, scope=scope)
        for word, written in document.value.items():
            kind = self.by_plural.get(word)
            if kind is not None:
                inherited = inheritance.get(word, NOTHING_INHERITED)
                batches = Section(kind, document, scope, inherited, self.findings).read(written)
                contents.add(kind, document.name, batches)
            elif word not in WORDS:
                hint = suggest.for_section(word, self.kinds)
                complaint = Complaint((), "kind-unknown", f"`{word}` is no kind", hint, at_key=True)
                self.findings.tell(Spot(document, (word,)), complaint)
        if REMOVED in document.value or MOVED in document.value:
            from reconciler.manifest.removals import Farewells  # noqa: PLC0415  few documents say what is to go

            farewells = Farewells(document, scope, self.kinds, self.findings)
            contents.removals.extend(farewells.removals())
            contents.relocations.extend(farewells.relocations())

    def _scope(self, document: Document) -> Scope:
        """What the document's values are read relative to: its `domain:`."""
        if DOMAIN not in document.value:
            return NO_SCOPE
        written = document.value[DOMAIN]
        try:
            return Scope(read_domain(written))
        except Refusal as refusal:
            complaint = Complaint((), refusal.id, refusal.text, refusal.hint)
        if written is None:
            complaint = Complaint((), *about_null(DOMAIN))
        elif isinstance(written, dict | list):
            hint = suggest.for_section(f"{DOMAIN}s", self.kinds)
            complaint = Complaint(
                (), "domain-malformed", f"`{DOMAIN}` takes the name of one domain, not {shown(written)}", hint
            )
        self.findings.tell(Spot(document, (DOMAIN,)), complaint)
        return NO_SCOPE

    def _handed_down(self, defaults: tuple[Document, ...]) -> Inheritance:
        """What folders hand down, the outermost first; read once for each folder."""
        if not defaults:
            return {}
        names = tuple(document.name for document in defaults)
        if names not in self.folders:
            *farther, document = defaults
            for word in document.value:
                if word != DEFAULTS:
                    summary = f"`{word}` has no place here: this file holds what its folder inherits"
                    hint = f"move it to another file; here goes `{DEFAULTS}:` alone"
                    complaint = Complaint((), "defaults-only", summary, hint, at_key=True)
                    self.findings.tell(Spot(document, (word,)), complaint)
            above = self._handed_down(tuple(farther))
            self.folders[names] = inherit(above, document, self.by_plural, self.findings)
        return self.folders[names]
