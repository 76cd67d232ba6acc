"""The union of all documents: one declaration a thing, and nothing that contradicts another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from reconciler.manifest.document import Document
from reconciler.manifest.findings import Complaint, Findings, Path, Spot
from reconciler.model.address import Address
from reconciler.model.resource import Declared, Place, Value
from reconciler.model.state import Relocation, Removal
from reconciler.model.table import DeclaredTable, Sheet
from reconciler.records import record
from reconciler.spec.kind import Kind

__all__ = ["Declarations", "Union"]

Declarations = Mapping[str, Declared]
"""The declared resources of one kind, by key."""


@record(frozen=True)
class Union:
    """What brings declarations of many documents together, and tells where they contradict each other."""

    kinds: Mapping[str, Kind]
    documents: Mapping[str, Document]
    findings: Findings

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of each document among all."""
        return {name: number for number, name in enumerate(self.documents)}

    def by_key(self, kind: Kind, sheets: Sequence[Sheet]) -> Declarations:
        """Bring the sheets of one kind together; of two declarations of one thing, the first one counts."""
        try:
            return DeclaredTable(kind.name, sheets)
        except ValueError:
            return self._first_of_each(kind, sheets)

    def _first_of_each(self, kind: Kind, sheets: Sequence[Sheet]) -> Declarations:
        found: dict[str, Declared] = {}
        entries = (sheet.declared(kind.name, position) for sheet in sheets for position in range(len(sheet.keys)))
        for declared in sorted(entries, key=self._in_order):
            first = found.setdefault(declared.address.key, declared)
            if first is not declared:
                self._refuse_second(first, declared)
        return found

    def check_spaces(self, resources: Mapping[str, Declarations]) -> None:
        """Tell what is declared as two kinds of thing, where the server knows only one of that name."""
        by_space: dict[str, list[str]] = {}
        for name in resources:
            space = self.kinds[name].space
            if space is not None:
                by_space.setdefault(space, []).append(name)
        for names in by_space.values():
            for position, first in enumerate(names):
                for second in names[position + 1 :]:
                    for key in sorted(resources[first].keys() & resources[second].keys()):
                        self._refuse_both(resources[first][key], resources[second][key])

    def check_shared(self, resources: Mapping[str, Declarations]) -> None:
        """Tell where declarations disagree about what the server keeps once for all of them."""
        for name, declarations in resources.items():
            for by, shared in self.kinds[name].shared_by.items():
                said: dict[tuple[Value, str], Declared] = {}
                for declared in sorted(declarations.values(), key=self._in_order):
                    for field in shared:
                        if field in declared.values:
                            self._check_agreement(said, declared, by, field)

    def _in_order(self, declared: Declared) -> tuple[int, tuple[str | int, ...]]:
        """Where it stands among all declarations of its kind."""
        return self.order[declared.place.file], declared.place.path

    def _check_agreement(
        self, said: dict[tuple[Value, str], Declared], declared: Declared, by: str, field: str
    ) -> None:
        together = declared.values.get(by)
        first = said.setdefault((together, field), declared)
        if first.values[field] != declared.values[field]:
            summary = f"`{field}` is one for all with the {by} `{together}`, and is declared twice, differently"
            self._tell(first, declared, Complaint((), "shared-disagree", summary, "write the same for all of them"))

    def check_farewells(
        self, resources: Mapping[str, Declarations], removals: Sequence[Removal], relocations: Sequence[Relocation]
    ) -> None:
        """Tell what is both to be there and to go, and what is to go twice."""
        going: dict[Address, Place] = {}
        for removal in removals:
            self._refuse_staying(resources, removal.address, removal.place, "removed")
            self._refuse_again(going, removal.address, removal.place, "it is to go already")
        coming: dict[Address, Place] = {}
        for relocation in relocations:
            self._refuse_staying(resources, relocation.source, relocation.place, "moved away")
            self._refuse_again(going, relocation.source, relocation.place, "it is to go already")
            self._refuse_again(coming, relocation.target, relocation.place, "something is moved there already")
        for address in coming.keys() & going.keys():
            self._refuse_again(going, address, coming[address], "it is to go")

    def _refuse_second(self, first: Declared, second: Declared) -> None:
        summary = f"`{second.address.key}` is declared twice"
        self._tell(first, second, Complaint((), "address-duplicate", summary, "keep one of the two"))

    def _refuse_both(self, first: Declared, second: Declared) -> None:
        one, other = (each.address.kind.replace("_", " ") for each in (first, second))
        summary = f"`{second.address.key}` is declared both as {one} and as {other}"
        hint = f"one name can be only one of them; remove the {one} or the {other}"
        self._tell(first, second, Complaint((), "address-taken", summary, hint))

    def _refuse_staying(self, resources: Mapping[str, Declarations], address: Address, place: Place, what: str) -> None:
        declared = resources.get(address.kind, {}).get(address.key)
        if declared is None:
            return
        summary = f"`{address.key}` is both declared and {what}"
        complaint = Complaint((), "declared-and-gone", summary, "remove one of the two entries")
        self.findings.tell(
            self._spot(place, address.kind), complaint, related=[self._key_spot(declared)], address=address
        )

    def _refuse_again(self, seen: dict[Address, Place], address: Address, place: Place, why: str) -> None:
        first = seen.setdefault(address, place)
        if first is not place:
            complaint = Complaint((), "gone-twice", f"`{address.key}` is listed twice: {why}", "remove one of the two")
            related = [self._spot(first, address.kind)]
            self.findings.tell(self._spot(place, address.kind), complaint, related=related, address=address)

    def _tell(self, first: Declared, second: Declared, complaint: Complaint) -> None:
        related = [self._key_spot(first)]
        self.findings.tell(self._key_spot(second), complaint, related=related, address=second.address)

    def _key_spot(self, declared: Declared) -> Spot:
        kind = self.kinds[declared.address.kind]
        return self._spot(declared.place, *kind.key[:1])

    def _spot(self, place: Place, *more: str) -> Spot:
        path: Path = (*place.path, *more)
        return Spot(self.documents[place.file], path)
