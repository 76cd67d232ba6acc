"""The protocol of mailcow's API over HTTP; knows no kinds, decides nothing.

One request follows one walk: `access` checked where it may go, `paths` wrote it, `transport` carries it, `envelope`
holds the answer, `reading` or `verdict` says what it means, `failures` why there is none, `retry` whether to ask
again, and `client` holds these together for many threads.
"""

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
