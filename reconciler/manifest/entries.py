"""The careful way to read a section: entry by entry, so that all that is wrong is told, and where.

What is surely right is read column by column (`columns.py`), which is what makes 400,000 entries a matter of seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any

from reconciler.manifest.complaints import about_null, by_entry, complaints, shown
from reconciler.manifest.contents import Batch, batches_of, section_place
from reconciler.manifest.document import Document
from reconciler.manifest.findings import Complaint, Findings, Path, Spot
from reconciler.manifest.inheritance import Inherited, overlay
from reconciler.manifest.options import both_managed_and_initial, read_options
from reconciler.manifest.words import INITIAL, entry_words
from reconciler.model.address import Address
from reconciler.model.resource import EntryOptions, Values
from reconciler.records import field, record
from reconciler.spec.codec import Scope
from reconciler.spec.kind import Kind
from reconciler.spec.refusal import InvalidError

__all__ = ["Section"]


@record(frozen=True, slots=True)
class _Prepared:
    """Entries on their way: three lists of one length.

    Attributes:
        indexes: where each stands in its section.
        fields: what each says, with what it inherits and with sugar replaced.
        options: how each is to be treated.
    """

    indexes: list[int] = field(default_factory=list)
    fields: list[dict[str, Any]] = field(default_factory=list)
    options: list[EntryOptions] = field(default_factory=list)


@record(frozen=True, slots=True)
class Section:
    """The entries of one kind in one document."""

    kind: Kind
    document: Document
    scope: Scope
    inherited: Inherited
    findings: Findings

    def read(self, written: Any) -> list[Batch]:
        """Read the section, telling what is wrong with it.

        Args:
            written: what stands under the kind's plural.

        Returns:
            The entries that are right.
        """
        if self.kind.singleton:
            if isinstance(written, dict):
                return self._carefully([written])
            self._refuse(written, "a mapping of its fields", "{field: value}")
        elif isinstance(written, list):
            return self._carefully(written)
        else:
            self._refuse(written, "a list of entries", f"[{{{self.kind.key[0]}: ...}}]")
        return []

    def _carefully(self, written: Sequence[Any]) -> list[Batch]:
        prepared = self._prepared(written)
        checked, right = self._checked(prepared, written)
        options, indexes = compress(prepared.options, right), compress(prepared.indexes, right)
        return batches_of(self.kind, zip(checked, options, indexes, strict=True))

    def _prepared(self, written: Sequence[Any]) -> _Prepared:
        words, sugar, on_entry = entry_words(self.kind), self.kind.sugar, self.kind.on_entry
        fields_below, options_below = self.inherited.fields, self._options(self.inherited.words, 0, {})
        special = {*words, *options_below.initial}
        prepared = _Prepared()
        for index, entry in enumerate(written):
            if not isinstance(entry, dict):
                self._refuse_entry(index, entry)
                continue
            options = options_below
            if special.isdisjoint(entry):
                fields = {**fields_below, **entry} if fields_below else entry
            else:
                fields, said = overlay(self.inherited, entry, words)
                options = self._options(said, index, entry)
            if on_entry is not None and not (sugar and fields.keys().isdisjoint(sugar)):
                fields = on_entry(fields, self.scope)
            prepared.indexes.append(index)
            prepared.fields.append(fields)
            prepared.options.append(options)
        return prepared

    def _options(self, words: Mapping[str, Any], index: int, entry: Mapping[str, Any]) -> EntryOptions:
        options, found = read_options(self.kind, words, self.scope)
        for complaint in (*found, *both_managed_and_initial(self.kind, entry)):
            self._tell(index, entry, entry, complaint)
        return options

    def _checked(self, prepared: _Prepared, written: Sequence[Any]) -> tuple[list[Values], list[bool]]:
        """Check and normalise the entries; the values of those that are right, and which those are."""
        right = [True] * len(prepared.fields)
        try:
            checked = self.kind.read_entries(prepared.fields, self.scope)
        except InvalidError as invalid:
            for position, errors in by_entry(invalid).items():
                right[position] = False
                if self.findings.are_enough:
                    self.findings.omit(len(errors))
                    continue
                index, fields = prepared.indexes[position], prepared.fields[position]
                for details in errors:
                    for complaint in complaints(self.kind, details, self.scope):
                        self._tell(index, written[index], fields, complaint)
            checked = self.kind.read_entries(list(compress(prepared.fields, right)), self.scope)
        if self.kind.on_check is not None:
            for values, index in zip(checked, compress(prepared.indexes, right), strict=True):
                for name, message, hint in self.kind.on_check(values):
                    self._tell(index, written[index], values, Complaint((name,), "fields-conflict", message, hint))
        return checked, right

    def _tell(self, index: int, written: Mapping[str, Any], fields: Mapping[str, Any], complaint: Complaint) -> None:
        """Tell a complaint at the place where it was written: in the entry, or where it was inherited from."""
        spot = Spot(self.document, (*self._path(index), *complaint.path))
        if complaint.path and not _is_written(written, complaint.path):
            sugar = [word for word in self.kind.sugar if word in written]
            spot = self.inherited.spot(complaint.path) or Spot(self.document, (*self._path(index), *sugar[:1]))
        self.findings.tell(spot, complaint, address=self._address(fields))

    def _address(self, fields: Mapping[str, Any]) -> Address | None:
        """The address of a faulty entry, if as much of it can be read."""
        try:
            key = {name: fields[name] for name in self.kind.key if name in fields}
            return self.kind.address_of(self.kind.read_some(key, self.scope))
        except (InvalidError, KeyError):
            return None

    def _path(self, index: int) -> Path:
        return section_place(self.kind) if self.kind.singleton else (*section_place(self.kind), index)

    def _refuse(self, written: Any, expected: str, example: str) -> None:
        plural = self.kind.plural
        if written is None:
            complaint = Complaint((), *about_null(plural, section=not self.kind.singleton))
        else:
            summary = f"`{plural}` takes {expected}, not {shown(written)}"
            complaint = Complaint((), "section-malformed", summary, f"write it like `{plural}: {example}`")
        self.findings.tell(Spot(self.document, (plural,)), complaint)

    def _refuse_entry(self, index: int, entry: Any) -> None:
        summary = f"an entry of `{self.kind.plural}` is a mapping, not {shown(entry)}"
        hint = f"write `- {{{self.kind.key[0]}: ...}}`"
        complaint = Complaint((), "entry-malformed", summary, hint)
        self.findings.tell(Spot(self.document, self._path(index)), complaint)


def _is_written(written: Any, path: Path) -> bool:
    """Whether the first steps of a way inside an entry are in it as written."""
    at = written
    for step in path[: 2 if path[0] == INITIAL else 1]:
        if not isinstance(at, dict) or step not in at:
            return False
        at = at[step]
    return True
