import pytest

from reconciler.model.address import Address
from reconciler.model.resource import Place
from reconciler.model.state import Relocation, Removal
from tests.manifest.manifests import built


def removals(text: str) -> tuple[Removal, ...]:
    return built(f"domain: acme.example\nremoved:\n  - {text}\n").removals


def test_a_removal_deletes_unless_it_says_otherwise() -> None:
    place = Place("m.yaml", ("removed", 0))
    assert removals("{mailbox: dora}") == (Removal(Address("mailbox", "dora@acme.example"), place),)
    assert removals("{mailbox: dora, step: no-login, delete_after: 2026-12-31}") == (
        Removal(Address("mailbox", "dora@acme.example"), place, "no-login", "2026-12-31"),
    )


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("{domain: Old.Example}", "domain/old.example"),
        ("{alias: Info}", "alias/info@acme.example"),
        ('{alias: "@acme.example"}', "alias/@acme.example"),
        ("{alias: {catch_all: acme.example}}", "alias/@acme.example"),
        ("{bcc_map: {for: acme.example, direction: outgoing}}", "bcc_map/outgoing:acme.example"),
        ('{bcc_map: "Outgoing:acme.example"}', "bcc_map/outgoing:acme.example"),
        ('{relayhost: "u@smtp.example:587"}', "relayhost/u@smtp.example:587"),
        ('{relayhost: {host: "smtp.example:587", username: u}}', "relayhost/u@smtp.example:587"),
        ('{relayhost: {host: "smtp.example:587"}}', "relayhost/smtp.example:587"),
        ('{relayhost: {host: "smtp.example:587", nth: 2}}', "relayhost/smtp.example:587#2"),
        ('{oauth2_client: {redirect_uri: "https://a.example/", nth: 1}}', "oauth2_client/https://a.example/"),
        ('{oauth2_client: {redirect_uri: "https://a.example/", nth: 3}}', "oauth2_client/https://a.example/#3"),
    ],
)
def test_a_thing_that_goes_is_named_by_its_key(written: str, address: str) -> None:
    (removal,) = removals(written)
    assert str(removal.address) == address


@pytest.mark.parametrize("step", ["forget", "no-login", "off", "delete"])
def test_a_mailbox_goes_in_steps(step: str) -> None:
    assert removals(f"{{mailbox: dora, step: {step}}}")[0].step == step


def test_a_move_names_both_ends() -> None:
    state = built("domain: acme.example\nmoved: [{mailbox: {from: anna.alt, to: anna}, keep_alias: true}]")
    source, target = Address("mailbox", "anna.alt@acme.example"), Address("mailbox", "anna@acme.example")
    assert state.relocations == (Relocation(source, target, Place("m.yaml", ("moved", 0)), keep_alias=True),)


def test_the_end_of_a_move_may_be_declared() -> None:
    text = "domain: acme.example\nmailboxes: [{address: anna}]\nmoved: [{mailbox: {from: alt, to: anna}}]"
    assert len(built(text).relocations) == 1
