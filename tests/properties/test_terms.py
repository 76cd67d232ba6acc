"""What entries say of themselves: at creation only, never mind, only add, called otherwise now, gone step by step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kinds.server import SECRETS
from tests.properties.anything import anything
from tests.properties.bystanders import rows_of, settle_in
from tests.properties.checkout import Style, styles, written
from tests.properties.effort import examples, versions
from tests.properties.terms import farewells, renamings, with_terms
from tests.properties.test_convergence import VERSIONS
from tests.properties.town import founded
from tests.properties.wishes import Manifest, both, manifests, removals, with_passwords


@pytest.mark.parametrize("version", versions(*VERSIONS, few=("2024-08a",)))
@examples(2, many=60)
@given(data=st.data(), first=manifests(), second=manifests())
def test_terms_of_entries_are_kept_and_everything_goes_in_the_end(
    version: str, data: st.DataObject, first: Manifest, second: Manifest
) -> None:
    with founded(version) as town:
        settle_in(town)
        theirs = rows_of(town)
        for wanted, before in ((first, {}), (second, first)):
            declared = data.draw(with_terms(with_passwords(wanted)))
            declared["removed"] = removals(before, wanted)
            if town.makes_sense(declared):
                town.converges_to(declared)
                town.exports_to_itself()
            assert rows_of(town) == theirs
        town.converges_to({"removed": removals(both(first, second), {})})
        assert town.memory() == town.before


@pytest.mark.parametrize("version", versions(*VERSIONS, few=("2026-07a",)))
@examples(2, many=60)
@given(data=st.data(), first=manifests(), second=manifests())
def test_what_goes_may_go_by_steps(version: str, data: st.DataObject, first: Manifest, second: Manifest) -> None:
    with founded(version) as town:
        settle_in(town)
        theirs = rows_of(town)
        town.converges_to(with_passwords(first))
        gone = removals(first, second)
        declared = with_passwords(second) | {"removed": data.draw(farewells(gone))}
        if town.makes_sense(declared):
            town.converges_to(declared)
        assert rows_of(town) == theirs
        town.converges_to({"removed": removals(both(first, second), {})})
        assert town.memory() == town.before


@pytest.mark.parametrize("version", versions("2022-01a", "2024-11", "2026-07a", few=("2026-07a",)))
@examples(2, many=60)
@given(data=st.data(), first=manifests(), second=manifests())
def test_what_is_renamed_moves_and_nothing_is_made_anew(
    version: str, data: st.DataObject, first: Manifest, second: Manifest
) -> None:
    with founded(version) as town:
        settle_in(town)
        theirs = rows_of(town)
        town.converges_to(with_passwords(first))
        named, moved = data.draw(renamings(first, version))
        declared = with_passwords(named) | {"moved": moved}
        if not town.makes_sense(declared):
            return
        changes = town.plans("--format", "json").document["changes"]
        assert sum(each["action"] == "move" for each in changes) == len(moved)
        assert {each["action"] for each in changes} <= {"move", "update"}
        town.converges_to(declared)
        town.exports_to_itself()
        assert rows_of(town) == theirs
        town.converges_to(with_passwords(second) | {"removed": removals(named, second)})
        town.converges_to({"removed": removals(second, {})})
        assert rows_of(town) == theirs


@pytest.mark.parametrize("version", versions("2022-01a", "2024-08a", "2026-07a", few=("2022-01a",)))
@examples(2, many=60)
@given(data=st.data(), first=anything(), second=anything(), style=styles())
def test_terms_of_everything_are_kept_however_it_is_written(
    version: str, data: st.DataObject, first: Manifest, second: Manifest, style: Style
) -> None:
    with founded(version) as town:
        town.person.environ.update(SECRETS)
        settle_in(town)
        theirs = rows_of(town)
        for wanted, before in ((first, {}), (second, first)):
            declared = data.draw(with_terms(wanted))
            gone = data.draw(farewells(removals(before, wanted)))
            checkout = written({**declared, "removed": gone}, style)
            if town.makes_sense(checkout):
                town.converges_to(checkout)
                town.exports_to_itself()
            assert rows_of(town) == theirs
