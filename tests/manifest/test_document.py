from typing import NoReturn

import pytest

from reconciler.errors import ManifestError
from reconciler.manifest.document import parse
from reconciler.manifest.text import Position, SourceText
from reconciler.model.diagnostic import Origin
from tests.manifest.told import ids, told

TEXT = "mailboxes:\n  - address: anna\n    quota: 5\n    password: hunter2\n"


def _findings(text: str, *, rendered: bool = False) -> list[str]:
    return ids(told(lambda: parse(SourceText("m.yaml", text, rendered))))


@pytest.mark.parametrize("text", ["", "# later\n", "---\n", "~\n"])
def test_a_manifest_that_says_nothing_is_refused(text: str) -> None:
    assert _findings(text) == ["manifest-empty"]
    assert _findings(text, rendered=True) == ["template-empty"]


def test_a_manifest_may_say_on_purpose_that_it_declares_nothing() -> None:
    assert parse(SourceText("m.yaml", "{}\n")).value == {}


@pytest.mark.parametrize(
    ("text", "found"), [("- a\n", "a list"), ("a\n", "text"), ("1\n", "a number"), ("no\n", "text")]
)
def test_a_manifest_is_a_mapping(text: str, found: str) -> None:
    (finding,) = told(lambda: parse(SourceText("m.yaml", text)))
    assert (finding.id, finding.origin) == ("manifest-not-a-mapping", Origin("m.yaml", 1, 1))
    assert found in finding.summary


def test_places_are_read_once_however_many_are_asked_for() -> None:
    read = []

    def again() -> SourceText:
        read.append(1)
        return SourceText("m.yaml", TEXT)

    document = parse(SourceText("m.yaml", TEXT), again=again)
    assert not read
    assert document.locate(("mailboxes", 0, "quota")) == Position(3, 12)
    assert document.locate(("mailboxes", 0, "quota"), key=True) == Position(3, 5)
    assert document.origin(("mailboxes", 0)) == Origin("m.yaml", 2, 5)
    assert len(read) == 1


@pytest.mark.parametrize("text", ["a: [", ""])
def test_a_file_that_changed_beyond_reading_has_no_places(text: str) -> None:
    document = parse(SourceText("m.yaml", TEXT), again=lambda: SourceText("m.yaml", text))
    assert document.locate(("mailboxes",)) is None
    assert document.origin(("mailboxes",)).file == "m.yaml"


def test_a_file_that_is_gone_has_no_places() -> None:
    def gone() -> NoReturn:
        raise ManifestError(())

    document = parse(SourceText("m.yaml", TEXT), again=gone)
    assert document.locate(("mailboxes",)) is None
    assert document.origin(("mailboxes",)) == Origin("m.yaml")


def test_a_template_shows_the_line_it_rendered_but_no_secret() -> None:
    document = parse(SourceText("m.yaml.j2", TEXT, rendered=True))
    assert document.origin(("mailboxes", 0, "quota")) == Origin("m.yaml.j2", 3, 12, "    quota: 5")
    assert document.origin(("mailboxes", 0, "password")) == Origin("m.yaml.j2", 4, 15)
