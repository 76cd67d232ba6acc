"""Every route of each version answers, and no version has a route that came later or had gone."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from reconciler.simulator import Simulator, Version

HERE = Path(__file__).parent
KEY = "AAAAAA-READ-WRITE"
HEADERS = {"X-API-Key": KEY, "Content-Type": "application/json"}
HISTORY: list[tuple[str, str | None, str | None]] = json.loads((HERE / "route-history.json").read_text())
"""Each route of json_api.php between 2022-01 and 2026-07a, the version it came with and the one it was gone in."""
PLACES = {"{id}": "1", "{mailbox}": "anna@alpha.example", "{domain}": "alpha.example", "{count}": "5"}
VERSIONS = sorted(
    {"2022-01a", "2024-08a", "2026-07a"} | {version for _, *span in HISTORY for version in span if version},
    key=Version.parse,
)


def simulator(version: str) -> Simulator:
    clock = datetime(2026, 11, 22, 7, 4, 30)  # noqa: DTZ001 the server's clock is local, without a zone
    return Simulator(version, api_key=KEY, clock=lambda: clock)


def documented() -> Iterator[tuple[str, str, str]]:
    for version in ("2022-01a", "2026-07a"):
        for method, path in json.loads((HERE / f"routes-{version}.json").read_text()):
            yield version, method, path


@pytest.mark.parametrize(("version", "method", "path"), list(documented()))
def test_a_documented_route_answers(version: str, method: str, path: str) -> None:
    for place, value in PLACES.items():
        path = path.replace(place, value)
    body = b"" if method == "GET" else b'{"items": [], "attr": {}}' if path.startswith("edit") else b"[]"
    answer = simulator(version).handle(method, f"/api/v1/{path}", HEADERS, body)
    assert answer.status == 200


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_has_the_routes_of_its_time(version: str) -> None:
    wrong = []
    server = simulator(version)
    for path, since, until in HISTORY:
        verb, *rest = path.split("/")
        if len(rest) > 1 or verb == "search":
            continue
        there = (since is None or Version.parse(since) <= Version.parse(version)) and (
            until is None or Version.parse(version) < Version.parse(until)
        )
        method = "GET" if verb == "get" else "POST"
        object_ = "/acme" if path == "get/logs" else ""
        answer = server.handle(method, f"/api/v1/{path}{object_}", HEADERS, b"{}" if verb != "get" else b"")
        if (answer.status == 200) != there:
            wrong.append((path, answer.status, "expected" if there else "unexpected"))
    assert not wrong
