import math

import pytest

from reconciler.manifest.scalars import LONGEST_NUMBER, scalar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        *[("0", 0), ("-12", -12), ("+12", 12), ("010", 10), ("0o17", 15), ("0x1F", 31), ("9" * 30, int("9" * 30))],
        *[("1.", 1.0), (".5", 0.5), ("-.5e-3", -0.0005), ("1e3", 1000.0), ("1.10", 1.1)],
        *[(".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf)],
    ],
)
def test_a_word_of_the_core_schema_is_a_value(text: str, value: object) -> None:
    read = scalar(text)
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "no", "on", "off", "y", "n", "Yes", "NO", "tRue", "nULL", "none", "None"),
        *("1_000", "0b11", "0O17", "0X1F", "-0x1F", "22:22:22", "1:30", "2026-12-31", "2026-12-31T10:00:00Z"),
        *("5GiB", "500/h", "+", "-", ".", "..", "1.2.3", "e3", "1e", "0x", "0o8", "=", "<<", "inf", ".nAn", "٣"),
        "1" * (LONGEST_NUMBER + 1),
    ],
)
def test_what_other_yaml_versions_read_into_a_word_stays_text(text: str) -> None:
    assert scalar(text) == text


def test_not_a_number_is_a_number() -> None:
    value = scalar(".nan")
    assert isinstance(value, float)
    assert math.isnan(value)
