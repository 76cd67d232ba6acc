"""From the rows of a list to resources by key: several rows with one key, rows that are no resource."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress, repeat
from operator import itemgetter
from typing import Any

from reconciler.model.amended import Gathered
from reconciler.model.diagnostic import Diagnostic, Severity, error
from reconciler.model.resource import Observed
from reconciler.model.table import UNKNOWN
from reconciler.records import record, replace
from reconciler.remote.schedule import Get
from reconciler.remote.table import CompactRows, ObservedTable
from reconciler.spec.decode import Decoder, Row
from reconciler.spec.kind import Kind
from reconciler.spec.mark import ASKED
from reconciler.spec.rowform import MISSING

Rows = list[Row] | CompactRows
Answers = Iterable[tuple[Get, Rows]]


@record(frozen=True, slots=True)
class Listed:
    """What a kind's list holds.

    Attributes:
        resources: by key, in the order of keys.
        unreadable: for each row that is no resource, the request it came with.
    """

    resources: Mapping[str, Observed]
    unreadable: tuple[Get, ...]


def listed(decoder: Decoder, answers: Answers) -> Listed:
    """Read the rows of a kind's list, whichever order they came in."""
    answers = list(answers)
    return _table(decoder, answers) or _one_by_one(decoder, answers)


def _table(decoder: Decoder, answers: Sequence[tuple[Get, Rows]]) -> Listed | None:
    """Keep rows as they came; None where some must be looked at."""
    kind = decoder.kind
    if not kind.unique or kind.key_text is not None or len(kind.key) != 1 or not kind.handle:
        return None
    records: list[Any] = []
    keys: list[Any] = []
    unreadable: list[Get] = []
    form, nameless = None, False
    for get, rows in answers:
        if not isinstance(rows, CompactRows):
            return None
        form = rows.form
        found = rows.records
        if kind.present:
            present = form.column(found, kind.present)
            if not all(present):
                unreadable += [get for each in present if not each]
                found = list(compress(found, present))
        wires = decoder.wires(form, found, kind.key[0])
        column = decoder.canonical(kind.key[0], wires) if wires is not None else None
        if column is None or UNKNOWN in column or not all(column) or not _asked_for(kind, get, column):
            return None
        handles = form.column(found, kind.handle)
        nameless = nameless or None in handles or MISSING in handles
        records += found
        keys += column
    positions = None if form is None or nameless else _positions(keys, fold=kind.fold_key)
    if form is None or positions is None:
        return None
    return Listed(ObservedTable(decoder, CompactRows(form, form.alike(records)), positions), tuple(unreadable))


def _positions(keys: list[Any], *, fold: bool) -> dict[str, int] | None:
    """Where each key stands; None where two are the same or one is no text."""
    try:
        positions = dict(zip(_folded(keys) if fold else keys, range(len(keys)), strict=True))
    except TypeError:
        return None
    return positions if len(positions) == len(keys) else None


def _folded(keys: list[str]) -> list[str]:
    """Keys in lower case, which most are: all of them are looked at together first."""
    together = "".join(keys)
    return keys if together == together.lower() else list(map(str.lower, keys))


def _asked_for(kind: Kind, get: Get, keys: Iterable[Any]) -> bool:
    """Whether all of an answer's rows are of the domains it was asked for."""
    if get.domains is None:
        return True
    if kind.domain_field != kind.key[0]:
        return False
    return get.domains.issuperset(map(itemgetter(2), map(str.rpartition, keys, repeat("@"))))


def _one_by_one(decoder: Decoder, answers: Answers) -> Listed:
    kind = decoder.kind
    found: dict[str, list[tuple[str, Observed]]] = {}
    seen: set[str] = set()
    unreadable: list[Get] = []
    for get, told in answers:
        rows = told.mappings() if isinstance(told, CompactRows) else told
        for row in rows or ([{}] if kind.singleton else []):
            observed = decoder.observe(row if get.subject is None else {**row, ASKED: get.subject})
            if observed is None:
                unreadable.append(get)
                continue
            if get.domains is not None and kind.domain_of(observed.values) not in get.domains:
                continue
            if observed.handle:
                if observed.handle in seen:
                    continue
                seen.add(observed.handle)
            made = str(row.get(kind.made)) if kind.made else ""
            found.setdefault(observed.address.key, []).append((made, observed))
    resources = (each for key in sorted(found) for each in _told_apart(kind, _in_order(found[key])))
    return Listed(Gathered((each.address.key, each) for each in resources), tuple(unreadable))


def _in_order(rows: list[tuple[str, Observed]]) -> list[Observed]:
    """Put rows with the same key in the order they were made in: ids count up."""
    return [each for _, each in sorted(rows, key=lambda pair: (pair[0], len(pair[1].handle), pair[1].handle))]


def _told_apart(kind: Kind, rows: list[Observed]) -> list[Observed]:
    """Number rows with the same key, where the server lets keys be shared; elsewhere they are one."""
    if len(rows) == 1:
        return rows
    if kind.unique:
        return [replace(rows[0], twins=tuple(rows[1:]))]
    return [replace(each, address=each.address.nth(number)) for number, each in enumerate(rows, 1)]


def ambiguities(resources: Mapping[str, Observed], declared: Collection[str]) -> list[Diagnostic]:
    """Tell of keys that manifests speak of and under which the server has several rows that differ.

    Args:
        declared: the keys that are declared without saying which of several is meant.
    """
    found = []
    for key in sorted(declared):
        rows = _with_key(resources, key)
        if any(each.values != rows[0].values for each in rows[1:]):
            numbered = ", ".join(f"`nth: {number}` is id {each.handle}" for number, each in enumerate(rows, 1))
            found.append(
                error(
                    "key-ambiguous",
                    f"the server has {len(rows)} different entries for {rows[0].address}",
                    hint=f"say which one is meant: {numbered}; or delete all but one",
                    address=rows[0].address,
                )
            )
    return found


def _with_key(resources: Mapping[str, Observed], key: str) -> list[Observed]:
    """The rows that have a key, in the order of their ids."""
    rows: list[Observed] = []
    while key in resources:
        first = resources[key] if not rows else rows[0]
        address = first.address.nth(len(rows) + 1)
        if address.key not in resources:
            break
        rows.append(resources[address.key])
    return rows


def half_made(kind: Kind, rows: tuple[Get, ...]) -> Diagnostic:
    """Tell of rows that are no resource.

    Args:
        rows: for each of them, the request it came with; not empty.
    """
    domains = sorted({domain for get in rows if get.domains is not None for domain in get.domains})
    where = f" in {', '.join(domains)}" if domains and all(len(get.domains or ()) == 1 for get in rows) else ""
    return Diagnostic(
        "row-half-made",
        Severity.WARNING,
        f"the server lists {len(rows)} of its {kind.plural.replace('_', ' ')}{where} without any values",
        detail="parallel writers leave such behind on servers before 2023-05; their names stay taken",
        hint="if one that is declared cannot be created, delete it by its name and apply again",
    )
