from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.properties.turn import Turn, about_to_change

TurnOf = Callable[[str], Turn]


@pytest.fixture(scope="session")
def turn_of() -> Iterator[TurnOf]:
    """Give the company on a server of a version, made once: each turn begins with what was remembered before."""
    made: dict[str, Turn] = {}
    with ExitStack() as stack:

        def give(version: str) -> Turn:
            if version not in made:
                made[version] = stack.enter_context(about_to_change(version))
            return made[version]

        yield give
