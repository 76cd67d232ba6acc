"""The way to a server, made ready while manifests are read."""

from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.flow import Clock, Server
from reconciler.manifest.project import ServerSettings
from reconciler.model.secret import Secret
from reconciler.pipeline.approach import Approach
from tests.api.scripted_server import CERTIFICATE, ScriptedServer, says


def _server(url: str, ca_file: Path = CERTIFICATE) -> Server:
    clock = Clock(now=lambda: 0.0, sleep=lambda _: None, today="2026-11-23")
    return Server(url=url, key=Secret("A-1"), settings=ServerSettings(ca_file=ca_file), clock=clock)


def test_the_first_request_goes_over_the_connection_made_meanwhile() -> None:
    with ScriptedServer(lambda _: says({"version": "2026-07a"}), tls=True) as server:
        with Approach(_server(server.origin)) as way:
            assert server.has_greeted(within=5)
            client = way.client()
            assert server.asked == []
            client.get("status", "version")
            client.close()
        assert server.connections == 1


def test_a_way_that_is_not_taken_is_closed_and_nothing_was_asked() -> None:
    with ScriptedServer(lambda _: says([]), tls=True) as server:
        with Approach(_server(server.origin)):
            assert server.has_greeted(within=5)
        assert server.all_connections_closed(within=5)
        assert server.asked == []


def test_what_is_wrong_with_the_way_is_told_to_whoever_takes_it(tmp_path: Path) -> None:
    with (
        Approach(_server("https://127.0.0.1:9", tmp_path / "missing.pem")) as way,
        pytest.raises(UsageError) as wrong,
    ):
        way.client()
    assert wrong.value.id == "ca-file-unusable"


def test_plain_http_is_connected_when_it_is_asked_for_something() -> None:
    with ScriptedServer(lambda _: says([])) as server:
        with Approach(_server(server.origin)) as way:
            way.client()
        assert server.connections == 0
