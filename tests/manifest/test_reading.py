from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifest.files import Source, find
from reconciler.manifest.reading import read
from tests.manifest.told import files, origin

Tree = Callable[..., tuple[Source, ...]]
Known = dict[bytes, dict[str, Any]]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    def write(**files: str) -> tuple[Source, ...]:
        for name, text in files.items():
            (tmp_path / name.replace("__", ".")).write_text(text, encoding="utf-8")
        return find(["."], start=tmp_path)

    return write


class Notes:
    """A memory that only writes down what it is asked and told."""

    def __init__(self, known: Known | None = None) -> None:
        self.known = known or {}
        self.noted: Known = {}

    def recall(self, content: bytes) -> dict[str, Any] | None:
        return self.known.get(content)

    def note(self, content: bytes, value: dict[str, Any]) -> None:
        self.noted[content] = value


def test_documents_and_templates_are_read_with_the_defaults_around_them(tree: Tree) -> None:
    sources = tree(_defaults__yaml="defaults: {}\n", a__yaml="a: 1\n", b__yaml__j2="b: {{ x }}\n")
    reading = read(sources, values={"x": 2})
    assert [(each.document.name, each.document.value) for each in reading.manifests] == [
        ("a.yaml", {"a": 1}),
        ("b.yaml.j2", {"b": 2}),
    ]
    assert [[each.name for each in manifest.defaults] for manifest in reading.manifests] == [["_defaults.yaml"]] * 2
    assert reading.manifests[0].defaults[0] is reading.manifests[1].defaults[0]
    assert not reading.findings


def test_what_is_wrong_in_any_file_is_told_and_the_others_are_read(tree: Tree) -> None:
    sources = tree(
        _defaults__yaml="- wrong\n",
        a__yaml="a: [\n",
        b__yaml__j2="b: {{ missing }}\n",
        c__yaml="c: 1\n",
        d__yaml__j2="{# nothing #}\n",
        e__yaml__j2="{% if true %}\ne: 1\n  f: 2\n{% endif %}\n",
    )
    reading = read(sources, values={})
    assert [manifest.document.name for manifest in reading.manifests] == ["c.yaml"]
    assert files(reading.findings) == [
        ("manifest-not-a-mapping", "_defaults.yaml"),
        ("yaml-syntax", "a.yaml"),
        ("template-undefined", "b.yaml.j2"),
        ("template-empty", "d.yaml.j2"),
        ("yaml-syntax", "e.yaml.j2"),
    ]
    assert "f: 2" in (origin(reading.findings[-1]).excerpt or "")


def test_a_text_is_parsed_once_and_rendered_texts_are_remembered_as_rendered(tree: Tree) -> None:
    sources = tree(a__yaml="a: 1\n", b__yaml__j2="b: {{ x }}\n")
    first = Notes()
    read(sources, values={"x": 2}, memory=first)
    assert first.noted == {b"a: 1\n": {"a": 1}, b"b: 2\n": {"b": 2}}
    known = Notes({b"a: 1\n": {"from": "memory"}, b"b: 2\n": {"also": "remembered"}})
    reading = read(sources, values={"x": 2}, memory=known)
    assert [each.document.value for each in reading.manifests] == [{"from": "memory"}, {"also": "remembered"}]
    assert not known.noted
    assert read(sources, values={"x": 3}, memory=known).manifests[1].document.value == {"b": 3}


def test_what_is_remembered_still_knows_its_places(tree: Tree) -> None:
    sources = tree(a__yaml="a:\n  b: 1\n", c__yaml__j2="c:\n  d: {{ x }}\n")
    known = Notes({b"a:\n  b: 1\n": {"a": {"b": 1}}, b"c:\n  d: 2\n": {"c": {"d": 2}}})
    plain, rendered = (each.document for each in read(sources, values={"x": 2}, memory=known).manifests)
    assert str(plain.origin(("a", "b"))) == "a.yaml:2:6"
    assert rendered.origin(("c", "d")).excerpt == "  d: 2"


def test_nothing_wrong_is_remembered(tree: Tree) -> None:
    notes = Notes()
    read(tree(a__yaml="a: 1\na: 2\n", b__yaml="- x\n"), values={}, memory=notes)
    assert not notes.noted
