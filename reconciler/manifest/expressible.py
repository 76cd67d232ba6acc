"""From a live resource to the entry that would declare it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from reconciler.manifest.words import NTH
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.focus import EVERYTHING, Focus
from reconciler.model.resource import Observed, Value
from reconciler.model.secret import Secret, SourceKind
from reconciler.model.state import LiveState
from reconciler.spec.codec import Scope
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Field, Kind
from reconciler.spec.mark import Owner
from reconciler.spec.refusal import InvalidError

__all__ = ["EntryWriter"]

Entry = dict[str, Any]
"""An entry in plain values."""

_INEXPRESSIBLE: Final = object()
_NOT_IN_A_VARIABLE: Final = re.compile(r"[^A-Z0-9]+")


class EntryWriter:
    """Writes entries; remembers what could not be written, and which secrets must be supplied.

    Attributes:
        diagnostics: notes for each secret, warnings for what is left out.
    """

    def __init__(self, live: LiveState, *, every_field: bool, focus: Focus = EVERYTHING) -> None:
        """Write for one server.

        Args:
            live: everything that was read of it.
            every_field: also what is usually changed by others than the operator.
            focus: the domains of which anything is written; what belongs to none only with all.
        """
        self.diagnostics: list[Diagnostic] = []
        self._live = live
        self._every_field = every_field
        self._focus = focus
        self._variables: dict[tuple[str, ...], str] = {}
        self._taken: set[str] = set()
        self._last_of: dict[str, int] = {}

    def entries(
        self, kind: Kind, resources: Mapping[str, Observed], homes: Mapping[str, str]
    ) -> Iterator[tuple[str | None, Entry]]:
        """Write the entries of all resources of a kind, in the order of keys, each with the home it goes to.

        Those whose key cannot be written are left out, and so are all of a kind that is not the operator's.

        Args:
            homes: the domain of the file that things of a domain go to; addresses there are shortened.
        """
        if not self._every_field and kind.owner is not Owner.OPERATOR:
            return
        fields = [each for each in kind.fields.values() if self._is_wanted(kind, each)]
        nearby: dict[str | None, list[str]] = {}  # the resources of one domain after the other: all take much memory
        for key in resources:
            nearby.setdefault(kind.domain_of_key(key), []).append(key)
        found: dict[str, tuple[str | None, Entry | Observed]] = {}
        for keys in nearby.values():
            by_home: dict[str | None, list[Observed]] = {}
            for observed in map(resources.__getitem__, keys):
                domain = kind.domain_of(observed.values)
                if self._focus.is_in(domain):
                    by_home.setdefault(homes.get(domain or ""), []).append(observed)
            for home, there in by_home.items():
                for observed, entry in zip(there, self._at_once(kind, fields, there, Scope(home)), strict=True):
                    found[observed.address.key] = home, observed if entry is None else entry
        for key in sorted(found):
            home, written = found[key]
            entry = self._one(kind, fields, written, Scope(home)) if isinstance(written, Observed) else written
            if entry is not None:
                yield home, entry

    def _at_once(
        self, kind: Kind, fields: Sequence[Field], found: Sequence[Observed], scope: Scope
    ) -> Sequence[Entry | None]:
        """The entries of resources of one file, field by field; None for each that must be looked at by itself."""
        resources = [observed.values for observed in found]
        entries: list[Entry] = [{} for _ in resources]
        doubtful: set[int] = set()
        for each in fields:
            name = each.name
            places = [place for place, values in enumerate(resources) if name in values]
            there = [resources[place][name] for place in places]
            if name in kind.secret_fields:
                doubtful.update(places)
                continue
            written = [_shortened(_plain(value), scope.domain) for value in there]
            read: Sequence[Value] | None = None
            with suppress(Exception):  # one by one tells which of them no manifest can say
                read = each.codec.accept_all(written, scope)
            if read is None or len(read) != len(there):
                doubtful.update(places)
                continue
            for place, text, value, again in zip(places, written, there, read, strict=True):
                if text == "" and name in kind.key:
                    continue
                entries[place][name] = text
                if again != value or (each.mark.refers is not None and self._dangles(each.mark.refers, value)):
                    doubtful.add(place)
        for place, observed in enumerate(found):
            if _lacking(fields, observed) or _refused(kind, fields, observed):
                doubtful.add(place)
        return [
            None if place in doubtful else self._numbered(kind, observed, entries[place])
            for place, observed in enumerate(found)
        ]

    def _one(self, kind: Kind, fields: Sequence[Field], observed: Observed, scope: Scope) -> Entry | None:
        """Write one entry; None where its key, or something else it must have, cannot be written."""
        for name in _lacking(fields, observed):
            self._tell(observed, "export-impossible", f"the server does not say what its `{name}` is")
            return None
        entry: Entry = {}
        refused = _refused(kind, fields, observed)
        for each in fields:
            name = each.name
            if name not in observed.values:
                continue
            value = observed.values[name]
            if isinstance(value, Secret):
                if value and name not in refused:
                    entry[name] = {SourceKind.ENV.value: self._variable(kind, name, observed)}
                continue
            written = _INEXPRESSIBLE if name in refused else self._written(kind, each, value, scope)
            if written == "" and name in kind.key:
                continue
            if written is not _INEXPRESSIBLE:
                entry[name] = written
                continue
            self._tell_unwritten(kind, each, observed, refused.get(name, ""))
            if name in kind.key or each.required:
                return None
        return self._numbered(kind, observed, entry)

    def _tell_unwritten(self, kind: Kind, each: Field, observed: Observed, refused: str) -> None:
        """Say what an entry lacks, or that there is none.

        Args:
            refused: why a manifest would be refused that said it, where that is known.
        """
        name, value = each.name, observed.values[each.name]
        if name in kind.key or each.required:
            why = f": {refused}" if refused else ""
            self._tell(observed, "export-impossible", f"no manifest can say that its `{name}` is {_shown(value)}{why}")
        elif refused:
            self._tell(observed, "export-left-out", f"its `{name}` is left out: {refused}")
        elif value not in ("", ()):
            why = "which does not exist" if each.mark.refers is not None else "which no manifest can say"
            self._tell(observed, "export-left-out", f"its `{name}` is left out: it is {_shown(value)}, {why}")

    def _numbered(self, kind: Kind, observed: Observed, entry: Entry) -> Entry:
        """The entry, saying which of several with the same key it is, where there are several."""
        first = kind.address_of(observed.values)
        if first.nth(2).key not in self._live.of(kind.name):
            return entry
        return {**entry, NTH: observed.address.number_among(first)}

    def _is_wanted(self, kind: Kind, each: Field) -> bool:
        return self._every_field or each.mark.owner is Owner.OPERATOR or each.required or each.name in kind.key

    def _written(self, kind: Kind, each: Field, value: Value, scope: Scope) -> Any:
        """What to write so that it reads as the value; the shorter of two ways."""
        if each.mark.refers is not None and self._dangles(each.mark.refers, value):
            return _INEXPRESSIBLE
        whole = _plain(value)
        short = _shortened(whole, scope.domain)
        for candidate in (short, whole) if short != whole else (whole,):
            try:
                read = kind.read_some({each.name: candidate}, scope)[each.name]
            except InvalidError:
                continue
            if each.codec.same(read, value):
                return candidate
        return _INEXPRESSIBLE

    def _dangles(self, kind: str, value: Value) -> bool:
        known = self._live.of(kind)
        keys = value if isinstance(value, tuple) else (value,)
        return self._live.was_read(kind) and any(key not in known for key in keys if key != NONE)

    def _variable(self, kind: Kind, name: str, observed: Observed) -> str:
        """Name the variable for a secret; resources that share it on the server share the name."""
        owner: tuple[str, ...] = (observed.address.key,)
        for field, shared in kind.shared_by.items():
            if name in shared:
                owner = (field, str(observed.values.get(field)))
        identity = (kind.name, *owner, name)
        base = "_".join(_NOT_IN_A_VARIABLE.sub("_", part.upper()).strip("_") for part in (kind.name, owner[-1], name))
        if identity in self._variables:
            return self._variables[identity]
        variable, number = base, self._last_of.get(base, 1)
        while variable in self._taken:
            number += 1
            variable = f"{base}_{number}"
        self._last_of[base] = number
        self._taken.add(variable)
        self._variables[identity] = variable
        summary = f"the variable `{variable}` must hold its `{name}`"
        self._tell(observed, "secret-needed", summary, Severity.NOTE)
        return variable

    def _tell(self, observed: Observed, identifier: str, summary: str, severity: Severity = Severity.WARNING) -> None:
        self.diagnostics.append(Diagnostic(identifier, severity, summary, address=observed.address))


def _lacking(fields: Sequence[Field], observed: Observed) -> list[str]:
    """What a manifest must say, and the server's answer did not."""
    return [each.name for each in fields if each.required and each.mark.read and each.name not in observed.values]


def _refused(kind: Kind, fields: Sequence[Field], observed: Observed) -> Mapping[str, str]:
    """What a manifest would be refused for, by field, and why: servers hold what nobody could write there any more."""
    if kind.on_check is None:
        return {}
    values = {each.name: observed.values[each.name] for each in fields if each.name in observed.values}
    return {name: why for name, why, _ in kind.on_check(values)}


def _plain(value: Value) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value


def _shortened(value: Any, domain: str | None) -> Any:
    """The value with addresses of the file's domain as bare local parts."""
    if domain is None:
        return value
    if isinstance(value, str):
        return value.removesuffix(f"@{domain}") or value
    if isinstance(value, list):
        return [_shortened(each, domain) for each in value]
    return value


def _shown(value: Value) -> str:
    text = str(value)
    return f"`{text}`" if len(text) <= 80 else f"`{text[:80]}…`"  # noqa: PLR2004  about a line
