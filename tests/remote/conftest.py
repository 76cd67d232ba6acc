from collections.abc import Iterator

import pytest

from tests.remote.rehearsal import Rehearsal, rehearsing


@pytest.fixture(params=["2022-01a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    """An empty server, of the oldest and of the newest version."""
    with rehearsing(request.param) as rehearsal:
        yield rehearsal


@pytest.fixture
def new_server() -> Iterator[Rehearsal]:
    """An empty server of the newest version."""
    with rehearsing("2026-07a") as rehearsal:
        yield rehearsal


@pytest.fixture
def old_server() -> Iterator[Rehearsal]:
    """An empty server of the oldest version."""
    with rehearsing("2022-01a") as rehearsal:
        yield rehearsal
