"""How PHP reads and writes values, as far as mailcow's API shows it.

mailcow's API is PHP that casts what it is given without asking: ``intval("2abc")`` is 2, ``isset(null)`` is false, an
empty object and an empty list are the same array. Behaviours must use these functions instead of Python's own notions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import idna

Row = dict[str, Any]

_INTEGER = re.compile(r"^[ \t\n\r\v\f]*([+-]?\d+)")
_NUMBER = re.compile(r"^[ \t\n\r\v\f]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_NUMERIC = re.compile(r"^[ \t\n\r\v\f]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t\n\r\v\f]*$")
_CHUNKS = re.compile(r"(\d+)")
_DOMAIN = re.compile(r"^([a-z\d](-*[a-z\d])*)(\.([a-z\d](-*[a-z\d])*))*$", re.IGNORECASE)
_LABELS = re.compile(r"^[^.]{1,63}(\.[^.]{1,63})*$")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL_LOCAL = re.compile(rf"""^({_ATOM}|"([\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*")(\.({_ATOM}))*$""")
_EMAIL_LABEL = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?$")
_BAD_LABEL = re.compile(r"^\.|\.\.|(?:^|\.)-|-(?:\.|$)|(?:^|\.)(?![xX][nN]--)[^.]{2}--|[^.]{64}")

LOCAL_PART_LENGTH = 64
ADDRESS_LENGTH = 254
DOMAIN_LENGTH = 253
LARGEST_INTEGER = 2**63 - 1


class WrongTypeError(TypeError):
    """PHP 8's TypeError: a function wants a string and is given an array. Uncaught, it is an empty answer."""


def intval(value: object) -> int:
    """Cast to an integer as PHP does: leading digits of a string, fractions cut, everything else 0 or 1."""
    match value:
        case bool() | None:
            return int(bool(value))
        case int():
            return value
        case float():
            return int(value) if abs(value) <= LARGEST_INTEGER else 0
        case str():
            return _intval_of_text(value)
        case list() | dict():
            return int(bool(value))
        case _:
            return 0


def _intval_of_text(text: str) -> int:
    if match := _NUMBER.match(text):
        number = match[1]
        if number.lstrip("+-").isdigit():
            return max(-LARGEST_INTEGER - 1, min(LARGEST_INTEGER, int(number)))
        return intval(float(number))
    return 0


def floatval(value: object) -> float:
    """Cast to a float as PHP's ``floatval`` does."""
    if isinstance(value, str):
        match = _NUMBER.match(value)
        return float(match[1]) if match else 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    return float(bool(value))


def truthy(value: object) -> bool:
    """Tell whether PHP takes the value as true; ``"0"`` is false. PHP's ``empty`` is the opposite."""
    return value != "0" and bool(value)


def text(value: object) -> str:
    """Cast a scalar to a string as PHP does: true is "1", false and null are "".

    Raises:
        WrongTypeError: For an array, as PHP 8 raises where a function wants a string.
    """
    match value:
        case str():
            return value
        case None | False:
            return ""
        case True:
            return "1"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 PHP's limit
        case _:
            raise WrongTypeError("must be of type string, array given")


def is_numeric(value: object) -> bool:
    """Tell whether PHP's ``is_numeric`` holds: a number, or a string that is one, blanks around it allowed."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or (isinstance(value, str) and bool(_NUMERIC.match(value)))


def ctype_alnum(value: object) -> bool:
    """Tell whether PHP's ``ctype_alnum`` holds for a string: at least one character, ASCII letters and digits only."""
    return isinstance(value, str) and value.isascii() and value.isalnum()


def isset(array: Mapping[str, Any] | None, key: str) -> bool:
    """Tell whether a key is present and not null, as PHP's ``isset`` does."""
    return array is not None and array.get(key) is not None


def isset_has_content(array: Mapping[str, Any], key: str) -> bool:
    """Tell whether mailcow's function of this name holds: set, and not loosely equal to the empty string."""
    value = array.get(key)
    return value is not None and value != "" and value is not False


def as_array(value: object) -> Row:
    """Cast to an array with string keys as ``(array)`` does; a list gets "0", "1", ..."""
    match value:
        case dict():
            return dict(value)
        case list() | tuple():
            return {str(index): item for index, item in enumerate(value)}
        case None:
            return {}
        case _:
            return {"0": value}


def values(value: object) -> list[Any]:
    """The values of what ``(array)`` makes of this: a scalar becomes a list of one, null an empty one."""
    match value:
        case dict():
            return list(value.values())
        case list() | tuple():
            return list(value)
        case None:
            return []
        case _:
            return [value]


def is_array(value: object) -> bool:
    """Tell whether PHP calls the decoded JSON value an array: an object or a list."""
    return isinstance(value, list | dict)


def array_merge(first: Mapping[str, Any], second: Mapping[str, Any]) -> Row:
    """Merge two arrays as PHP does: string keys of the second win, numeric keys are appended and numbered anew."""
    merged: Row = {}
    number = 0
    for key, value in (*first.items(), *second.items()):
        if key.isdecimal():
            merged[str(number)] = value
            number += 1
        else:
            merged[key] = value
    return merged


def array_filter(items: Iterable[Any]) -> list[Any]:
    """Drop what PHP takes as false: empty strings, "0", null."""
    return [item for item in items if truthy(item)]


def natural_key(value: str) -> list[tuple[int, int | str]]:
    """A sort key like ``natsort``'s: runs of digits compare as numbers."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in _CHUNKS.split(value) if part]


def json_decode(body: str | bytes) -> Any:
    """Decode JSON as ``json_decode($x, true)`` does; None where it is invalid or nothing."""
    try:
        return json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _normal(value: Any) -> Any:  # noqa: PLR0911 one line a type is the readable form
    """A value as ``json_encode`` sees it: an array whose keys are 0, 1, 2, ... is a list, an empty one too."""
    match value:
        case str() | int() | None:
            return value
        case dict():
            if not value:
                return []
            if all(str(index) == str(key) for index, key in enumerate(value)):
                return [_normal(item) for item in value.values()]
            return {str(key): _normal(item) for key, item in value.items()}
        case list() | tuple():
            return [_normal(item) for item in value]
        case float():
            return int(value) if value.is_integer() and abs(value) < 1e15 else value  # noqa: PLR2004 PHP's precision
        case EmptyObject():
            return {}
        case _:
            raise TypeError(f"PHP has no such value: {value!r}")


class EmptyObject:
    """An object without members, which unlike an empty array is printed as ``{}``."""


def json_encode(value: Any) -> bytes:
    """Encode as plain ``json_encode``: compact, slashes and everything outside ASCII escaped (answers to writes)."""
    return json.dumps(_normal(value), separators=(",", ":")).replace("/", "\\/").encode()


def json_encode_pretty(value: Any) -> bytes:
    """Encode as with JSON_UNESCAPED_UNICODE and JSON_PRETTY_PRINT: four blanks, slashes escaped (answers to reads)."""
    if not isinstance(value, dict | list | tuple):
        return _scalar(value).encode()
    pieces: list[str] = []
    _print(value, "\n", pieces)
    return "".join(pieces).encode()


_quote = json.encoder.encode_basestring


def _scalar(value: Any) -> str:
    match value:
        case str():
            return _quote(value).replace("/", "\\/")
        case True:
            return "true"
        case False:
            return "false"
        case int():
            return str(value)
        case None:
            return "null"
        case _:
            return json.dumps(_normal(value))


def _print(value: Any, newline: str, pieces: list[str]) -> None:
    """Print an array; the server's longest answers have millions of values, hence few calls for each."""
    inner = newline + "    "
    named = isinstance(value, dict) and not _is_list(value)
    items = value.items() if named else enumerate(values(value))
    opening = ("{" if named else "[") + inner
    for key, item in items:
        start = f"{opening}{_quote(str(key))}: ".replace("/", "\\/") if named else opening
        kind = type(item)
        if kind is str:
            pieces.append(start + _quote(item).replace("/", "\\/"))
        elif kind is int:
            pieces.append(start + str(item))
        elif kind is dict or kind is list or kind is tuple:
            if item:
                pieces.append(start)
                _print(item, inner, pieces)
            else:
                pieces.append(start + "[]")
        else:
            pieces.append(start + _scalar(item))
        opening = "," + inner
    pieces.append(newline + ("}" if named else "]") if value else "[]")


def _is_list(value: Mapping[Any, Any]) -> bool:
    if next(iter(value), "0") not in (0, "0"):
        return False
    return all(str(index) == str(key) for index, key in enumerate(value))


def idn_to_ascii(name: str) -> str:
    """A domain in its ASCII form (UTS 46); "" where it can't be converted, as PHP's false reads in a string.

    Of plain ASCII too the forms of labels are checked, not their characters: ``.a``, ``a..b``, ``-a``, ``a-`` and
    ``ab--c`` fail, ``[a]:25`` passes.
    """
    try:
        if name.isascii():
            return name.lower() if _BAD_LABEL.search(name) is None else ""
        return idna.encode(name, uts46=True, transitional=False).decode()
    except idna.IDNAError:
        return ""


def idn_to_utf8(name: str) -> str:
    """A domain as people read it; "" where it can't be converted."""
    if "xn--" not in name.lower():
        return name.lower()
    try:
        return idna.decode(name.lower())
    except idna.IDNAError:
        return ""


def is_valid_domain_name(name: object, *, wildcard: bool = False) -> bool:
    """The server's ``is_valid_domain_name`` (functions.inc.php): single labels and plain numbers are accepted."""
    if not truthy(name):
        return False
    ascii_name = idn_to_ascii(text(name))
    if wildcard:
        ascii_name = ascii_name.removeprefix("*.")
    return bool(_DOMAIN.match(ascii_name) and 1 <= len(ascii_name) <= DOMAIN_LENGTH and _LABELS.match(ascii_name))


def is_email(value: object) -> bool:
    """PHP's ``filter_var($x, FILTER_VALIDATE_EMAIL)``: ASCII only, dot-atom or quoted local part, no dotless domain."""
    if not isinstance(value, str) or not value.isascii() or len(value) > ADDRESS_LENGTH + LOCAL_PART_LENGTH:
        return False
    local, at, domain = value.rpartition("@")
    if not at or not 1 <= len(local) <= LOCAL_PART_LENGTH or not _EMAIL_LOCAL.match(local):
        return False
    labels = domain.split(".")
    return len(labels) > 1 and len(domain) <= DOMAIN_LENGTH and all(_EMAIL_LABEL.match(label) for label in labels)


def htmlspecialchars(value: str) -> str:
    """PHP 8's ``htmlspecialchars``: both kinds of quotes are escaped too."""
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#039;")):
        value = value.replace(plain, escaped)
    return value
