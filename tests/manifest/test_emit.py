from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest.document import parse
from reconciler.manifest.emit import comment, emit, word
from reconciler.manifest.text import SourceText

MISREAD = [
    *("yes", "No", "on", "OFF", "y", "N", "true", "False", "null", "~", ""),
    *("1", "0123", "-7", "1_000", "0x1f", "0o17", "1.5", "1e3", "+.inf", ".nan", "22:22:22", "190:20:30.15"),
    *("2026-12-31", "2001-12-14t21:59:43.10-05:00", "<<", "=", "- a", "-", "?", ": a", "a: b", "a:", "a #b", "#a"),
    *("&a", "*a", "!a", "|", ">", "'a", '"a', "%a", "@acme.example", "`a`", "[a", "]a", "{a", "}a", ",a"),
    *(" a", "a ", "a\nb", "a\tb", "\u0085", "\u2028", "\x7f", "---", "..."),
]
PLAIN = [
    "anna",
    "Anna Example",
    "anna@acme.example",
    "smtp.example:587",
    "5GiB",
    "500/h",
    "ü & <b>",
    "a-b",
    "x,y",
    "[x]",
]


@pytest.mark.parametrize("text", MISREAD)
def test_what_some_reader_would_take_for_more_is_quoted(text: str) -> None:
    assert word(text).startswith('"')


@pytest.mark.parametrize("text", PLAIN[:-1])
def test_what_every_reader_takes_for_text_is_not_quoted(text: str) -> None:
    assert word(text) == text


@pytest.mark.parametrize("text", ["a,b", "a]", "smtp.example:587"])
def test_inside_brackets_more_is_quoted(text: str) -> None:
    assert word(text, flow=True) == f'"{text}"'


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from([*MISREAD, *PLAIN])
values = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_what_is_written_reads_as_itself(value: dict[str, Any]) -> None:
    text = emit(value)
    if value:
        assert parse(SourceText("x", text)).value == value
    assert (yaml.safe_load(text) or {}) == value


words = st.from_regex(r"(yes|no|on|off|true|false|null|none|[a-zA-Z\u00e9\u01c5\u4e00])?[\w@./+ -]*", fullmatch=True)


@given(words | st.text("ynotfYNOTFeEaisulr"))
def test_words_that_hold_nothing_special_read_as_themselves_wherever_they_stand(text: str) -> None:
    for value in ({"x": text}, {"x": [{text: [text]}]}, {"x": {"y": {text: text}}}):
        assert parse(SourceText("x", emit(value))).value == value
        assert yaml.safe_load(emit(value)) == value


def test_entries_stand_one_a_line_and_long_ones_one_field_a_line() -> None:
    short = {"address": "sales", "to": ["anna", "ben"]}
    long = {"address": "sales", "comment": "x" * 90, "to": ["anna", "ben"], "limits": {"a": 1}}
    assert emit({"aliases": [short, long], "none": []}) == (
        "aliases:\n"
        "  - {address: sales, to: [anna, ben]}\n"
        "  - address: sales\n"
        f"    comment: {'x' * 90}\n"
        "    to: [anna, ben]\n"
        "    limits: {a: 1}\n"
        "none: []\n"
    )


def test_a_long_list_stands_one_element_a_line() -> None:
    names = [f"person-{number}@acme.example" for number in range(8)]
    assert emit({"x": {"to": names}}).splitlines()[:4] == ["x:", "  to:", f"    - {names[0]}", f"    - {names[1]}"]


def test_a_text_of_several_lines_stands_as_it_is() -> None:
    assert emit({"x": {"script": 'if "a" {\n  stop;\n}\n', "last": "a\n\nb"}}) == (
        'x:\n  script: |\n    if "a" {\n      stop;\n    }\n  last: |-\n    a\n\n    b\n'
    )


@given(st.dictionaries(st.just("x"), st.text(st.sampled_from("a \n\t:#-"), max_size=12), min_size=1))
def test_lines_of_all_shapes_read_as_themselves(value: dict[str, str]) -> None:
    for each in (value, {"y": [{"long": "x" * 99, **value}]}):
        assert parse(SourceText("x", emit(each))).value == each
        assert yaml.safe_load(emit(each)) == each


@given(texts)
def test_a_comment_stays_one(text: str) -> None:
    assert yaml.safe_load(comment(f"a{text}b")) is None
