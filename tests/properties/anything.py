"""Random manifests about everything there is: of each kind some of its sample entries, with some of their fields."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import registry
from reconciler.spec.kind import Field, Kind
from tests.kinds.samples import payloads
from tests.properties.wishes import Entry, Manifest


def _needed_by_others() -> frozenset[str | None]:
    """The kinds that others name, are in, or come after: samples of theirs are always there."""
    kinds = registry().values()
    named = {each.mark.refers for kind in kinds for each in kind.fields.values()}
    return frozenset(named | {name for kind in kinds for name in (*kind.within, *kind.after)})


NEEDED = _needed_by_others()
SETTLED = {"relay", "authentication", "username", "selector", "size"}
"""Fields that other samples count on."""


def other_values(kind: Kind, field: Field) -> list[Any]:
    """What else a field may say: what its mutations say, and all there is where that is little."""
    mutations = payloads(kind.name)["mutations"]
    schema = field.codec.schema
    found = [each[field.name] for each in mutations if list(each) == [field.name]]
    found += schema.get("enum", ()) if field.mark.refers is None else ()
    return found + ([True, False] if schema.get("type") == "boolean" else [])


def _is_settled(kind: Kind, field: Field) -> bool:
    """Whether a field always says what its sample does."""
    rival = kind.rivals is not None and field.name == "state"
    return field.mark.bound is not None or field.immutable or field.name in {*SETTLED, *kind.key} or rival


@st.composite
def _entries(draw: st.DrawFn, kind: Kind) -> Any:
    samples = payloads(kind.name)["entries"]
    if kind.singleton:
        return draw(_entry(kind, samples[-1]))
    return [draw(_entry(kind, each)) for each in samples if kind.name in NEEDED or draw(st.booleans())]


@st.composite
def _entry(draw: st.DrawFn, kind: Kind, entry: Entry) -> Entry:
    if kind.on_check is not None and kind.singleton:
        return entry
    needed = kind.needed(entry) if kind.needed is not None else ()
    made = {}
    for name, value in entry.items():
        field = kind.fields[name]
        if _is_settled(kind, field):
            made[name] = value
        elif field.required or name in needed or name == kind.replaceable or draw(st.booleans()):
            made[name] = draw(st.sampled_from([value, *other_values(kind, field)]))
    return made


@st.composite
def anything(draw: st.DrawFn) -> Manifest:
    """A manifest of every kind."""
    made: dict[str, Any] = {kind.plural: draw(_entries(kind)) for kind in registry().values()}
    return {plural: entries for plural, entries in made.items() if entries}
