from collections.abc import Callable

import pytest

from reconciler.api import Client, probe_version
from reconciler.errors import AccessDenied, ProtocolError
from tests.api.scripted_server import Reply, ScriptedServer, says

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., Client]


def test_a_server_tells_its_version(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: says({"version": "2026-07a"}))

    assert probe_version(connect(server.origin, readable=frozenset())) == "2026-07a"
    assert [asked.target for asked in server.asked] == ["/api/v1/get/status/version"]


def test_a_server_that_says_nothing_twice_is_older_than_the_route(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: Reply(200, b""))

    assert probe_version(connect(server.origin)) is None
    assert len(server.asked) == 2


def test_a_server_that_crashed_once_is_not_taken_for_an_old_one(serve: Serve, connect: Connect) -> None:
    replies = [Reply(200, b""), says({"version": "2026-07a"})]
    server = serve(lambda _: replies.pop(0))

    assert probe_version(connect(server.origin)) == "2026-07a"


@pytest.mark.parametrize("lost", ["", None])
def test_an_installation_that_lost_its_version_says_so(serve: Serve, connect: Connect, lost: str | None) -> None:
    server = serve(lambda _: says({"version": lost}))

    assert probe_version(connect(server.origin)) == ""


@pytest.mark.parametrize(
    "reply", [says({"status": "fine"}), says(["2026-07a"]), says({"type": "error", "msg": "route not found"}, 404)]
)
def test_another_service_is_not_taken_for_a_mailcow(serve: Serve, connect: Connect, reply: Reply) -> None:
    server = serve(lambda _: reply)

    with pytest.raises(ProtocolError) as refusal:
        probe_version(connect(server.origin))
    assert refusal.value.id == "api-not-mailcow"


def test_a_wrong_key_is_tried_once(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: says({"type": "error", "msg": "authentication failed"}, 401))

    with pytest.raises(AccessDenied):
        probe_version(connect(server.origin))
    assert len(server.asked) == 1
