"""JSON to values and back, in one place: msgspec where it is installed, the standard library elsewhere."""

import json
from collections.abc import Callable
from typing import Any, Final

from reconciler.errors import ProtocolError

__all__ = ["Body", "decode_json", "decode_list", "encode_json"]

Body = bytes | bytearray
"""An answer's body; a large one is the buffer it came into, because copying hundreds of megabytes takes time."""


def _decoder() -> tuple[Callable[[Body], Any], tuple[type[Exception], ...]]:
    try:
        import msgspec  # noqa: PLC0415  optional
    except ImportError:
        return json.loads, (ValueError, RecursionError)
    return msgspec.json.Decoder().decode, (msgspec.DecodeError, ValueError, RecursionError)


_decode, _undecodable = _decoder()


def decode_json(body: Body) -> Any:
    """Read the JSON text of an answer.

    Raises:
        ProtocolError: `api-bad-json`, when the text is cut short or is not JSON. The text itself is not told: it may
            hold secrets.
    """
    try:
        return _decode(body)
    except _undecodable as error:
        raise ProtocolError(
            "the server's answer is not valid JSON",
            id="api-bad-json",
            hint="a proxy in front of the server may cut long answers short",
            size=len(body),
        ) from error


def decode_list(body: Body, record: type) -> list[Any] | None:
    """Read the JSON text of a list of objects into records, leaving out what they have no place for.

    Args:
        record: a type made with msgspec; truths may be spelled as numbers and words.

    Returns:
        The records; None where the text is no such list, whatever else it is.
    """
    import msgspec  # noqa: PLC0415  there is such a type, so it is there

    try:
        found: list[Any] = msgspec.json.decode(body, type=list[record], strict=False)  # type: ignore[valid-type]
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return found


def encode_json(value: Any) -> bytes:
    """Write a request's body, compact, in UTF-8."""
    return _ENCODER.encode(value).encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
