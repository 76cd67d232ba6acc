"""Of the options of a sync job, only those are refused beforehand that the server refuses."""

from __future__ import annotations

from random import Random

import pytest

from reconciler.model.version import Version
from reconciler.simulator import imapsync
from reconciler.simulator.profile import Profile
from reconciler.spec.imapsync import refused_option

WORDS = ["--automap", "--dry", "--f1f2", "--inet4", "--nossl1", "--Search", "--include=a", "-b", "=x y", " ", "  ", "0"]


@pytest.mark.parametrize("version", ["2022-01a", "2022-06a", "2022-07", "2023-10", "2023-11", "2024-08a", "2026-07a"])
def test_what_is_refused_beforehand_the_server_refuses_too(version: str) -> None:
    dice, has = Random(7), Profile(version).has
    told = 0
    for _ in range(5_000):
        options = "".join(dice.choices(WORDS, k=dice.randint(1, 5))).strip()
        found = refused_option(options, Version.parse(version))
        refused = imapsync.refusal(options, has) if has("syncjob_option_list") else None
        assert (found is not None) <= (refused is not None), options
        told += found is not None
        if Version.parse(version) >= Version(2022, 7):
            assert (found is None) == (refused is None), options
    assert (told > 0) == (Version.parse(version) >= Version(2022, 7))


def test_what_later_versions_take_is_left_to_them() -> None:
    assert refused_option("--pipemess=x", Version(2026, 7, "a")) == "pipemess"
    assert refused_option("--pipemess=x", Version(2026, 9)) is None
