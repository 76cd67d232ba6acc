"""How many examples: few in every run of the tests, many with ``--hypothesis-profile=sweep`` (``make sweep``)."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def sweeping() -> bool:
    """Whether time does not matter."""
    return settings.get_current_profile_name() == "sweep"


def examples(few: int, *, many: int) -> settings:
    """Settings for a test of which each example takes a while: it runs whole applies."""
    return settings(
        max_examples=many if sweeping() else few,
        deadline=None,
        derandomize=not sweeping(),
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=sweeping(),
    )


def versions(*every: str, few: tuple[str, ...]) -> tuple[str, ...]:
    """The servers a test is about: all of them when sweeping, else a few; each example there runs whole applies."""
    return every if sweeping() else few
