from collections.abc import Callable
from typing import Any

import pytest

from reconciler.errors import ManifestError
from reconciler.kinds import registry
from reconciler.manifest.build import Manifest, build
from reconciler.manifest.words import lists_of
from reconciler.model.diagnostic import Origin, error
from reconciler.model.resource import PLAIN, Place
from reconciler.model.secret import SecretSource, SourceKind
from reconciler.model.state import DesiredState
from tests.manifest.manifests import built, declared, document, only
from tests.manifest.told import ids, told
from tests.work import growth

SAMPLE = """
domain: acme.example
defaults:
  mailboxes: {quota: 5GiB, initial: {password: {generate: true}, force_password_change: true}}
domains:
  - {name: acme.example, max_mailboxes: 20, max_total_quota: 100GiB, relayhost: "smtp.example:587"}
mailboxes:
  - {address: anna, name: Anna, quota: 20GiB}
  - {address: scanner, state: no-login}
aliases:
  - {address: Sales, to: [ben, anna, crm@elsewhere.example]}
  - {address: noreply, to: discard}
  - {catch_all: acme.example, to: [anna]}
relayhosts:
  - {host: "smtp.example:587", username: acme, password: {env: SMTP_ACME}}
"""


@pytest.fixture(scope="module")
def sample() -> DesiredState:
    return built(SAMPLE)


def test_a_manifest_declares_what_is_written_in_canonical_form(sample: DesiredState) -> None:
    assert len(sample) == 7
    assert declared(sample, "domain/acme.example").values == {
        "name": "acme.example",
        "max_mailboxes": 20,
        "max_total_quota": "100GiB",
        "relayhost": "acme@smtp.example:587",
    }
    assert declared(sample, "alias/noreply@acme.example").values["to"] == "discard"
    assert declared(sample, "relayhost/acme@smtp.example:587").values["password"] == SecretSource(
        SourceKind.ENV, ("SMTP_ACME",)
    )


def test_a_bare_local_part_belongs_to_the_domain_of_its_file(sample: DesiredState) -> None:
    assert declared(sample, "alias/sales@acme.example").values == {
        "address": "Sales@acme.example",
        "to": ("anna@acme.example", "ben@acme.example", "crm@elsewhere.example"),
    }


def test_a_catch_all_is_the_alias_of_its_whole_domain(sample: DesiredState) -> None:
    assert declared(sample, "alias/@acme.example").values["address"] == "@acme.example"


def test_every_resource_knows_its_file_and_its_place_in_it(sample: DesiredState) -> None:
    assert declared(sample, "mailbox/scanner@acme.example").place == Place("m.yaml", ("mailboxes", 1))


def test_resources_come_in_the_order_they_are_created(sample: DesiredState) -> None:
    order = list(registry())
    kinds = list(sample.resources)
    assert kinds == sorted(kinds, key=order.index)


def test_an_entry_that_says_nothing_special_has_the_plain_options() -> None:
    assert only(built("domains: [{name: acme.example}]")).options is PLAIN


def test_files_add_up_to_one_state() -> None:
    state = built("domains: [{name: a.example}]", "domains: [{name: b.example}]", "{}")
    assert list(state.of("domain")) == ["a.example", "b.example"]


def test_a_document_is_not_changed_by_building() -> None:
    text = document(SAMPLE)
    before = repr(text.value)
    build([Manifest(text)], registry())
    assert repr(text.value) == before


def test_what_reading_found_is_told_together_with_what_building_finds() -> None:
    earlier = error("yaml-broken", "cannot be read", origin=Origin("broken.yaml", 1, 1))
    wrong = Manifest(document("widgets: []"))
    assert ids(told(lambda: build([wrong], registry(), earlier=[earlier]))) == ["yaml-broken", "kind-unknown"]


def test_what_reading_found_stops_the_run_also_when_the_rest_is_right() -> None:
    earlier = error("yaml-broken", "cannot be read", origin=Origin("broken.yaml", 1, 1))
    assert told(lambda: build([], registry(), earlier=[earlier])) == (earlier,)


def test_findings_beyond_what_anyone_reads_are_counted() -> None:
    entries = "\n".join(f"  - {{address: a{number}@acme.example, quota: {number}}}" for number in range(1000))
    *shown, rest = told(lambda: built(f"mailboxes:\n{entries}\n"))
    assert len(shown) == 200
    assert rest.id == "findings-omitted"
    assert "800" in rest.summary


def test_a_secret_that_is_written_out_is_never_repeated() -> None:
    (finding,) = told(lambda: built("mailboxes: [{address: anna@acme.example, password: hunter2}]"))
    assert "hunter2" not in repr(finding)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("lifecycle: {prevent_delete: true}", {"prevent_delete": True}),
        ("lifecycle: {ignore: [name, quota]}", {"ignore": frozenset({"name", "quota"})}),
        ("mode: additive", {"additive": lists_of(registry()["mailbox"])}),
        ("mode: authoritative", {"additive": frozenset()}),
        ("initial: {quota: 1024MiB, tags: [b, a]}", {"initial": {"quota": "1GiB", "tags": ("a", "b")}}),
    ],
)
def test_an_entry_says_how_it_is_to_be_treated(words: str, expected: dict[str, Any]) -> None:
    options = only(built(f"mailboxes: [{{address: anna@acme.example, {words}}}]")).options
    assert {name: getattr(options, name) for name in expected} == expected


def test_an_initial_value_is_not_a_managed_one() -> None:
    assert "quota" not in only(built("mailboxes: [{address: a@acme.example, initial: {quota: 1GiB}}]")).values


@pytest.mark.parametrize("where", ["relayhost: one.example", "initial: {relayhost: one.example}"])
def test_a_reference_that_leaves_the_user_out_means_the_only_relayhost_there(where: str) -> None:
    state = built(
        f"""
        mailboxes: [{{address: anna@acme.example, {where}}}]
        relayhosts: [{{host: one.example, username: u}}, {{host: two.example, username: u}}]
        """
    )
    mailbox = declared(state, "mailbox/anna@acme.example")
    assert {**mailbox.values, **mailbox.options.initial}["relayhost"] == "u@one.example"


def test_a_reference_to_what_is_not_declared_is_left_for_the_server_to_know() -> None:
    state = built("mailboxes: [{address: a@acme.example, relayhost: other.example}]\nrelayhosts: [{host: one.example}]")
    assert declared(state, "mailbox/a@acme.example").values["relayhost"] == "other.example"


def test_an_exact_key_is_never_taken_for_a_short_one() -> None:
    state = built(
        """
        mailboxes: [{address: anna@acme.example, relayhost: one.example}]
        relayhosts: [{host: one.example, username: u}, {host: one.example}]
        """
    )
    assert declared(state, "mailbox/anna@acme.example").values["relayhost"] == "one.example"


def _ambiguous(number: int) -> str:
    """So many mailboxes that name a relayhost by what as many have in common."""
    mailboxes = "".join(f"  - {{address: m{each}@acme.example, relayhost: one.example}}\n" for each in range(number))
    relayhosts = "".join(f"  - {{host: one.example, username: u{each}}}\n" for each in range(number))
    return f"mailboxes:\n{mailboxes}relayhosts:\n{relayhosts}"


def test_of_many_that_a_short_reference_may_mean_a_few_are_named() -> None:
    found = told(lambda: built(_ambiguous(7)))[0]
    assert found.summary == "`one.example` may mean 7 of them"
    names = ", ".join(f"u{each}@one.example" for each in range(5))
    assert found.hint == f"write one of: {names} and 2 more"
    assert [each.line for each in found.related] == [10, 11, 12, 13, 14]


def test_four_times_as_many_short_references_to_as_many_are_four_times_the_work() -> None:
    def building(number: int) -> Callable[[], object]:
        text = _ambiguous(number)
        return lambda: told(lambda: built(text))

    assert growth(building, 50) < 1.1


def test_a_right_entry_among_wrong_ones_still_collides() -> None:
    findings = told(
        lambda: built(
            """
            mailboxes:
              - {address: a@acme.example}
              - {address: b@acme.example, quota: 5}
              - {address: a@acme.example}
            """
        )
    )
    assert ids(findings) == ["unit-missing", "address-duplicate"]


@pytest.mark.parametrize("section", ["domains: []", "removed: []", "defaults: {}", "domain: acme.example"])
def test_sections_may_be_empty(section: str) -> None:
    assert len(built(section)) == 0


def test_nothing_declared_is_an_empty_state() -> None:
    assert build([], registry()) == DesiredState({})


def test_a_wrong_manifest_ends_with_its_exit_code() -> None:
    with pytest.raises(ManifestError) as raised:
        built("mailboxes: [{}]")
    assert raised.value.exit_code == 3
