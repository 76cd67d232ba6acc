from typing import Any

import pytest

from reconciler.manifest.composition import LIBYAML, MOST_REPEATED, compose
from reconciler.manifest.text import DEEPEST, Position, SourceText
from reconciler.model.diagnostic import Diagnostic
from tests.manifest.told import ids, origin, places, told


@pytest.fixture(params=[LIBYAML, None], ids=["libyaml", "python"])
def loader(request: pytest.FixtureRequest) -> Any:
    """Both of PyYAML's parsers: libyaml's, and the one in Python that is there without a compiler."""
    return request.param


def _value(text: str, loader: Any = LIBYAML) -> Any:
    return compose(SourceText("m.yaml", text), loader=loader).value


def _findings(text: str, loader: Any = LIBYAML) -> list[tuple[str, int | None, int | None]]:
    return places(told(lambda: compose(SourceText("m.yaml", text), loader=loader)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "a: no\nb: on\nc: 010\nd: 22:22:22\ne: 1_000\n",
            {"a": "no", "b": "on", "c": 10, "d": "22:22:22", "e": "1_000"},
        ),
        ("a: 2026-12-31\nb: 'true'\nc: \"1\"\nd:\n", {"a": "2026-12-31", "b": "true", "c": "1", "d": None}),
        ("a: |\n  x\n  y\nb: >-\n  p\n  q\n", {"a": "x\ny\n", "b": "p q"}),
        ("a: [1, {b: c}]\n", {"a": [1, {"b": "c"}]}),
        ("---\na: 1\n", {"a": 1}),
        ("a: 1\n...\n", {"a": 1}),
        ("a: &x [1, 2]\nb: *x\nc: &y z\nd: *y\n", {"a": [1, 2], "b": [1, 2], "c": "z", "d": "z"}),
        ("", None),
        ("# nothing\n", None),
        ("- 1\n", [1]),
    ],
)
def test_a_document_is_read_by_the_core_schema(text: str, value: object, loader: Any) -> None:
    assert _value(text, loader) == value


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("a: 1\nb: 2\na: 3\n", ("yaml-duplicate-key", 3, 1)),
        ('a: [{b: 1, "b": 2}]\n', ("yaml-duplicate-key", 1, 12)),
        ("b:\n  <<: {c: 1}\n", ("yaml-merge-key", 2, 3)),
        ("a: !!python/object/apply:os.system ['id']\n", ("yaml-tag", 1, 4)),
        ("a: !!str 1\n", ("yaml-tag", 1, 4)),
        ("a: !foo 1\n", ("yaml-tag", 1, 4)),
        ("a: 1\n---\nb: 2\n", ("yaml-several-documents", 2, 1)),
        ("1: a\n", ("yaml-key-not-text", 1, 1)),
        ("true: a\n", ("yaml-key-not-text", 1, 1)),
        ("~: a\n", ("yaml-key-not-text", 1, 1)),
        ("? [a, b]\n: c\n", ("yaml-key-not-text", 1, 3)),
        ("{a: 1}: c\n", ("yaml-key-not-text", 1, 1)),
        ("a: *sales\n", ("yaml-unknown-alias", 1, 4)),
        ("a: &x [*x]\n", ("yaml-unknown-alias", 1, 8)),
        ("a:\n\tb: 1\n", ("yaml-tab", 2, 1)),
        ("a: @x\n", ("yaml-syntax", 1, 4)),
        ("a: `x`\n", ("yaml-syntax", 1, 4)),
        ("a: b: c\n", ("yaml-syntax", 1, 5)),
        ("a: 'x\n", ("yaml-syntax", 2, 1)),
        ("a: x\ny\n", ("yaml-syntax", 3, 1)),
        ('a: "\\q"\n', ("yaml-syntax", 1, 6)),
    ],
)
def test_what_the_language_leaves_out_is_refused_where_it_stands(
    text: str, finding: tuple[str, int, int], loader: Any
) -> None:
    (identifier, line, column), *others = _findings(text, loader)
    assert (identifier, line) == finding[:2]
    assert column in (finding[2], finding[2] - 1)  # the two parsers disagree by one about an escape
    assert not others


@pytest.mark.parametrize(
    ("text", "line", "opened"),
    [("a: [1, 2\nb: 3\n", 2, 1), ("a:\n  {b: 1\nc: 2\n", 3, 2)],
)
def test_a_bracket_that_is_not_closed_is_told_with_the_place_where_it_opens(
    text: str, line: int, opened: int, loader: Any
) -> None:
    (found,) = told(lambda: compose(SourceText("m.yaml", text), loader=loader))
    assert found.id == "yaml-syntax"
    assert "not closed" in found.summary
    assert origin(found).line == line
    assert [place.line for place in found.related] == [opened]


def test_everything_refused_is_told_at_once() -> None:
    text = "a: 1\na: 2\nb: !x 1\nc: *nobody\n2: d\ne: 'ok'\n? [f]\n"
    assert [identifier for identifier, *_ in _findings(text)] == [
        *("yaml-duplicate-key", "yaml-tag", "yaml-unknown-alias", "yaml-key-not-text", "yaml-key-not-text"),
    ]


def test_refusals_before_a_syntax_error_are_told_with_it() -> None:
    assert [identifier for identifier, *_ in _findings("a: 1\na: 2\nb: [\n")] == ["yaml-duplicate-key", "yaml-syntax"]


def test_a_duplicate_key_names_both_places() -> None:
    (found,) = told(lambda: compose(SourceText("m.yaml", "quota: 1\nname: x\nquota: 2\n")))
    assert (origin(found).line, found.related[0].line) == (3, 1)
    assert "line 1" in (found.hint or "")


def test_what_is_said_twice_in_an_entry_leaves_the_rest_readable() -> None:
    aside: list[Diagnostic] = []
    composition = compose(SourceText("m.yaml", "domains:\n- name: a\n  name: b\n  tag: c\n"), aside=aside)
    assert (composition.value, ids(aside)) == ({"domains": [{"name": "b", "tag": "c"}]}, ["yaml-duplicate-key"])
    assert composition.locate(("domains", 0, "tag")) == Position(4, 8)


@pytest.mark.parametrize("more", ["domains: []\n", "mailboxes: !x []\n", "mailboxes: [\n"])
def test_with_a_section_twice_or_anything_else_refused_nothing_is_readable(more: str) -> None:
    text = f"domains:\n- name: a\n  name: b\n{more}"
    aside: list[Diagnostic] = []
    assert ids(told(lambda: compose(SourceText("m.yaml", text), aside=aside)))[0] == "yaml-duplicate-key"
    assert aside == []


@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_the_deepest_document_is_read_and_one_level_more_is_not(brackets: str) -> None:
    opening = "[" if brackets == "[]" else "{a: "
    closing = brackets[1]
    assert _value(opening * DEEPEST + closing * DEEPEST) is not None
    assert _findings(opening * (DEEPEST + 1) + closing * (DEEPEST + 1))[0][0] == "yaml-too-deep"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{a: " * 100_000,
        "- " * 100_000 + "x",
        "".join(" " * i + "a:\n" for i in range(1000)),
        "[\n" * 100_000,
    ],
    ids=["brackets", "braces", "dashes", "indentation", "lines"],
)
def test_absurd_depth_is_left_at_once(text: str, loader: Any) -> None:
    assert _findings(text if loader else text[:20_000], loader)[0][0] == "yaml-too-deep"


def test_aliases_share_what_they_repeat_up_to_a_bound() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
    assert [identifier for identifier, *_ in _findings(bomb)] == ["yaml-too-many-aliases"]
    entries = 100
    team = _value(f"team: &team [{', '.join(['x'] * 99)}]\nall:\n" + "- *team\n" * entries)
    assert len(team["all"]) == entries
    assert entries * 100 < MOST_REPEATED


def test_a_flood_of_refusals_ends() -> None:
    assert len(_findings("".join(f"{number}: x\n" for number in range(1000)))) == 50


def test_a_value_a_key_and_an_entry_are_found() -> None:
    composition = compose(
        SourceText("m", "domain: x\nmailboxes:\n  - address: anna\n    tags: [a, b]\n  - {address: ben}\n")
    )
    assert composition.locate(("domain",)) == Position(1, 9)
    assert composition.locate(("domain",), key=True) == Position(1, 1)
    assert composition.locate(("mailboxes", 0)) == Position(3, 5)
    assert composition.locate(("mailboxes", 0, "tags", 1)) == Position(4, 15)
    assert composition.locate(("mailboxes", 1, "address"), key=True) == Position(5, 6)
    assert composition.locate(("mailboxes", 1), key=True) == Position(5, 5)
    assert composition.locate(()) == Position(1, 1)


def test_what_is_not_there_is_placed_at_what_would_hold_it() -> None:
    composition = compose(SourceText("m", "mailboxes:\n  - address: anna\n"))
    assert composition.locate(("mailboxes", 0, "quota")) == Position(2, 5)
    assert composition.locate(("mailboxes", 7, "quota")) == Position(2, 3)
    assert composition.locate(("nothing", "here")) == Position(1, 1)


def test_columns_count_characters() -> None:
    assert compose(SourceText("m", "{ä😀: 1, b: 2}")).locate(("b",)) == Position(1, 12)
