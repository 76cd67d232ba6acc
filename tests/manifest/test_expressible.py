"""Entries are written many at a time; what is among them must not show in any other."""

import pytest

from reconciler.kinds import registry
from reconciler.manifest.expressible import EntryWriter
from reconciler.model.address import Address
from reconciler.model.resource import Observed
from reconciler.model.secret import MASK, Secret
from reconciler.model.state import LiveState
from reconciler.records import replace
from tests.manifest.live import VERSIONS, live_state

NAMES = [name for name, kind in registry().items() if kind.sources]
STRANGE = "#strange"
NO_VALUE = "\n\0 "
"""Nothing that any manifest can say, of whatever field."""


def written(live: LiveState, name: str, *strangers: Observed) -> tuple[dict[str, object], list[str]]:
    kind = registry()[name]
    found = {each.address.key: each for each in (*live.of(name).values(), *strangers)}
    homes = {domain: domain for domain in (kind.domain_of(each.values) for each in found.values()) if domain}
    writer = EntryWriter(live, every_field=True)
    entries = {repr(each): each for each in writer.entries(kind, found, homes)}
    return {**entries}, [str(each) for each in writer.diagnostics]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_entry_is_the_same_whatever_is_written_with_it(version: str) -> None:
    live = live_state(version)
    for name in NAMES:
        kind = registry()[name]
        alone, told = written(live, name)
        homes = {kind.domain_of(each.values): each for each in live.of(name).values()}
        strange = [
            replace(
                each,
                address=Address(name, f"{number}{STRANGE}@{home}"),
                values={**dict.fromkeys(each.values, NO_VALUE), **_home_of(each, kind.domain_field)},
            )
            for number, (home, each) in enumerate(homes.items())
        ]
        beside, told_beside = written(live, name, *strange)
        assert [each for each in beside if each in alone] == list(alone)
        assert [each for each in told_beside if STRANGE not in each] == told


def _home_of(observed: Observed, field: str) -> dict[str, object]:
    return {field: observed.values[field]} if field else {}


def test_a_secret_is_never_among_what_is_written_at_once() -> None:
    for name, kind in registry().items():
        values: dict[str, object] = dict.fromkeys(kind.fields, Secret("hunter2"))
        values |= {field: "a.example" for field in (*kind.key, kind.domain_field) if field}
        entries, told = written(LiveState({}), name, Observed(kind.address_of(values), values))
        assert MASK not in f"{entries} {told}"
