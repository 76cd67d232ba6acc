"""What some release between those that were recorded does otherwise is written, refused or left out as it takes it."""

from typing import Any

import pytest

from tests.kinds.server import Server

PASSWORD = {"password": {"env": "PASSWORD"}}
ANNA: dict[str, Any] = {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD}
ACME: dict[str, Any] = {"name": "acme.example"}


@pytest.mark.parametrize("version", ["2023-07", "2025-02", "2025-03", "2025-10a", "2025-12"])
def test_cors_is_known_to_be_written_where_the_server_answers_twice(version: str) -> None:
    server = Server(version)
    server.apply_first({"cors": {"allowed_origins": ["https://panel.acme.example"], "allowed_methods": ["GET"]}})
    assert server.simulator.state.redis.hash("CORS_SETTINGS") == {
        "allowed_origins": "panel.acme.example",
        "allowed_methods": "GET",
    }
