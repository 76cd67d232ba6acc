from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.http import serving
from tests.acceptance.person import KEY, READ_ONLY_KEY, Person

Welcome = Callable[..., Person]


@pytest.fixture
def welcome(tmp_path: Path) -> Iterator[Welcome]:
    """Give a person a checkout of their own, and a server over real HTTP: a fresh one of some version, or another."""
    number = itertools.count()
    with ExitStack() as stack:

        def give(
            version: str = "2026-07a",
            *,
            folder: Path | None = None,
            faults: object = None,
            simulator: Simulator | None = None,
        ) -> Person:
            if simulator is None:
                simulator = Simulator(version, api_key=KEY, read_only_key=READ_ONLY_KEY, random=random.Random(1))
            url = stack.enter_context(serving(simulator, faults=faults))  # type: ignore[arg-type]  # or none
            own = tmp_path / str(next(number))
            own.mkdir()
            return Person(simulator, url, folder or own)

        yield give
