"""Paths of calls: names of objects encoded so that the server sees them whole, and the list of what may be read."""

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote, urlencode

from reconciler.errors import RequestRefused

__all__ = ["get_path", "kind_of_get", "kind_of_post", "post_path"]

_ALWAYS_READABLE = ("status/version",)
_WRITING_VERBS = ("add", "edit", "delete")
_UNTOUCHED = "@,"  # list separators and the one sign in every address; the server takes them as they are


def get_path(segments: Sequence[str], query: Mapping[str, str] | None = None) -> bytes:
    """Write the path of a GET.

    Args:
        segments: What follows `get/`, unencoded.
        query: Parameters behind the path (2022-05 and later; older versions drop them).

    Raises:
        RequestRefused: `api-name-with-slash`.
    """
    return _path("get", segments) + (b"?" + urlencode(query, quote_via=quote).encode() if query else b"")


def post_path(segments: Sequence[str]) -> bytes:
    """Write the path of a write, verb first.

    Raises:
        RequestRefused: `api-name-with-slash`.
        ValueError: When the verb is none of the writing ones.
    """
    if segments[0] not in _WRITING_VERBS:
        raise ValueError(f"{segments[0]} is not a verb that writes")
    return _path(segments[0], segments[1:])


def kind_of_get(segments: Sequence[str], readable: Collection[str]) -> str | None:
    """Name the entry of the allow-list that covers a GET, the most exact one; None when the GET is not allowed."""
    for length in range(len(segments), 0, -1):
        candidate = "/".join(segments[:length])
        if candidate in readable or candidate in _ALWAYS_READABLE:
            return candidate
    return None


def kind_of_post(segments: Sequence[str]) -> str:
    """Name a write without the objects it is about: a sub-route has three words, and what follows is a name."""
    return "/".join(segments[:3])


def _path(verb: str, segments: Sequence[str]) -> bytes:
    return "/".join(["/api/v1", verb, *map(_encode, segments)]).encode("ascii")


def _encode(segment: str) -> str:
    """Encode a name twice.

    nginx decodes the path once and puts it, unescaped, into a query string, where PHP decodes it again: a plus sign
    encoded once arrives as a blank, and `&` starts another parameter (all versions). A slash can't be sent at all:
    the path is split after both decodings (json_api.php).
    """
    if "/" in segment:
        raise RequestRefused(
            "the server cannot be asked for a name with a slash in it",
            id="api-name-with-slash",
            hint="lists show it; ask for those",
            name=segment,
        )
    if not segment:
        raise ValueError("a path with an empty name asks for something else")
    if segment in (".", ".."):
        return quote(segment.replace(".", "%2E"))  # nginx would take one step up
    return quote(quote(segment, safe=_UNTOUCHED), safe=_UNTOUCHED)
