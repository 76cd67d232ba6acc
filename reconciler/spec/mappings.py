"""Codecs of values that have parts: a mapping with named parts, each with a codec of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from reconciler.model.resource import Value
from reconciler.records import record, replace
from reconciler.spec.addresses import MAIL_ADDRESS
from reconciler.spec.codec import Codec, Refusal, Scope, refuse
from reconciler.spec.codecs import ACTIVE, FLAG, TEXT_COLUMN, a_set_of, as_text, text
from reconciler.spec.mark import UNSET
from reconciler.spec.secrets import SECRET

__all__ = ["CUSTOM_ATTRIBUTES", "PUSHOVER", "Part", "a_list_of", "a_mapping", "accepted", "or_word"]


@record(frozen=True, slots=True)
class Part:
    """One part of a mapping.

    Attributes:
        wire: its name among the attributes.
        default: what it is when it is not written; UNSET makes it necessary.
    """

    codec: Codec
    wire: str
    default: Value = UNSET


def accepted(codec: Codec, value: Any, scope: Scope) -> Value:
    """Read what a person wrote by a codec that may leave the work to pydantic.

    Raises:
        Refusal: what the codec raises, or ``value-malformed``.
    """
    if codec.core is None:
        return codec.accept(value, scope)
    from pydantic_core import SchemaValidator, ValidationError  # noqa: PLC0415  slow to import, and seldom needed

    try:
        return SchemaValidator(cast("Any", codec.core)).validate_python(value)
    except ValidationError as failure:
        why = failure.errors(include_url=False)[0]["msg"]
        hint = f"it takes {_described(codec.schema)}"
        raise refuse("value-malformed", f"`{value}` does not do: {why[0].lower()}{why[1:]}", hint=hint) from None


def _described(schema: Mapping[str, Any]) -> str:
    words: Final = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    return words.get(str(schema.get("type")), "another value")


def a_mapping(parts: Mapping[str, Part], *, more: Mapping[str, Any] | None = None) -> Codec:
    """Make a codec for a mapping whose parts are sent beside each other; its field is written `WHOLE`.

    Args:
        parts: by the name people write.
        more: attributes that are always the same.
    """

    def accept(value: Any, scope: Scope) -> dict[str, Value]:
        if not isinstance(value, Mapping):
            raise refuse("mapping-expected", f"`{value}` is not a mapping", hint=f"write {_form(parts)}")
        unknown = [name for name in value if name not in parts]
        if unknown:
            raise refuse("field-unknown", f"there is no `{unknown[0]}` here", hint=f"write {_form(parts)}")
        missing = [name for name, part in parts.items() if part.default is UNSET and name not in value]
        if missing:
            raise refuse("field-missing", f"`{missing[0]}` is missing", hint=f"write {_form(parts)}")
        return {
            name: _part(name, part, value[name], scope) if name in value else part.default
            for name, part in parts.items()
        }

    def encode(value: Mapping[str, Value]) -> dict[str, Any]:
        return {**(more or {}), **{part.wire: part.codec.encode(value[name]) for name, part in parts.items()}}

    needed = [name for name, part in parts.items() if part.default is UNSET]
    return Codec(
        accept=accept,
        encode=encode,
        parts={name: part.codec for name, part in parts.items()},
        schema={
            "type": "object",
            "properties": {name: dict(part.codec.schema) for name, part in parts.items()},
            "additionalProperties": False,
        }
        | ({"required": needed} if needed else {}),
    )


def _form(parts: Mapping[str, Part]) -> str:
    return "`{" + ", ".join(f"{name}: ..." for name in parts) + "}`"


def _part(name: str, part: Part, value: Any, scope: Scope) -> Value:
    try:
        return accepted(part.codec, value, scope)
    except Refusal as refusal:
        raise refuse(refusal.id, f"`{name}`: {refusal.text}", hint=refusal.hint) from None


def a_list_of(element: Codec, *, encode: Callable[[tuple[Value, ...]], Any]) -> Codec:
    """Make a codec for a list whose order matters."""

    def accept(value: Any, scope: Scope) -> tuple[Value, ...]:
        if not isinstance(value, list | tuple):
            raise refuse("list-expected", "this takes a list", hint="write it as a list: `[a, b]`")
        return tuple(accepted(element, each, scope) for each in value)

    return Codec(accept=accept, encode=encode, schema={"type": "array", "items": dict(element.schema)})


def or_word(codec: Codec, word: str, *, encoded: Any) -> Codec:
    """Make a codec for a value or one word that stands for none.

    Args:
        encoded: what the word is to the server.
    """

    def accept(value: Any, scope: Scope) -> Value:
        return word if value == word else accepted(codec, value, scope)

    return Codec(
        accept=accept,
        decode=lambda value: word if value in (encoded, None) else codec.decode(value),
        encode=lambda value: encoded if value == word else codec.encode(value),
        schema={"anyOf": [{"const": word}, dict(codec.schema)]},
        fold=codec.fold and (lambda value: value if value == word or codec.fold is None else codec.fold(value)),
        magnitude=codec.magnitude,
        unit=codec.unit,
        parts=codec.parts,
    )


def _accept_attributes(value: Any, _scope: Scope) -> dict[str, str]:
    if isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair):
        if any(" " in name for name in value):
            raise refuse("name-has-blanks", "a custom attribute's name has no blanks", hint="mailcow takes them out")
        return dict(sorted(value.items()))
    raise refuse("mapping-expected", "this takes texts by name", hint='write `{department: "4711"}`')


def _decode_attributes(value: Any) -> dict[str, str]:
    """Read attributes, which come as a list where their names are 0, 1 and so on: they are keys of a PHP array."""
    named = value.items() if isinstance(value, Mapping) else enumerate(value or ())
    return {name: as_text(each) for name, each in sorted((str(name), each) for name, each in named)}


CUSTOM_ATTRIBUTES: Final = Codec(
    accept=_accept_attributes,
    decode=_decode_attributes,
    encode=lambda value: (list(value), list(value.values())),
    schema={"type": "object", "additionalProperties": {"type": "string"}},
)
"""Replaced as a whole; none are shown as an empty list (2023-11a to 2026-07a, recorded exchanges)."""

_LONG: Final = text(most_bytes=TEXT_COLUMN)
_DELIMITED: Final = r"\s*(?:([^\sA-Za-z0-9\\\x00(\[{<\x80-\U0010ffff]).*\1|\(.*\)|\[.*\]|\{.*\}|<.*>)[imsxuADSUXJn\s]*"
"""How PHP has regular expressions written."""


def _accept_pattern(value: Any, scope: Scope) -> Value:
    import re  # noqa: PLC0415  seldom needed

    pattern = accepted(_LONG, value, scope)
    if pattern in ("", "0") or re.fullmatch(_DELIMITED, str(pattern), re.DOTALL):
        return pattern
    hint = "put slashes around it, and flags behind: `/boss@.*/i`"
    raise refuse("pattern-malformed", f"`{pattern}` is no pattern to mailcow", hint=hint)


_PATTERN: Final = Codec(accept=_accept_pattern, schema=_LONG.schema)

_TOKEN_LENGTH: Final = 30


def _no_token(text: str) -> tuple[str, str] | None:
    if len(text) == _TOKEN_LENGTH and text.isascii() and text.isalnum():
        return None
    return f"is not {_TOKEN_LENGTH} letters and digits, as keys and tokens of Pushover are", "copy it once more"


_TOKEN: Final = replace(SECRET, unfit=_no_token)
"""Others are refused (2022-01a to 2026-07a, functions.pushover.inc.php)."""

PUSHOVER: Final = or_word(
    a_mapping(
        {
            "key": Part(_TOKEN, "key"),
            "token": Part(_TOKEN, "token"),
            "state": Part(ACTIVE, "active", "active"),
            "title": Part(_LONG, "title", ""),
            "text": Part(_LONG, "text", ""),
            "sound": Part(text(), "sound", "pushover"),
            "senders": Part(a_set_of(MAIL_ADDRESS, wire="text", most_bytes=TEXT_COLUMN), "senders", ()),
            "senders_pattern": Part(_PATTERN, "senders_regex", ""),
            "raise_urgent": Part(FLAG, "evaluate_x_prio", default=False),
            "only_urgent": Part(FLAG, "only_x_prio", default=False),
        }
    ),
    "none",
    encoded={"delete": "true"},
)
"""Everything is sent every time: omitted flags are reset (2022-01a to 2026-07a, functions.pushover.inc.php)."""
