"""The codecs by name. Each is a type: `Size` is what a record's field is annotated with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Final

from reconciler.spec import bulk
from reconciler.spec.codec import Codec, Refusal, Scope, for_pydantic, refuse
from reconciler.spec.names import domain_for_people, domain_for_wire, read_address, read_domain

UNLIMITED: Final = "unlimited"
NONE: Final = "none"


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _core(name: str, **constraints: Any) -> dict[str, Any]:
    """The schema by which pydantic's core reads values of a type strictly."""
    given = {constraint: value for constraint, value in constraints.items() if value is not None}
    return {"type": name, "strict": True, **given}


def text(
    *, most: int | None = None, least: int = 0, pattern: str | None = None, most_bytes: int | None = None
) -> Codec:
    """Make a codec for text that is sent as it is; of at least and at most so many characters, or so many bytes."""
    schema: dict[str, Any] = {"type": "string"}
    if most is not None:
        schema["maxLength"] = most
    if least:
        schema["minLength"] = least
    if pattern is not None:
        schema["pattern"] = pattern
    core = _core("str", max_length=most, min_length=least or None, pattern=pattern)
    if most_bytes is not None:
        schema["maxLength"] = most_bytes
        core = {
            "type": "function-after",
            "function": {"type": "no-info", "function": partial(_fitting, most_bytes)},
            "schema": core,
        }
    matches = re.compile(pattern).fullmatch if pattern is not None else None

    def accept(value: Any, _scope: Scope) -> str:
        """Read an element of a list, which says itself what is wrong with it."""
        if not isinstance(value, str):
            raise refuse("text-expected", f"`{value}` is not text", hint=f'put it in quotes: `"{value}"`')
        wrong = f"at least {least} characters" if len(value) < least else ""
        wrong = f"at most {most} characters" if most is not None and len(value) > most else wrong
        wrong = f"what matches `{pattern}`" if matches is not None and not matches(value) else wrong
        if wrong:
            raise refuse("text-malformed", f"`{value}` is not what this takes", hint=f"it takes {wrong}")
        return value if most_bytes is None else _within(most_bytes, value)

    return Codec(
        accept=accept,
        core=core,
        decode=_text,
        schema=schema,
        accept_many=bulk.accept_texts(least=least, most=most, pattern=pattern, most_bytes=most_bytes),
        decode_many=bulk.decode_texts,
    )


def _fitting(most_bytes: int, value: str) -> str:
    """`_within`, for pydantic's core."""
    try:
        return _within(most_bytes, value)
    except Refusal as refusal:
        raise for_pydantic(refusal) from None


def _within(most_bytes: int, value: str) -> str:
    """Let a text pass that takes up no more than so many bytes."""
    taken = len(value) if value.isascii() else len(value.encode())
    if taken <= most_bytes:
        return value
    raise refuse(
        "text-too-long",
        f"the text takes up {taken} bytes, and mailcow keeps {most_bytes}",
        hint="shorten it; letters with accents and the like take up two bytes or more",
    )


Text = Annotated[str, text()]
Line = Annotated[str, text(least=1, pattern=r"^[^\r\n]*$")]


def truthy(value: Any) -> bool:
    """What the server means by 1, "1", true, "yes", 0, "0", "", null and "no"."""
    return value not in (0, "0", "", None, False, "no", "false")


FLAG: Final = Codec(
    accept=lambda value, _scope: value,
    core=_core("bool"),
    decode=truthy,
    encode=int,
    schema={"type": "boolean"},
    accept_many=bulk.accept_flags,
    decode_many=bulk.decode_remembering(truthy),
)
Flag = Annotated[bool, FLAG]


def words(wire: Mapping[str, Any]) -> Codec:
    """Make a codec for a closed set of words, each standing for a value on the wire."""
    by_wire = {str(value): word for word, value in wire.items()}

    def accept(value: Any, _scope: Scope) -> str:
        if isinstance(value, str) and value in wire:
            return value
        raise refuse(
            "word-unknown", f"`{value}` is not one of the words this takes", hint=f"write one of: {', '.join(wire)}"
        )

    def decode(value: Any) -> str:
        return by_wire.get(_text(value), _text(value))

    return Codec(
        accept=accept,
        decode=decode,
        encode=wire.__getitem__,
        schema={"enum": list(wire)},
        accept_many=bulk.accept_words(accept),
        decode_many=bulk.decode_remembering(decode),
    )


def choice(*allowed: str) -> Codec:
    """Make a codec for a closed set of words that are the same on the wire."""
    return words({word: word for word in allowed})


ACTIVE: Final = words({"active": 1, "off": 0})
State = Annotated[str, ACTIVE]
MAILBOX_STATE: Final = words({"active": 1, "no-login": 2, "off": 0})
MailboxState = Annotated[str, MAILBOX_STATE]


def number(*, least: int = 0, most: int | None = None, wire_text: bool = False) -> Codec:
    """Make a codec for a whole number within bounds."""
    schema: dict[str, Any] = {"type": "integer", "minimum": least}
    if most is not None:
        schema["maximum"] = most

    def decode(value: Any) -> int:
        return int(value or 0)

    return Codec(
        accept=lambda value, _scope: value,
        core=_core("int", ge=least, le=most),
        decode=decode,
        encode=str if wire_text else int,
        schema=schema,
        magnitude=int,
        accept_many=bulk.accept_numbers(least=least, most=most),
        decode_many=bulk.decode_remembering(decode),
    )


Count = Annotated[int, number()]


_SIZE_UNITS: Final = {"KiB": 1 / 1024, "MiB": 1, "GiB": 1024, "TiB": 1024**2, "PiB": 1024**3}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) ?([KMGTP]iB)$")
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


def _accept_size(value: Any, *, unlimited: bool, least: int) -> str:
    if value == UNLIMITED and unlimited:
        return UNLIMITED
    if isinstance(value, int) and not isinstance(value, bool):
        raise refuse("unit-missing", f"`{value}` has no unit", hint=_SIZE_HINT)
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match is None:
        also = ", or `unlimited`" if unlimited else ""
        raise refuse("size-malformed", f"`{value}` is not a size", hint=_SIZE_HINT + also)
    mebibytes = float(match[1]) * _SIZE_UNITS[match[2]]
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
        accept_many=bulk.accept_words(accept),
        decode_many=bulk.decode_remembering(decode),
    )


Size = Annotated[str, size()]
SizeOrUnlimited = Annotated[str, size(unlimited=True)]

_DURATION_UNITS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION: Final = re.compile(r"(\d+) ?(s|min|h|d|w)$")


def seconds_of(value: str) -> int:
    """The number of seconds a canonical duration means; 0 for ``unlimited``."""
    match = _DURATION.match(value)
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
        match = _DURATION.match(value) if isinstance(value, str) else None
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
    )


_RATE: Final = re.compile(r"([1-9]\d*) ?/ ?([smhd])$")


def _accept_rate(value: Any, _scope: Scope) -> str:
    if value == UNLIMITED:
        return UNLIMITED
    match = _RATE.match(value) if isinstance(value, str) else None
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
        "pattern": r"^([1-9]\d* ?/ ?[smhd]|unlimited)$",
        "description": "a rate such as `10/s` or `500/h`, or `unlimited`",
        "examples": ["500/h"],
    },
    accept_many=bulk.accept_words(_accept_rate),
)
RateLimit = Annotated[str, RATE]
"""Mails per time. Read as ``{"value", "frame"}`` or false; written as two names; ``""`` and a valid frame take it away
(mailcow 2022-01a to 2026-07a, recorded exchanges ``rl-domain``, ``rl-mbox``)."""


DOMAIN: Final = Codec(
    accept=lambda value, _scope: read_domain(value),
    decode=lambda value: domain_for_people(_text(value)),
    encode=domain_for_wire,
    schema={"type": "string", "format": "hostname", "description": "a domain", "examples": ["acme.example"]},
)
Domain = Annotated[str, DOMAIN]


def _decode_address(value: Any) -> str:
    local, at, domain = _text(value).rpartition("@")
    return f"{local}{at}{domain_for_people(domain)}"


def _encode_address(value: str) -> str:
    local, at, domain = value.rpartition("@")
    return f"{local}{at}{domain_for_wire(domain)}"


def _accept_address(value: Any, scope: Scope) -> str:
    return read_address(value, scope.domain)


def _accept_mailbox_address(value: Any, scope: Scope) -> str:
    return _accept_address(value, scope).lower()


def _decode_mailbox_address(value: Any) -> str:
    return _decode_address(value).lower()


def _accept_alias_address(value: Any, scope: Scope) -> str:
    return read_address(value, scope.domain, catch_all=True)


MAILBOX_ADDRESS: Final = Codec(
    accept=_accept_mailbox_address,
    decode=_decode_mailbox_address,
    encode=_encode_address,
    schema={"type": "string", "examples": ["anna", "anna@acme.example"]},
    accept_many=bulk.accept_addresses(_accept_address, lower=True),
    decode_many=bulk.decode_addresses(_decode_mailbox_address),
)
MailboxAddress = Annotated[str, MAILBOX_ADDRESS]

MAIL_ADDRESS: Final = Codec(
    accept=_accept_address,
    decode=_decode_address,
    encode=_encode_address,
    fold=str.lower,
    schema={"type": "string", "examples": ["sales", "sales@acme.example"]},
    accept_many=bulk.accept_addresses(_accept_address),
    decode_many=bulk.decode_addresses(_decode_address),
)
MailAddress = Annotated[str, MAIL_ADDRESS]

ALIAS_ADDRESS: Final = Codec(
    accept=_accept_alias_address,
    decode=_decode_address,
    encode=_encode_address,
    fold=str.lower,
    schema={"type": "string", "examples": ["sales", "@acme.example"]},
    accept_many=bulk.accept_addresses(_accept_alias_address),
    decode_many=bulk.decode_addresses(_decode_address),
)
AliasAddress = Annotated[str, ALIAS_ADDRESS]


def _accept_domain_or_address(value: Any, scope: Scope) -> str:
    if isinstance(value, str) and "@" not in value and "." in value:
        return read_domain(value)
    return read_address(value, scope.domain, catch_all=True).removeprefix("@").lower()


DOMAIN_OR_ADDRESS: Final = Codec(
    accept=_accept_domain_or_address,
    decode=lambda value: _decode_address(value).removeprefix("@"),
    encode=_encode_address,
    fold=str.lower,
    schema={"type": "string", "examples": ["acme.example", "anna@acme.example"]},
)
DomainOrAddress = Annotated[str, DOMAIN_OR_ADDRESS]
"""A whole domain, or one address. The server answers a whole domain with ``@`` before it, and refuses it written so."""


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    raise refuse("list-expected", "this takes a list", hint="write it as a list: `[a, b]`")


_ANY_SEPARATOR: Final = r"[\s,;]+"


def a_set_of(
    element: Codec,
    *,
    wire: str = "list",
    split: str = _ANY_SEPARATOR,
    join: str = ",",
    least: int = 0,
    most: int | None = None,
) -> Codec:
    """Make a codec for a list whose order means nothing and in which nothing stands twice.

    Args:
        wire: ``list`` for a JSON list on the wire, ``text`` for one string.
        split: what separates the elements of a string that is read.
        join: what separates them in a string that is written.
        least: how many there must be; at most `most`.
    """
    fold_one = element.fold or (lambda value: value)

    def canonical(values: list[str]) -> tuple[str, ...]:
        if len(values) < 2:  # noqa: PLR2004  most lists name one
            return tuple(values)
        folded = list(map(fold_one, values))
        if folded == values:
            return tuple(sorted(set(values)))
        by_fold = dict(zip(reversed(folded), reversed(values), strict=True))
        return tuple([by_fold[key] for key in sorted(by_fold)])

    def accept(value: Any, scope: Scope) -> tuple[str, ...]:
        listed = value if value.__class__ is list else _listed(value)
        if len(listed) < least:
            raise refuse("list-too-short", f"this needs at least {least}", hint="name one, or leave the field out")
        if most is not None and len(listed) > most:
            raise refuse("list-too-long", f"this takes {most} at most", hint="mailcow stops reading there; shorten it")
        return canonical([element.accept(each, scope) for each in listed])

    def decode(value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [part for part in re.split(split, value) if part]
        return canonical([element.decode(each) for each in (value or ())])

    def encode(values: tuple[str, ...]) -> Any:
        encoded = [element.encode(value) for value in values]
        return encoded if wire == "list" else join.join(map(str, encoded))

    return Codec(
        accept=accept,
        decode=decode,
        encode=encode,
        fold=lambda values: {fold_one(value) for value in values},
        schema={"type": "array", "items": dict(element.schema), "uniqueItems": True}
        | ({"minItems": least} if least else {})
        | ({"maxItems": most} if most is not None else {}),
        elements=True,
        accept_many=element.accept_many and bulk.accept_sets(element.accept_many, canonical, least=least, most=most),
        decode_many=bulk.decode_sets(decode, element.decode_all, canonical) if split == _ANY_SEPARATOR else None,
    )


def collated(value: str) -> str:
    """What the server's database compares a text by, where it must be unique (collation utf8mb4_general_ci)."""
    if value.isascii():
        return value.lower().rstrip(" ")
    bare = (each for each in unicodedata.normalize("NFD", value) if not unicodedata.combining(each))
    return "".join("\ufffd" if each > "\uffff" else each for each in bare).lower().replace("ß", "s").rstrip(" ")


TAGS: Final = a_set_of(replace(text(least=1, most=255), fold=collated), most=25)
Tags = Annotated[tuple[str, ...], TAGS]
"""Words attached to a domain or mailbox; neither case nor accents tell them apart (a unique key in the database). What
comes after the 26th of one call is dropped (``TAGGING_LIMIT``, mailcow 2022-05 to 2026-07a)."""

Addresses = Annotated[tuple[str, ...], a_set_of(MAIL_ADDRESS, wire="text")]
Domains = Annotated[tuple[str, ...], a_set_of(DOMAIN)]


def reference(*, none: bool = True) -> Codec:
    """Make a codec for the key of a resource of another kind; the word ``none`` stands for no such resource."""

    def accept(value: Any, _scope: Scope) -> str:
        if isinstance(value, str) and value:
            return value
        also = "; for none write `none`" if none else ""
        raise refuse("reference-malformed", f"`{value}` names nothing", hint=f"write the key of what is meant{also}")

    return Codec(
        accept=accept,
        decode=lambda value: NONE if none and not truthy(value) else _text(value),
        schema={"type": "string", "minLength": 1},
    )
