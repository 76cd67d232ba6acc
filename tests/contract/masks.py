"""What can't repeat between two servers and is therefore not compared: fields by path, each with its reason."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass(frozen=True)
class Mask:
    """Values at places matching `place` that have the form `form` count as equal.

    Attributes:
        name: What the report calls it.
        route: Regular expression on the path after /api/v1/.
        place: Regular expression on the place in the body: keys and ``[]`` joined by dots.
        form: Tells whether a value has the masked form; others are compared as they are.
        reason: Why it can't repeat.
    """

    name: str
    route: re.Pattern[str]
    place: re.Pattern[str]
    form: Callable[[Any], bool]
    reason: str


def _mask(name: str, route: str, place: str, form: Callable[[Any], bool], reason: str) -> Mask:
    return Mask(name, re.compile(route), re.compile(place), form, reason)


def _timestamp(value: Any) -> bool:
    return isinstance(value, str) and bool(_TIMESTAMP.fullmatch(value))


def _unix_time(value: Any) -> bool:
    return isinstance(value, int | str) and str(value).isdigit() and len(str(value)) == 10


def _container_start(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", value))


def _long_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= 100


def _hash(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("{")


def _random_address(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z]+\.[a-z]+@[a-z.]+", value))


def _hexadecimal(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9a-f]{12,}", value))


MASKS = (
    _mask("times in seconds", "^get/logs/", r"^time$", _unix_time, "the clock"),
    _mask("container starts", "^get/status/containers", r"\.started_at$", _container_start, "the clock"),
    _mask("timestamps", "", r"(^|\.)(created|modified|passwd_update|last_login)$", _timestamp, "the clock"),
    _mask("DKIM keys", "^get/dkim/", r"^(pubkey|dkim_txt)$", _long_text, "made from the server's randomness"),
    _mask("OAuth2 credentials", "^get/oauth2-client/", r"(client_id|client_secret)$", _hexadecimal, "random"),
    _mask(
        "random addresses", "^get/time_limited_aliases/", r"^address$", _random_address, "made from random syllables"
    ),
    _mask("ends of validity", "^get/time_limited_aliases/", r"^validity$", _unix_time, "the clock"),
    _mask("hashes of app passwords", "^get/app-passwd/", r"password$", _hash, "salted"),
)

LEFT_OUT: dict[str, str] = {}
"""Paths that are not compared at all, with the reason."""

KNOWN_DIFFERENCES: dict[tuple[str, int], str] = {}
"""Recordings and line numbers known to be answered otherwise, with the reason."""


def masked(path: str, place: str, value: Any, used: set[str]) -> Any:
    """The value with everything replaced that can't repeat; `used` collects the masks' names."""
    if isinstance(value, dict):
        return {key: masked(path, f"{place}.{key}" if place else key, item, used) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(path, place, item, used) for item in value]
    for mask in MASKS:
        if mask.route.search(path) and mask.place.search(place) and mask.form(value):
            used.add(mask.name)
            return f"<{mask.name}>"
    return value
