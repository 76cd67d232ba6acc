"""PHP 8's loose comparisons, and how mailcow cuts a text into a list."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from . import php
from .routing import ServerCrash

BLANKS: Final = " \t\n\r\0\x0b"
"""What PHP's ``trim`` removes."""

_SEPARATORS = re.compile(r"[ ,;\n]")


def trim(value: object) -> str:
    """PHP's ``trim``."""
    return php.text(value).strip(BLANKS)


def equal(first: Any, second: Any) -> bool:
    """PHP's ``==``: numbers and texts that are numbers by value, anything with a bool or null by truth."""
    if isinstance(first, bool) or isinstance(second, bool):
        return php.truthy(first) == php.truthy(second)
    if first is None or second is None:
        other = second if first is None else first
        return other == "" if isinstance(other, str) else not php.truthy(other)
    if php.is_array(first) or php.is_array(second):
        return bool(first == second)
    if php.is_numeric(first) and php.is_numeric(second):
        return php.floatval(first) == php.floatval(second)
    return php.text(first) == php.text(second)


def greater(first: Any, second: Any) -> bool:
    """PHP's ``>`` for scalars: by value where both are numbers or numeric texts, else as texts; null counts as 0."""
    if isinstance(first, bool) or isinstance(second, bool):
        return php.truthy(first) > php.truthy(second)
    if first is None or second is None:
        other = second if first is None else first
        return second is None and (other != "" if isinstance(other, str) else php.truthy(other))
    if php.is_array(first) or php.is_array(second):
        return php.is_array(first) and not php.is_array(second)
    if php.is_numeric(first) and php.is_numeric(second):
        return php.floatval(first) > php.floatval(second)
    return php.text(first) > php.text(second)


def contains(items: Iterable[Any], wanted: Any) -> bool:
    """PHP's ``in_array`` without its strict flag."""
    return any(equal(item, wanted) for item in items)


def split(value: object) -> list[str]:
    """A text cut at blanks, commas, semicolons and newlines, pieces trimmed; empty pieces stay."""
    return [piece.strip(BLANKS) for piece in _SEPARATORS.split(php.text(value))]


def split_address(address: str) -> tuple[str, str]:
    """What stands before the first @, and the domain after it in ASCII; both empty where there is no @."""
    local, at, domain = address.partition("@")
    return (local, php.idn_to_ascii(domain)) if at else ("", "")


def times(value: Any, factor: int) -> int | float:
    """PHP's product of a request's value and a number.

    Raises:
        ServerCrash: The value is a text that begins with no number, or an array.
    """
    if isinstance(value, str) and not re.match(r"\s*[+-]?(\d|\.\d)", value):
        raise ServerCrash.php("TypeError: Unsupported operand types: string * int")
    if php.is_array(value):
        raise ServerCrash.php("TypeError: Unsupported operand types: array * int")
    product = php.floatval(value) * factor
    return int(product) if product.is_integer() else product
