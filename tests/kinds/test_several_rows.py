"""One name that the server keeps as several rows."""

import pytest

from tests.kinds.server import Server, told

HOSTS = "WHITELISTED_FWD_HOST"
KEPT = "KEEP_SPAM"


@pytest.fixture(params=["2022-01a", "2024-08a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    """A server that found two hosts behind a name and has written a row for each."""
    made = Server(request.param)
    for address in ("192.0.2.1", "192.0.2.2"):
        made.simulator.state.redis.hash(HOSTS)[address] = "partner.example"
    return made


@pytest.mark.parametrize("strays", ["192.0.2.1", "192.0.2.2"])
def test_whichever_host_of_a_name_strays_is_brought_back(server: Server, strays: str) -> None:
    server.simulator.state.redis.hash(KEPT)[strays] = "1"
    manifest = {"forwarding_hosts": [{"host": "partner.example", "filter_spam": True}]}
    assert told(server.apply(manifest)) == [
        "update forwarding_host/partner.example filter_spam: False -> True",
    ]
    assert server.simulator.state.redis.hash(KEPT) == {}
    assert server.plan(manifest) == ()


def test_all_hosts_of_a_name_go_with_it(server: Server) -> None:
    manifest = {"forwarding_hosts": [{"host": "partner.example", "filter_spam": True}]}
    server.apply(manifest)
    server.apply({"forwarding_hosts": []})
    assert server.simulator.state.redis.hash(HOSTS) == {}
