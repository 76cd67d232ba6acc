import pytest

from reconciler.kinds import registry
from reconciler.manifest.build import Manifest, build
from reconciler.model.resource import EntryOptions, Values
from tests.manifest.manifests import built, declared, document, only
from tests.manifest.told import files, places, told

ANNA = "mailboxes: [{address: anna@acme.example}]\n"


def values(text: str, folder: str = "") -> Values:
    return only(built(text, defaults=folder)).values


def options(text: str, folder: str = "") -> EntryOptions:
    return only(built(text, defaults=folder)).options


def test_an_inherited_field_is_managed_like_a_written_one() -> None:
    assert values("defaults: {mailboxes: {quota: 5GiB}}\n" + ANNA)["quota"] == "5GiB"


def test_the_nearer_default_wins_field_by_field() -> None:
    folder = "defaults: {mailboxes: {quota: 1GiB, imap: false, pop3: false}}"
    text = "defaults: {mailboxes: {imap: true}}\nmailboxes: [{address: anna@acme.example, pop3: true}]"
    assert values(text, folder) == {
        "address": "anna@acme.example",
        "quota": "1GiB",
        "imap": True,
        "pop3": True,
    }


def test_defaults_of_one_kind_are_not_those_of_another() -> None:
    text = "defaults: {mailboxes: {quota: 5GiB}}\naliases: [{address: a@acme.example, to: discard}]"
    assert "quota" not in values(text)


def test_initial_fields_are_inherited_one_by_one() -> None:
    text = "defaults: {mailboxes: {initial: {quota: 5GiB, imap: false}}}\n"
    entry = "mailboxes: [{address: anna@acme.example, initial: {imap: true}}]"
    assert options(text + entry).initial == {"quota": "5GiB", "imap": True}


def test_a_field_that_an_entry_manages_is_no_longer_an_initial_one() -> None:
    text = "defaults: {mailboxes: {initial: {quota: 5GiB, imap: false}}}\n"
    entry = only(built(text + "mailboxes: [{address: anna@acme.example, quota: 1GiB}]"))
    assert entry.options.initial == {"imap": False}
    assert entry.values["quota"] == "1GiB"


def test_a_field_that_an_entry_calls_initial_is_no_longer_a_managed_one() -> None:
    text = "defaults: {mailboxes: {quota: 5GiB}}\n"
    entry = only(built(text + "mailboxes: [{address: anna@acme.example, initial: {quota: 1GiB}}]"))
    assert entry.options.initial == {"quota": "1GiB"}
    assert "quota" not in entry.values


def test_how_entries_are_treated_is_inherited_word_by_word() -> None:
    text = "defaults: {mailboxes: {lifecycle: {prevent_delete: true}, mode: additive}}\n"
    found = options(text + "mailboxes: [{address: anna@acme.example, lifecycle: {ignore: [name]}}]")
    assert (found.prevent_delete, found.ignore, "tags" in found.additive) == (True, frozenset({"name"}), True)


def test_a_bare_local_part_in_a_folders_defaults_belongs_to_the_domain_of_the_file_that_inherits_it() -> None:
    folder = "defaults: {aliases: {to: [postmaster]}}"
    text = "domain: {}.example\naliases: [{{address: info}}]"
    state = built(text.format("one"), text.format("two"), defaults=folder)
    assert declared(state, "alias/info@one.example").values["to"] == ("postmaster@one.example",)
    assert declared(state, "alias/info@two.example").values["to"] == ("postmaster@two.example",)


def test_a_wrong_default_is_told_once_however_many_inherit_it() -> None:
    entries = "mailboxes: [{address: a@acme.example}, {address: b@acme.example}]"
    findings = told(lambda: built(f"defaults:\n  mailboxes: {{imap: no}}\n{entries}"))
    assert places(findings) == [("boolean-expected", 2, 21)]


def test_a_wrong_default_is_told_where_it_is_written() -> None:
    assert files(told(lambda: built(ANNA, defaults="defaults: {mailboxes: {quota: 5}}"))) == [
        ("unit-missing", "_defaults.yaml")
    ]


def test_a_wrong_default_is_told_also_when_nothing_inherits_it() -> None:
    assert files(told(lambda: built("defaults: {mailboxes: {quota: 5}}\naliases: []"))) == [("unit-missing", "m.yaml")]


@pytest.mark.parametrize("text", ["", "domain: acme.example\n"])
def test_defaults_of_a_file_that_declares_nothing_are_not_taken_for_its_folder_s(text: str) -> None:
    findings = told(lambda: built(text + "defaults: {mailboxes: {quota: 5GiB}}", ANNA))
    assert files(findings) == [("defaults-unused", "m.yaml")]
    assert "`_defaults.yaml`" in str(findings[0].hint)


def test_a_template_that_renders_no_entry_may_have_defaults_all_the_same() -> None:
    towns = document("defaults: {mailboxes: {quota: 5GiB}}", "towns.yaml.j2")
    assert not [*build([Manifest(towns)], registry())]


@pytest.mark.parametrize("text", ["mailboxes: []", "domain: acme.example", "removed: []"])
def test_a_file_of_defaults_holds_nothing_else(text: str) -> None:
    assert files(told(lambda: built("{}", defaults=text))) == [("defaults-only", "_defaults.yaml")]
