"""What an unquoted word in YAML means: the core schema of YAML 1.2, and nothing else.

YAML 1.1, which PyYAML implements, reads `no` as false, `010` as eight and `22:22:22` as a number of seconds. Here a
word is a number, a truth or nothing only where YAML 1.2.2, section 10.3.2, says so; everything else is text.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

__all__ = ["LONGEST_NUMBER", "Scalar", "scalar"]

Scalar: TypeAlias = bool | int | float | str | None

LONGEST_NUMBER: Final = 64
"""Characters; what is longer is text, because nobody means a number by it and Python refuses to print large ones."""

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INTEGER: Final = r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
_REAL: Final = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_BASES: Final = {"0o": 8, "0x": 16}


def scalar(text: str) -> Scalar:
    """Read an unquoted word.

    Args:
        text: the word as it stands in the document, without surrounding space.

    Returns:
        The value; the text itself where it is nothing more.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789.+-" or len(text) > LONGEST_NUMBER:
        return text
    if re.fullmatch(_INTEGER, text):
        return int(text, _BASES.get(text[:2], 10))
    return float(text) if re.fullmatch(_REAL, text) else text
