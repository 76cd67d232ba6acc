"""What only the server refused, in the middle of an apply, is refused where it is written or planned."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.kinds import registry
from reconciler.spec.codec import Scope
from reconciler.spec.refusal import InvalidError
from tests.kinds.server import Server, refused

PASSWORD = {"password": {"env": "PASSWORD"}}
ANNA: Mapping[str, Any] = {"address": "anna@acme.example", "quota": "1GiB", "initial": PASSWORD}
ACME: Mapping[str, Any] = {"name": "acme.example"}


@pytest.fixture(params=["2022-01a", "2024-08a", "2026-07a"])
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param)


def is_accepted(kind_name: str, field: str, value: Any) -> bool:
    try:
        registry()[kind_name].read_some({field: value}, Scope())
    except InvalidError:
        return False
    return True


@pytest.mark.parametrize("host", ["mail_1.acme.example", "-mail.acme.example", "0", "*", "m*.acme.example", "a..b", ""])
def test_what_is_no_host_is_no_mail_exchanger(host: str) -> None:
    assert not is_accepted("domain", "mta_sts", {"mode": "testing", "mx": [host]})


def test_mail_exchangers_are_stored_as_servers_look_them_up() -> None:
    server = Server("2026-07a")
    hosts = ["Mail.ACME.example", "*.acme.example", "*.bücher.example"]
    server.apply_first({"domains": [{**ACME, "mta_sts": {"mode": "testing", "mx": hosts}}]})
    (row,) = server.simulator.state.table("mta_sts")
    assert row["mx"] == "*.acme.example,*.xn--bcher-kva.example,mail.acme.example"


def test_nobody_sends_from_outside_as_a_domain_of_this_server(server: Server) -> None:
    alias_domain = {"name": "acme-mail.example", "target": "acme.example"}
    server.apply({"domains": [ACME, {"name": "other.example"}], "alias_domains": [alias_domain]})
    server.base = None
    for external in ("boss@other.example", "@acme-mail.example", "boss@acme.example"):
        manifest = {"mailboxes": [{**ANNA, "external_send_as": [external]}]}
        assert refused(server, manifest) == ["change-refused"]


def test_a_throw_away_address_is_in_a_domain_that_stands_for_the_mailboxes_own() -> None:
    server = Server("2026-07a")
    town = {
        "domains": [ACME, {"name": "other.example"}],
        "mailboxes": [ANNA],
        "alias_domains": [{"name": "acme-mail.example", "target": "acme.example"}],
    }
    server.apply(town)
    address = {"mailbox": "anna@acme.example", "description": "Fair"}
    for domain in ("other.example", "nowhere.example"):
        manifest = {**town, "time_limited_aliases": [{**address, "domain": domain}]}
        assert refused(server, manifest) == ["change-refused"]
    server.apply({**town, "time_limited_aliases": [{**address, "domain": "acme-mail.example"}]})
