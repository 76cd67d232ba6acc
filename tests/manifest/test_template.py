import time
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.manifest.document import parse
from reconciler.manifest.template import LARGEST_TEMPLATE, render
from reconciler.manifest.text import SourceText
from reconciler.model.diagnostic import Diagnostic, Origin
from tests.manifest.told import ids, origin, told

VALUES: dict[str, Any] = {
    "domains": ["a.example", "b.example"],
    "count": 3,
    "site": {"name": "Acme: mail", "items": [1]},
    "yes": True,
    "nothing": None,
}


def _render(text: str, values: Mapping[str, Any] = VALUES) -> str:
    return render(SourceText("m.yaml.j2", text), values).text


def _findings(text: str) -> tuple[Diagnostic, ...]:
    return told(lambda: render(SourceText("m.yaml.j2", text), VALUES))


def _finding(text: str) -> tuple[str, int | None]:
    (found,) = _findings(text)
    return found.id, origin(found).line


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("domains:\n{% for name in domains %}\n  - name: {{ name }}\n{% endfor %}\n", None),
        ("a: {{ count }} {{ yes }} {{ nothing }}\n", "a: 3 true null\n"),
        ("a: {{ site }}\n", 'a: {"name": "Acme: mail", "items": [1]}\n'),
        ("a: {{ site.name | yaml }}\n", 'a: "Acme: mail"\n'),
        ("a: {{ 'ü😀\"' | tojson }}\n", 'a: "ü😀\\""\n'),
        ("a: {{ count ~ '-' ~ domains[0] }}\n", "a: 3-a.example\n"),
        ("a: {{ domains | map('upper') | join(', ') }}\n", "a: A.EXAMPLE, B.EXAMPLE\n"),
        ("a: {{ '-'.join(domains).replace('.', '_') }}\n", "a: a_example-b_example\n"),
        ("a: {{ missing | default('b') }}{% if missing is defined %}{{ missing }}{% endif %}\n", "a: b\n"),
        (
            "{% set n = namespace(x=0) %}{% for i in range(4) %}{% set n.x = n.x + i %}{% endfor %}a: {{ n.x }}\n",
            "a: 6\n",
        ),
        ("{% macro m(x) %}<{{ x }}>{% endmacro %}a: {{ m(1) }}{{ m(2) }}\n", "a: <1><2>\n"),
        ("a: {% for x in 'abc' if x != 'b' %}{{ loop.index }}{{ x }}{% endfor %}\n", "a: 1a2c\n"),
        ("a: {{ 7 % 4 }} {{ 2 * 3 }} {{ [1] + [2] }} {{ 'ab' * 2 }}\n", "a: 3 6 [1, 2] abab\n"),
        ("{% raw %}a: '{{ x }}'{% endraw %}\n", "a: '{{ x }}'\n"),
        ("a: {% if yes %}1{% endif %}\nb: 2 {# why #}\nc: 3\n", "a: 1\nb: 2 \nc: 3\n"),
        ("  {# alone #}\na: 1\n  {%- if yes %} 2{% endif -%}\n\n3\n", "a: 1 23\n"),
    ],
)
def test_a_template_prints_values_as_yaml_writes_them(template: str, text: str | None) -> None:
    assert _render(template) == (text or "domains:\n  - name: a.example\n  - name: b.example\n")


def test_what_the_yaml_filter_writes_is_read_back_as_it_was() -> None:
    for value in ("a: b", "no", "1", "\u2028\x85\x7f\ufeff", "😀", "'\"\\", "\n", None, True, [1, {"a": "b"}], 1.5):
        assert parse(SourceText("m", _render("a: {{ value | yaml }}\n", {"value": value}))).value == {"a": value}


@pytest.mark.parametrize("template", ["a: {{ '\\ud800' }}\n", "a: {{ '\\ud83d' }}{{ '\\ude00' }}\n"])
def test_half_a_character_is_told(template: str) -> None:
    assert [each.id for each in _findings(template)] == ["template-failed"]


def test_every_missing_variable_is_told_with_its_line_in_the_template() -> None:
    found = _findings(
        "{# a\ncomment #}\na: {{ nmae }}\nb: {{ count }}\nc: {{ domians }}\nd: {{ other | default(1) }}\n"
    )
    assert [(each.id, each.origin) for each in found] == [
        ("template-undefined", Origin("m.yaml.j2", 3)),
        ("template-undefined", Origin("m.yaml.j2", 5)),
    ]
    assert "--set nmae=" in (found[0].hint or "")
    assert "`domains`" in (found[1].hint or "")


def test_a_variable_that_only_another_branch_needs_may_be_missing() -> None:
    assert _render("{% if yes %}a: 1\n{% else %}a: {{ missing }}\n{% endif %}") == "a: 1\n"


def test_a_missing_part_of_a_value_is_told_with_what_there_is() -> None:
    (found,) = _findings("a: 1\nb: {{ site.nmae }}\n")
    assert (found.id, origin(found).line) == ("template-undefined", 2)
    assert "name, items" in found.summary


@pytest.mark.parametrize(
    ("bound", "told"),
    [("nmae", "the variable `nmae` has no value"), ("site.name", "and `Acme: mail` is text")],
)
def test_what_a_loop_cannot_count_to_is_named(bound: str, told: str) -> None:
    (found,) = _findings(f"a: 1\n{{% for each in range({bound}) %}}\n{{% endfor %}}\n")
    assert (told in found.summary, origin(found).line) == (True, 2)


@pytest.mark.parametrize(
    ("template", "finding"),
    [
        ("a: 1\n{% for %}\n", ("template-syntax", 2)),
        ("a: 1\nb: {{ x\n", ("template-syntax", 2)),
        ("a: 1\n\nb: {{ 'x' | center(9) }}\n", ("template-syntax", 3)),
        ("{% if yes %}\na: {{ 1 / 0 }}\n{% endif %}", ("template-failed", 2)),
        ("a: {{ site.items }}\n", ("template-failed", 1)),
        ("a: {{ 'x' + 1 }}\n", ("template-failed", 1)),
    ],
)
def test_a_mistake_is_told_with_its_line_in_the_template(template: str, finding: tuple[str, int]) -> None:
    assert _finding(template) == finding


@pytest.mark.parametrize(
    "template",
    [
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% extends 'x' %}",
        "{% for x in [[]] recursive %}{{ loop(x) }}{% endfor %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ domains.append('x') }}",
        "{{ '{0.__class__}'.format(count) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'x'.ljust(1000000000) }}",
        "{{ (5).to_bytes(1000000000, 'big') }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ count.real }}",
    ],
)
def test_a_template_reaches_nothing_but_its_values(template: str) -> None:
    assert ids(_findings(template)) == ["template-forbidden"]


@pytest.mark.parametrize("name", ["lipsum", "environ", "open", "config", "now", "get_flashed_messages"])
def test_there_are_no_other_names(name: str) -> None:
    assert _finding("{{ " + name + " }}") == ("template-undefined", 1)


@pytest.mark.parametrize("name", ["attr", "random", "pprint", "center", "format", "xmlattr", "urlize", "wordwrap"])
def test_filters_without_bound_or_with_chance_are_not_there(name: str) -> None:
    assert _finding("{{ 'x' | " + name + " }}") == ("template-syntax", 1)


GROW = "{% set x %}" + "{{ x }}" * 8 + "{% endset %}"


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "{% set x = 'a' * 100000 %}" + GROW * 9,
        "{{ ('a' * 100000) | replace('', 'b' * 100000) }}",
        "{{ ('a' * 100000).replace('a', 'b' * 100000) }}",
        "{{ ('a' * 100000).join('b' * 100000) }}",
        "{{ 'a' | indent(1000000000) }}",
        "{{ range(1000000000) | sum }}",
        "{% for i in range(99999) %}{{ range(99999) | list | length }}{% endfor %}",
        "{% for i in range(99999) %}" + "padding " * 1000 + "{% endfor %}",
        "x" * (LARGEST_TEMPLATE + 1),
        "{{ " + "(" * 100_000,
        "{% if yes %}" * 3_000 + "{% endif %}" * 3_000,
    ],
    ids=range(17),
)
def test_a_template_that_asks_for_too_much_is_stopped_soon(template: str) -> None:
    begun = time.thread_time()
    assert ids(_findings(template)) == ["template-too-large"]
    assert time.thread_time() - begun < 10


def test_macros_that_never_end_are_stopped() -> None:
    assert _finding("{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}") == ("template-failed", 1)


def test_a_large_organisation_fits_the_bounds() -> None:
    values = {"people": [{"name": f"person{number}", "quota": "5GiB"} for number in range(20_000)]}
    template = (
        "mailboxes:\n{% for each in people %}\n  - address: {{ each.name ~ '@acme.example' }}\n"
        "    quota: {{ each.quota }}\n    name: {{ each.name | upper | yaml }}\n{% endfor %}\n"
    )
    assert len(parse(render(SourceText("m", template), values)).value["mailboxes"]) == 20_000


def test_rendering_changes_no_value_and_repeats_itself() -> None:
    template = (
        "{% for each in domains | sort(reverse=true) %}{{ each }}{% endfor %}{{ site | dictsort | first | first }}"
    )
    values = {"domains": ["b", "a", "c"], "site": {"y": 1, "x": 2}}
    first = _render(template, values)
    assert first == _render(template, values) == "cbax"
    assert values == {"domains": ["b", "a", "c"], "site": {"y": 1, "x": 2}}


def test_a_mistake_in_what_is_rendered_shows_the_rendered_line() -> None:
    rendered = render(SourceText("m.yaml.j2", "a: 1\nb: {{ site.name }}\n"), VALUES)
    (found,) = told(lambda: parse(rendered))
    assert found.origin == Origin("m.yaml.j2", 2, 8, "b: Acme: mail")
