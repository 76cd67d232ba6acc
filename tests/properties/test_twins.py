"""Things the server may have several of under one name: each is told from the others by its number."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import registry
from reconciler.spec.kind import Kind
from tests.kinds.samples import payloads
from tests.kinds.server import SECRETS
from tests.properties.effort import examples, versions
from tests.properties.town import founded
from tests.properties.wishes import Entry, Manifest

TWINS = [kind for kind in registry().values() if not kind.unique]
HOME: Manifest = {
    "domains": [{"name": "acme.example", "max_mailboxes": 5}],
    "alias_domains": [{"name": "acme2.example", "target": "acme.example"}],
    "mailboxes": [{"address": "anna@acme.example", "quota": "1GiB", "initial": {"password": {"env": "PASSWORD"}}}],
}


@st.composite
def siblings(draw: st.DrawFn, kind: Kind) -> list[Entry]:
    """Up to three with one key that may differ in everything else."""
    sample = payloads(kind.name)["entries"][0]
    mutations = payloads(kind.name)["mutations"]
    made: list[Entry] = []
    for number in range(1, draw(st.integers(0, 3)) + 1):
        changed: dict[str, Any] = draw(st.sampled_from([{}, *mutations]))
        idle = {"state": "off"} if kind.rivals is not None and number > 1 else {}
        made.append({**sample, **changed, **idle, "nth": number})
    return made


@st.composite
def families(draw: st.DrawFn) -> dict[str, list[Entry]]:
    """Twins of every kind that has them."""
    return {kind.plural: draw(siblings(kind)) for kind in TWINS}


def _gone(before: dict[str, list[Entry]], after: dict[str, list[Entry]]) -> list[Entry]:
    """What is to be removed of one family for it to become the other, the last ones first."""
    return [
        {kind.name: {**{name: each[name] for name in kind.key if name in each}, "nth": each["nth"]}}
        for kind in TWINS
        for each in before.get(kind.plural, [])[len(after.get(kind.plural, [])) :]
    ]


@pytest.mark.parametrize("version", versions("2022-01a", "2026-07a", few=("2026-07a",)))
@examples(2, many=60)
@given(first=families(), second=families())
def test_twins_come_change_and_go_by_their_numbers(
    version: str, first: dict[str, list[Entry]], second: dict[str, list[Entry]]
) -> None:
    with founded(version) as town:
        town.person.environ.update(SECRETS)
        town.converges_to(HOME)
        town.before = town.memory()
        town.converges_to({**HOME, **first})
        town.exports_to_itself()
        town.converges_to({**HOME, **second, "removed": _gone(first, second)})
        town.exports_to_itself()
        town.converges_to({**HOME, "removed": _gone(second, {})})
        assert town.memory() == town.before
