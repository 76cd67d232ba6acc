"""`removed:` and `moved:`: what is to go, and what is to be called something else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from reconciler.manifest import suggest
from reconciler.manifest.complaints import about_null, called, complaints, shown
from reconciler.manifest.document import Document
from reconciler.manifest.findings import Complaint, Findings, Path, Spot
from reconciler.manifest.options import read_nth
from reconciler.manifest.words import DELETE, DELETE_AFTER, FROM, KEEP_ALIAS, MOVED, NTH, REMOVED, STEP, TO, steps_of
from reconciler.model.address import Address
from reconciler.model.resource import Place
from reconciler.model.state import Relocation, Removal
from reconciler.records import record
from reconciler.spec.codec import Scope
from reconciler.spec.kind import Kind
from reconciler.spec.refusal import InvalidError

__all__ = ["Farewells"]

_ISO_DATE: Final = r"\d{4}-\d{2}-\d{2}"


class _Wrong(Exception):  # noqa: N818  not an error to anyone but this module
    """An entry that cannot be read, with what is wrong in it."""

    def __init__(self, *found: Complaint) -> None:
        super().__init__()
        self.found = found


@record(frozen=True, slots=True)
class Farewells:
    """What a document says under `removed:` and `moved:`."""

    document: Document
    scope: Scope
    kinds: Mapping[str, Kind]
    findings: Findings

    def removals(self) -> list[Removal]:
        """Read `removed:`, telling what is wrong; the right entries are returned all the same."""
        found = []
        for place, entry in self._entries(REMOVED, "{KIND: KEY, step: ...}"):
            try:
                found.append(self._removal(place, entry))
            except _Wrong as wrong:
                self._tell(place, wrong)
        return found

    def relocations(self) -> list[Relocation]:
        """Read `moved:`, telling what is wrong; the right entries are returned all the same."""
        found = []
        for place, entry in self._entries(MOVED, "{KIND: {from: KEY, to: KEY}}"):
            try:
                found.append(self._relocation(place, entry))
            except _Wrong as wrong:
                self._tell(place, wrong)
        return found

    def _entries(self, word: str, example: str) -> list[tuple[Place, dict[str, Any]]]:
        if word not in self.document.value:
            return []
        written = self.document.value[word]
        if not isinstance(written, list):
            summary = f"`{word}` takes a list of entries, not {shown(written)}"
            complaint = Complaint((), "section-malformed", summary, f"write it like `{word}: [{example}]`")
            if written is None:
                complaint = Complaint((), *about_null(word, section=True))
            self.findings.tell(Spot(self.document, (word,)), complaint)
            return []
        found = []
        for index, entry in enumerate(written):
            place = Place(self.document.name, (word, index))
            if isinstance(entry, dict):
                found.append((place, entry))
            else:
                summary = f"an entry of `{word}` is a mapping, not {shown(entry)}"
                self._tell(place, _Wrong(Complaint((), "entry-malformed", summary, f"write it like `{example}`")))
        return found

    def _removal(self, place: Place, entry: Mapping[str, Any]) -> Removal:
        kind = self._kind(entry, (STEP, DELETE_AFTER))
        address = Address(kind.name, self._key(kind, entry[kind.name], (kind.name,)))
        after = _date(entry[DELETE_AFTER]) if DELETE_AFTER in entry else None
        step = entry.get(STEP, DELETE)
        steps = steps_of(kind)
        if step not in steps:
            summary = f"{shown(step)} is not a step of removing {called(kind)}"
            raise _Wrong(Complaint((STEP,), "word-unknown", summary, f"write one of: {', '.join(steps)}"))
        if DELETE not in steps and after is not None:
            summary = f"`{kind.name}` cannot be deleted"
            raise _Wrong(Complaint((DELETE_AFTER,), "removal-impossible", summary, f"remove `{DELETE_AFTER}`"))
        if after is not None and step == DELETE:
            steps = tuple(each for each in steps if each != DELETE)
            summary = f"`{DELETE_AFTER}` is given, but not what holds until then"
            raise _Wrong(
                Complaint((DELETE_AFTER,), "removal-undecided", summary, f"write `{STEP}:` with {' or '.join(steps)}")
            )
        return Removal(address, place, step, after)

    def _relocation(self, place: Place, entry: Mapping[str, Any]) -> Relocation:
        kind = self._kind(entry, (KEEP_ALIAS,))
        if kind.on_move is None:
            summary = f"`{kind.name}` cannot be renamed"
            hint = "list it under `removed:` and declare the other one anew"
            raise _Wrong(Complaint((kind.name,), "move-impossible", summary, hint, at_key=True))
        ends = entry[kind.name]
        if not isinstance(ends, dict) or set(ends) != {FROM, TO}:
            summary = f"`{kind.name}` takes where from and where to"
            raise _Wrong(
                Complaint((kind.name,), "move-malformed", summary, f"write `{kind.name}: {{{FROM}: KEY, {TO}: KEY}}`")
            )
        source = Address(kind.name, self._key(kind, ends[FROM], (kind.name, FROM)))
        target = Address(kind.name, self._key(kind, ends[TO], (kind.name, TO)))
        if source == target:
            summary = f"`{source.key}` is moved to itself"
            raise _Wrong(Complaint((kind.name, TO), "move-malformed", summary, "remove the entry"))
        keep_alias = entry.get(KEEP_ALIAS, False)
        if not isinstance(keep_alias, bool):
            summary = f"`{KEEP_ALIAS}` takes `true` or `false`, not {shown(keep_alias)}"
            raise _Wrong(Complaint((KEEP_ALIAS,), "boolean-expected", summary, "write `true` or `false`"))
        return Relocation(source, target, place, keep_alias)

    def _kind(self, entry: Mapping[str, Any], words: tuple[str, ...]) -> Kind:
        """The kind an entry is about: the one key of it that is not one of the words."""
        names = [name for name in entry if name not in words]
        known = [self.kinds[name] for name in names if name in self.kinds]
        if len(names) == len(known) == 1:
            return known[0]
        strange = next((name for name in names if name not in self.kinds), None)
        if strange is None:
            summary = "this entry names more than one thing" if known else "this entry names nothing"
            hint = f"write one kind and its key, and perhaps: {', '.join(words)}"
            raise _Wrong(Complaint((), "entry-malformed", summary, hint))
        if known:
            meant = suggest.close_to(strange, words)
            hint = f"did you mean `{meant}`?" if meant else f"it has: {', '.join(words)}"
            complaint = Complaint((strange,), "field-unknown", f"this entry has no `{strange}`", hint, at_key=True)
            raise _Wrong(complaint)
        meant = next((each.name for each in self.kinds.values() if each.plural == strange), None)
        meant = meant or suggest.close_to(strange, (*self.kinds, *words))
        hint = f"did you mean `{meant}`?" if meant else f"kinds are: {', '.join(self.kinds)}"
        raise _Wrong(Complaint((strange,), "kind-unknown", f"`{strange}` is no kind", hint, at_key=True))

    def _key(self, kind: Kind, written: Any, path: Path) -> str:
        """Read a key: of one field as that field, of several as a mapping or as plans show it."""
        if isinstance(written, dict) and NTH in written and not kind.unique:
            found: list[Complaint] = []
            number = read_nth(written[NTH], found)
            if number is None:
                raise _Wrong(*(Complaint((*path, *each.path), each.id, each.summary, each.hint) for each in found))
            rest = {name: value for name, value in written.items() if name != NTH}
            return Address(kind.name, self._key(kind, rest, path)).nth(number).key
        if isinstance(written, dict):
            fields = kind.on_entry(written, self.scope) if kind.on_entry is not None else written
        elif len(kind.key) == 1:
            fields = {kind.key[0]: written}
        elif isinstance(written, str) and written:
            return written.lower() if kind.fold_key else written
        else:
            hint = f"write `{{{', '.join(f'{name}: ...' for name in kind.key)}}}`, or the key as a plan shows it"
            raise _Wrong(Complaint(path, "key-malformed", f"{shown(written)} is not a key", hint))
        for name in fields:
            if name in kind.fields and name not in kind.key:
                hint = f"a key has: {', '.join(kind.key)}"
                raise _Wrong(Complaint((*path, name), "key-malformed", f"`{name}` is not part of the key", hint))
        try:
            return kind.key_of(kind.read_some(fields, self.scope))
        except KeyError as missing:
            summary = f"`{missing.args[0]}` is missing"
            raise _Wrong(Complaint(path, "field-missing", summary, f"a key has: {', '.join(kind.key)}")) from missing
        except InvalidError as invalid:
            found = [each for details in invalid.errors for each in complaints(kind, details, self.scope)]
            inside = isinstance(written, dict)
            raise _Wrong(
                *(
                    Complaint((*path, *each.path) if inside else path, each.id, each.summary, each.hint)
                    for each in found
                )
            ) from invalid

    def _tell(self, place: Place, wrong: _Wrong) -> None:
        for complaint in wrong.found:
            self.findings.tell(Spot(self.document, (*place.path, *complaint.path)), complaint)


def _date(written: Any) -> str:
    if isinstance(written, str) and re.fullmatch(_ISO_DATE, written):
        from datetime import date  # noqa: PLC0415  takes as long to import as many entries to read

        try:
            return date.fromisoformat(written).isoformat()
        except ValueError:
            pass
    summary = f"{shown(written)} is not a date"
    raise _Wrong(Complaint((DELETE_AFTER,), "date-malformed", summary, "write year, month and day: `2026-12-31`"))
