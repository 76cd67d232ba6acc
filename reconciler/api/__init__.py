"""The protocol of mailcow's API over HTTP; knows no kinds, decides nothing.

One request follows one walk: `access` checked where it may go, `paths` wrote it, `transport` carries it, `incoming`
receives the answer and `intake` decodes it meanwhile if it is a long list, `envelope` holds it, `reading` or `verdict`
says what it means, `failures` why there is none, `retry` whether to ask again, and `client` holds these together for
many threads. What only a failure needs to be told, `trouble` and `denial`, is imported by failures only; names are
imported from here when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.api.access import ServerAccess
    from reconciler.api.client import Client
    from reconciler.api.failures import FailureReason
    from reconciler.api.jsontext import decode_json, encode_json
    from reconciler.api.probe import probe_version
    from reconciler.api.reading import Reading, ReadingState
    from reconciler.api.retry import Patience, Timing
    from reconciler.api.statistics import CallCost, Statistics
    from reconciler.api.verdict import Entry, Judgement, Verdict

__all__ = [
    "CallCost",
    "Client",
    "Entry",
    "FailureReason",
    "Judgement",
    "Patience",
    "Reading",
    "ReadingState",
    "ServerAccess",
    "Statistics",
    "Timing",
    "Verdict",
    "decode_json",
    "encode_json",
    "probe_version",
]

_PLACES: Final = {
    "CallCost": "statistics",
    "Client": "client",
    "Entry": "verdict",
    "FailureReason": "failures",
    "Judgement": "verdict",
    "Patience": "retry",
    "Reading": "reading",
    "ReadingState": "reading",
    "ServerAccess": "access",
    "Statistics": "statistics",
    "Timing": "retry",
    "Verdict": "verdict",
    "decode_json": "jsontext",
    "encode_json": "jsontext",
    "probe_version": "probe",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
