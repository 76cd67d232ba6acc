"""What PHP takes for nothing is refused where mailcow must be told something."""

from __future__ import annotations

import pytest

from reconciler.kinds import registry
from reconciler.spec.codec import Scope
from reconciler.spec.refusal import InvalidError

NAMES = (
    ("domain_template", "name"),
    ("identity_provider", "host"),
    ("identity_provider", "username_field"),
    ("mailbox_template", "name"),
    ("relayhost", "host"),
    ("sieve_filter", "description"),
    ("tls_policy", "destination"),
    ("transport", "destination"),
    ("transport", "nexthop"),
)


@pytest.mark.parametrize(("kind", "field"), NAMES)
def test_a_zero_is_no_name(kind: str, field: str) -> None:
    with pytest.raises(InvalidError):
        registry()[kind].read_some({field: "0"}, Scope())


@pytest.mark.parametrize(("kind", "field"), NAMES)
@pytest.mark.parametrize("name", ["00", "0.example", "a0"])
def test_a_name_that_begins_with_a_zero_is_one(kind: str, field: str, name: str) -> None:
    assert registry()[kind].read_some({field: name}, Scope()) == {field: name}
