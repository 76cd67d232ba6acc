"""How far a narrowed run reaches: what it is about, what that cannot do without, and where both are looked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from reconciler.model.address import Address
from reconciler.model.amended import values_of
from reconciler.model.diagnostic import Diagnostic, error
from reconciler.model.focus import Focus, may_mean_several, means
from reconciler.model.resource import Declared
from reconciler.model.state import DesiredState, LiveState, Relocation
from reconciler.model.table import sheets_of
from reconciler.planning.options import PlanOptions, parted
from reconciler.records import record
from reconciler.spec.kind import Kind
from reconciler.spec.mark import TEMPLATE
from reconciler.spec.names import domain_of
from reconciler.spec.needs import homes, named

__all__ = ["Reach", "about_nothing", "is_about", "keys_covered", "reach_of"]

_OF_TARGETS: Final = "write addresses as plans show them, such as `mailbox/anna@acme.example`; `*` matches anything"
_OF_FIELDS: Final = "write it as plans show them, such as `mailbox/anna@acme.example#password`; `*` matches anything"
_OF_DOMAINS: Final = "mend its name; `*` matches anything, as in `*.acme.example`"


@record(frozen=True, slots=True)
class Reach:
    """How far a run reaches.

    Attributes:
        focus: what the run is narrowed to.
        within: what is declared, as far as the run is about it or needs it.
        needed: what it needs and is not about: created where it is missing, left alone where it is there.
        domains: patterns of the domains to look into; None for all.
    """

    focus: Focus
    within: DesiredState
    needed: frozenset[Address] = frozenset()
    domains: tuple[str, ...] | None = None

    def concerns(self, kind: str) -> bool:
        """Whether the run may be about something of this kind."""
        targets = self.focus.targets
        return not targets or any(means(each, kind) for each in {pattern.partition("/")[0] for pattern in targets})


def reach_of(kinds: Mapping[str, Kind], desired: DesiredState, focus: Focus) -> Reach:
    """Find what a run is about, and what that needs, however far that leads."""
    if not focus:
        return Reach(focus, desired)
    within: dict[str, dict[str, Declared]] = {}
    needed: dict[Address, None] = {}
    open_ends = [*_covered(kinds, desired, focus)]
    about = {each.address for each in open_ends}
    while open_ends:
        declared = open_ends.pop()
        address = declared.address
        within.setdefault(address.kind, {})[address.key] = declared
        for need in _needs(kinds[address.kind], declared):
            if need not in about and need not in needed:
                needed[need] = None
                found = desired.get(need)
                open_ends += [found] if found is not None else []
    return Reach(
        focus,
        DesiredState(
            {name: within[name] for name in kinds if name in within},
            tuple(each for each in desired.removals if _may_cover(kinds, focus, each.address)),
            tuple(each for each in desired.relocations if _may_cover(kinds, focus, each.source, each.target)),
        ),
        needed=frozenset(needed),
        domains=_domains(kinds, focus, desired, (*about, *needed)),
    )


def about_nothing(
    kinds: Mapping[str, Kind], desired: DesiredState, live: LiveState, options: PlanOptions
) -> Iterator[Diagnostic]:
    """Find the patterns nothing matches, declared now or before, or on the server: most likely they are misspelt."""
    for selector in _not_selected(options.resend, desired) if options.resend else ():
        yield _unmatched(f"--resend {selector}", _OF_FIELDS)
    if not options.focus:
        return
    targets, domains = _Unseen(options.focus.targets), _Unseen(options.focus.domains)
    for address, domain in _known(kinds, desired, live, options):
        targets.see(str(address))
        domains.see(domain or "")
        if not (targets.left or domains.left):
            return
    yield from (_unmatched(f"--target {each}", _OF_TARGETS) for each in options.focus.targets if each in targets.left)
    yield from (_unmatched(f"--domain {each}", _OF_DOMAINS) for each in options.focus.domains if each in domains.left)


class _Unseen:
    """Patterns of which nothing has been seen yet that they mean.

    Attributes:
        left: those, as they were written.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.left = set(patterns)
        self._wild = {each for each in self.left if may_mean_several(each)}
        self._written: dict[str, list[str]] = {}
        for each in self.left:
            self._written.setdefault(each.lower(), []).append(each)

    def see(self, text: str) -> None:
        """Strike out what means a text."""
        if self.left:
            met = {*self._written.get(text.lower(), ()), *(each for each in self._wild if means(each, text))}
            self.left -= met
            self._wild -= met


def _known(
    kinds: Mapping[str, Kind], desired: DesiredState, live: LiveState, options: PlanOptions
) -> Iterator[tuple[Address, str | None]]:
    """Everything a pattern may mean, with its domain; whoever looks for a match seldom needs more than the first."""
    for state in (desired, *options.earlier):
        for name, declared in state.resources.items():
            yield from ((Address(name, key), domain) for key, domain in _homes(kinds[name], declared))
    for address in _spoken_of(desired, options):
        yield address, kinds[address.kind].domain_of_key(address.key)
    for name, resources in live.resources.items():
        field = kinds[name].domain_field
        for key, found in values_of(resources, *((field,) if field else ())):
            yield Address(name, key), domain_of(str(found[0])) if found else None


def _unmatched(flag: str, hint: str) -> Diagnostic:
    summary = f"nothing is declared that `{flag}` could mean"
    return error("pattern-unmatched", summary, hint=hint)


def _not_selected(selectors: Iterable[str], desired: DesiredState) -> Iterator[str]:
    """The selectors of fields that mean none that is declared."""
    found = {selector: parted(selector) for selector in selectors}
    by_field: dict[str, list[str]] = {}
    for wanted, field in found.values():
        by_field.setdefault(field, []).append(wanted)
    unseen = {field: _Unseen(of) for field, of in by_field.items()}
    for each in desired:
        names = (*each.values, *each.options.initial)
        for field, waiting in unseen.items():
            if waiting.left and any(means(field or "*", name) for name in names):
                waiting.see(str(each.address))
        if not any(waiting.left for waiting in unseen.values()):
            return
    yield from (selector for selector, (wanted, field) in found.items() if wanted in unseen[field].left)


def _spoken_of(desired: DesiredState, options: PlanOptions) -> Iterator[Address]:
    for state in (desired, *options.earlier):
        yield from (each.address for each in state.removals)
        yield from (address for each in state.relocations for address in (each.source, each.target))


def _covered(kinds: Mapping[str, Kind], desired: DesiredState, focus: Focus) -> Iterator[Declared]:
    for name, declared in desired.resources.items():
        covered = keys_covered(kinds[name], declared, focus)
        yield from (declared[key] for key in declared if key in covered)


def keys_covered(kind: Kind, declared: Mapping[str, Declared], focus: Focus) -> set[str]:
    """The keys of declared resources that a run is about; those that are kept in columns are not made for it."""
    homes = list(_homes(kind, declared))
    domains = {domain for domain in {domain for _, domain in homes} if focus.is_in(domain)}
    within = (key for key, domain in homes if domain in domains)
    return {key for key in within if not focus.targets or focus.is_target(Address(kind.name, key))}


def _homes(kind: Kind, declared: Mapping[str, Declared]) -> Iterator[tuple[str, str | None]]:
    """The keys of declared resources with the domains they belong to."""
    for sheet in sheets_of(declared):
        if kind.domain_field:
            yield from zip(sheet.keys, map(domain_of, map(str, sheet.column(kind.domain_field))), strict=True)
        else:
            yield from ((key, None) for key in sheet.keys)


def _needs(kind: Kind, declared: Declared) -> Iterator[Address]:
    values = {**declared.options.initial, **declared.values}
    if declared.options.template is not None:
        values[TEMPLATE] = declared.options.template
    yield from (address for _, address in named(kind, values))
    yield from homes(kind, values)


def is_about(kinds: Mapping[str, Kind], focus: Focus, move: Relocation) -> bool:
    """Whether the run is about a renaming, by what its keys tell."""
    ends = ((each, kinds[each.kind].domain_of_key(each.key)) for each in (move.source, move.target))
    return not focus or any(focus.covers(each, domain) for each, domain in ends)


def _may_cover(kinds: Mapping[str, Kind], focus: Focus, *addresses: Address) -> bool:
    """Whether the run may be about one of these, where perhaps nothing but keys is known."""
    domains = [(each, kinds[each.kind].domain_of_key(each.key)) for each in addresses]
    everywhere = Focus(targets=focus.targets)
    return any((focus if domain is not None else everywhere).covers(each, domain) for each, domain in domains)


def _domains(
    kinds: Mapping[str, Kind], focus: Focus, desired: DesiredState, addresses: Iterable[Address]
) -> tuple[str, ...] | None:
    """Patterns of the domains in which everything is that a run is about or needs; None where nobody can tell."""
    found: set[str | None] = set(focus.domains)
    for pattern in focus.targets if not focus.domains else ():
        name, _, key = pattern.partition("/")
        meant = [kind for kind in kinds.values() if means(name, kind.name) and kind.domain_field]
        tells = "@" in key or not may_mean_several(key)
        found |= {kind.domain_of_key(key) if tells else None for kind in meant}
    for address in addresses:
        kind, declared = kinds[address.kind], desired.get(address)
        if kind.domain_field:
            found.add(kind.domain_of_key(address.key) if declared is None else kind.domain_of(declared.values))
    return tuple(sorted(each for each in found if each is not None)) if found and None not in found else None
