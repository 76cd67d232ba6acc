from collections.abc import Callable, Mapping
from dataclasses import replace

import jsonschema
import pytest

from reconciler.kinds import registry
from reconciler.manifest.build import Manifest, build
from reconciler.manifest.document import parse
from reconciler.manifest.dump import Dump, dump
from reconciler.manifest.jsonschema import manifest_schema
from reconciler.manifest.text import SourceText
from reconciler.model.address import Address
from reconciler.model.diagnostic import Severity
from reconciler.model.resource import Observed, Values
from reconciler.model.secret import Secret
from reconciler.model.state import DesiredState, LiveState
from reconciler.spec.codec import Codec
from reconciler.spec.mark import Owner
from tests.manifest.live import VERSIONS, live_state
from tests.work import growth

EVERY = pytest.mark.parametrize("every_field", [False, True], ids=["operator", "every-field"])
VERSION = pytest.mark.parametrize("version", VERSIONS)


def dumped(live: LiveState, *, every_field: bool = False) -> Dump:
    return dump(live, registry(), title="a server", every_field=every_field)


def declared_by(files: Mapping[str, str]) -> DesiredState:
    documents = {name: parse(SourceText(name, text)) for name, text in files.items()}
    shared = tuple(document for name, document in documents.items() if name == "_defaults.yaml")
    manifests = [Manifest(document, shared) for document in documents.values() if document not in shared]
    return build(manifests, registry())


def codec_of(kind: str, field: str) -> Codec:
    return registry()[kind].fields[field].codec


@EVERY
@VERSION
def test_what_is_written_declares_what_is_there(version: str, every_field: bool) -> None:
    live = live_state(version)
    found = dumped(live, every_field=every_field)
    desired = declared_by(found.files)
    there = {each.address for kind in live.resources.values() for each in kind.values()}
    assert {each.address for each in desired} == there
    for declared in desired:
        for name, value in declared.values.items():
            codec = codec_of(declared.address.kind, name)
            assert codec.sensitive or codec.same(value, live.value(declared.address, name))


@EVERY
@VERSION
def test_what_is_left_out_is_told(version: str, every_field: bool) -> None:
    live = live_state(version)
    found = dumped(live, every_field=every_field)
    desired = declared_by(found.files)
    told = {each.address for each in found.diagnostics if each.severity is Severity.WARNING}
    for declared in desired:
        observed = live.get(declared.address)
        assert observed is not None
        for name, field in registry()[declared.address.kind].fields.items():
            value = observed.values.get(name)
            wanted = field.mark.owner is Owner.OPERATOR or every_field
            if wanted and value and name not in declared.values:
                assert declared.address in told


@VERSION
def test_fields_of_other_owners_are_left_out_unless_asked_for(version: str) -> None:
    kinds = registry()
    for declared in declared_by(dumped(live_state(version)).files):
        for name in declared.values:
            field = kinds[declared.address.kind].fields[name]
            assert field.mark.owner is Owner.OPERATOR or field.required


@VERSION
def test_files_satisfy_the_schema_that_editors_use(version: str) -> None:
    validator = jsonschema.Draft202012Validator(manifest_schema(registry()))
    for name, text in dumped(live_state(version), every_field=True).files.items():
        validator.validate(parse(SourceText(name, text)).value)


@VERSION
def test_the_same_server_gives_the_same_files(version: str) -> None:
    live = live_state(version)
    backwards = {kind: dict(reversed(list(found.items()))) for kind, found in live.resources.items()}
    assert dumped(replace(live, resources=backwards)).files == dumped(live).files


def test_every_domain_has_a_file_with_what_stands_for_it() -> None:
    files = dumped(live_state("2026-07a")).files
    assert sorted(files) == [
        "_defaults.yaml",
        "domains/one.example.yaml",
        "domains/six.example.yaml",
        "domains/two.example.yaml",
        "domains/vier.example.yaml",
        "server.yaml",
    ]
    assert "@drei.example" in files["domains/six.example.yaml"]


def live(kind: str, *rows: Values) -> LiveState:
    observed = [Observed(registry()[kind].address_of(row), row) for row in rows]
    return LiveState({kind: {each.address.key: each for each in observed}})


def test_secrets_are_variables_to_be_supplied_and_never_shown() -> None:
    relayhost = {"host": "smtp.example:587", "username": "acme", "password": Secret("hunter2"), "state": "active"}
    found = dumped(live("relayhost", relayhost))
    assert "password: {env: RELAYHOST_ACME_SMTP_EXAMPLE_587_PASSWORD}" in found.files["server.yaml"]
    (note,) = found.diagnostics
    assert (note.id, note.severity, note.address) == (
        "secret-needed",
        Severity.NOTE,
        Address("relayhost", "acme@smtp.example:587"),
    )
    assert "hunter2" not in repr(found)


def test_an_empty_secret_is_none() -> None:
    found = dumped(live("relayhost", {"host": "smtp.example", "password": Secret("")}))
    assert found.diagnostics == ()
    assert "password" not in found.files["server.yaml"]


def test_secrets_whose_names_would_be_alike_are_told_apart() -> None:
    rows = [{"host": host, "password": Secret(host)} for host in ("a.example", "a-example")]
    files = dumped(live("relayhost", *rows)).files
    assert "{env: RELAYHOST_A_EXAMPLE_PASSWORD}" in files["server.yaml"]
    assert "{env: RELAYHOST_A_EXAMPLE_PASSWORD_2}" in files["server.yaml"]


def test_things_that_share_a_secret_on_the_server_share_its_name() -> None:
    rows = [
        {"destination": name, "nexthop": "[mx.example]:25", "username": "u", "password": Secret("x")}
        for name in ("a.example", "b.example")
    ]
    found = dumped(live("transport", *rows))
    assert found.files["server.yaml"].count("{env: TRANSPORT_MX_EXAMPLE_25_PASSWORD}") == 1
    assert len(found.diagnostics) == 1


def test_what_no_manifest_can_say_is_told_and_left_out() -> None:
    found = dumped(live("domain", {"name": "../../etc/passwd", "state": "active"}, {"name": "a.example", "state": "9"}))
    assert list(found.files) == ["domains/a.example.yaml"]
    assert [(each.id, str(each.address)) for each in found.diagnostics] == [
        ("export-impossible", "domain/../../etc/passwd"),
        ("export-left-out", "domain/a.example"),
    ]


SIEVE = {"mailbox": "a@a.example", "type": "prefilter", "description": "x", "script": "not sieve"}


@pytest.mark.parametrize(
    ("kind", "row", "told"),
    [
        ("sieve_filter", SIEVE, "export-impossible"),
        ("global_filter", {"prefilter": "keep;", "postfilter": "not sieve"}, "export-left-out"),
        ("domain", {"name": "a.example", "description": ""}, "export-left-out"),
        ("identity_provider", {"provider": "ldap", "port": 389, "realm": "of the last provider"}, "export-left-out"),
        ("identity_provider", {"provider": "of a version to come", "realm": "x"}, "export-left-out"),
        ("tls_policy", {"destination": "a.example"}, "export-impossible"),
    ],
)
def test_what_a_manifest_would_be_refused_for_is_told_and_left_out(kind: str, row: Values, told: str) -> None:
    found = dumped(live(kind, row), every_field=True)

    written = [each.address.kind for each in declared_by(found.files)]

    assert {each.id for each in found.diagnostics} == {told}
    assert written == ([] if told == "export-impossible" else [kind])


def test_a_secret_that_a_manifest_would_be_refused_for_is_not_asked_for() -> None:
    row = {"provider": "ldap", "port": 389, "client_secret": Secret("of the last provider")}

    found = dumped(live("identity_provider", row), every_field=True)

    assert "client_secret" not in found.files["server.yaml"]
    assert found.diagnostics == ()


def test_a_title_of_several_lines_stays_a_comment() -> None:
    text = dump(live("domain", {"name": "a.example"}), registry(), title="a\nmailboxes: []\n").files
    assert "mailboxes" not in parse(SourceText("x", text["domains/a.example.yaml"])).value


def test_several_with_one_key_are_written_with_their_numbers() -> None:
    first = Observed(Address("relayhost", "a.example"), {"host": "a.example", "state": "active"})
    second = replace(first, address=first.address.nth(2), values={"host": "a.example", "state": "off"})
    state = LiveState({"relayhost": {each.address.key: each for each in (first, second)}})
    declared = {each.address.key: each.options.nth for each in declared_by(dumped(state).files)}
    assert declared == {"a.example": 1, "a.example#2": 2}


@pytest.mark.parametrize("same", ["key", "variable"])
def test_four_times_as_many_alike_are_four_times_the_work(same: str) -> None:
    def dumping(number: int) -> Callable[[], object]:
        state = _alike(number, same)
        return lambda: dumped(state)

    assert growth(dumping, 100) < 1.1


def _alike(number: int, same: str) -> LiveState:
    """So many relayhosts that have one key, or keys of which names of variables show nothing."""
    names = ["a.example" if same == "key" else chr(0x4E00 + each) * 3 for each in range(number)]
    first = [Address("relayhost", name) for name in names]
    addresses = [each.nth(place) if same == "key" else each for place, each in enumerate(first, 1)]
    rows = [
        Observed(address, {"host": name, "state": "off", "password": Secret("x")})
        for name, address in zip(names, addresses, strict=True)
    ]
    return LiveState({"relayhost": {each.address.key: each for each in rows}})
