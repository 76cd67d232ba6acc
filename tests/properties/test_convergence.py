"""Whatever is declared, one apply makes it so and the second plan is empty; so it is after every change of mind."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.kinds.server import SECRETS
from tests.properties.anything import anything
from tests.properties.bystanders import rows_of, settle_in
from tests.properties.effort import examples
from tests.properties.town import founded
from tests.properties.wishes import Manifest, manifests, removals, with_passwords

VERSIONS = ("2022-01a", "2023-05", "2024-08a", "2025-09", "2026-07a")


@pytest.mark.parametrize("version", VERSIONS)
@examples(2, many=150)
@given(first=manifests(), second=manifests())
def test_mail_becomes_what_is_declared_then_something_else_then_nothing(
    version: str, first: Manifest, second: Manifest
) -> None:
    with founded(version) as town:
        town.converges_to(with_passwords(first))
        town.exports_to_itself()
        town.converges_to(with_passwords(second) | {"removed": removals(first, second)})
        town.exports_to_itself()
        town.converges_to({"removed": removals(second, {})})
        assert town.memory() == town.before


@pytest.mark.parametrize("version", VERSIONS)
@examples(2, many=100)
@given(first=anything(), second=anything())
def test_everything_becomes_what_is_declared_and_then_something_else(
    version: str, first: Manifest, second: Manifest
) -> None:
    with founded(version) as town:
        town.person.environ.update(SECRETS)
        changed = second | {"removed": removals(first, second)}
        if town.makes_sense(first):
            town.converges_to(first)
            town.exports_to_itself()
        if town.makes_sense(changed):
            town.converges_to(changed)
            town.exports_to_itself()


@pytest.mark.parametrize("version", VERSIONS)
@examples(2, many=60)
@given(first=manifests(), second=manifests())
def test_nothing_that_is_not_declared_changes(version: str, first: Manifest, second: Manifest) -> None:
    with founded(version) as town:
        settle_in(town)
        theirs = rows_of(town)
        for declared in (with_passwords(first), with_passwords(second) | {"removed": removals(first, second)}):
            town.converges_to(declared)
            assert rows_of(town) == theirs
        town.converges_to({"removed": removals(second, {})})
        assert town.memory() == town.before
