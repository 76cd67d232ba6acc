"""The codecs by name. Each is a type: `Size` is what a record's field is annotated with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from reconciler.model.resource import Value
from reconciler.model.table import JoinedTexts
from reconciler.records import replace
from reconciler.spec import accept_many, decode_many
from reconciler.spec.codec import Codec, Many, Refusal, Scope, for_pydantic, refuse
from reconciler.spec.language import Annotated
from reconciler.spec.refusal import in_quotes, not_text

NONE: Final = "none"


def as_text(value: Any) -> str:
    """Read what the server answers as text; null is the empty one."""
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

    def accept(value: Any, _scope: Scope) -> str:
        """Read an element of a list, which says itself what is wrong with it."""
        if not isinstance(value, str):
            raise refuse("text-expected", f"{not_text(value)} is not text", hint=in_quotes(value))
        wrong = f"at least {least} characters" if len(value) < least else ""
        wrong = f"at most {most} characters" if most is not None and len(value) > most else wrong
        wrong = f"what matches `{pattern}`" if pattern is not None and not re.fullmatch(pattern, value) else wrong
        if wrong:
            raise refuse("text-malformed", f"`{value}` is not what this takes", hint=f"it takes {wrong}")
        return value if most_bytes is None else _within(most_bytes, value)

    return Codec(
        accept=accept,
        core=core,
        decode=as_text,
        schema=schema,
        accept_many=Many(
            accept, accept_many.accept_texts(least=least, most=most, pattern=pattern, most_bytes=most_bytes)
        ),
        are_plain=lambda _text: True,
        decode_many=Many(as_text, decode_many.decode_texts),
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


TEXT_COLUMN: Final = 65_535
"""Bytes of the database's columns for long texts; what is longer ends the call with an empty answer (2022-01a to
2026-07a, init_db.inc.php)."""

Text = Annotated[str, text()]
Line = Annotated[str, text(least=1, most_bytes=TEXT_COLUMN, pattern=r"^[^\r\n]*$")]

COLUMN: Final = 255
"""Characters of most of the database's text columns, of which the same is true."""

ShortText = Annotated[str, text(most=COLUMN)]
ShortLine = Annotated[str, text(least=1, most=COLUMN, pattern=r"^[^\r\n]*$")]
SAYS_SOMETHING: Final = r"^(?:[^0\r\n][^\r\n]*|0[^\r\n]+)$"
"""A line that is something to PHP, to which `0` is nothing (2022-01a to 2026-07a: empty())."""
Name = Annotated[str, text(least=1, most=COLUMN, pattern=SAYS_SOMETHING)]

_INK: Final = r"[^\s\x00]"
TRIMMED: Final = rf"(?:[^\s\x000](?:[^\r\n]*{_INK})?|0[^\r\n]*{_INK})"
Trimmed = Annotated[str, text(least=1, most=COLUMN, pattern=f"^{TRIMMED}$")]
TrimmedOrEmpty = Annotated[str, text(most=COLUMN, pattern=rf"^(?:{_INK}(?:[^\r\n]*{_INK})?)?$")]
"""A line where the server cuts off what is blank at both ends; where it must say something, `0` does not."""


def truthy(value: Any) -> bool:
    """What the server means by 1, "1", true, "yes", 0, "0", "", null and "no"."""
    return value not in (0, "0", "", None, False, "no", "false")


def _as_written(value: Any, _scope: Scope) -> Any:
    return value


FLAG: Final = Codec(
    accept=_as_written,
    core=_core("bool"),
    decode=truthy,
    encode=int,
    schema={"type": "boolean"},
    wire_type=bool | None,
    accept_many=Many(_as_written, accept_many.accept_flags),
    decode_many=Many(truthy, decode_many.decode_flags(truthy)),
)
Flag = Annotated[bool, FLAG]


def words(wire: Mapping[str, Any]) -> Codec:
    """Make a codec for a closed set of words, each standing for a value on the wire."""
    by_wire = {str(value): word for word, value in wire.items()}

    def accept(value: Any, _scope: Scope) -> str:
        if isinstance(value, str) and value in wire:
            return value
        hint = f"write one of: {', '.join(wire)}"
        if str(value) in wire:
            hint = f'put it in quotes: `"{value}"`'
        raise refuse("word-unknown", f"{not_text(value)} is not one of the words this takes", hint=hint)

    def decode(value: Any) -> str:
        return by_wire.get(as_text(value), as_text(value))

    return Codec(
        accept=accept,
        decode=decode,
        encode=wire.__getitem__,
        schema={"enum": list(wire)},
        accept_many=Many(accept, accept_many.accept_words(accept)),
        decode_many=Many(decode, decode_many.decode_remembering(decode)),
    )


def choice(*allowed: str) -> Codec:
    """Make a codec for a closed set of words that are the same on the wire."""
    return words({word: word for word in allowed})


ACTIVE: Final = words({"active": 1, "off": 0})
State = Annotated[str, ACTIVE]
MAILBOX_STATE: Final = words({"active": 1, "no-login": 2, "off": 0})
MailboxState = Annotated[str, MAILBOX_STATE]


def _decode_relaying(backup: Any, every: Any, unknown: Any) -> str:
    if truthy(unknown):
        return "unknown"
    if truthy(every):
        return "all"
    return "known" if truthy(backup) else "off"


RELAYING: Final = replace(
    words({"off": (0, 0, 0), "known": (1, 0, 0), "all": (1, 1, 0), "unknown": (1, 1, 1)}),
    decode=_decode_relaying,
    decode_many=None,
)
"""Three flags of a domain or its template, of which each implies the one before; a template keeps any without the
others. Clearing one leaves the others set, so all three are always sent together (2022-01a to 2026-07a,
functions.mailbox.inc.php)."""


def number(*, least: int = 0, most: int | None = None, wire_text: bool = False) -> Codec:
    """Make a codec for a whole number within bounds."""
    schema: dict[str, Any] = {"type": "integer", "minimum": least}
    if most is not None:
        schema["maximum"] = most

    def decode(value: Any) -> int:
        return int(value or 0)

    return Codec(
        accept=_as_written,
        core=_core("int", ge=least, le=most),
        decode=decode,
        encode=str if wire_text else int,
        schema=schema,
        magnitude=int,
        accept_many=Many(_as_written, accept_many.accept_numbers(least=least, most=most)),
        decode_many=Many(decode, decode_many.decode_remembering(decode)),
    )


LARGEST_INT: Final = 2**31 - 1
"""The largest number of most of the database's integer columns (2022-01a to 2026-07a, init_db.inc.php)."""

Count = Annotated[int, number(most=LARGEST_INT)]


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
    most_bytes: int | None = None,
) -> Codec:
    """Make a codec for a list whose order means nothing and in which nothing stands twice.

    Args:
        wire: ``list`` for a JSON list on the wire, ``text`` for one string.
        split: what separates the elements of a string that is read.
        join: what separates them in a string that is written.
        least: how many there must be; at most `most`.
        most_bytes: how much room there is for the string that is written, whose elements are of 255 bytes at most.
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
        accepted = canonical([element.accept(each, scope) for each in listed])
        has_room(accepted)
        return accepted

    def decode(value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [part for part in re.split(split, value) if part]
        return canonical([element.decode(each) for each in (value or ())])

    def encode(values: tuple[str, ...]) -> Any:
        encoded = [element.encode(value) for value in values]
        return encoded if wire == "list" else join.join(map(str, encoded))

    has_room = partial(_have_room, most_bytes, encode)
    plain = element.are_plain if element.decode_many and element.decode_many.one is element.decode else None
    return Codec(
        accept=accept,
        decode=decode,
        encode=encode,
        fold=lambda values: {fold_one(value) for value in values},
        schema={"type": "array", "items": dict(element.schema), "uniqueItems": True}
        | ({"minItems": least} if least else {})
        | ({"maxItems": most} if most is not None else {}),
        elements=True,
        accept_many=Many(
            accept,
            accept_many.accept_sets(
                element.accept_all,
                canonical,
                least=least,
                most=most,
                few=(most_bytes or 0) // (COLUMN + 1),
                has_room=has_room if most_bytes is not None else None,
            ),
        ),
        shown=joined_texts if (wire, join) == ("text", ",") else listed_texts if wire == "list" and plain else None,
        decode_many=Many(decode, decode_many.decode_sets(decode, plain)) if plain and split == _ANY_SEPARATOR else None,
    )


def _have_room(most_bytes: int | None, encode: Callable[[tuple[str, ...]], Any], values: tuple[str, ...]) -> None:
    """Let a list pass that takes up no more than so many bytes as one text."""
    taken = 0 if most_bytes is None else len(encode(values))
    if most_bytes is not None and taken > most_bytes:
        why = f"these take up {taken} bytes together, and mailcow keeps {most_bytes}"
        raise refuse("list-too-long", why, hint="name fewer, or shorter ones")


def joined_texts(values: Sequence[Value]) -> Sequence[Any]:
    """Sets as texts with commas, the way the server mostly shows them."""
    if isinstance(values, JoinedTexts):
        return values.texts
    return [",".join(value) if value.__class__ is tuple else value for value in values]


def listed_texts(values: Sequence[Value]) -> Sequence[Any]:
    """Sets as lists, the way the server shows them where it happens to have them in our order."""
    return [list(value) if value.__class__ is tuple else value for value in values]


def collated(value: str) -> str:
    """What the server's database compares a text by, where it must be unique (collation utf8mb4_general_ci)."""
    if value.isascii():
        return value.lower().rstrip(" ")
    import unicodedata  # noqa: PLC0415  most words are plain ASCII

    bare = (each for each in unicodedata.normalize("NFD", value) if not unicodedata.combining(each))
    return "".join("\ufffd" if each > "\uffff" else each for each in bare).lower().replace("ß", "s").rstrip(" ")


_TAG: Final = text(least=1, most=COLUMN)


def _accept_tag(value: Any, scope: Scope) -> Value:
    if value == "0":
        raise refuse("tag-dropped", "`0` is nothing to mailcow, which drops such a tag", hint="write another word")
    return _TAG.accept(value, scope)


TAGS: Final = a_set_of(replace(_TAG, accept=_accept_tag, core=None, fold=collated), most=25)
Tags = Annotated[tuple[str, ...], TAGS]
"""Words attached to a domain or mailbox; neither case nor accents tell them apart (a unique key in the database). What
comes after the 26th of one call is dropped (``TAGGING_LIMIT``, mailcow 2022-05 to 2026-07a)."""


def reference(*, none: bool = True) -> Codec:
    """Make a codec for the key of a resource of another kind; the word ``none`` stands for no such resource."""

    def accept(value: Any, _scope: Scope) -> str:
        if isinstance(value, str) and value:
            return value
        also = "; for none write `none`" if none else ""
        raise refuse("reference-malformed", f"`{value}` names nothing", hint=f"write the key of what is meant{also}")

    return Codec(
        accept=accept,
        decode=lambda value: NONE if none and not truthy(value) else as_text(value),
        schema={"type": "string", "minLength": 1},
    )
