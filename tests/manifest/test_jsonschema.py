import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.files import Source, find
from reconciler.manifest.jsonschema import manifest_schema, schema_text
from reconciler.manifest.reading import read
from reconciler.manifest.values import read_values
from tests.manifest.manifests import document
from tests.manifest.test_build import SAMPLE

ROOT = Path(__file__).parents[2]
SCHEMA = manifest_schema(registry())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_published_schema_is_what_the_kinds_say() -> None:
    assert (ROOT / "schemas" / "manifest.schema.json").read_text(encoding="utf-8") == schema_text(registry()), (
        "run `reconciler schema --out schemas`"
    )


def test_the_sample_is_accepted() -> None:
    VALIDATOR.validate(document(SAMPLE).value)


@pytest.mark.parametrize(
    ("example", "values"),
    [
        ("small-office", []),
        ("many-domains/manifests", ["common", "staging"]),
        ("many-domains/manifests", ["common", "production"]),
    ],
)
def test_every_example_is_right_and_accepted(example: str, values: list[str]) -> None:
    folder = ROOT / "examples" / example
    files = [folder.parent / "values" / f"{name}.yaml" for name in values]
    known = read_values([Source(file.name, file) for file in files], [])
    reading = read(find(["."], start=folder), values=known)
    assert len(build(reading.manifests, registry(), earlier=reading.findings)) >= 10
    for manifest in reading.manifests:
        for each in (manifest.document, *manifest.defaults):
            VALIDATOR.validate(each.value)


ACCEPTED: list[Any] = [
    {},
    {"mailboxes": [{"address": "anna", "lifecycle": {"ignore": ["quota"], "prevent_delete": True}}]},
    {"mailboxes": [{"address": "anna", "initial": {"password": {"generate": True}}, "mode": "additive"}]},
    {"defaults": {"aliases": {"to": ["anna"], "initial": {"state": "off"}}}},
    {"aliases": [{"catch_all": "acme.example", "to": "discard"}]},
    {"removed": [{"mailbox": "dora", "step": "no-login", "delete_after": "2026-12-31"}, {"alias": "info"}]},
    {"removed": [{"bcc_map": {"for": "acme.example", "direction": "outgoing"}}, {"alias": {"catch_all": "x.example"}}]},
    {"moved": [{"mailbox": {"from": "a", "to": "b"}, "keep_alias": True}]},
]
REFUSED: list[Any] = [
    [],
    {"mailbox": []},
    {"mailboxes": {}},
    {"mailboxes": None},
    {"mailboxes": [{}]},
    {"mailboxes": [{"address": "anna", "quotta": "5GiB"}]},
    {"mailboxes": [{"address": "anna", "quota": 5}]},
    {"mailboxes": [{"address": "anna", "quota": "5GB"}]},
    {"mailboxes": [{"address": "anna", "quota": None}]},
    {"mailboxes": [{"address": "anna", "state": "paused"}]},
    {"mailboxes": [{"address": "anna", "imap": "yes"}]},
    {"mailboxes": [{"address": "anna", "password": "hunter2"}]},
    {"mailboxes": [{"address": "anna", "password": {"enw": "X"}}]},
    {"mailboxes": [{"address": "anna", "initial": {"address": "ben"}}]},
    {"mailboxes": [{"address": "anna", "initial": {"quotta": "5GiB"}}]},
    {"mailboxes": [{"address": "anna", "lifecycle": {"ignore": ["quotta"]}}]},
    {"relayhosts": [{"host": "smtp.example", "template": "Default"}]},
    {"aliases": [{"to": ["anna"]}]},
    {"aliases": [{"address": "a", "catch_all": "acme.example", "to": ["anna"]}]},
    {"aliases": [{"address": "a", "to": "anna"}]},
    {"aliases": [{"address": "a", "to": []}]},
    {"defaults": {"mailboxes": {"colour": "red"}}},
    {"defaults": {"widgets": {}}},
    {"removed": [{"mailbox": "dora", "step": "gone"}]},
    {"removed": [{"mailbox": "dora", "delete_after": "2026-12-31"}]},
    {"removed": [{"mailbox": "dora", "step": "off", "delete_after": "31.12.2026"}]},
    {"removed": [{"mailboxes": "dora"}]},
    {"moved": [{"domain": {"from": "a", "to": "b"}}]},
    {"moved": [{"mailbox": {"from": "a"}}]},
]


@pytest.mark.parametrize("manifest", ACCEPTED, ids=str)
def test_what_a_manifest_may_say_is_accepted(manifest: Any) -> None:
    VALIDATOR.validate(manifest)


@pytest.mark.parametrize("manifest", REFUSED, ids=str)
def test_what_a_manifest_may_not_say_is_refused(manifest: Any) -> None:
    assert not VALIDATOR.is_valid(manifest)


@pytest.mark.parametrize("kind", registry().values(), ids=registry())
def test_every_field_is_explained_to_editors(kind: Any) -> None:
    described = SCHEMA["$defs"][kind.name]
    assert described["description"] == kind.about
    for name, field in kind.fields.items():
        text = described["properties"][name]["description"]
        assert text.startswith(field.mark.about)
        assert (f"Since mailcow {field.mark.since}." in text) == (field.mark.since is not None)
        assert ("The server does not show it." in text) == (not field.mark.read)


def test_the_text_is_json_for_people() -> None:
    text = schema_text(registry())
    assert json.loads(text) == json.loads(json.dumps(SCHEMA))
    assert text.endswith("}\n")
