"""Every kind with every field: sent to servers of each age, read back, changed field by field, and deleted."""

from itertools import zip_longest

import pytest

from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.change import Action
from tests.kinds.samples import payloads, whole_manifest
from tests.kinds.server import Server, changed, told

VERSIONS = ("2022-01a", "2024-08a", "2026-07a")

Mutation = tuple[str, dict[str, object]]


def rounds() -> list[list[Mutation]]:
    """The mutations of all kinds, one of each kind in a round."""
    by_kind = [[(name, each) for each in payloads(name)["mutations"]] for name in registry()]
    return [[each for each in chosen if each is not None] for chosen in zip_longest(*by_kind)]


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_converges_in_one_apply_and_each_field_of_it_by_itself(version: str) -> None:
    server = Server(version)
    manifest = whole_manifest()
    server.apply_first(manifest)
    assert told(server.plan(manifest)) == []

    for mutations in rounds():
        mutated, expected = manifest, set()
        for name, fields in mutations:
            kind = registry()[name]
            mutated = changed(mutated, kind.plural, 0, **fields)
            if server.capabilities.knows(kind.since):
                address = next(iter(server.desired(mutated).of(name).values())).address
                known = {each for each in fields if kind.fields[each].supported(server.capabilities)}
                expected |= {(address, each) for each in known}
        changes = server.apply(mutated)
        assert {change.action for change in changes} <= {Action.UPDATE}
        assert expected <= {(change.address, each.name) for change in changes for each in change.fields}
        assert told(server.plan(mutated)) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_can_be_deleted_in_one_apply(version: str) -> None:
    fresh = Server(version)
    everything = frozenset(name for name, kind in registry().items() if kind.sources)
    before = fresh.read(fresh.desired({}), everything).resources
    server = Server(version)
    server.apply_first(whole_manifest())

    server.apply({})

    server.base = None
    left = server.read(server.desired({}), everything).resources
    kept = {name for name, kind in registry().items() if kind.singleton}
    assert {name: set(found) for name, found in left.items() if name not in kept} == {
        name: set(found) for name, found in before.items() if name not in kept
    }


def test_a_fresh_server_is_described_by_nothing_but_its_first_administrator_and_templates() -> None:
    server = Server("2026-07a")
    everything = frozenset(name for name, kind in registry().items() if kind.sources)
    found = server.read(server.desired({}), everything).resources
    addresses = {
        each.address for kind in found.values() for each in kind.values() if not registry()[each.address.kind].singleton
    }
    assert addresses == {
        Address("admin", "admin"),
        Address("domain_template", "Default"),
        Address("mailbox_template", "Default"),
    }


@pytest.mark.parametrize("number", range(3))
def test_every_identity_provider_can_be_had_and_be_taken_away(number: int) -> None:
    server = Server("2026-07a")
    declared = {"identity_provider": payloads("identity_provider")["entries"][number]}
    server.apply(declared)
    assert server.plan(declared) == ()
    server.apply({"identity_provider": {"provider": "none"}})
    assert server.plan({"identity_provider": {"provider": "none"}}) == ()
    assert server.apply(declared)
