"""Scores of the spam filter."""

from __future__ import annotations

from typing import Any, Final

from reconciler.model.resource import Value
from reconciler.spec.codec import Codec, Scope, refuse
from reconciler.spec.mappings import Part, a_mapping, accepted

_LARGEST: Final = 1_000_000


def _accept_number(value: Any, _scope: Scope) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return float(value)
    raise refuse("number-expected", f"`{value}` is not a number", hint="write a score like `8` or `7.5`")


SCORE: Final = Codec(accept=_accept_number, decode=float, encode=float, schema={"type": "number"})
"""A score of the spam filter."""

SHIPPED_SCORES: Final = ({"junk": 8.0, "reject": 15.0}, {"junk": 5.0, "reject": 15.0})
"""What a mailbox without scores of its own is shown with: the spam filter's own, or where that is silent, a guess. An
explicit score of the same reads alike (2023-11a to 2026-07a, functions.mailbox.inc.php: spam_score)."""

_SCORE_PARTS: Final = a_mapping({"junk": Part(SCORE, "junk"), "reject": Part(SCORE, "reject")})


def _accept_score(value: Any, scope: Scope) -> Value:
    if value == "default":
        return value
    score = accepted(_SCORE_PARTS, value, scope)
    if score["junk"] >= score["reject"]:
        hint = "mailcow takes only a `reject` above `junk`"
        raise refuse("scores-disordered", "`junk` is not below `reject`", hint=hint)
    return score


def _written(score: float) -> str:
    """Write a score so that it reads the same again: the server keeps it as text."""
    return str(int(score)) if score.is_integer() else repr(score)


def _decode_score(value: Any) -> Value:
    junk, _, reject = str(value).partition(",")
    return {"junk": float(junk), "reject": float(reject)}


SPAM_SCORE: Final = Codec(
    accept=_accept_score,
    decode=_decode_score,
    encode=lambda value: value if value == "default" else f"{_written(value['junk'])},{_written(value['reject'])}",
    schema={"oneOf": [{"const": "default"}, dict(_SCORE_PARTS.schema)]},
)
