"""From the rows of a list to resources by key: twins, keys under which rows differ, rows that are no resource."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.resource import Observed
from reconciler.remote.schedule import Get
from reconciler.spec.decode import Decoder, Row
from reconciler.spec.kind import Kind
from reconciler.spec.mark import ASKED

Answers = Iterable[tuple[Get, list[Row]]]


@dataclass(frozen=True, slots=True)
class Listed:
    """What a kind's list holds.

    Attributes:
        resources: by key, in the order of keys; of several under one key the one with the lowest handle.
        unreadable: for each row that is no resource, the request it came with.
    """

    resources: Mapping[str, Observed]
    unreadable: tuple[Get, ...]


def listed(decoder: Decoder, answers: Answers) -> Listed:
    """Read the rows of a kind's list, whichever order they came in."""
    kind = decoder.kind
    found: dict[str, list[Observed]] = {}
    seen: set[str] = set()
    unreadable: list[Get] = []
    for get, rows in answers:
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
            found.setdefault(observed.address.key, []).append(observed)
    return Listed({key: _gathered(found[key]) for key in sorted(found)}, tuple(unreadable))


def _gathered(rows: list[Observed]) -> Observed:
    if len(rows) == 1:
        return rows[0]
    first, *others = sorted(rows, key=lambda each: (len(each.handle), each.handle))
    return replace(first, twins=tuple(others))


def ambiguities(resources: Mapping[str, Observed], declared: Collection[str]) -> list[Diagnostic]:
    """Tell of keys under which the server has several rows that differ.

    Args:
        declared: the keys that manifests speak of; it is an error there, and worth a note elsewhere.
    """
    return [
        Diagnostic(
            "key-ambiguous",
            Severity.ERROR if key in declared else Severity.NOTE,
            f"the server has {len(observed.twins) + 1} different entries for {observed.address}",
            detail=f"they are known there as {', '.join(each.handle for each in (observed, *observed.twins))}",
            hint="change or delete all but one of them in mailcow, or make them equal",
            address=observed.address,
        )
        for key, observed in resources.items()
        if any(twin.values != observed.values for twin in observed.twins)
    ]


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
