from collections.abc import Mapping

from reconciler.kinds import registry
from reconciler.model.address import Address
from reconciler.model.resource import Declared, Place
from reconciler.model.state import DesiredState, Relocation, Removal
from reconciler.remote.wanted import listed_fields, wanted_by, wanted_of

PLACE = Place("mail.yaml", ())


def desired(*resources: tuple[str, str, Mapping[str, object]], **more: tuple[object, ...]) -> DesiredState:
    found: dict[str, dict[str, Declared]] = {}
    for kind, key, values in resources:
        found.setdefault(kind, {})[key] = Declared(Address(kind, key), values, PLACE)
    return DesiredState(found, **more)  # type: ignore[arg-type]


def test_what_is_declared_and_where_it_lives_is_wanted() -> None:
    wanted = wanted_by(desired(("mailbox", "anna@a.example", {"address": "anna@a.example"})), registry())
    assert wanted.fields == {
        "domain": listed_fields(registry()["domain"]),
        "mailbox": listed_fields(registry()["mailbox"]),
    }
    assert wanted.declared == {}


def test_what_is_referred_to_is_wanted() -> None:
    state = desired(("alias_domain", "b.example", {"name": "b.example", "target": "a.example"}))
    assert wanted_by(state, registry()).fields.keys() == {"domain", "alias_domain"}


def test_what_another_list_shows_is_wanted_only_where_it_is_declared() -> None:
    plain = ("mailbox", "anna@a.example", {"name": "Anna"})
    limited = ("mailbox", "ben@a.example", {"rate_limit": "10/h"})
    assert "rate_limit" not in wanted_by(desired(plain), registry()).fields["mailbox"]
    wanted = wanted_by(desired(plain, limited), registry())
    assert "rate_limit" in wanted.fields["mailbox"]
    assert wanted.details == {("mailbox", "rate_limit"): {"ben@a.example"}}


def test_what_is_removed_moved_or_in_scope_is_wanted() -> None:
    state = desired(
        removals=(Removal(Address("bcc_map", "outgoing:a.example"), PLACE),),
        relocations=(Relocation(Address("mailbox", "a@a.example"), Address("mailbox", "b@a.example"), PLACE),),
    )
    wanted = wanted_by(state, registry(), also=("transport",))
    assert wanted.fields.keys() == {"bcc_map", "mailbox", "transport", "domain", "alias_domain"}


def test_looking_again_is_narrowed_only_where_every_key_names_a_domain() -> None:
    kinds = registry()
    assert wanted_of([Address("mailbox", "a@a.example"), Address("alias", "@b.example")], kinds).domains == (
        "a.example",
        "b.example",
    )
    assert wanted_of([Address("mailbox", "a@a.example"), Address("relayhost", "smtp")], kinds).domains is None
    assert kinds["bcc_map"].domain_of_key("outgoing:a.example") is None
