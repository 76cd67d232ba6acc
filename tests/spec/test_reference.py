"""What is told of the kinds, held against the kinds themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.kinds import registry
from reconciler.manifest.build import build
from reconciler.manifest.emit import emit
from reconciler.manifest.files import Source
from reconciler.manifest.reading import read
from reconciler.manifest.words import INITIAL
from reconciler.model.reference import Deletion, FieldReference, KindReference
from reconciler.model.state import DesiredState
from reconciler.spec.codec import Scope
from reconciler.spec.forms import described, example_of
from reconciler.spec.reference import References

KINDS = {each.name: each for each in References(registry(), INITIAL, emit).all()}
FIELDS = [(kind, field) for kind in KINDS.values() for field in kind.fields]


def _built(text: str) -> DesiredState:
    reading = read([Source("example.yaml", None, text.encode())], values={})
    return build(reading.manifests, registry(), earlier=reading.findings)


def test_every_kind_is_described_in_the_order_of_its_section() -> None:
    assert set(KINDS) == set(registry())
    assert [each.section for each in KINDS.values()] == sorted(kind.plural for kind in registry().values())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_example_of_a_kind_is_a_manifest_that_can_create_it(kind: KindReference) -> None:
    (declared,) = _built(kind.example)

    said = {**declared.options.initial, **declared.values}
    needed = registry()[kind.name].needed
    assert declared.address.kind == kind.name
    assert set(said) >= set(needed(said) if needed is not None else ())


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=[f"{kind.name}.{field.name}" for kind, field in FIELDS])
def test_the_example_of_a_field_is_accepted(kind: KindReference, field: FieldReference) -> None:
    declared = registry()[kind.name]
    if field.example is not None:
        declared.part_reader.validate_python({field.name: field.example}, context=Scope("acme.example"))
    else:
        assert "text" in field.form or "mapping" in field.form, "it could have an example"


def _texts(kind: KindReference) -> Iterator[str]:
    yield from filter(None, (kind.about, kind.more))
    for field in kind.fields:
        yield field.about


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_is_told_is_whole_sentences_of_one_line(kind: KindReference) -> None:
    for text in _texts(kind):
        assert text.endswith("."), text
        assert "\n" not in text
        assert "  " not in text


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=[f"{kind.name}.{field.name}" for kind, field in FIELDS])
def test_the_api_names_are_those_the_field_is_read_and_written_by(kind: KindReference, field: FieldReference) -> None:
    mark = registry()[kind.name].fields[field.name].mark

    verbs = {use.verb for use in field.api}
    assert ("get" in verbs) == field.readable == bool(mark.read)
    assert {"add", "edit"} & verbs or not (mark.add or mark.edit or mark.elements)
    assert field.form != "a value"


def test_what_deletes_is_what_the_kind_allows() -> None:
    assert {name: each.deletion for name, each in KINDS.items()} == {
        name: Deletion.NEVER if kind.routes.delete is None else Deletion.PROTECTED if kind.protected else Deletion.FREE
        for name, kind in registry().items()
    }


def test_a_list_that_is_written_element_by_element_names_each_way() -> None:
    tags = KINDS["domain"].field("tags")
    assert tags is not None
    assert [(use.verb, use.path) for use in tags.api][-1] == ("delete", "domain/tag/{handle}")


@pytest.mark.parametrize(
    ("schema", "words", "example"),
    [
        ({"type": "boolean"}, "`true` or `false`", True),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "a whole number from 1 to 5", 1),
        ({"type": "integer"}, "a whole number from 0 on", None),
        ({"type": "string"}, "text", None),
        ({"type": "string", "maxLength": 160}, "text of up to 160 characters", None),
        ({"type": "string", "examples": ["a", "b"]}, "text such as `a` or `b`", "a"),
        ({"enum": ["on", "off"]}, "one of `on`, `off`", "on"),
        ({"const": "none"}, "`none`", "none"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "a list, each one of `a`, `b`", ["a"]),
        ({"type": "array", "items": {"type": "string"}}, "a list, each text", None),
        ({"type": "object", "properties": {"a": {}, "b": {}}}, "a mapping of `a`, `b`", None),
        ({"type": "object"}, "texts by name", None),
        ({"anyOf": [{"const": "none"}, {"type": "number"}]}, "`none`, or a number", "none"),
        ({"type": "string", "description": "a size"}, "a size", None),
    ],
)
def test_a_schema_is_put_into_words(schema: dict[str, object], words: str, example: object) -> None:
    assert described(schema) == words
    assert example_of(schema) == example
