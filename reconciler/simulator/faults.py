"""What can go wrong between a client and a mailcow, on demand: at chosen calls, or by seeded chance.

A fault is written ``KIND[=VALUE][:WHERE][:WHEN]``:

    latency=200ms               every call takes 200 ms longer (also 1.5s)
    cost                        calls take what they take on a real server, by rows (cost=0.1: a tenth of it)
    reset-before:add/mailbox    the connection breaks before the call took effect
    reset-after:add/mailbox:3   ... after it took effect, at the third add/mailbox
    timeout-before, timeout-after   there is never an answer; the call took no effect, or did
    status=502                  a proxy's HTML instead of the call: 400, 401, 403, 404, 408, 413, 414, 429, 500, 502,
                                503, 504, 520, 522, 524
    status-after=504            the same after the call took effect
    page, page-after            200 with the HTML of something before the server: a login, a notice
    redirect                    302 to a login, instead of the call
    denied                      401, as when the key is switched off
    read-only                   403 for writes, as when the key may only read by now
    stale                       a read is answered as the same read was the last time
    short                       a list lacks its last row
    database-down               mailcow's own HTML: status 500, but 200 before 2023-12
    empty:5%                    200 with an empty body, without effect, at one call in twenty
    empty-after                 the same after the call took effect
    danger:edit/alias           one item (the last of several, else the only one) fails with danger among the successes
    half                        the server crashes in the middle: half of several items are done, then 200 and nothing
    pretended                   the answer says success, and nothing is done
    refused=0.3                 three in ten items are refused with danger, the same ones whenever they are sent again,
                                and the others are done; so are names of an add that has several
    torn=2                      a write crashes behind its second statement: what was stored stays, then 200 and nothing
    redis-full                  nothing is stored in Redis, as when its disk is full; writes say so in their answers
    twice                       the call is made twice, as by a proxy that repeats it; the second answer is told
    restart=50ms                all connections break, without effect, and for so long no new ones are accepted
    truncated                   the connection breaks in the middle of the answer
    cut                         the answer's JSON ends in the middle, and nothing else is wrong with it
    warned                      a warning of PHP's stands before the answer
    trickle=1000                the answer comes at 1000 bytes a second
    half-created                a mailbox left half created, by an add/mailbox while other writes are under way,
                                on versions before 2023-05; by default at 2 in 1,000 (half-created:5% for more)

WHERE is a verb or the beginning of a path (``add``, ``get/mailbox/all``), or ``write`` for all but reads; without it,
every call.
WHEN is ``3`` (the third such call), ``2,5``, ``3-8``, ``4+`` (from the fourth on), or ``5%`` (by chance); without it,
always.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

from reconciler.errors import UsageError

_KINDS: Final = {
    "latency": "time",
    "cost": "factor",
    "reset-before": None,
    "reset-after": None,
    "timeout-before": None,
    "timeout-after": None,
    "status": "status",
    "status-after": "status",
    "database-down": None,
    "empty": None,
    "empty-after": None,
    "page": None,
    "page-after": None,
    "redirect": None,
    "denied": None,
    "read-only": None,
    "stale": None,
    "short": None,
    "danger": None,
    "half": None,
    "pretended": None,
    "refused": "share",
    "torn": "count",
    "redis-full": None,
    "twice": None,
    "restart": "time",
    "truncated": None,
    "cut": None,
    "warned": None,
    "trickle": "number",
    "half-created": None,
}
_STATUSES: Final = (400, 401, 403, 404, 408, 413, 414, 429, 500, 502, 503, 504, 520, 522, 524)
_HINTS: Final = {
    "time": "It takes a time: latency=200ms or latency=1.5s",
    "factor": "It takes a factor: cost=0.1",
    "number": "It takes bytes a second: trickle=1000",
    "share": "It takes a share: refused=0.3",
    "count": "It takes a number of statements: torn=2",
    "status": f"It takes a status: status=502 ({', '.join(map(str, _STATUSES))})",
    None: "It takes no value",
}
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_COUNTED = re.compile(r"\d+(,\d+)*")
_BURST = re.compile(r"(\d+)-(\d{1,6})")
_FROM = re.compile(r"(\d+)\+")
_CHANCE = re.compile(r"(\d+(?:\.\d+)?)%")
_PLACE = re.compile(r"(get|add|edit|delete|search)(/\S*)?|write")
_READS: Final = ("get", "search")
HALF_CREATED_CHANCE: Final = 0.002


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a fault strikes, among the calls it is meant for.

    Attributes:
        at: Numbers of the calls, from 1.
        since: The first call of all that are struck.
        chance: Probability, 1 for always.
    """

    at: frozenset[int] = frozenset()
    since: int | None = None
    chance: float = 1.0

    def comes(self, number: int, random: Random) -> bool:
        """Tell whether the call of this number is struck."""
        if self.at:
            return number in self.at
        if self.since is not None:
            return number >= self.since
        return self.chance >= 1 or random.random() < self.chance


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as it was asked for.

    Attributes:
        kind: A name of the module's list.
        value: Seconds, factor, status or bytes a second, by kind.
        where: Beginning of the path, "" for every call.
        occasion: When it strikes.
    """

    kind: str
    value: float
    where: str
    occasion: Occasion

    def concerns(self, path: str) -> bool:
        """Tell whether it is meant for a path like ``add/mailbox``."""
        if self.where == "write":
            return path.partition("/")[0] not in _READS
        return path == self.where or not self.where or path.startswith(self.where.rstrip("/") + "/")


@dataclass(frozen=True, slots=True)
class Disturbance:
    """All that happens to one call.

    Attributes:
        delay_seconds: How much longer it takes.
        cost_factor: Share of a real server's time it takes besides, 0 for none.
        before: Instead of the call: "reset", "timeout", "empty", "page", "redirect", "denied", "read-only" (of writes),
            "database-down" or an HTTP status.
        after: Instead of the answer, once the call took effect: as `before`.
        danger: One item fails.
        half: Only the first half of several items is done.
        pretended: Nothing of it is kept.
        refused: Share of the items that are refused.
        statements: After so many that changed something the call crashes, 0 for never.
        redis_full: Redis stores nothing.
        twice: The call is made twice.
        closed_seconds: Instead of the call all connections break, and there are no new ones for so long.
        truncated: Only the first half of the answer arrives.
        cut: The same of its body, as if that were all of it.
        warned: A warning stands before the answer.
        kept: The answer is kept, in case a later call is answered with it.
        stale: A read is answered with what was kept of the last one.
        short: A list lacks its last row.
        half_created: A mailbox is left half created.
        bytes_per_second: Pace of the answer, 0 for at once.
    """

    delay_seconds: float = 0.0
    cost_factor: float = 0.0
    before: str = ""
    after: str = ""
    danger: bool = False
    half: bool = False
    pretended: bool = False
    refused: float = 0.0
    statements: int = 0
    redis_full: bool = False
    twice: bool = False
    closed_seconds: float = 0.0
    truncated: bool = False
    cut: bool = False
    warned: bool = False
    kept: bool = False
    stale: bool = False
    short: bool = False
    half_created: bool = False
    bytes_per_second: float = 0.0


NOTHING: Final = Disturbance()


def parse(written: str) -> Fault:
    """Read a fault.

    Raises:
        UsageError: ``unknown-fault`` or ``bad-fault``, with what is possible.
    """
    head, *rest = written.split(":")
    kind, has_value, value = head.partition("=")
    if kind not in _KINDS:
        raise UsageError(f"There is no fault {kind!r}", id="unknown-fault", hint="One of: " + ", ".join(_KINDS))
    where, occasion = "", Occasion(chance=HALF_CREATED_CHANCE if kind == "half-created" else 1.0)
    for part in rest:
        if _PLACE.fullmatch(part):
            where = part
        else:
            occasion = _occasion(part, written)
    if kind == "half-created" and not where:
        where = "add/mailbox"
    return Fault(kind, _value(kind, value if has_value else None, written), where, occasion)


def _occasion(part: str, written: str) -> Occasion:
    if _COUNTED.fullmatch(part):
        return Occasion(at=frozenset(int(number) for number in part.split(",")))
    if match := _BURST.fullmatch(part):
        return Occasion(at=frozenset(range(int(match[1]), int(match[2]) + 1)))
    if match := _FROM.fullmatch(part):
        return Occasion(since=int(match[1]))
    if match := _CHANCE.fullmatch(part):
        return Occasion(chance=float(match[1]) / 100)
    hint = "A place is like add/mailbox, a time like 3, 2,5, 3-8, 4+ or 5%"
    raise UsageError(f"{part!r} in the fault {written!r} is neither a place nor a time", id="bad-fault", hint=hint)


def _value(kind: str, value: str | None, written: str) -> float:
    form = _KINDS[kind]
    if value is None and form in (None, "factor"):
        return 0.0 if form is None else 1.0
    found = None if value is None or form is None else _read(form, value)
    if found is None:
        raise UsageError(f"The fault {written!r} has a wrong value", id="bad-fault", hint=_HINTS[form])
    return found


def _read(form: str, value: str) -> float | None:
    """The value of a form, None for what is not of that form."""
    if form == "time":
        match = _TIME.fullmatch(value)
        return float(match[1]) / (1000 if match[2] == "ms" else 1) if match else None
    number = float(value) if _NUMBER.fullmatch(value) else 0.0
    if form == "status":
        right = number in _STATUSES
    elif form == "count":
        right = number >= 1 and number.is_integer()
    else:
        right = 0 < number <= (1 if form == "share" else number)
    return number if right else None


@dataclass(slots=True)
class Faults:
    """The faults of a run, and how many calls each has seen.

    Attributes:
        faults: What was asked for, in order.
        random: Decides what strikes by chance; seed it to repeat a run.
        seen: Calls each fault was meant for so far.
    """

    faults: tuple[Fault, ...] = ()
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 made to repeat
    seen: dict[Fault, int] = field(default_factory=dict)

    @classmethod
    def of(cls, *written: str, seed: int = 0) -> Faults:
        """The faults written so, struck by a seeded chance.

        Raises:
            UsageError: One of them is wrong.
        """
        return cls(tuple(parse(text) for text in written), Random(seed))  # noqa: S311 made to repeat

    def strike(self, path: str, *, others_writing: bool = False) -> Disturbance:
        """What happens to the next call of a path like ``add/mailbox``.

        Args:
            path: After ``/api/v1/``.
            others_writing: Other writes are under way.
        """
        disturbance = NOTHING
        for fault in self.faults:
            if not fault.concerns(path):
                continue
            number = self.seen[fault] = self.seen.get(fault, 0) + 1
            if fault.kind == "stale":
                disturbance = replace(disturbance, kept=True)
            if fault.occasion.comes(number, self.random):
                disturbance = _struck(disturbance, fault, others_writing=others_writing)
        return disturbance


def _struck(so_far: Disturbance, fault: Fault, *, others_writing: bool) -> Disturbance:
    changes: dict[str, dict[str, Any]] = {
        "latency": {"delay_seconds": so_far.delay_seconds + fault.value},
        "cost": {"cost_factor": fault.value},
        "trickle": {"bytes_per_second": fault.value},
        "danger": {"danger": True},
        "half": {"half": True, "after": so_far.after or "empty"},
        "pretended": {"pretended": True},
        "refused": {"refused": fault.value},
        "torn": {"statements": int(fault.value)},
        "redis-full": {"redis_full": True},
        "twice": {"twice": True},
        "restart": {"closed_seconds": fault.value},
        "truncated": {"truncated": True},
        "cut": {"cut": True},
        "warned": {"warned": True},
        "stale": {"stale": True},
        "short": {"short": True},
        "half-created": {"half_created": others_writing},
    }
    if fault.kind in changes:
        return replace(so_far, **changes[fault.kind])
    what = fault.kind.removesuffix("-before").removesuffix("-after")
    if what == "status":
        what = str(int(fault.value))
    if fault.kind.endswith("-after"):
        return replace(so_far, after=so_far.after or what)
    return replace(so_far, before=so_far.before or what)
