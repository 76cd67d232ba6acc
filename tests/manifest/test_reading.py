from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.manifest.contents import Contents
from reconciler.manifest.files import Source, find
from reconciler.manifest.reading import read
from tests.manifest.told import files, origin

Tree = Callable[..., tuple[Source, ...]]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    def write(**files: str) -> tuple[Source, ...]:
        for name, text in files.items():
            (tmp_path / name.replace("__", ".")).write_text(text, encoding="utf-8")
        return find(["."], start=tmp_path)

    return write


class Notes:
    """Knows every portion of texts, or none."""

    def __init__(self, contents: Contents | None = None) -> None:
        self.contents = contents
        self.asked: list[bytes] = []

    def recall(self, key: bytes) -> Contents | None:
        self.asked.append(key)
        return self.contents


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


def test_what_is_known_is_not_parsed_and_still_knows_its_places(tree: Tree) -> None:
    sources = tree(a__yaml="a:\n  b: 1\n", c__yaml__j2="c:\n  d: {{ x }}\n")
    reading = read(sources, values={"x": 2}, memory=Notes(Contents()))
    plain, rendered = (each.document for each in reading.manifests)
    assert all(each.portion is not None and each.portion.contents == Contents() for each in reading.manifests)
    assert str(plain.origin(("a", "b"))) == "a.yaml:2:6"
    assert rendered.origin(("c", "d")).excerpt == "  d: 2"
    assert rendered.value == {"c": {"d": 2}}


def test_texts_are_known_by_what_they_are_rendered_to_their_names_and_what_they_inherit(tree: Tree) -> None:
    def key(x: int, **texts: str) -> bytes:
        notes = Notes()
        read(tree(**texts), values={"x": x}, memory=notes)
        (asked,) = notes.asked
        return asked

    plain = {"a__yaml": "a: 1\n", "b__yaml__j2": "b: {{ x }}\n"}
    keys = [key(2, **plain), key(3, **plain), key(2, a__yaml="a: 2\n"), key(2, c__yaml="{}\n")]
    keys.append(key(2, _defaults__yaml="{}\n"))
    assert len(set(keys)) == 5
    assert key(2) == keys[-1]


def test_what_is_wrong_is_told_with_a_memory_too(tree: Tree) -> None:
    reading = read(tree(a__yaml="a: 1\na: 2\n", b__yaml="- x\n"), values={}, memory=Notes())
    assert (len(reading.findings), reading.manifests) == (2, ())
