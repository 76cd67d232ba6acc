"""JSON as people can read it too, written piece by piece: the standard library's way of doing so keeps every piece.

For the plan of a hundred thousand creations that was a gigabyte and a half. What is a list in the document may be an
iterator here, so that its elements need not be made before they are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any, Final

__all__ = ["indented"]

_WORDS: Final = {None: "null", True: "true", False: "false"}


def indented(value: Any, line: str = "\n") -> str:
    """A value as JSON, a line for each member and element, as `json.dumps` writes it with an indent of two.

    Args:
        value: plain values; names are texts.
        line: a line break, and what all further lines begin with.

    Raises:
        TypeError: for what is no plain value.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or value is True or value is False:
        return _WORDS[value]
    deeper = f"{line}  "
    if type(value) is dict or isinstance(value, Mapping):
        members = [f"{encode_basestring(name)}: {indented(each, deeper)}" for name, each in value.items()]
        return f"{{{deeper}{f',{deeper}'.join(members)}{line}}}" if members else "{}"
    if isinstance(value, list | tuple | Iterator):
        elements = [indented(each, deeper) for each in value]
        return f"[{deeper}{f',{deeper}'.join(elements)}{line}]" if elements else "[]"
    return json.dumps(value)
