"""How long a real server takes for a call, in seconds: a base, and so much for each row it shows or item it is given.

Measured on 2026-07a with 20 domains, 2,000 mailboxes and 2,000 aliases on 2 cores with 4 PHP workers, and on 2022-01a
with 1,000 of each; single runs. Two such calls run at a time at full speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from . import php

PARALLEL_CALLS: Final = 2
OLD_FACTOR_PER_ROW: Final = 0.00001
"""Before 2023-05 every write rebuilds the whole view of SOGo's users: seconds for each mailbox and alias there is."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a call.

    Attributes:
        base: For any call.
        each: More for each row shown or item given.
    """

    base: float
    each: float = 0.0


_READS: Final = {
    "get/mailbox/all": Cost(0.01, 0.0048),
    "get/mailbox/reduced": Cost(0.01, 0.0017),
    "get/mailbox": Cost(0.011),
    "get/alias/all": Cost(0.01, 0.00105),
    "get/domain/all": Cost(0.01, 0.012),
    "get/rl-mbox/all": Cost(0.01, 0.0007),
    "search/mailbox": Cost(0.01, 0.0048),
    "search/domain": Cost(0.01, 0.012),
}
_BY_DOMAIN: Final = {
    "get/mailbox/all": Cost(0.01, 0.00375),
    "get/mailbox/reduced": Cost(0.01, 0.0011),
    "get/alias/all": Cost(0.01, 0.00065),
}
_WRITES: Final = {
    "add/mailbox": Cost(0.023),
    "add/alias": Cost(0.030, 0.013),
    "edit/alias": Cost(0.010, 0.0195),
    "edit/mailbox": Cost(0.006, 0.033),
    "edit/domain": Cost(0.35, 0.011),
    "delete/alias": Cost(0.012, 0.0165),
    "delete/mailbox": Cost(0.02, 0.5),
}
_OTHER: Final = Cost(0.01)


def seconds(path: str, *, rows: int, items: int, accounts: int | None) -> float:
    """What a call costs.

    Args:
        path: After ``/api/v1/``, without the query string.
        rows: Rows in its answer.
        items: Items in its request.
        accounts: Mailboxes and aliases there are, on versions before 2023-05; None on others.
    """
    parts = path.split("/")
    named, by_name = "/".join(parts[:3]), "/".join(parts[:2])
    if parts[0] in ("get", "search"):
        table = _BY_DOMAIN if len(parts) > 3 and parts[3] and named in _BY_DOMAIN else _READS  # noqa: PLR2004 get/x/all/DOMAIN
        cost = table.get(named) or _READS.get(by_name, _OTHER)
        return cost.base + cost.each * rows
    cost = _WRITES.get(by_name, Cost(0.015, 0.005))
    return cost.base + cost.each * items + OLD_FACTOR_PER_ROW * (accounts or 0)


def rows_in(answer: bytes) -> int:
    """How many rows a printed list has: the objects at the first level of indentation."""
    return answer.count(b"\n    {")


def items_in(verb: str, body: bytes) -> int:
    """How many things a write is about."""
    decoded = php.json_decode(body)
    match verb, decoded:
        case "delete", list():
            return len(decoded)
        case "edit", {"items": list() as items}:
            return len(items)
        case "add", {"address": str() as addresses}:
            return addresses.count(",") + 1
        case _:
            return 1
