"""What a further source's answers say, given to the resources they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.model.resource import Observed, Value
from reconciler.model.table import UNKNOWN
from reconciler.records import record, replace
from reconciler.remote.schedule import DOMAIN, HANDLE, Get
from reconciler.spec.decode import Decoder, Row, dig
from reconciler.spec.kind import Source
from reconciler.spec.mark import UNSET
from reconciler.spec.names import domain_for_wire


@record(frozen=True, slots=True)
class Joined:
    """A source's rows by what they are about.

    Attributes:
        asked: the handles or domains the source was asked for; ``{None}`` where one request shows all.
        rows: by handle where rows name one, else by what was asked for.
    """

    decoder: Decoder
    name: str
    source: Source
    asked: frozenset[str | None]
    rows: Mapping[str | None, list[Row]]

    def to(self, observed: Observed) -> Observed:
        """Give a resource, and its twins, the fields of this source; one that was not asked for stays as it is."""
        subject = self._subject(observed)
        if subject not in self.asked:
            return observed
        about = self.rows.get(subject if self.source.join is None else observed.handle, ())
        joined = self.decoder.join(observed, self.name, about)
        return replace(joined, twins=tuple(map(self.to, observed.twins))) if observed.twins else joined

    def column(self, name: str, handles: Sequence[str]) -> list[Value] | None:
        """The values of one field for the resources with these handles; None where they are not at hand."""
        if self.source.join is None or self.source.many or self.asked != {None}:
            return None
        each = self.decoder.kind.fields[name]
        if each.mark.source != self.name:
            return None
        absent = UNKNOWN if each.mark.absent is UNSET else each.mark.absent
        known = {about: self.decoder.joined_value(self.name, name, rows[0]) for about, rows in self.rows.items()}
        return [known.get(handle, absent) for handle in handles]

    def _subject(self, observed: Observed) -> str | None:
        if HANDLE in self.source.path:
            return observed.handle
        if DOMAIN in self.source.path:
            return domain_for_wire(self.decoder.kind.domain_of(observed.values) or "")
        return None


def join_of(decoder: Decoder, name: str, answers: Iterable[tuple[Get, list[Row]]]) -> Joined:
    """Sort a source's rows by what they are about."""
    source = decoder.kind.sources[name]
    rows: dict[str | None, list[Row]] = {}
    asked: set[str | None] = set()
    for get, answer in answers:
        asked.add(get.subject)
        for row in answer:
            about = get.subject if source.join is None else str(dig(row, source.join))
            rows.setdefault(about, []).append(row)
    return Joined(decoder, name, source, frozenset(asked), rows)
