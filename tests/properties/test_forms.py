"""However a manifest is written, it means the same: files, folders, defaults, templates, spellings."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.properties.checkout import Style, styles, written
from tests.properties.effort import examples, versions
from tests.properties.town import founded
from tests.properties.wishes import Manifest, manifests, with_passwords


@pytest.mark.parametrize("version", versions("2022-01a", "2024-08a", "2026-07a", few=("2026-07a",)))
@examples(2, many=60)
@given(manifest=manifests(), one=styles(), other=styles())
def test_the_same_manifest_written_another_way_plans_nothing(
    version: str, manifest: Manifest, one: Style, other: Style
) -> None:
    with founded(version) as town:
        declared = with_passwords(manifest)
        town.converges_to(written(declared, one))
        made = town.memory()
        town.declares(written(declared, other))
        town.rests()
        town.declares(declared)
        town.rests()
        assert town.memory() == made
