"""The codecs of amounts: sizes, spans of time, rates. Each has its unit: the server's is never the one meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from reconciler.spec import accept_many, decode_many
from reconciler.spec.codec import Codec, Many, Scope, refuse
from reconciler.spec.language import Annotated

UNLIMITED: Final = "unlimited"

_SIZE_UNITS: Final = {"KiB": 1 / 1024, "MiB": 1, "GiB": 1024, "TiB": 1024**2, "PiB": 1024**3}
_LARGEST_SIZE: Final = 2**43 - 1
"""In MiB. The server's numbers of bytes have 63 bits; beyond, it answers with fractions (all versions)."""

_SIZE_HINT: Final = "write a number and its unit: `5GiB`, `512MiB`, `1TiB`"
_SIZE_CACHE: dict[int, str] = {}
_SIZE_CACHE_LIMIT: Final = 4096


def size_in_mebibytes(value: str) -> int:
    """The number of MiB a canonical size means; 0 for ``unlimited``."""
    if value == UNLIMITED:
        return 0
    return int(value[:-3]) * int(_SIZE_UNITS[value[-3:]])


def size_of_mebibytes(mebibytes: int) -> str:
    """The canonical size of a number of MiB: the largest unit that divides it."""
    known = _SIZE_CACHE.get(mebibytes)
    if known is None:
        amount, unit = mebibytes, "MiB"
        for larger in ("GiB", "TiB", "PiB"):
            if amount == 0 or amount % 1024:
                break
            amount, unit = amount // 1024, larger
        known = f"{amount}{unit}"
        if len(_SIZE_CACHE) < _SIZE_CACHE_LIMIT:
            _SIZE_CACHE[mebibytes] = known
    return known


def _mebibytes(text: str) -> float | None:
    """The number of MiB a size as people write it means; None where it is no size.

    Without a regular expression, which would take longer to compile than most manifests have sizes to read.
    """
    text = text.removesuffix("\n")
    unit = _SIZE_UNITS.get(text[-3:])
    amount = text[:-3].removesuffix(" ")
    whole, dot, fraction = amount.partition(".")
    if unit is None or not whole.isdecimal() or (dot and not fraction.isdecimal()):
        return None
    return float(amount) * unit


def _accept_size(value: Any, *, unlimited: bool, least: int) -> str:
    if value == UNLIMITED and unlimited:
        return UNLIMITED
    also = ", or `unlimited`" if unlimited else ""
    if isinstance(value, int) and not isinstance(value, bool):
        raise refuse("unit-missing", f"`{value}` has no unit", hint=_SIZE_HINT + also)
    mebibytes = _mebibytes(value) if isinstance(value, str) else None
    if mebibytes is None:
        raise refuse("size-malformed", f"`{value}` is not a size", hint=_SIZE_HINT + also)
    if mebibytes > _LARGEST_SIZE:
        raise refuse("size-too-large", f"`{value}` is more than mailcow can count", hint="write less than 8192PiB")
    if mebibytes != int(mebibytes):
        raise refuse("size-fraction", f"`{value}` is not a whole number of MiB", hint="mailcow counts in MiB; round it")
    if mebibytes < least:
        also = "; for no limit write `unlimited`" if unlimited else ""
        raise refuse("size-too-small", f"`{value}` is too small", hint=f"write at least {least}MiB{also}")
    return size_of_mebibytes(int(mebibytes))


def size(*, unlimited: bool = False, least: int = 1, read_unit: int = 1024 * 1024, wire_text: bool = False) -> Codec:
    """Make a codec for an amount of storage, written to the server in MiB.

    Args:
        unlimited: the word ``unlimited`` is allowed; the server's word for it is 0.
        least: the smallest size in MiB.
        read_unit: how many of the server's units of reading make a MiB (it answers in bytes).
    """
    known: dict[str, str] = {}

    def accept(value: Any, _scope: Scope) -> str:
        found = known.get(value) if value.__class__ is str else None
        if found is None:
            found = _accept_size(value, unlimited=unlimited, least=least)
            if len(known) < _SIZE_CACHE_LIMIT:
                known[value] = found
        return found

    def decode(value: Any) -> str:
        amount = int(value or 0)
        if amount == 0 and unlimited:
            return UNLIMITED
        return size_of_mebibytes(amount // read_unit)

    return Codec(
        accept=accept,
        decode=decode,
        encode=(lambda value: str(size_in_mebibytes(value))) if wire_text else size_in_mebibytes,
        schema={
            "type": "string",
            "pattern": r"^(\d+(\.\d+)? ?[KMGTP]iB" + (f"|{UNLIMITED})$" if unlimited else ")$"),
            "description": "a size such as `512MiB` or `5GiB`" + (f", or `{UNLIMITED}`" if unlimited else ""),
            "examples": ["5GiB"],
        },
        magnitude=size_in_mebibytes,
        unit="MiB",
        accept_many=Many(accept, accept_many.accept_words(accept)),
        decode_many=Many(decode, decode_many.decode_remembering(decode)),
    )


Size = Annotated[str, size()]
SizeOrUnlimited = Annotated[str, size(unlimited=True)]

_DURATION_UNITS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION: Final = r"(\d+) ?(s|min|h|d|w)$"


def seconds_of(value: str) -> int:
    """The number of seconds a canonical duration means; 0 for ``unlimited``."""
    match = re.match(_DURATION, value)
    return int(match[1]) * _DURATION_UNITS[match[2]] if match else 0


def duration(*, unit: str, least: int = 0, most: int | None = None, unlimited: bool = False) -> Codec:
    """Make a codec for a span of time, sent as a number of the server's unit.

    Args:
        unit: the server's unit, one of ``s``, ``min``, ``h``, ``d``.
        least: the smallest number of that unit; ``most`` the largest.
        unlimited: the word ``unlimited`` stands for the server's 0.
    """
    scale = _DURATION_UNITS[unit]

    def canonical(amount: int) -> str:
        seconds = amount * scale
        for name in ("d", "h", "min"):
            if seconds and seconds % _DURATION_UNITS[name] == 0 and _DURATION_UNITS[name] >= scale:
                return f"{seconds // _DURATION_UNITS[name]}{name}"
        return f"{amount}{unit}"

    def accept(value: Any, _scope: Scope) -> str:
        if value == UNLIMITED and unlimited:
            return UNLIMITED
        match = re.match(_DURATION, value) if isinstance(value, str) else None
        if match is None:
            raise refuse(
                "duration-malformed",
                f"`{value}` is not a span of time",
                hint="write a number and its unit: `30min`, `7d`",
            )
        seconds = int(match[1]) * _DURATION_UNITS[match[2]]
        if seconds % scale:
            raise refuse("duration-fraction", f"`{value}` is not a whole number of {unit}", hint="round it")
        amount = seconds // scale
        if amount < least or (most is not None and amount > most):
            ends = f"from {least}{unit}" + (f" to {most}{unit}" if most is not None else " on")
            raise refuse("duration-out-of-range", f"`{value}` is out of range", hint=f"write something {ends}")
        return canonical(amount)

    def decode(value: Any) -> str:
        amount = int(value or 0)
        return UNLIMITED if amount == 0 and unlimited else canonical(amount)

    return Codec(
        accept=accept,
        decode=decode,
        encode=lambda value: seconds_of(value) // scale,
        schema={
            "type": "string",
            "pattern": r"^(\d+ ?(s|min|h|d|w)" + (f"|{UNLIMITED})$" if unlimited else ")$"),
            "description": "a span of time such as `30min` or `7d`" + (f", or `{UNLIMITED}`" if unlimited else ""),
            "examples": ["7d"],
        },
        magnitude=seconds_of,
        unit="s",
    )


_RATE: Final = r"([1-9]\d{0,17}) ?/ ?([smhd])$"


def _accept_rate(value: Any, _scope: Scope) -> str:
    if value == UNLIMITED:
        return UNLIMITED
    match = re.match(_RATE, value) if isinstance(value, str) else None
    if match is None:
        hint = "write mails per second, minute, hour or day: `10/s`, `500/h`; or `unlimited`"
        raise refuse("rate-malformed", f"`{value}` is not a rate", hint=hint)
    return f"{match[1]}/{match[2]}"


def _decode_rate(value: Any) -> str:
    if not isinstance(value, Mapping) or not value.get("value"):
        return UNLIMITED
    return f"{value['value']}/{value['frame']}"


def _encode_rate(value: str) -> tuple[str, str]:
    if value == UNLIMITED:
        return "", "s"
    amount, _, frame = value.partition("/")
    return amount, frame


RATE: Final = Codec(
    accept=_accept_rate,
    decode=_decode_rate,
    encode=_encode_rate,
    schema={
        "type": "string",
        "pattern": r"^([1-9]\d{0,17} ?/ ?[smhd]|unlimited)$",
        "description": "a rate such as `10/s` or `500/h`, or `unlimited`",
        "examples": ["500/h"],
    },
    accept_many=Many(_accept_rate, accept_many.accept_words(_accept_rate)),
)
RateLimit = Annotated[str, RATE]
"""Mails per time. Read as ``{"value", "frame"}`` or false; written as two names; ``""`` and a valid frame take it away
(mailcow 2022-01a to 2026-07a, recorded exchanges ``rl-domain``, ``rl-mbox``)."""
