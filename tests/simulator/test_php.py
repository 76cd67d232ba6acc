import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.simulator import php


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("12", 12),
        (" 7x", 7),
        ("2abc", 2),
        ("abc", 0),
        ("", 0),
        ("3.7", 3),
        (3.7, 3),
        (-3.7, -3),
        ("-4", -4),
        ("1e3", 1000),
        (True, 1),
        (False, 0),
        (None, 0),
        ([], 0),
        ([0], 1),
        ({"a": 1}, 1),
        ("9" * 30, 2**63 - 1),
    ],
)
def test_integers_are_cast_as_php_casts_them(given: Any, expected: int) -> None:
    assert php.intval(given) == expected


@pytest.mark.parametrize("value", ["", "0", 0, 0.0, None, False, [], {}])
def test_what_php_calls_empty_is_false(value: Any) -> None:
    assert not php.truthy(value)


@pytest.mark.parametrize("value", ["0.0", " ", "00", "false", 1, [0], {"a": None}])
def test_everything_else_is_true(value: Any) -> None:
    assert php.truthy(value)


def test_an_array_where_text_is_wanted_is_php_s_type_error() -> None:
    with pytest.raises(php.WrongTypeError):
        php.text(["a"])


def test_attributes_override_the_items_and_numeric_keys_are_appended() -> None:
    merged = php.array_merge({"id": ["2"]}, {"id": "3", "0": "x", "active": 1})
    assert merged == {"id": "3", "0": "x", "active": 1}


def test_a_scalar_cast_to_an_array_has_one_element() -> None:
    assert (php.values("a"), php.values(None), php.values({"k": "v"})) == (["a"], [], ["v"])
    assert php.as_array([1, 2]) == {"0": 1, "1": 2}


@pytest.mark.parametrize(
    "address",
    ["a@b.example", "a+b@sub.b.example", '"a b"@b.example', "a@xn--mller-kva.example", "*@b.example", "a'b@b.example"],
)
def test_these_are_addresses(address: str) -> None:
    assert php.is_email(address)


@pytest.mark.parametrize(
    "address",
    [
        "a",
        "a@b",
        "@b.example",
        "a@",
        "a b@b.example",
        "ä@b.example",
        "a@bücher.example",
        "a@-b.example",
        "a@b..example",
        "a..b@b.example",
        ".a@b.example",
        "x" * 65 + "@b.example",
        "a@b.example ",
        5,
        None,
        ["a@b.example"],
    ],
)
def test_these_are_not(address: Any) -> None:
    assert not php.is_email(address)


@pytest.mark.parametrize("name", ["a.example", "nope", "123", "bücher.example", "a--b.example", "A.Example"])
def test_these_pass_as_domains(name: str) -> None:
    assert php.is_valid_domain_name(name)


@pytest.mark.parametrize(
    "name", ["", "0", None, "-a.example", "a..example", "a.example.", "a b", "x" * 64, "*.a.example"]
)
def test_these_do_not(name: Any) -> None:
    assert not php.is_valid_domain_name(name)


def test_writes_are_answered_in_escaped_compact_json() -> None:
    assert php.json_encode({"a": "ü/", "b": {}, "c": {"0": 1, "1": 2}}) == b'{"a":"\\u00fc\\/","b":[],"c":[1,2]}'


def test_reads_are_answered_in_pretty_json_with_plain_unicode() -> None:
    value = {"a": "ü/", "b": [], "c": [1, {"d": None}], "e": {"0": True}, "f": {"1": 1.5}}
    assert php.json_encode_pretty(value).decode() == (
        '{\n    "a": "ü\\/",\n    "b": [],\n    "c": [\n        1,\n'
        '        {\n            "d": null\n        }\n    ],\n'
        '    "e": [\n        true\n    ],\n    "f": {\n        "1": 1.5\n    }\n}'
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1, alphabet='abcü/"\\'), inner, min_size=1),
    max_leaves=20,
)


@given(JSON)
def test_both_ways_of_printing_say_the_same(value: Any) -> None:
    assert json.loads(php.json_encode_pretty(value)) == json.loads(php.json_encode(value)) == value


@pytest.mark.parametrize("body", ["{not json", "", "NaN", "{'a': 1}", "[1,]"])
def test_what_is_no_json_decodes_to_nothing(body: str) -> None:
    assert php.json_decode(body) is None


def test_natural_order_counts() -> None:
    assert sorted(["a10", "a9", "a1"], key=php.natural_key) == ["a1", "a9", "a10"]


def test_quotes_are_escaped_for_html_as_php_8_does() -> None:
    assert php.htmlspecialchars('<a href="x">\'&') == "&lt;a href=&quot;x&quot;&gt;&#039;&amp;"
