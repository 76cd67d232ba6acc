"""Forwarding hosts whose names lead to the same address, of which the server keeps one."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Welcome
from tests.acceptance.person import VERSIONS

HOSTS = "WHITELISTED_FWD_HOST"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("first", ["", "partner.example", "192.0.2.1"])
def test_two_names_of_one_address_never_pass_for_converged(welcome: Welcome, version: str, first: str) -> None:
    person = welcome(version)
    person.simulator.server.names |= {"partner.example": ("192.0.2.1",), "relay.example": ("192.0.2.1",)}
    if first:
        person.writes("mail.yaml", f"forwarding_hosts: [{{host: {first}}}]\n")
        assert person.types("apply", "mail.yaml", "--auto-approve").code == 0
    both = ", ".join(f"{{host: {each}}}" for each in (first or "partner.example", "relay.example"))
    person.writes("mail.yaml", f"forwarding_hosts: [{both}]\n")
    codes = []
    for _ in range(2):
        ended = person.types("apply", "mail.yaml", "--auto-approve")
        codes.append(ended.code)
        lost = {first or "partner.example", "relay.example"} - {*person.simulator.state.redis.hash(HOSTS).values()}
        assert f"forwarding_host/{lost.pop()}" in ended.out + ended.err
        why, where = ("same address", ended.out) if ended.code == 6 else ("one name for an address", ended.err)
        assert why in where
    assert codes == ([6, 3] if first == "192.0.2.1" else [6, 6])
