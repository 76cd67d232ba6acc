"""Documents one by one: what each declares, with what its folders hand down. What is remembered need not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifest.columns import read_section
from reconciler.manifest.contents import Batch, Contents
from reconciler.manifest.document import Document
from reconciler.manifest.files import is_template
from reconciler.manifest.findings import Complaint, Findings, Spot
from reconciler.manifest.inheritance import NOTHING_INHERITED, Inheritance, Inherited
from reconciler.manifest.words import DEFAULTS, DOMAIN, MOVED, REMOVED, WORDS
from reconciler.records import record
from reconciler.spec.codec import NO_SCOPE, Refusal, Scope
from reconciler.spec.kind import Kind
from reconciler.spec.names import read_domain

if TYPE_CHECKING:
    from reconciler.manifest.build import Manifest, Portion

__all__ = ["DocumentReader"]

_HANDING_DOWN: Final = frozenset((DOMAIN, DEFAULTS))


@record(frozen=True, slots=True)
class DocumentReader:
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
        document = manifest.document
        scope = self._scope(document)
        above = self._handed_down(manifest.defaults)
        inheritance = self._inherited(above, document, scope)
        for word, written in document.value.items():
            kind = self.by_plural.get(word)
            if kind is not None:
                inherited = inheritance.get(word, NOTHING_INHERITED)
                contents.add(kind, document.name, self._section(kind, document, scope, inherited, written))
            elif word not in WORDS:
                from reconciler.manifest import suggest  # noqa: PLC0415  most words mean something

                sections = (self.by_plural[each] for each in document.value if each in self.by_plural)
                owner = next((each.plural for each in sections if word in each.fields), None)
                hint = f"it is a field of `{owner}`: indent it as far as the others of its entry" if owner else ""
                hint = hint or suggest.for_section(word, self.kinds)
                complaint = Complaint((), "kind-unknown", f"`{word}` is no kind", hint, at_key=True)
                self.findings.tell(Spot(document, (word,)), complaint)
        if document.value.get(DEFAULTS) and document.value.keys() <= _HANDING_DOWN and not is_template(document.name):
            summary = f"nothing inherits these `{DEFAULTS}`: there is no entry in this file"
            hint = "call it `_defaults.yaml`, for all files in its folder and below"
            self.findings.tell(
                Spot(document, (DEFAULTS,)), Complaint((), "defaults-unused", summary, hint, at_key=True)
            )
        if REMOVED in document.value or MOVED in document.value:
            from reconciler.manifest.removals import Farewells  # noqa: PLC0415  few documents say what is to go

            farewells = Farewells(document, scope, self.kinds, self.findings)
            contents.removals.extend(farewells.removals())
            contents.relocations.extend(farewells.relocations())

    def _section(
        self, kind: Kind, document: Document, scope: Scope, inherited: Inherited, written: Any
    ) -> Iterable[Batch]:
        """The entries of a section: all at once where they are surely right, else one by one."""
        quick = read_section(kind, written, inherited, scope)
        if quick is not None:
            return quick
        from reconciler.manifest.entries import Section  # noqa: PLC0415  most sections are right

        return Section(kind, document, scope, inherited, self.findings).read(written)

    def _inherited(self, above: Inheritance, document: Document, scope: Scope | None) -> Inheritance:
        """What a document's entries inherit; for the defaults of a folder, without a scope, what it hands down."""
        if DEFAULTS not in document.value:
            return above
        from reconciler.manifest.defaults import inherit  # noqa: PLC0415  small organisations have none

        return inherit(above, document, self.by_plural, self.findings, scope=scope)

    def _scope(self, document: Document) -> Scope:
        """What the document's values are read relative to: its `domain:`."""
        if DOMAIN not in document.value:
            return NO_SCOPE
        written = document.value[DOMAIN]
        try:
            return Scope(read_domain(written))
        except Refusal as refusal:
            complaint = Complaint((), refusal.id, refusal.text, refusal.hint)
        from reconciler.manifest import suggest  # noqa: PLC0415  most are right
        from reconciler.manifest.complaints import about_null, shown  # noqa: PLC0415  as above

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
            self.folders[names] = self._inherited(above, document, None)
        return self.folders[names]
