"""Values hardly anybody tries: each is refused with a word on why before anything is sent, or taken as it is."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import registry
from tests.kinds.samples import payloads
from tests.kinds.server import SECRETS
from tests.properties.anything import NEEDED
from tests.properties.effort import examples
from tests.properties.oddities import odd
from tests.properties.town import FOUND_WRONG, founded
from tests.properties.wishes import Manifest

ONLY_THE_SERVER_KNOWS = {
    "dkim_key.private_key",
    "domain_admin.password",
    "forwarding_host.host",
    "global_filter.postfilter",
    "global_filter.prefilter",
    "password_policy.length",
    "sieve_filter.script",
}
"""Names it looks up or judges, scripts and keys it reads, passwords it weighs."""


class Odd(NamedTuple):
    """A manifest in which some fields of one entry say something odd."""

    said: str
    manifest: Manifest


@st.composite
def odd_manifests(draw: st.DrawFn) -> Odd:
    """Samples of one kind, and of those that others need."""
    manifest: Manifest = {}
    for kind in registry().values():
        entries = deepcopy(payloads(kind.name)["entries"])
        if kind.name in NEEDED:
            manifest[kind.plural] = entries[-1] if kind.singleton else entries
    kind = draw(st.sampled_from(list(registry().values())))
    settled = {name for name, field in kind.fields.items() if field.mark.refers is not None}
    settled |= {name for name in kind.fields if f"{kind.name}.{name}" in ONLY_THE_SERVER_KNOWS}
    if kind.name in NEEDED:
        settled |= {name for name, field in kind.fields.items() if name in kind.key or field.immutable}
    fields = [name for name in kind.fields if name not in settled]
    entries = deepcopy(payloads(kind.name)["entries"])
    chosen = draw(st.lists(st.sampled_from(fields), min_size=1, max_size=2, unique=True)) if fields else []
    said: dict[str, Any] = {name: draw(odd(dict(kind.fields[name].codec.schema))) for name in chosen}
    entries[-1].update(said)
    return Odd(f"{kind.name}: {said}", manifest | {kind.plural: entries[-1] if kind.singleton else entries})


@pytest.mark.parametrize("version", ["2022-01a", "2026-07a"])
def test_an_odd_value_is_refused_beforehand_or_becomes_so(version: str) -> None:
    with founded(version) as town:
        town.person.environ.update(SECRETS)
        fresh = town.simulator.state.copy()

        @examples(4, many=500)
        @given(odd_manifests())
        def every(example: Odd) -> None:
            town.simulator.server.state = fresh.copy()
            del town.simulator.requests[:]
            town.declares(example.manifest)
            planned = town.plans()
            if planned.code == FOUND_WRONG:
                assert re.search(r"error\[[a-z-]+\]", planned.err), planned.err
                assert town.simulator.writes == []
                return
            town.converges_to(example.manifest)
            town.exports_to_itself()

        every()
