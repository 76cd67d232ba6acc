"""RSA keys as far as the server shows them: public keys of the right size and form, without any cryptography.

A generated key is a well-formed public key whose modulus is random: nothing was ever signed with it, and it has no
private half. An imported private key gives its own public key, read from its ASN.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from random import Random
from typing import Final

SHORTEST: Final = 512
"""Bits below which OpenSSL refuses to make a key."""

LONGEST: Final = 16384
"""Bits above which it does."""

_SEQUENCE, _INTEGER, _BIT_STRING, _OCTET_STRING = 0x30, 0x02, 0x03, 0x04
_RSA_ENCRYPTION: Final = bytes.fromhex("300d06092a864886f70d0101010500")
_PUBLIC_EXPONENT: Final = 65537
_LONG_FORM: Final = 0x80
_PEM = re.compile(r"-----BEGIN (RSA )?PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END (RSA )?PRIVATE KEY-----")


class NoKeyError(ValueError):
    """A text is no RSA private key in PEM."""


def generate(bits: int, random: Random) -> str:
    """A public key of so many bits, base64 on one line."""
    modulus = random.getrandbits(bits) | (1 << (bits - 1)) | 1
    return _public(modulus, _PUBLIC_EXPONENT)


def public_of(pem: str) -> str:
    """The public key of a private one in PEM (PKCS#1 or PKCS#8), base64 on one line.

    Raises:
        NoKeyError: It is none.
    """
    match = _PEM.search(pem)
    if not match:
        raise NoKeyError("no PEM private key")
    try:
        content = base64.b64decode("".join(match[2].split()), validate=True)
        fields = _items(_items(content)[0][1])
        if [tag for tag, _ in fields[:3]] == [_INTEGER, _SEQUENCE, _OCTET_STRING]:
            fields = _items(_items(fields[2][1])[0][1])
        tags = [tag for tag, _ in fields[:9]]
        if tags != [_INTEGER] * 9:
            raise NoKeyError("not an RSA key")
        return _public(int.from_bytes(fields[1][1]), int.from_bytes(fields[2][1]))
    except (binascii.Error, IndexError) as error:
        raise NoKeyError(str(error)) from error


def _items(content: bytes) -> list[tuple[int, bytes]]:
    items = []
    position = 0
    while position < len(content):
        tag, length = content[position], content[position + 1]
        position += 2
        if length >= _LONG_FORM:
            size = length - _LONG_FORM
            length = int.from_bytes(content[position : position + size])
            position += size
        if position + length > len(content):
            raise IndexError("cut short")
        items.append((tag, content[position : position + length]))
        position += length
    return items


def _item(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _LONG_FORM:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, _LONG_FORM + len(length)]) + length + content


def _number(value: int) -> bytes:
    return _item(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def _public(modulus: int, exponent: int) -> str:
    key = _item(_SEQUENCE, _number(modulus) + _number(exponent))
    whole = _item(_SEQUENCE, _RSA_ENCRYPTION + _item(_BIT_STRING, b"\0" + key))
    return base64.b64encode(whole).decode()
