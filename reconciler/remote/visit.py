"""One reading under way: what is asked for when, and how answers become live state.

Everything that can be asked for at once is; lists that are asked for domain by domain follow as soon as the domains
are known, and what is asked for each resource as soon as the resources are. Answers are taken up in the order of
kinds, so that references by handle find their keys, and so that the result does not depend on timing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from reconciler.model.address import Address
from reconciler.model.amended import Gathered
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.resource import Observed
from reconciler.model.state import LiveState
from reconciler.records import field, record
from reconciler.remote.crew import Errand
from reconciler.remote.joins import join_of
from reconciler.remote.rows import Rows, ambiguities, half_made, listed
from reconciler.remote.schedule import (
    HANDLE,
    NO_WEIGHTS,
    Get,
    asks_everywhere,
    can_be_narrowed,
    container_gets,
    containers_of,
    is_known,
    is_plain,
    list_gets,
    source_gets,
    wanted_sources,
)
from reconciler.remote.table import CompactRows, ObservedTable
from reconciler.remote.wanted import Wanted
from reconciler.spec.capabilities import Capabilities
from reconciler.spec.decode import Decoder, Row
from reconciler.spec.kind import Kind
from reconciler.spec.mark import MAIN
from reconciler.spec.names import domain_for_people
from reconciler.spec.rowform import RowForm, row_form

Ask = Callable[[Get, RowForm | None], Errand[Rows]]
"""(what to ask for, the compact form of its rows if they have one) -> what will be its rows."""

Waiting = Callable[[], AbstractContextManager[object]]
"""What is entered while answers are waited for, so that somebody can tell how long that was."""

Asked = list[tuple[Get, Errand[Rows]]]


@record(frozen=True, slots=True)
class Readout:
    """What a reading brought.

    Attributes:
        diagnostics: `key-ambiguous` and `row-half-made`, in the order of kinds and keys.
    """

    live: LiveState
    diagnostics: tuple[Diagnostic, ...] = ()


@record(slots=True, kw_only=True)
class Visit:
    """One reading under way.

    Attributes:
        ask: sends a GET, at once or when there is room; gives what will be its rows.
        kinds: those to visit, in order.
        wanted: what is to be read.
        known: an earlier reading.
        parallelism: how many requests run beside each other.
        waiting: is entered while answers are waited for.
    """

    ask: Ask
    kinds: Sequence[Kind]
    wanted: Wanted
    known: LiveState
    capabilities: Capabilities
    parallelism: int
    waiting: Waiting = nullcontext
    _resources: dict[str, Mapping[str, Observed]] = field(init=False)
    _lists: dict[str, Asked] = field(default_factory=dict)
    _sources: dict[tuple[str, str], Asked] = field(default_factory=dict)
    _keys: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _shared: dict[tuple[str, ...], Errand[Rows]] = field(default_factory=dict)
    _diagnostics: list[Diagnostic] = field(default_factory=list)

    def readout(self) -> Readout:
        """Ask for everything, and read the answers."""
        new = [kind for kind in self.kinds if not is_known(kind, self.wanted, self.known)]
        self._resources = dict(self.known.resources)
        self._ask_at_once(new)
        for kind in self.kinds:
            if kind in new:
                self._ask_narrowed(new)
                self._take_up(kind)
            self._ask_for_each(kind)
        for kind in self.kinds:
            self._join(kind)
            declared = self.wanted.declared.get(kind.name, ())
            self._diagnostics += ambiguities(self._resources[kind.name], declared)
        return Readout(self._live(), tuple(self._diagnostics))

    def _live(self) -> LiveState:
        fields = dict(self.known.fields_read)
        for kind in self.kinds:
            read = {name for name in self._fields(kind) if kind.fields[name].readable(self.capabilities)}
            fields[kind.name] = fields.get(kind.name, frozenset()) | read | frozenset(kind.key)
        return LiveState(self._resources, fields, self.known.domains if self.known.resources else self.wanted.domains)

    def _fields(self, kind: Kind) -> Collection[str]:
        return self.wanted.fields.get(kind.name, ())

    def _asked(self, kind: Kind, gets: Sequence[Get]) -> Asked:
        """Ask for a kind's list."""
        form = None if any(get.subject for get in gets) else row_form(kind, self.capabilities, self._fields(kind))
        return [(get, self.ask(get, form)) for get in gets]

    def _asked_once(self, gets: Sequence[Get]) -> Asked:
        """Ask for further sources; kinds that share one share its answer."""
        for get in gets:
            if get.segments not in self._shared:
                self._shared[get.segments] = self.ask(get, None)
        return [(get, self._shared[get.segments]) for get in gets]

    def _ask_at_once(self, new: Sequence[Kind]) -> None:
        """Ask for what depends on no answer: the homes of others first, then lists, then what joins them."""
        homes = {home for kind in new if can_be_narrowed(kind) for home in kind.within}
        for kind in sorted(new, key=lambda each: each.name not in homes):
            if kind.main_source(self.capabilities) is None:
                self._lists[kind.name] = []
            elif containers_of(kind) and not asks_everywhere(kind, self.wanted):
                self._lists[kind.name] = self._asked(kind, container_gets(kind, self.wanted.containers[kind.name]))
            elif not can_be_narrowed(kind) and not containers_of(kind):
                self._lists[kind.name] = self._asked(kind, list_gets(kind, None, self.parallelism))
        for kind in self.kinds:
            for name in wanted_sources(kind, self._fields(kind), self.capabilities):
                if is_plain(kind.sources[name]):
                    gets = source_gets(kind.sources[name], domains=(), handles=())
                    self._sources[kind.name, name] = self._asked_once(gets)

    def _ask_narrowed(self, new: Sequence[Kind]) -> None:
        """Ask, domain by domain, for the lists of all kinds whose homes are known by now.

        Homes that are not read at all have been left out because the domains are wanted by name.
        """
        to_come = {kind.name for kind in new if kind.name not in self._resources}
        for kind in new:
            if kind.name in self._lists or not can_be_narrowed(kind) or not to_come.isdisjoint(kind.within):
                continue
            if all(home in self._resources for home in kind.within):
                domains = self._narrowed(sorted({key for home in kind.within for key in self._resources[home]}))
            else:
                domains = sorted({*map(domain_for_people, self.wanted.domains or ())})
            gets = list_gets(kind, domains, self.parallelism, self._weights(kind) if domains else NO_WEIGHTS)
            self._lists[kind.name] = self._asked(kind, gets)

    def _weights(self, kind: Kind) -> Mapping[str, int]:
        """About how much of a kind is in each domain, as far as its homes say so."""
        name = kind.sources[MAIN].weighed_by
        found: dict[str, int] = {}
        for home in kind.within:
            resources = self._resources.get(home, {})
            if isinstance(resources, ObservedTable):
                found |= resources.measured(name)
            else:
                told = ((key, each.measures.get(name)) for key, each in resources.items())
                found |= {key: number for key, number in told if isinstance(number, int)}
        return found

    def _narrowed(self, domains: list[str]) -> list[str] | None:
        if self.wanted.domains is None and len(domains) == 1:
            return None
        return [domain for domain in domains if self.wanted.covers(domain)]

    def _take_up(self, kind: Kind) -> None:
        """Read a kind's list; a kind without one has what is declared of it, with nothing known about it."""
        if kind.main_source(self.capabilities) is None:
            keys = [kind.name] if kind.singleton else sorted(self.wanted.assumed.get(kind.name, ()))
            self._resources[kind.name] = {key: Observed(Address(kind.name, key), {}, key) for key in keys}
            return
        if kind.name not in self._lists:
            each = kind.sources[MAIN].each or ""
            held = {key for name in containers_of(kind) for key in self._resources[name]}
            held = {key for key in held if self.wanted.covers(kind.domain_of({each: key}))}
            self._lists[kind.name] = self._asked(
                kind, container_gets(kind, held | {*self.wanted.containers.get(kind.name, ())})
            )
        asked, self._lists[kind.name] = self._lists[kind.name], []
        found = listed(self._decoder(kind), ((get, self._answer(errand)) for get, errand in asked))
        self._resources[kind.name] = found.resources
        if found.unreadable:
            self._diagnostics.append(half_made(kind, found.unreadable))

    def _answer(self, errand: Errand[Rows]) -> Rows:
        with self.waiting():
            return errand.result()

    def _decoder(self, kind: Kind) -> Decoder:
        fields = self._fields(kind)
        for name in fields:
            mark = kind.fields[name].mark
            if mark.by_handle and mark.refers is not None and mark.refers not in self._keys:
                referred = self._resources.get(mark.refers, {})
                rows = ((each.handle, key) for key, found in referred.items() for each in (found, *found.twins))
                self._keys[mark.refers] = dict(rows)
        return Decoder(kind, self.capabilities, frozenset(fields), self._keys)

    def _ask_for_each(self, kind: Kind) -> None:
        """Ask for the sources that take a request for each resource, or for each domain."""
        resources = self._resources[kind.name]
        for name, fields in wanted_sources(kind, self._fields(kind), self.capabilities).items():
            source = kind.sources[name]
            if is_plain(source):
                continue
            places = [(kind.name, each) for each in fields]
            if all(place in self.wanted.details for place in places):
                keys = {key for place in places for key in self.wanted.details[place]}
                concerned = [resources[key] for key in sorted(keys & resources.keys())]
            else:
                concerned = [] if HANDLE in source.path else list(resources.values())
            handles = {row.handle for each in concerned for row in (each, *each.twins)}
            domains = {domain for each in concerned if (domain := kind.domain_of(each.values)) is not None}
            domains = {domain for domain in domains if self.wanted.covers(domain)}
            self._sources[kind.name, name] = self._asked_once(source_gets(source, domains=domains, handles=handles))

    def _join(self, kind: Kind) -> None:
        """Add what further sources show."""
        for name in wanted_sources(kind, self._fields(kind), self.capabilities):
            answers = ((get, _mappings(self._answer(errand))) for get, errand in self._sources.pop((kind.name, name)))
            joined = join_of(self._decoder(kind), name, answers)
            resources = self._resources[kind.name]
            if isinstance(resources, ObservedTable):
                self._resources[kind.name] = resources.joined(joined)
            else:
                self._resources[kind.name] = Gathered((key, joined.to(each)) for key, each in resources.items())


def _mappings(rows: Rows) -> list[Row]:
    return rows.mappings() if isinstance(rows, CompactRows) else rows
