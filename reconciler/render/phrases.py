"""The words: how counts, sizes, reasons and costs are said, the same in every view for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.plan import Plan, Refusal

_UNPRINTABLE: Final = r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
_LISTED: Final = 10


def visible(text: str) -> str:
    """The text without what would move a cursor, hide itself or turn the reading direction.

    Values come from servers and from other people's manifests: a name may hold an escape sequence.
    """
    return text if text.isprintable() else re.sub(_UNPRINTABLE, _escape, text)


def _escape(match: re.Match[str]) -> str:
    if match[0] == "\n":
        return "\\n"
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004  one byte


def count(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: ``1 change``, ``12,480 messages``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


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


def storage(amount: int) -> str:
    """A number of bytes for people: ``3.1 GiB``."""
    size = float(amount)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:  # noqa: PLR2004  the binary thousand
            return f"{amount:,} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _moment(value: Any) -> str:
    if not isinstance(value, int):
        return visible(str(value))
    if value == 0:
        return "never"
    from datetime import UTC, datetime  # noqa: PLC0415  only where something is deleted

    return datetime.fromtimestamp(value, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def _measure(name: str, value: Any) -> str:
    if name == "last_login":
        return f"last login {_moment(value)}"
    if name == "bytes" and isinstance(value, int):
        return f"{storage(value)} of mail"
    if isinstance(value, int):
        return count(value, name.removesuffix("s").replace("_", " "), name.replace("_", " "))
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
