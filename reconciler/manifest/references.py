"""References that leave out part of a key, made whole where only one declared thing can be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.manifest.document import Document
from reconciler.manifest.findings import Complaint, Findings, Spot
from reconciler.manifest.union import Declarations
from reconciler.model.diagnostic import FEW, few_of
from reconciler.model.resource import Declared, Value
from reconciler.model.table import Sheet, sheets_of
from reconciler.records import record, replace
from reconciler.spec.kind import Kind

__all__ = ["complete_references"]

ShortKeys = Mapping[str, Sequence[str]]
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
        resources: by kind, as tables; changed in place.
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
                for sheet in sheets_of(declarations):
                    resolver.complete(kinds[name], sheet)


def _short_keys(kind: Kind, known: Declarations) -> ShortKeys:
    """For a kind known by several fields: the first of them alone, where it is not a key itself.

    A relayhost is `acme@smtp.example:587`; where there is only one at `smtp.example:587`, that says enough.
    """
    if len(kind.key) < 2:  # noqa: PLR2004  one field is the key itself
        return {}
    found: dict[str, list[str]] = {}
    for key, declared in known.items():
        short = str(declared.values[kind.key[0]])
        if short not in known:
            found.setdefault(short, []).append(key)
    return found


@record(frozen=True, slots=True)
class _Resolver:
    """Completes one field of one kind."""

    field: str
    known: Declarations
    short: ShortKeys
    documents: Mapping[str, Document]
    findings: Findings

    def complete(self, kind: Kind, sheet: Sheet) -> None:
        """Complete the field, managed or initial, wherever it is short."""
        if self.field in sheet.names:
            short = [place for place, written in enumerate(sheet.column(self.field)) if self._may_be_short(written)]
            entries = ((place, sheet.declared(kind.name, place)) for place in short)
            sheet.change(self.field, {place: self._whole(each, each.values[self.field]) for place, each in entries})
        for position, options in enumerate(sheet.options):
            initial = options.initial
            if self.field in initial and self._may_be_short(initial[self.field]):
                whole = self._whole(sheet.declared(kind.name, position), initial[self.field])
                sheet.options[position] = replace(options, initial={**initial, self.field: whole})

    def _may_be_short(self, written: Value) -> bool:
        keys = written if isinstance(written, tuple) else (written,)
        return any(isinstance(key, str) and key in self.short for key in keys)

    def _whole(self, declared: Declared, written: Value) -> Value:
        if isinstance(written, tuple):
            return tuple(self._whole(declared, each) for each in written)
        keys = self.short.get(written, ()) if isinstance(written, str) else ()
        if len(keys) > 1:
            complaint = Complaint(
                (),
                "reference-ambiguous",
                f"`{written}` may mean {len(keys)} of them",
                f"write one of: {few_of(keys)}",
            )
            spot = Spot(self.documents[declared.place.file], (*declared.place.path, self.field))
            places = [self.known[key].place for key in keys[:FEW]]
            related = [Spot(self.documents[place.file], place.path) for place in places]
            self.findings.tell(spot, complaint, related=related, address=declared.address)
        return keys[0] if len(keys) == 1 else written
