"""The smallest words: what can be shown of a text, numbers with their nouns, sizes."""

from __future__ import annotations

import re
from typing import Final

_UNPRINTABLE: Final = r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"


def visible(text: str) -> str:
    """The text without what would move a cursor, hide itself or turn the reading direction.

    Values come from servers and from other people's manifests: a name may hold an escape sequence.
    """
    return text if text.isprintable() else re.sub(_UNPRINTABLE, _escape, text)


def _escape(match: re.Match[str]) -> str:
    if match[0] == "\n":
        return "\\n"
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004  one byte


def count(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: ``1 change``, ``12,480 messages``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


_MOST_STORED: Final = 1 << 63
"""Bytes; no file system has more."""


def storage(amount: int) -> str:
    """A number of bytes for people: ``3.1 GiB``."""
    size = float(min(amount, _MOST_STORED))
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004  the binary thousand
            return f"{amount:,} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
