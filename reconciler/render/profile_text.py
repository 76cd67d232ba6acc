"""Where the time of a run went, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.model.profile import RequestCost

_WIDTH: Final = 24
_MOST: Final = 12
"""Kinds of requests that are listed; the rest of them is a row of its own."""

_THOUSAND: Final = 1000
_START: Final = "start-up"


def profile_text(timings: Mapping[str, float], requests: Sequence[RequestCost], *, total: float) -> str:
    """Say where the time went, and what was asked of the server.

    Args:
        timings: seconds by stage, and by ``STAGE: PART`` for parts of stages.
        requests: what requests have cost, by kind.
        total: seconds of the whole run; what no stage accounts for is starting and showing.
    """
    stages = {name: seconds for name, seconds in timings.items() if ": " not in name}
    total = max(total, sum(stages.values()))
    rows = {_START: total - sum(stages.values()), **stages}
    lines: list[str] = []
    for name, seconds in rows.items():
        lines.append(f"{name:<{_WIDTH}} {seconds:9.3f} s {seconds / (total or 1):5.0%}")
        lines += [f"  {part:<{_WIDTH - 2}} {of:9.3f} s" for part, of in _parts(name, seconds, timings)]
    lines.append(f"{'together':<{_WIDTH}} {total:9.3f} s")
    if requests:
        lines += ["", *_requests(requests)]
    return "\n".join([*lines, ""])


def _parts(stage: str, seconds: float, timings: Mapping[str, float]) -> list[tuple[str, float]]:
    """The parts of a stage, and what remains of it."""
    parts = [(name.removeprefix(f"{stage}: "), of) for name, of in timings.items() if name.startswith(f"{stage}: ")]
    return [*parts, ("decoding, sorting", max(0.0, seconds - sum(of for _, of in parts)))] if parts else []


def _requests(requests: Sequence[RequestCost]) -> list[str]:
    head = f"{'requests':<{_WIDTH}} {'number':>9} {'sent':>9} {'received':>9} {'waited':>9}   failed"
    ordered = sorted(requests, key=lambda each: -each.seconds)
    shown, rest = ordered[:_MOST], ordered[_MOST:]
    if rest:
        shown.append(_sum(f"{len(rest)} others", rest))
    return [head, *map(_row, shown), _row(_sum("together", requests))]


def _row(cost: RequestCost) -> str:
    told = f"{cost.call:<{_WIDTH}} {cost.requests:9} {_size(cost.sent):>9} {_size(cost.received):>9}"
    return f"{told} {cost.seconds:7.3f} s {cost.failures or '':>8}".rstrip()


def _sum(call: str, costs: Sequence[RequestCost]) -> RequestCost:
    return RequestCost(
        call,
        sum(each.requests for each in costs),
        sum(each.failures for each in costs),
        sum(each.sent for each in costs),
        sum(each.received for each in costs),
        sum(each.seconds for each in costs),
    )


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < _THOUSAND:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _THOUSAND
    return f"{size:.1f} GB"
