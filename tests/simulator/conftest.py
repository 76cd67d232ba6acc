from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests.simulator.mailcow import KEY, READ_ONLY_KEY, Clock, Mailcow


@pytest.fixture
def mailcow() -> Callable[..., Mailcow]:
    def start(version: str = "2026-07a", **options: Any) -> Mailcow:
        clock = Clock()
        simulator = Simulator(
            version, api_key=KEY, read_only_key=READ_ONLY_KEY, clock=clock, random=Random(1), **options
        )
        return Mailcow(simulator, clock)

    return start
