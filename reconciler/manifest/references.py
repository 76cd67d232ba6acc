"""References that leave out part of a key, made whole where only one declared thing can be meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.manifest.complaints import Complaint
from reconciler.manifest.document import Document
from reconciler.manifest.findings import Findings, Spot
from reconciler.manifest.union import Declarations
from reconciler.model.resource import Declared, Value
from reconciler.spec.kind import Kind

__all__ = ["complete_references"]

ShortKeys = Mapping[str, tuple[str, ...]]
"""What may stand for a key, and the keys it may stand for."""


def complete_references(
    resources: Mapping[str, Declarations],
    kinds: Mapping[str, Kind],
    documents: Mapping[str, Document],
    findings: Findings,
) -> None:
    """Replace short references by whole keys, and tell where one may mean several things.

    What names nothing declared is left as it is: it may be on the server.

    Args:
        resources: by kind; changed in place.
        documents: by name, for the places of findings.
    """
    for name, declarations in resources.items():
        for field, each in kinds[name].fields.items():
            refers = each.mark.refers
            if refers is None or refers not in resources:
                continue
            short = _short_keys(kinds[refers], resources[refers])
            if short:
                resolver = _Resolver(field, resources[refers], short, documents, findings)
                for key, declared in declarations.items():
                    declarations[key] = resolver.completed(declared)


def _short_keys(kind: Kind, known: Declarations) -> ShortKeys:
    """For a kind known by several fields: the first of them alone, where it is not a key itself.

    A relayhost is `acme@smtp.example:587`; where there is only one at `smtp.example:587`, that says enough.
    """
    if len(kind.key) < 2:  # noqa: PLR2004  one field is the key itself
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for key, declared in known.items():
        short = str(declared.values[kind.key[0]])
        if short not in known:
            found[short] = (*found.get(short, ()), key)
    return found


@dataclass(frozen=True, slots=True)
class _Resolver:
    """Completes one field of one kind."""

    field: str
    known: Declarations
    short: ShortKeys
    documents: Mapping[str, Document]
    findings: Findings

    def completed(self, declared: Declared) -> Declared:
        """Complete the field, managed or initial."""
        initial = declared.options.initial
        written = initial[self.field] if self.field in initial else declared.values.get(self.field)
        whole = self._whole(declared, written)
        if whole == written:
            return declared
        if self.field in initial:
            return replace(declared, options=replace(declared.options, initial={**initial, self.field: whole}))
        return replace(declared, values={**declared.values, self.field: whole})

    def _whole(self, declared: Declared, written: Value) -> Value:
        if isinstance(written, tuple):
            return tuple(self._whole(declared, each) for each in written)
        keys = self.short.get(written, ()) if isinstance(written, str) else ()
        if len(keys) > 1:
            complaint = Complaint(
                (),
                "reference-ambiguous",
                f"`{written}` may mean {len(keys)} of them",
                f"write one of: {', '.join(keys)}",
            )
            spot = Spot(self.documents[declared.place.file], (*declared.place.path, self.field))
            places = [self.known[key].place for key in keys]
            related = [Spot(self.documents[place.file], place.path) for place in places]
            self.findings.tell(spot, complaint, related=related, address=declared.address)
        return keys[0] if len(keys) == 1 else written
