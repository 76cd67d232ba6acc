"""Regular expressions as PHP reads them where mailcow puts slashes around them."""

from __future__ import annotations

__all__ = ["breaks_off"]


def breaks_off(body: str) -> bool:
    """Whether ``/BODY/`` is surely no pattern: it ends too early or not at all, or begins with what repeats something.

    Whether the rest makes sense is for PCRE to say, which knows more than Python does.
    """
    escaped = False
    for character in body:
        if character == "/" and not escaped:
            return True
        escaped = character == "\\" and not escaped
    return escaped or body.startswith(("*", "+", "?"))
