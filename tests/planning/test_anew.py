"""Settings no server shows, on a server that is made anew."""

import pytest

from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.planning.anew import unsent_to_a_new_server
from tests.manifest.manifests import built
from tests.planning.states import NEW, OLD

NAMES = ("a.example", "b.example", "c.example", "d.example")
DECLARED = f"""
domains: [{", ".join(f"{{name: {name}}}" for name in NAMES)}]
fail2ban: {{ban_time: 1h}}
cors: {{allowed_methods: [GET]}}
"""


def _made(*addresses: Address) -> list[Change]:
    return [Change(Action.CREATE, address, (), Reason.MISSING) for address in addresses]


DOMAINS = _made(*(Address("domain", name) for name in NAMES))


@pytest.mark.parametrize(("missing", "told"), [(2, False), (3, True), (4, True)])
def test_only_what_no_server_shows_is_named_and_only_where_most_is_missing(missing: int, told: bool) -> None:
    found = unsent_to_a_new_server(registry(), built(DECLARED), DOMAINS[:missing], NEW)
    assert (found is not None) == told
    if found is not None:
        assert found.summary.endswith(": `cors`")
        assert found.hint == "to send them: --resend 'cors/*#*'"


def test_what_is_sent_or_is_unknown_to_the_server_is_not_named() -> None:
    sent = [*DOMAINS, Change(Action.UPDATE, Address("cors", "cors"), (), Reason.RESEND)]
    assert unsent_to_a_new_server(registry(), built(DECLARED), sent, NEW) is None
    assert unsent_to_a_new_server(registry(), built(DECLARED), DOMAINS, OLD) is None
