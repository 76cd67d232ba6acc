"""What belongs to mailboxes and domains comes, changes, moves and goes with them, or by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kinds.server import SECRETS
from tests.properties.belongings import furnished
from tests.properties.bystanders import rows_of, settle_in
from tests.properties.effort import examples, versions
from tests.properties.terms import renamings
from tests.properties.town import founded
from tests.properties.wishes import Manifest, both, removals, with_passwords


@pytest.mark.parametrize("version", versions("2022-01a", "2024-08a", "2026-07a", few=("2026-07a",)))
@examples(1, many=60)
@given(first=furnished(), second=furnished())
def test_what_belongs_to_others_comes_changes_and_goes(version: str, first: Manifest, second: Manifest) -> None:
    with founded(version) as town:
        town.person.environ.update(SECRETS)
        settle_in(town)
        theirs = rows_of(town)
        changed = with_passwords(second) | {"removed": removals(first, second)}
        for declared in (with_passwords(first), changed):
            if town.makes_sense(declared):
                town.converges_to(declared)
                town.exports_to_itself()
            assert rows_of(town) == theirs
        town.converges_to({"removed": removals(both(first, second), {})})
        assert town.memory() == town.before


@pytest.mark.parametrize("version", versions("2022-01a", "2024-11", "2026-07a", few=("2026-07a",)))
@examples(2, many=60)
@given(data=st.data(), first=furnished())
def test_what_belongs_to_what_is_renamed_moves_with_it(version: str, data: st.DataObject, first: Manifest) -> None:
    with founded(version) as town:
        town.person.environ.update(SECRETS)
        settle_in(town)
        theirs = rows_of(town)
        if not town.makes_sense(with_passwords(first)):
            return
        town.converges_to(with_passwords(first))
        named, moved = data.draw(renamings(first, version))
        declared = with_passwords(named) | {"moved": moved}
        if town.makes_sense(declared):
            town.converges_to(declared)
            town.exports_to_itself()
        assert rows_of(town) == theirs
        town.converges_to({"removed": removals(both(first, named), {})})
        assert town.memory() == town.before
