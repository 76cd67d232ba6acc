import pytest

from reconciler.manifest.text import Position, SourceText, decode, refuse_control_characters
from reconciler.model.diagnostic import Origin
from tests.manifest.told import ids, places, told


def test_a_byte_order_mark_and_the_way_lines_end_mean_nothing() -> None:
    assert decode(b"\xef\xbb\xbfa: 1\r\nb: 2\rc: 3\n", "m.yaml").text == "a: 1\nb: 2\nc: 3\n"


def test_bytes_that_are_not_utf8_are_refused_where_they_stand() -> None:
    found = told(lambda: decode("a: 1\nname: Jürgen é".encode() + b"\xfc\n", "m.yaml"))
    assert places(found) == [("yaml-encoding", 2, 15)]


@pytest.mark.parametrize(
    ("text", "encoding", "finding"),
    [
        ("a: ü\n", "utf-16", "yaml-encoding"),
        ("a: ü\n", "utf-16-le", "yaml-encoding"),
        ("a: u\n", "utf-16-le", "yaml-control-character"),
        ("a: u\n", "utf-16-be", "yaml-control-character"),
    ],
)
def test_utf16_is_refused(text: str, encoding: str, finding: str) -> None:
    assert ids(told(lambda: refuse_control_characters(decode(text.encode(encoding), "m.yaml")))) == [finding]


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff", "\uffff"])
def test_a_character_nobody_sees_is_refused_where_it_stands(character: str) -> None:
    (found,) = told(lambda: refuse_control_characters(SourceText("m.yaml", f"a: 1\nbb: x{character}y\n")))
    assert (found.id, found.origin) == ("yaml-control-character", Origin("m.yaml", 2, 6))
    assert f"U+{ord(character):04X}" in found.summary


def test_only_a_rendered_text_brings_its_line() -> None:
    text = "a: 1\nb: 2\n"
    assert SourceText("m", text).origin(Position(2, 1)) == Origin("m", 2, 1)
    assert SourceText("m", text, rendered=True).origin(Position(2, 1)) == Origin("m", 2, 1, "b: 2")
    assert SourceText("m", text, rendered=True).origin(Position(9, 1)).excerpt == ""


def test_a_long_line_is_cut_around_the_place() -> None:
    excerpt = SourceText("m", "x" * 500 + "HERE" + "y" * 500, rendered=True).origin(Position(1, 501)).excerpt
    assert excerpt is not None
    assert "HERE" in excerpt
    assert len(excerpt) < 130
    assert excerpt.startswith("…")
    assert excerpt.endswith("…")


@pytest.mark.parametrize(
    "line",
    [
        "  password: hunter2",
        "  - {address: anna, password: hunter2}",
        '"api_key": hunter2',
        "initial: {password: hunter2",
        "SECRET: 'hunter2'",
    ],
)
def test_an_excerpt_never_shows_what_stands_after_a_secrets_name(line: str) -> None:
    origin = SourceText("m", line, rendered=True).origin(Position(1, len(line)))
    assert "hunter2" not in str(origin.excerpt)
