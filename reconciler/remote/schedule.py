"""Which GETs answer what is wanted: pure functions of declarations, versions and domains.

Requests grow with kinds and domains, never with objects. A list of everything costs the server more than its parts,
and one part can be computed beside another, so kinds whose list can be narrowed are asked for domain by domain
(2,000 mailboxes in 20 domains on mailcow 2026-07a, two cores: 3.4 s at once, 2.2 s one after another, 0.9 s two beside
each other). Several domains may be named in one request (2022-01a to 2026-07a, json_api.php splits at commas), which
keeps their number bounded on servers with thousands of domains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.model.state import LiveState
from reconciler.records import record
from reconciler.remote.wanted import Wanted
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.kind import Kind, Source
from reconciler.spec.mark import MAIN
from reconciler.spec.names import domain_for_wire

DOMAIN: Final = "{domain}"
HANDLE: Final = "{handle}"
EACH: Final = "{each}"
ROUNDS: Final = 2
"""Requests of one list for each that runs beside others: each costs a server 10 ms whatever it shows, and as few as
these, about as long each, keep all of them busy to the end."""

LARGE_ANSWER: Final = 2_500
"""Rows that one request is to show at most, where that takes no more than `REQUESTS_PER_LIST`: five seconds of
mailcow's time, and a few megabytes."""

REQUESTS_PER_LIST: Final = 32
"""However much there is; more only where more run beside each other."""

NO_WEIGHTS: Final[Mapping[str, int]] = {}

_LONGEST_NAME_LIST: Final = 4_000
"""Characters; web servers take 8,000 for a whole request line."""


@record(frozen=True, slots=True)
class Get:
    """One GET of a reading.

    Attributes:
        segments: the path below ``get/``, in pieces.
        domains: the domains it was asked for, as people write them: the rows of others are dropped, because a list
            narrowed to a domain that is gone holds every domain's (mailboxes, since 2024-08 at least).
        subject: the handle or domain whose rows these are, where they do not say so themselves.
    """

    segments: tuple[str, ...]
    domains: frozenset[str] | None = None
    subject: str | None = None


def readable_routes(kinds: Iterable[Kind]) -> frozenset[str]:
    """The collections these kinds are read from, as the API client's allow-list wants them."""
    found: set[str] = set()
    for kind in kinds:
        for source in kind.sources.values():
            for path in (source.path, source.by_domain, source.whole):
                if path is not None:
                    found.add("/".join(part for part in path.split("/") if part not in (DOMAIN, HANDLE, EACH)))
    return frozenset(found)


def kinds_to_read(
    wanted: Wanted, kinds: Mapping[str, Kind], capabilities: Capabilities, known: LiveState
) -> tuple[Kind, ...]:
    """The kinds a reading visits, those that others need first; kinds the server does not have are left out."""
    needed = set(wanted.fields)
    for name in reversed(list(kinds)):
        if name not in needed:
            continue
        kind = kinds[name]
        for each in wanted.fields.get(name, ()):
            mark = kind.fields[each].mark
            if mark.by_handle and mark.refers is not None and not known.was_read(mark.refers):
                needed.add(mark.refers)
        if asks_everywhere(kind, wanted) and not is_known(kind, wanted, known):
            needed |= {each for each in containers_of(kind) if not known.was_read(each)}
        if can_be_narrowed(kind) and not wanted.names_each_domain and not is_known(kind, wanted, known):
            needed |= {home for home in kind.within if not known.was_read(home)}
    return tuple(kinds[name] for name in kinds if name in needed and capabilities.knows(kinds[name].since))


def is_known(kind: Kind, wanted: Wanted, known: LiveState) -> bool:
    """Whether an earlier reading has listed the kind with every wanted field of its main list."""
    if not known.was_read(kind.name):
        return False
    read = known.fields_read.get(kind.name, frozenset())
    return all(each in read or kind.fields[each].mark.source != MAIN for each in wanted.fields.get(kind.name, ()))


def can_be_narrowed(kind: Kind) -> bool:
    """Whether the kind's list can be asked for domain by domain."""
    return MAIN in kind.sources and kind.sources[MAIN].by_domain is not None and bool(kind.within)


def containers_of(kind: Kind) -> tuple[str, ...]:
    """The kinds whose keys a list is asked for one by one, for a kind that has no list of everything."""
    each = kind.sources[MAIN].each if MAIN in kind.sources else None
    if each is None:
        return ()
    refers = kind.fields[each].mark.refers
    return kind.within if refers is None else (refers,)


def asks_everywhere(kind: Kind, wanted: Wanted) -> bool:
    """Whether a kind's list is asked for in every container there is."""
    return bool(containers_of(kind)) and (kind.name not in wanted.containers or kind.name in wanted.everywhere)


def container_gets(kind: Kind, containers: Iterable[str]) -> list[Get]:
    """The GETs that list a kind whose list is asked for once for each container that can be asked for."""
    source = kind.sources[MAIN]
    codec = kind.fields[source.each or ""].codec
    wires = sorted({str(codec.encode(each)) for each in containers})
    return [Get(segments(source.path, each=wire), subject=wire) for wire in wires if can_be_asked_for(wire)]


def list_gets(
    kind: Kind, domains: Sequence[str] | None, parallelism: int, weights: Mapping[str, int] = NO_WEIGHTS
) -> list[Get]:
    """The GETs that list a kind, the longest answers first.

    Args:
        domains: those to ask for one by one, as people write them; None for one list of everything.
        parallelism: how many requests run beside each other.
        weights: for each domain of which it is known, about how much there is in it.
    """
    source = kind.sources[MAIN]
    if domains is None or source.by_domain is None:
        return [Get(segments(source.path))]
    return [
        Get(segments(source.by_domain, domain=",".join(map(domain_for_wire, group))), domains=frozenset(group))
        for share in _shares(domains, weights, most=_most(weights, parallelism))
        for group in _nameable(share)
    ]


def source_gets(source: Source, *, domains: Iterable[str], handles: Iterable[str]) -> list[Get]:
    """The GETs of a further source.

    Args:
        domains: those concerned, as people write them; used where the path names a domain.
        handles: those concerned; used where the path names a resource.
    """
    if DOMAIN in source.path:
        wires = sorted({domain_for_wire(domain) for domain in domains})
        return [Get(segments(source.path, domain=wire), subject=wire) for wire in wires]
    if HANDLE in source.path:
        askable = sorted(handle for handle in set(handles) if can_be_asked_for(handle))
        return [Get(segments(source.path, handle=handle), subject=handle) for handle in askable]
    return [Get(segments(source.path))]


def can_be_asked_for(name: str) -> bool:
    """Whether a name can stand in a path: the server splits paths at slashes, encoded or not (json_api.php)."""
    return "/" not in name


def is_plain(source: Source) -> bool:
    """Whether one GET shows the source for every resource."""
    return DOMAIN not in source.path and HANDLE not in source.path


def wanted_sources(kind: Kind, fields: Collection[str], capabilities: Capabilities) -> dict[str, list[str]]:
    """The further sources that show some of the fields on this server, with those fields."""
    found: dict[str, list[str]] = {}
    for name in kind.fields:
        each = kind.fields[name]
        source = each.mark.source
        shown = name in fields and source != MAIN and each.readable(capabilities)
        if shown and capabilities.knows(kind.sources[source].since):
            found.setdefault(source, []).append(name)
    return found


def segments(path: str, *, domain: str = "", handle: str = "", each: str = "") -> tuple[str, ...]:
    """The pieces of a path, with what its placeholders stand for."""
    filled = {DOMAIN: domain, HANDLE: handle, EACH: each}
    return tuple(filled.get(part, part) for part in path.split("/"))


def _most(weights: Mapping[str, int], parallelism: int) -> int:
    """How many requests a list takes at most."""
    return max(ROUNDS * parallelism, min(REQUESTS_PER_LIST, sum(weights.values()) // LARGE_ANSWER))


def _shares(domains: Sequence[str], weights: Mapping[str, int], *, most: int) -> list[list[str]]:
    """Share domains out over at most so many requests, about as much to each, the heaviest first."""
    count = min(most, len(domains))
    shares: list[list[str]] = [[] for _ in range(count)]
    loads = [0] * count
    for domain in sorted(domains, key=lambda each: -weights.get(each, 0)):
        lightest = loads.index(min(loads))
        shares[lightest].append(domain)
        loads[lightest] += 1 + weights.get(domain, 0)
    return [shares[number] for number in sorted(range(count), key=loads.__getitem__, reverse=True)]


def _nameable(domains: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Part domains whose names are too long for one request line."""
    length = taken = 0
    for place, domain in enumerate(domains):
        if length >= _LONGEST_NAME_LIST:
            yield tuple(domains[taken:place])
            length, taken = 0, place
        length += len(domain_for_wire(domain)) + 1
    yield tuple(domains[taken:])
