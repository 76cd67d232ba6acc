import pytest

from reconciler.simulator import UnknownVersionError, Version
from reconciler.simulator.profile import FEATURES, Profile


def test_versions_order_by_year_month_and_letter() -> None:
    written = ["2022-01", "2022-01a", "2022-12", "2023-11a", "2024-08a", "2025-09", "2025-09c", "2026-03b", "2026-07a"]
    assert [str(version) for version in sorted(map(Version.parse, reversed(written)))] == written


@pytest.mark.parametrize(
    "written", ["", "2024", "2024-8", "2024-13", "2024-08aa", "v2024-08", "nightly", "2021-12", "2026-08"]
)
def test_other_texts_are_no_versions(written: str) -> None:
    with pytest.raises(UnknownVersionError):
        Profile(written)


def test_a_patch_release_may_bring_a_feature() -> None:
    assert not Profile("2025-09b").has("session_cookie_mcsessid")
    assert Profile("2025-09c").has("session_cookie_mcsessid")


def test_a_feature_may_go_again() -> None:
    assert Profile("2024-11b").has("solr")
    assert not Profile("2025-01").has("solr")


def test_asking_for_a_feature_nobody_named_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Profile("2026-07a").has("no such feature")


def test_every_feature_came_with_a_version_and_says_where_that_is_known_from() -> None:
    for name, feature in FEATURES.items():
        assert Version.parse(feature.since) <= Version.parse("2026-07a"), name
        assert feature.until is None or Version.parse(feature.since) < Version.parse(feature.until), name
        assert feature.source.strip(), name
