"""Secrets: what one may be written as in a manifest, and its codecs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.resource import Value, Values
from reconciler.model.secret import BLANK, Secret, SecretSource, SourceKind
from reconciler.records import replace
from reconciler.spec.codec import Codec, refuse
from reconciler.spec.language import Annotated

if TYPE_CHECKING:
    from reconciler.spec.kind import Kind

VERBATIM_SCHEMES: Final = (
    "ARGON2I",
    "ARGON2ID",
    "BLF-CRYPT",
    "CLEAR",
    "CLEARTEXT",
    "CRYPT",
    "DES-CRYPT",
    "LDAP-MD5",
    "MD5",
    "MD5-CRYPT",
    "PBKDF2",
    "PLAIN",
    "PLAIN-MD4",
    "PLAIN-MD5",
    "PLAIN-TRUNC",
    "SHA",
    "SHA1",
    "SHA256",
    "SHA256-CRYPT",
    "SHA512",
    "SHA512-CRYPT",
    "SMD5",
    "SSHA",
    "SSHA256",
    "SSHA512",
)
"""The password schemes mailcow stores as they are; anything else it hashes again, which locks the user out (the list in
``hash_password``, functions.inc.php, is the same in every version from 2022-01 to 2026-07a; all of them are checked by
``verify_hash`` beside it, which knows ``PBKDF2-SHA512`` too by 2026-07a, and hashes it again all the same)."""

_READABLE_SCHEMES: Final = ("CLEAR", "CLEARTEXT", "PLAIN", "PLAIN-TRUNC")

KEY: Final = "{key}"
"""Stands for the resource's key in what a generated password is delivered to."""

_RECIPIENT: Final = r"age1[a-z0-9]{20,}|ssh-(?:ed25519|rsa) [A-Za-z0-9+/]{40,}={0,2}(?: .*)?"
"""The public keys age takes (age-encryption.org/v1): its own, and those of ssh."""

_HASH_ANEW: Final = "make another of the password: `doveadm pw -s BLF-CRYPT`"
_FORMS: Final = "`{env: NAME}`, `{file: path}`, `{command: [program, argument]}`"
_HASH: Final = r"(?s)\{([A-Z0-9-]+)\}(.+)$"

_LONGEST: Final = 255
"""Characters of the columns for passwords and hashes; what is longer ends the call with an empty answer or an error of
the database (2022-01a to 2026-07a, init_db.inc.php)."""

_PLAIN_FORMS: Final = [
    {"type": "object", "properties": {"env": {"type": "string"}}, "required": ["env"], "additionalProperties": False},
    {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"], "additionalProperties": False},
    {
        "type": "object",
        "properties": {"command": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
        "required": ["command"],
        "additionalProperties": False,
    },
]
_PASSWORD_FORMS: Final = [
    {"type": "object", "properties": {"hash": {"type": "string"}}, "required": ["hash"], "additionalProperties": False},
    {
        "type": "object",
        "properties": {"hash_table": {"type": "string"}},
        "required": ["hash_table"],
        "additionalProperties": False,
    },
    {
        "type": "object",
        "properties": {
            "generate": {"const": True},
            "deliver": {
                "oneOf": [
                    {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    {
                        "type": "object",
                        "properties": {
                            "file": {"type": "string", "pattern": r"\{key\}"},
                            "recipients": {
                                "type": "array",
                                "items": {"type": "string", "pattern": "^(age1|ssh-)"},
                                "minItems": 1,
                            },
                        },
                        "required": ["file", "recipients"],
                        "additionalProperties": False,
                    },
                ]
            },
        },
        "required": ["generate"],
        "additionalProperties": False,
    },
]
SCHEMA: Final[Mapping[str, Any]] = {"oneOf": _PLAIN_FORMS}
PASSWORD_SCHEMA: Final[Mapping[str, Any]] = {"oneOf": [*_PLAIN_FORMS, *_PASSWORD_FORMS]}


def _words(value: Any, name: str) -> tuple[str, ...]:
    if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise refuse("secret-malformed", f"`{name}` takes a list of words", hint=f"write `{name}: [program, argument]`")


def _one(value: Any, name: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise refuse("secret-malformed", f"`{name}` takes one text", hint=f"write `{name}: ...`")


def read_source(value: Any, *, also: str = "") -> SecretSource:
    """Read where a secret comes from.

    Raises:
        Refusal: ``secret-literal`` for a secret that is written out, ``secret-malformed`` for the rest.
    """
    if not isinstance(value, Mapping):
        raise refuse("secret-literal", "a secret must not stand in a manifest", hint=f"name its source: {_FORMS}{also}")
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == SourceKind.COMMAND:
            return SecretSource(SourceKind.COMMAND, _words(argument, name))
        if name in (SourceKind.ENV, SourceKind.FILE):
            return SecretSource(SourceKind(name), (_one(argument, name),))
    raise refuse("secret-malformed", "this names no source of a secret", hint=f"write one of {_FORMS}{also}")


def _read_hash(value: Any) -> SecretSource:
    text = _one(value, "hash")
    match = re.match(_HASH, text)
    if match is None or match[1] not in VERBATIM_SCHEMES:
        shown = f"`{{{match[1]}}}`" if match else "a hash without a scheme"
        hint = "prefix the scheme the hash was made with, such as `{BLF-CRYPT}$2y$...` or `{SHA512-CRYPT}$6$...`"
        raise refuse("hash-not-verbatim", f"mailcow would hash {shown} again, as if it were the password", hint=hint)
    if match[1] in _READABLE_SCHEMES:
        raise refuse(
            "secret-literal", f"`{{{match[1]}}}` holds the password itself", hint="hash it: `doveadm pw -s BLF-CRYPT`"
        )
    if len(text) > _LONGEST:
        raise refuse("text-too-long", f"mailcow keeps {_LONGEST} characters of a hash", hint=_HASH_ANEW)
    return SecretSource(SourceKind.HASH, (text,))


def _read_generated(deliver: Any) -> SecretSource:
    if deliver == ():
        return SecretSource(SourceKind.GENERATE, ())
    if not isinstance(deliver, Mapping):
        return SecretSource(SourceKind.GENERATE, (), _words(deliver, "deliver"))
    if set(deliver) != {"file", "recipients"}:
        hint = 'write `deliver: {file: "passwords/{key}.age", recipients: [age1...]}`'
        raise refuse("secret-malformed", "a delivery to a file takes `file` and `recipients`", hint=hint)
    recipients = _words(deliver["recipients"], "recipients")
    if not all(re.fullmatch(_RECIPIENT, each) for each in recipients):
        hint = "write the public keys: `age1...` (from `age-keygen`), or `ssh-ed25519 ...`"
        raise refuse("recipient-malformed", "this is no recipient that a file can be encrypted for", hint=hint)
    return SecretSource(SourceKind.GENERATE, (), (_read_place(deliver["file"]),), recipients)


def _read_place(value: Any) -> str:
    """A path in the repository that is another one for each resource."""
    path = _one(value, "file")
    if KEY not in path:
        hint = 'write `{key}` where the address belongs: `file: "passwords/{key}.age"`'
        raise refuse("delivery-shared", "each password needs a file of its own", hint=hint)
    if {"", ".", ".."} & set(path.split("/")) or "\\" in path or not path.isprintable():
        hint = 'write a path relative to the repository, such as `"passwords/{key}.age"`'
        raise refuse("secret-malformed", "this is no path of a file in the repository", hint=hint)
    return path


def read_password(value: Any) -> SecretSource:
    """Read where a password comes from: like `read_source`, or a hash, a table of hashes, or a generated one.

    Raises:
        Refusal: as `read_source`, ``hash-not-verbatim`` for what the server would hash again, and
            ``recipient-malformed`` and ``delivery-shared`` for a delivery that would reach nobody or overwrite another.
    """
    if isinstance(value, Mapping):
        if set(value) == {"hash"}:
            return _read_hash(value["hash"])
        if set(value) == {"hash_table"}:
            return SecretSource(SourceKind.HASH_TABLE, (_one(value["hash_table"], "hash_table"),))
        if value.get("generate") is True and set(value) <= {"generate", "deliver"}:
            return _read_generated(value.get("deliver", ()))
    return read_source(value, also=", `{hash: ...}`, `{hash_table: path}` or `{generate: true}`")


def is_verbatim_hash(text: str) -> bool:
    """Whether the server stores this text as a password hash as it is."""
    match = re.match(_HASH, text)
    return match is not None and match[1] in VERBATIM_SCHEMES


def is_readable(text: str) -> bool:
    """Whether what the server stores as it is holds the password itself."""
    match = re.match(_HASH, text)
    return match is not None and match[1] in _READABLE_SCHEMES


def secrets_in(kind: Kind, values: Values) -> Iterator[tuple[str, SecretSource, Codec]]:
    """Find the secrets among some values, wherever they stand: the field, the secret, and the codec it was read by."""
    for name, codec in kind.secret_fields.items():
        if name in values:
            yield from ((name, source, own) for source, own in _within(codec, values[name]))


def _within(codec: Codec, value: Value) -> Iterator[tuple[SecretSource, Codec]]:
    if isinstance(value, SecretSource):
        yield value, codec
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _within((codec.parts or {}).get(name, codec), each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _within(codec, each)


def unfit(codec: Codec, secret: Secret) -> tuple[str, str] | None:
    """Say why, and what to do, where the server does not take a secret for such a field."""
    return None if codec.unfit is None else codec.unfit(secret.reveal())


def _several_lines(text: str) -> tuple[str, str] | None:
    """Nobody can type a line end, nor does it go into a file that the server writes a line for each password into."""
    if "\n" not in text and "\r" not in text:
        return None
    return "has several lines", "give the password alone: some programs print more below it"


def _too_long(text: str) -> tuple[str, str] | None:
    if several := _several_lines(text):
        return several
    if len(text) <= _LONGEST:
        return None
    return f"has {len(text)} characters, and mailcow keeps {_LONGEST}", "take a shorter one"


def _too_long_a_hash(text: str) -> tuple[str, str] | None:
    """A password of any length is hashed; a hash is stored as it is."""
    if several := _several_lines(text):
        return several
    if len(text) <= _LONGEST or not is_verbatim_hash(text):
        return None
    return f"is a hash of {len(text)} characters, and mailcow keeps {_LONGEST}", _HASH_ANEW


SECRET: Final = Codec(
    accept=lambda value, _scope: read_source(value),
    decode=lambda value: Secret("" if value is None else str(value)),
    schema=SCHEMA,
    sensitive=True,
)
SecretText = Annotated[Value, SECRET]
ShortSecretText = Annotated[Value, replace(SECRET, unfit=_too_long)]
"""A secret the server keeps as it is, in a column for short texts."""
TrimmedSecretText = Annotated[
    Value, replace(SECRET, fold=Secret.trimmed, unfit=lambda text: _too_long(text.strip(BLANK)))
]
"""Such a secret from which the server cuts off what is blank at both ends."""
PASSWORD: Final = replace(
    SECRET, accept=lambda value, _scope: read_password(value), schema=PASSWORD_SCHEMA, unfit=_too_long_a_hash
)
Password = Annotated[Value, PASSWORD]
"""A password: a secret, a hash the server stores as it is, or one that is generated."""
