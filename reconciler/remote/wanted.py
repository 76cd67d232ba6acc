"""What a reading is asked for, as a value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from reconciler.model.address import Address
from reconciler.model.focus import Patterns, may_mean_several
from reconciler.model.state import DesiredState
from reconciler.model.table import sheets_of
from reconciler.records import field, record
from reconciler.spec.kind import Kind
from reconciler.spec.mark import MAIN
from reconciler.spec.names import container_in, domain_for_people


@record(frozen=True, kw_only=True)
class Wanted:
    """What is to be read.

    Attributes:
        fields: by kind, the fields; a kind without fields is listed by its keys. Kinds that are missing are read only
            as far as the others need them.
        details: by kind and field, the keys of the resources whose own GET is to be made, for fields that only one
            request for each resource (or its domain) shows. A field that is missing here is read for every domain,
            or for no resource.
        declared: by kind, the keys that manifests speak of: two different rows under one of these stop the run.
        assumed: for kinds that cannot be read (see `Kind.sources`), the keys that are taken for being there.
        containers: for kinds whose list is asked for once for each container (see `Source.each`): which of them, be
            they there or not; where the kind is missing, all that are there.
        everywhere: such kinds that are asked for in all containers that are there besides.
        domains: patterns reading is narrowed to; None for every domain. Resources that belong to none are always read.
    """

    fields: Mapping[str, Collection[str]]
    details: Mapping[tuple[str, str], Collection[str]] = field(default_factory=dict)
    declared: Mapping[str, Collection[str]] = field(default_factory=dict)
    assumed: Mapping[str, Collection[str]] = field(default_factory=dict)
    containers: Mapping[str, Collection[str]] = field(default_factory=dict)
    everywhere: Collection[str] = ()
    domains: tuple[str, ...] | None = None

    def covers(self, domain: str | None) -> bool:
        """Whether what belongs to a domain (None: to none) is to be read."""
        if domain is None or self.domains is None:
            return True
        return self._patterns.mean(domain)

    @cached_property
    def _patterns(self) -> Patterns:
        domains = self.domains or ()
        return Patterns((*domains, *map(domain_for_people, domains)))

    @property
    def names_each_domain(self) -> bool:
        """Whether it is narrowed to domains by name, without wildcards."""
        return self.domains is not None and not any(map(may_mean_several, self.domains))


def listed_fields(kind: Kind) -> frozenset[str]:
    """The fields that a kind's main list shows: reading all of them costs the server nothing more than one of them."""
    return frozenset(name for name, each in kind.fields.items() if each.mark.read and each.mark.source == MAIN)


def wanted_by(
    desired: DesiredState,
    kinds: Mapping[str, Kind],
    *,
    also: Collection[str] = (),
    domains: tuple[str, ...] | None = None,
    besides: Mapping[tuple[str, str], Collection[str]] | None = None,
) -> Wanted:
    """Say what must be read to compare a desired state.

    That is, of each kind that is declared, removed, moved, referred to, or the home of one that is: all its lists show
    in any case, and what further requests show of the fields that are declared.

    Args:
        desired: what the manifests declare.
        kinds: every kind by name.
        also: further kinds, such as those in prune scope.
        domains: patterns to narrow the reading to.
        besides: by kind and field, keys of what is to be looked at although it is not declared.
    """
    names = {*also, *desired.resources, *(each.address.kind for each in desired.removals)}
    names |= {each.source.kind for each in desired.relocations} | {each.target.kind for each in desired.relocations}
    further: dict[tuple[str, str], set[str]] = {}
    for kind, resources in desired.resources.items():
        for sheet in sheets_of(resources):
            for name in sheet.names:
                mark = kinds[kind].fields[name].mark
                names.update(mark.beside)
                if mark.refers is not None:
                    names.add(mark.refers)
                _look_further(further, kinds[kind], name, sheet.keys)
    for (kind, name), keys in (besides or {}).items():
        names.update(kinds[kind].fields[name].mark.beside)
        _look_further(further, kinds[kind], name, keys)
    _also_under_old_names(desired, further)
    names |= {home for name in tuple(names) for home in kinds[name].within}
    fields_of = {name: listed_fields(kinds[name]) for name in kinds if name in names}
    for name, field_name in further:
        fields_of[name] |= {field_name}
    return Wanted(
        fields=fields_of,
        details={place: frozenset(keys) for place, keys in further.items()},
        declared={
            name: frozenset(key for key, each in desired.of(name).items() if each.options.nth is None)
            for name in desired.resources
            if not kinds[name].unique
        },
        assumed={name: frozenset(desired.of(name)) for name in desired.resources if MAIN not in kinds[name].sources},
        containers={each: _containers(kinds[each], desired) for each in names if kinds[each].listed_by},
        everywhere=frozenset(also),
        domains=domains,
    )


def _look_further(further: dict[tuple[str, str], set[str]], kind: Kind, name: str, keys: Iterable[str]) -> None:
    """Also read a field that the kind's list does not show, with those it is read with."""
    for each in (name, *kind.fields[name].mark.read_with):
        seen = kind.fields[each].mark
        if seen.read and seen.source != MAIN:
            further.setdefault((kind.name, each), set()).update(keys)


def _also_under_old_names(desired: DesiredState, further: Mapping[tuple[str, str], set[str]]) -> None:
    for move in desired.relocations:
        for (kind, _), keys in further.items():
            if kind == move.source.kind and move.target.key in keys:
                keys.add(move.source.key)


def _containers(kind: Kind, desired: DesiredState) -> frozenset[str]:
    """The containers in which something of a kind is declared, removed or moved."""
    each = kind.listed_by or ""
    keys = [removal.address for removal in desired.removals]
    keys += [address for move in desired.relocations for address in (move.source, move.target)]
    holder = kind.fields[each].mark.refers if each else None
    declared = {move.source.key for move in desired.relocations if move.source.kind == holder}
    declared |= {str(resource.values[each]) for resource in desired.of(kind.name).values()}
    return frozenset(declared | {container_in(address.key) for address in keys if address.kind == kind.name})


def wanted_of(addresses: Iterable[Address], kinds: Mapping[str, Kind]) -> Wanted:
    """Say what must be read to see some resources again, with every field: their domains only, where keys tell them."""
    by_kind: dict[str, set[str]] = {}
    for address in addresses:
        by_kind.setdefault(address.kind, set()).add(address.key)
    details = {
        (name, each.name): frozenset(keys)
        for name, keys in by_kind.items()
        for each in kinds[name].fields.values()
        if each.mark.read and each.mark.source != MAIN
    }
    found = [kinds[name].domain_of_key(key) for name, keys in by_kind.items() for key in keys]
    domains = frozenset(domain for domain in found if domain is not None)
    return Wanted(
        fields={name: {each.name for each in kinds[name].fields.values() if each.mark.read} for name in by_kind},
        details=details,
        assumed={name: keys for name, keys in by_kind.items() if MAIN not in kinds[name].sources},
        containers={name: {*map(container_in, keys)} for name, keys in by_kind.items() if kinds[name].listed_by},
        domains=tuple(sorted(domains)) if None not in found and domains else None,
    )
