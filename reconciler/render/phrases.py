"""The phrases: how reasons, costs and plans are said, the same in every view for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.plan import Plan, Refusal
from reconciler.render.words import count, storage, visible

_LISTED: Final = 10


def listed(addresses: Iterable[Address], *, most: int = _LISTED) -> str:
    """Addresses in a row, the first few of them, and how many more there are."""
    every = [visible(str(address)) for address in addresses]
    shown = ", ".join(every[:most])
    return f"{shown} and {len(every) - most:,} more" if len(every) > most else shown


_WITH_ORIGIN: Final[Mapping[Reason, str]] = {
    Reason.MISSING: "declared in {place}, missing on the server",
    Reason.DIFFERS: "declared otherwise in {place}",
    Reason.RESEND: "asked for with --resend, declared in {place}",
    Reason.REDECLARED: "its declaration in {place} changed",
    Reason.REMOVED: "listed under `removed:` in {place}",
    Reason.MOVED: "listed under `moved:` in {place}",
}


def because(change: Change) -> str:
    """Why a change is in the plan, with the place it was written at where there is one."""
    sentence = _WITH_ORIGIN.get(change.reason)
    if change.origin is None:
        return change.reason.value
    place = visible(str(change.origin))
    return sentence.format(place=place) if sentence else f"{change.reason.value} ({place})"


def _moment(value: Any) -> str:
    if not isinstance(value, int):
        return visible(str(value))
    if value == 0:
        return "never"
    from datetime import UTC, datetime  # noqa: PLC0415  only where something is deleted

    try:
        return datetime.fromtimestamp(value, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):  # in no year that can be told
        return str(value)


_STORED: Final = {"bytes": "mail", "quota": "quota"}


def _measure(name: str, value: Any) -> str:
    if name == "last_login":
        return f"last login {_moment(value)}"
    if name in _STORED and isinstance(value, int):
        return f"{storage(value)} of {_STORED[name]}"
    if isinstance(value, int):
        singular = name.removesuffix("es" if name.endswith(("ses", "xes")) else "s")
        return count(value, singular.replace("_", " "), name.replace("_", " "))
    return f"{name.replace('_', ' ')} {visible(str(value))}"


def price(change: Change) -> str:
    """What a deletion destroys, as a row of measures; empty when nothing is known."""
    return ", ".join(_measure(name, value) for name, value in change.cost)


def summary(plan: Plan) -> str:
    """The last line of every plan. Scripts read it, so its form is kept."""
    counts = plan.summary
    parts = [f"{counts.get(action, 0):,} to {action.value}" for action in (Action.CREATE, Action.UPDATE, Action.DELETE)]
    if moves := counts.get(Action.MOVE, 0):
        parts.append(f"{moves:,} to move")
    return f"Plan: {', '.join(parts)}, {plan.unchanged:,} unchanged"


def server(plan: Plan) -> str:
    """Which server a plan is for."""
    return f"{visible(plan.server.origin)} (mailcow {visible(plan.server.version)})"


def permit(refusal: Refusal) -> str:
    """What would allow exactly what was refused."""
    told = f"`{visible(refusal.permit)}`" if refusal.permit.startswith("-") else visible(refusal.permit)
    return f"{told} would allow exactly this"


def unmanaged(plan: Plan) -> str:
    """The counts of what nothing declares, by kind."""
    return ", ".join(f"{number:,} {kind}" for kind, number in sorted(plan.unmanaged.items()) if number) or "nothing"
