"""The `defaults:` of the folders a file is in, and its own, laid over each other: the nearer one field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.manifest import suggest
from reconciler.manifest.complaints import about_null, complaints, shown
from reconciler.manifest.document import Document
from reconciler.manifest.findings import Complaint, Findings, Path, Spot
from reconciler.manifest.inheritance import NOTHING_INHERITED, Inheritance, Inherited, overlay
from reconciler.manifest.options import both_managed_and_initial, read_options
from reconciler.manifest.words import DEFAULTS, INITIAL, LIFECYCLE, entry_words
from reconciler.records import record
from reconciler.spec.codec import Scope
from reconciler.spec.kind import Kind
from reconciler.spec.refusal import InvalidError

__all__ = ["inherit"]

_ANY_DOMAIN: Final = Scope("any.example")
"""For folders, whose files may each have a domain: bare local parts are judged where they are used."""


def inherit(
    above: Inheritance, document: Document, kinds: Mapping[str, Kind], findings: Findings, *, scope: Scope | None = None
) -> Inheritance:
    """Lay a document's `defaults:`, which it has, over what its folders hand down.

    Args:
        above: what is inherited already.
        kinds: by plural.
        findings: where to tell what is wrong.
        scope: what the document's values are read relative to; None for a folder's defaults.
    """
    layer = document.value[DEFAULTS]
    if not isinstance(layer, dict):
        findings.tell(Spot(document, (DEFAULTS,)), _not_a_mapping(DEFAULTS, layer, "{KIND: {field: value}}"))
        return above
    result = dict(above)
    for plural, written in layer.items():
        path = (DEFAULTS, plural)
        kind = kinds.get(plural)
        if kind is None:
            hint = suggest.for_section(plural, {kind.name: kind for kind in kinds.values()}, words=())
            complaint = Complaint((), "kind-unknown", f"`{plural}` is no kind", hint, at_key=True)
            findings.tell(Spot(document, path), complaint)
        elif isinstance(written, dict):
            far = above.get(plural, NOTHING_INHERITED)
            result[plural] = _Layer(kind, document, path, scope or _ANY_DOMAIN).over(far, written, findings)
        else:
            findings.tell(Spot(document, path), _not_a_mapping(plural, written, "{field: value}"))
    return result


@record(frozen=True, slots=True)
class _Layer:
    """The defaults of one kind in one document."""

    kind: Kind
    document: Document
    path: Path
    scope: Scope

    def over(self, far: Inherited, written: Mapping[str, Any], findings: Findings) -> Inherited:
        """Check them, and lay them over what is inherited from farther away."""
        words = entry_words(self.kind)
        found = self._complaints(written, words)
        for complaint in found:
            findings.tell(Spot(self.document, (*self.path, *complaint.path)), complaint)
        wrong = {complaint.path[0] for complaint in found if complaint.path}
        sound = {name: value for name, value in written.items() if name not in wrong}
        fields, result = overlay(far, sound, words)
        spots = dict(far.spots)
        for name, value in sound.items():
            if name in (INITIAL, LIFECYCLE) and name in words:
                spots |= {(name, each): Spot(self.document, (*self.path, name, each)) for each in value}
            else:
                spots[name,] = Spot(self.document, (*self.path, name))
        return Inherited(fields, result, spots)

    def _complaints(self, written: Mapping[str, Any], words: tuple[str, ...]) -> list[Complaint]:
        _, found = read_options(self.kind, {name: written[name] for name in words if name in written}, self.scope)
        found += both_managed_and_initial(self.kind, written)
        fields = {name: value for name, value in written.items() if name not in words and name not in self.kind.sugar}
        try:
            self.kind.read_some(fields, self.scope)
        except InvalidError as invalid:
            for details in invalid.errors:
                found += complaints(self.kind, details, self.scope)
        return found


def _not_a_mapping(name: str, written: Any, example: str) -> Complaint:
    if written is None:
        return Complaint((), *about_null(name, mapping=True))
    summary = f"the defaults of `{name}` are a mapping, not {shown(written)}"
    if name == DEFAULTS:
        summary = f"`{name}` is a mapping, not {shown(written)}"
    return Complaint((), "mapping-expected", summary, f"write it like `{name}: {example}`")
