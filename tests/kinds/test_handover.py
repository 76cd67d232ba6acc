"""Identity providers that change while mailboxes use them, which the server refuses until none does."""

from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.planning.checks import check
from reconciler.planning.diff import diff
from reconciler.planning.options import PlanOptions
from tests.kinds.providers import KEYCLOAK, LDAP
from tests.kinds.server import Server

NONE = {"provider": "none"}
DOMAINS = [{"name": "acme.example"}]


@pytest.fixture(params=["2025-03", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    server = Server(request.param)
    server.apply(with_anna(KEYCLOAK, "keycloak"))
    return server


def with_anna(provider: dict[str, Any], authentication: str | None) -> dict[str, Any]:
    anna = {"address": "anna@acme.example", "quota": "1GiB"}
    if authentication is not None:
        anna |= {"authentication": authentication}
    return {"identity_provider": provider, "domains": DOMAINS, "mailboxes": [anna]}


@pytest.mark.parametrize(("provider", "authentication"), [(LDAP, "ldap"), (LDAP, "mailcow"), (NONE, "mailcow")])
def test_a_mailbox_goes_over_to_another_provider_in_one_apply(
    server: Server, provider: dict[str, Any], authentication: str
) -> None:
    manifest = with_anna(provider, authentication)
    server.apply(manifest)
    assert server.plan(manifest) == ()


def test_a_mailbox_that_goes_keeps_no_provider(server: Server) -> None:
    manifest = {"identity_provider": NONE, "domains": DOMAINS}
    server.apply(manifest)
    assert server.plan(manifest) == ()
    assert not list(server.simulator.state.table("mailbox"))


@pytest.mark.parametrize("authentication", ["keycloak", None])
def test_a_mailbox_that_stays_with_a_provider_keeps_it_and_the_plan_says_so(
    server: Server, authentication: str | None
) -> None:
    wanted = server.desired(with_anna(LDAP, authentication))
    live = server.read(wanted)
    options = PlanOptions(secret=lambda *_: None)
    found = diff(registry(), wanted, live, capabilities=server.capabilities, options=options)
    problems = check(registry(), wanted, live, found.changes, capabilities=server.capabilities, options=options)
    assert [(each.id, str(each.address)) for each in problems] == [
        ("change-refused", "identity_provider/identity_provider")
    ]


def test_nothing_lets_go_of_a_provider_that_stays(server: Server) -> None:
    server.apply(with_anna({**KEYCLOAK, "realm": "other"}, "mailcow"))
    assert [each.route for each in server.sent if each.route == "mailbox"] == ["mailbox"]
