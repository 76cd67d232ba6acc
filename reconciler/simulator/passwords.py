"""The password policy, and what the server stores for a password.

Source: mailcow 2022-01a and 2026-07a, functions.inc.php: password_complexity, password_check, hash_password.
"""

from __future__ import annotations

import re
from random import Random
from typing import Any, Final

from . import loose, php
from .routing import Call, Log
from .server import Server
from .state import seeds

POLICY: Final = "PASSWD_POLICY"
"""The Redis hash of the policy; its values are texts."""

DEFAULT_POLICY: Final = {"length": "6", "chars": "0", "special_chars": "0", "lowerupper": "0", "numbers": "0"}
_CHECK_LOG: Final[Log] = ("password_check", None, None)
_STORED_VERBATIM = re.compile(
    r"^\{(ARGON2I|ARGON2ID|BLF-CRYPT|CLEAR|CLEARTEXT|CRYPT|DES-CRYPT|LDAP-MD5|MD5|MD5-CRYPT|PBKDF2|PLAIN|PLAIN-MD4"
    r"|PLAIN-MD5|PLAIN-TRUNC|SHA|SHA1|SHA256|SHA256-CRYPT|SHA512|SHA512-CRYPT|SMD5|SSHA|SSHA256|SSHA512)\}",
    re.IGNORECASE,
)
_BCRYPT_ALPHABET: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BCRYPT_LENGTH: Final = 53


@seeds
def seed_policy(server: Server) -> None:
    """Six characters of any kind, set when the container starts."""
    server.state.redis.hash(POLICY).update(DEFAULT_POLICY)


def accepted(call: Call, password: Any, again: Any) -> bool:
    """Tell whether a password passes the policy and was repeated; an entry says why not.

    A prepared hash is judged as the text it is.
    """
    if not php.truthy(password) or not php.truthy(again):
        call.danger("password_complexity", log=_CHECK_LOG)
        return False
    if not loose.equal(password, again):
        call.danger("password_mismatch", log=_CHECK_LOG)
        return False
    if not _is_complex(php.text(password), call.state.redis.hash(POLICY)):
        call.danger("password_complexity", log=_CHECK_LOG)
        return False
    return True


def _is_complex(password: str, policy: dict[str, str]) -> bool:
    has = {
        "special_chars": re.search(r"[^a-zA-Z\d]", password, re.ASCII),
        "chars": re.search(r"[a-zA-Z]", password),
        "numbers": re.search(r"\d", password, re.ASCII),
        "lowerupper": re.search(r"[a-z]", password) and re.search(r"[A-Z]", password),
    }
    if len(password.encode()) < php.intval(policy.get("length")):
        return False
    return all(has[name] for name in has if php.intval(policy.get(name)) == 1)


def stored(password: Any, random: Random) -> str:
    """What is kept of a password: a text that begins with a known scheme as it is, anything else as a bcrypt hash.

    The hash has the right form but is none: nothing here checks passwords.
    """
    written = php.text(password)
    if _STORED_VERBATIM.match(written):
        return written
    return "{BLF-CRYPT}$2y$10$" + "".join(random.choices(_BCRYPT_ALPHABET, k=_BCRYPT_LENGTH))
