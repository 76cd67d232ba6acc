"""JSON by the standard library: as strict as msgspec is, and giving the same values."""

import json
from typing import Any, Final, NoReturn

__all__ = ["decode_small", "encode", "first_of_several"]


def decode_small(body: bytes | bytearray) -> Any:
    """Read a text by the standard library, as strictly as msgspec: no halves of letters, and no endless numbers.

    Raises:
        ValueError, RecursionError: it is no such text.
    """
    text = str(body, "utf-8")
    value = _DECODER.decode(text)
    if "\\ud" in text or "\\uD" in text:
        encode(value)  # half a letter cannot be said in UTF-8
    return value


def first_of_several(body: bytes | bytearray) -> Any:
    """The first of several whole JSON texts that follow one another; None where the body is anything else."""
    values, rest = [], body.decode("utf-8", "replace").strip()
    try:
        while rest:
            value, end = _DECODER.raw_decode(rest)
            values.append(value)
            rest = rest[end:].lstrip()
    except (ValueError, RecursionError):
        return None
    return values[0] if len(values) > 1 else None


def encode(value: Any) -> bytes:
    """Write a value, compact, in UTF-8."""
    return _ENCODER.encode(value).encode()


def _finite(text: str) -> float:
    """Read a number, unless it is too large for one."""
    number = float(text)
    if number in (_ENDLESS, -_ENDLESS):
        raise ValueError("a number is too large")
    return number


def _refuse(word: str) -> NoReturn:
    """Refuse what is no number of JSON, such as `NaN`."""
    raise ValueError(f"{word} is no number")


_ENDLESS: Final = float("inf")
_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
