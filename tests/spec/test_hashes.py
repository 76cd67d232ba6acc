"""What the server would hash again, as if it were the password, is refused: the user could not log in."""

from __future__ import annotations

from random import Random

import pytest

from reconciler.model.secret import SecretSource, SourceKind
from reconciler.simulator.passwords import stored
from reconciler.spec.codec import Refusal
from reconciler.spec.secrets import is_verbatim_hash, read_password

DOVECOT = (
    *("ARGON2I", "ARGON2ID", "BLF-CRYPT", "CLEAR", "CLEARTEXT", "CRAM-MD5", "CRYPT", "DES-CRYPT", "DIGEST-MD5"),
    *("HMAC-MD5", "LANMAN", "LDAP-MD5", "MD5", "MD5-CRYPT", "NTLM", "OTP", "PBKDF2", "PLAIN", "PLAIN-MD4"),
    *("PLAIN-MD5", "PLAIN-TRUNC", "RPA", "SCRAM-SHA-1", "SCRAM-SHA-256", "SHA", "SHA1", "SHA256", "SHA256-CRYPT"),
    *("SHA512", "SHA512-CRYPT", "SKEY", "SMD5", "SSHA", "SSHA256", "SSHA512"),
)
"""What Dovecot knows, and can therefore come from another server."""

NO_SCHEMES = ("PBKDF2-SHA512", "BCRYPT", "YESCRYPT", "SHA-256", "SSHA-512", "X", "", "BLF-CRYPT ", "BLF CRYPT")
ENDINGS = ("", ".B64", ".HEX", ".b64", ".hex")
WRITTEN = tuple(f"{{{scheme}{ending}}}$2y$10$x" for scheme in (*DOVECOT, *NO_SCHEMES) for ending in ENDINGS)
OTHERS = ("$2y$10$x", "hunter2", "{BLF-CRYPT", "BLF-CRYPT}x", " {BLF-CRYPT}x", "x{BLF-CRYPT}x", "{{BLF-CRYPT}}x")
READABLE = ("CLEAR", "CLEARTEXT", "PLAIN", "PLAIN-TRUNC")


def _is_accepted(text: str) -> bool:
    try:
        return read_password({"hash": text}) == SecretSource(SourceKind.HASH, (text,))
    except Refusal:
        return False


@pytest.mark.parametrize("text", [*WRITTEN, *OTHERS])
def test_a_hash_is_taken_exactly_if_the_server_keeps_it_as_it_is(text: str) -> None:
    kept = stored(text, Random(1)) == text
    readable = text.startswith(tuple(f"{{{scheme}}}" for scheme in READABLE))
    assert is_verbatim_hash(text) == kept
    assert _is_accepted(text) == (kept and not readable)


@pytest.mark.parametrize("scheme", DOVECOT)
def test_a_scheme_is_written_in_capitals(scheme: str) -> None:
    assert not _is_accepted(f"{{{scheme.lower()}}}x")


@pytest.mark.parametrize("scheme", DOVECOT)
def test_a_scheme_alone_is_no_hash(scheme: str) -> None:
    assert not _is_accepted(f"{{{scheme}}}")
