"""The quick way to read a document: yaml-rs, where it surely says what the careful way would say.

yaml-rs is an order of magnitude faster than PyYAML, but it drops tags, reads `1_000` as a number, knows no places, and
ends the process over deeply nested blocks (0.1.6). So a document goes this way only when nothing in its text can make
the two differ; anything doubtful, and anything refused, goes the careful way, which decides and explains. That the two
agree is tested with random documents.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Any, Final

from reconciler.manifest.scalars import LONGEST_NUMBER
from reconciler.manifest.text import DEEPEST

try:
    import yaml_rs
except ImportError:  # pragma: no cover  optional: the careful way reads everything, slower
    yaml_rs = None  # type: ignore[assignment]

__all__ = ["AVAILABLE", "quickly"]

AVAILABLE: Final = yaml_rs is not None

_ORDINARY: Final = b"".join(
    (
        b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        b" \n.,:;@/_-+=()[]{}\"'#$^~`",
        bytes(set(range(0x80, 0x100)) - {0xC2, 0xE2, 0xEF}),
    )
)
"""Bytes that alone never make a document doubtful."""

_DOUBTS: Final = {
    ord("!"): rb"!(?<![^\s,\[{:]!)",  # a tag
    ord("&"): rb"&(?<![^\s,\[{:]&)\S",  # an anchor
    ord("*"): rb"\*(?<![^\s,\[{:]\*)\S",  # an alias
    ord("<"): rb"<<",  # a merge key
    ord("?"): rb"\?(?<![^\s,\[{:]\?)",  # a complex key, or what libyaml takes for one
    ord("|"): rb"\|(?<![^\s,\[{:]\|)",  # a block of text: the last line break, brackets around it
    ord(">"): rb">(?<![^\s,\[{:]>)",  # the same, folded
    ord("%"): rb"(?m)^%",  # a directive
    0xC2: rb"\xc2[\x80-\x9f]",  # what the careful way calls a control character, in UTF-8
    0xE2: rb"\xe2\x80[\xa8\xa9]",
    0xEF: rb"\xef(?:\xbb\xbf|\xbf[\xbe\xbf])",
    ord("\\"): rb"\\u[dD][89a-fA-F]",  # half a character
}
"""Where a byte that is not ordinary is harmless all the same: everywhere but where these match."""

_ODD_COLON: Final = rb":(?:(?<![^\s,\[{]:)|[,\[\]{}])"
"""A colon that starts a word or is followed by a bracket: YAML 1.1 and 1.2 differ, and so do the two readers."""

_UNDERSCORE: Final = rb"_(?:[0-9.]|(?<=[0-9.]_))"
_NUMBER_LIKE: Final = rb"(?<![^\s,\[{:])[0-9._eE+-]*_[0-9._eE+-]*(?=[\s,\]}:]|\Z)"
_OTHER_BASE: Final = rb"0(?<![^\s,\[{:+-]0)[xXoObB]"

_SHAPE: Final = bytes.maketrans(b"-0123456789", b" " + b"0" * 10)
"""Makes list dashes look like indentation, and digits alike."""

_FAR_RIGHT: Final = b" " * (2 * DEEPEST)
_LONG_NUMBER: Final = b"0" * (LONGEST_NUMBER + 1)
_BLOCKS: Final = frozenset((dict, list))
_IN_A_KEY: Final = str.maketrans("", "", "_.@+/-")
"""What plain keys are made of, besides letters and digits."""


def quickly(content: bytes) -> dict[str, Any] | None:
    """Read a document, if that is possible without any doubt.

    Args:
        content: UTF-8, without byte order mark and carriage returns.

    Returns:
        What the document says, exactly as the careful way would; None where that is not certain, for whatever reason.
    """
    if yaml_rs is None or _doubtful(content):
        return None
    try:
        value = yaml_rs.loads(content.decode(), parse_datetime=False)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001  it raises errors of many types, and a panic in Rust is not even an Exception
        return None
    return value if isinstance(value, dict) and _regular(value) else None


def _doubtful(content: bytes) -> bool:
    for byte in set(content.translate(None, _ORDINARY)):
        doubt = _DOUBTS.get(byte)
        if doubt is None or re.search(doubt, content):
            return True
    if re.search(_ODD_COLON, content) or content.startswith(b"...") or b"\n..." in content:
        return True
    shape = content.translate(_SHAPE)
    if _FAR_RIGHT in shape or _LONG_NUMBER in shape or re.search(_OTHER_BASE, content):
        return True
    return b"_" in content and bool(re.search(_UNDERSCORE, content) and re.search(_NUMBER_LIKE, content))


def _regular(value: dict[Any, Any]) -> bool:
    """Whether every key is a plain word, and nothing is too deep."""
    keys: set[Any] = set()
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        mappings = [block for block in level if block.__class__ is dict]
        lists = [block for block in level if block.__class__ is list]
        keys.update(*mappings)
        values = chain(chain.from_iterable(map(dict.values, mappings)), chain.from_iterable(lists))
        level = [item for item in values if type(item) in _BLOCKS]
        if not level:
            return all(key.__class__ is str and key.translate(_IN_A_KEY).isalnum() for key in keys)
    return False
