"""What users may do and how they may log in: the words mailboxes and their templates share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.records import replace
from reconciler.spec.amounts import RATE, UNLIMITED
from reconciler.spec.codec import Codec
from reconciler.spec.codecs import a_set_of, choice, truthy
from reconciler.spec.language import Annotated

USER_RIGHTS: Final = (
    "app_passwds",
    "delimiter_action",
    "eas_reset",
    "pushover",
    "pw_reset",
    "quarantine",
    "quarantine_attachments",
    "quarantine_category",
    "quarantine_notification",
    "sogo_profile_reset",
    "spam_alias",
    "spam_policy",
    "spam_score",
    "syncjobs",
    "tls_policy",
)
"""The server's own words; `pw_reset` came with 2024-08 and is passed over before (functions.acl.inc.php)."""

USUAL_RIGHTS: Final = tuple(
    right for right in USER_RIGHTS if right not in ("pw_reset", "sogo_profile_reset", "syncjobs")
)
"""What a user may do by mailcow's own pages, unless an administrator says otherwise (init_db.inc.php)."""

PERMISSIONS: Final = a_set_of(choice(*USER_RIGHTS))
Permissions = Annotated[tuple[str, ...], PERMISSIONS]

PROTOCOLS: Final = ("dav", "eas", "imap", "pop3", "sieve", "smtp")


def named_by_flags(codec: Codec, form: str, *, absent: bool) -> Codec:
    """Make a codec for a set of words that is written as a list and read as one flag for each word.

    Args:
        codec: the set; what it decodes is the mapping that holds the flags.
        form: a flag's name for a word: ``acl_{}``.
        absent: whether a word is meant whose flag is missing.
    """
    words = codec.schema["items"]["enum"]

    def decode(flags: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(word for word in words if truthy(flags.get(form.format(word), absent)))

    return replace(codec, decode=decode)


RATE_IN_PARTS: Final = replace(
    RATE, decode=lambda amount, frame: f"{amount}/{frame}" if truthy(amount) and frame else UNLIMITED
)
"""A rate limit that is read as two names, as it is written; templates have it so (2022-12 to 2026-07a)."""
