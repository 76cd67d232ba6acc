"""A plan for a person: every change with its reason, what it does besides, and one line that sums it up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.diagnostic import Severity
from reconciler.model.plan import Plan
from reconciler.render.phrases import because, price, server, summary, unmanaged
from reconciler.render.style import ACTION_ROLES, ADDED, REMOVED, SYMBOLS, Role, Style
from reconciler.render.words import count, visible

if TYPE_CHECKING:
    from reconciler.render.values import Line

_WIDEST: Final = 28
"""Values are aligned behind names of up to this many characters."""


def plan_text(
    plan: Plan, style: Style, *, calls: str = "", brief: bool = False, fingerprint: str = "", left: int = 0
) -> str:
    """The whole plan; ends with a newline.

    Args:
        plan: what to tell.
        style: the palette.
        calls: the calls it comes down to, as text, to stand before the last line.
        brief: only what to beware of, what was refused, and the last line.
        fingerprint: of the file that keeps it.
        left: how many changes there are that are not in it.
    """
    parts = [*_refusals(plan, style)]
    if not brief:
        parts = [
            f"Plan for {server(plan)}\n",
            *(change_text(change, style) for change in plan.changes),
            *_notes(plan, style),
            *([calls] if calls else []),
            *_findings(plan, style),
            *parts,
            *([f"{style.paint('Fingerprint', Role.STRONG)}: {fingerprint}\n"] if fingerprint else []),
        ]
        if plan.is_empty:
            parts.append(f"Nothing to do{_but(left)}.\n")
    elif plan.diagnostics:
        parts = [*_findings(plan, style, warnings_only=True), *parts]
    parts.append(style.paint(summary(plan), Role.STRONG) + "\n")
    return "\n".join(parts)


def _but(left: int) -> str:
    if left:
        return f" in this run: {count(left, 'change is', 'changes are')} left, as told above"
    return ": what is declared and can be compared is as declared"


def _refusals(plan: Plan, style: Style) -> Iterator[str]:
    """What guards object to. What says this is imported only where it is said; so below."""
    if plan.refusals:
        from reconciler.render.diagnostic_text import refusal_text  # noqa: PLC0415

        yield from (refusal_text(refusal, style) for refusal in plan.refusals)


def _findings(plan: Plan, style: Style, *, warnings_only: bool = False) -> Iterator[str]:
    if plan.diagnostics:
        from reconciler.render.diagnostic_text import finding  # noqa: PLC0415

        told = (each for each in plan.diagnostics if not (warnings_only and each.severity is Severity.NOTE))
        yield from (finding(each, style) for each in told)


def change_text(change: Change, style: Style) -> str:
    """One change; ends with a newline."""
    role = ACTION_ROLES[change.action]
    word = style.paint(f"{SYMBOLS[change.action]} {change.action.value}", role)
    address = style.paint(visible(str(change.address)), Role.STRONG)
    told = [f"{word} {address}"]
    if change.moved_from is not None:
        told[0] += f" from {visible(str(change.moved_from))}"
    told.append(style.paint(f"    {because(change)}", Role.FAINT))
    width = max((len(field.name) for field in change.fields if len(field.name) <= _WIDEST), default=0)
    for field in change.fields:
        told += _field(field, change.action, width, style)
    if cost := price(change):
        told.append(f"    {style.paint('destroys', role)}: {cost}")
    told += [f"    besides: {visible(effect)}" for effect in change.effects]
    return "\n".join(told) + "\n"


def _field(field: FieldChange, action: Action, width: int, style: Style) -> list[str]:
    from reconciler.render.values import appearing, lines  # noqa: PLC0415

    name = f"      {visible(field.name) + ':':<{width + 1}} "
    if action is Action.CREATE and len(texts := appearing(field)) == 1:
        return [name + texts[0]]
    told = lines(field, action)
    indent = " " * len(name)
    return [(indent if place else name) + _signed(line, style) for place, line in enumerate(told)]


def _signed(line: Line, style: Style) -> str:
    from reconciler.render.values import Sign  # noqa: PLC0415

    if line.sign is Sign.ADDED:
        return style.paint(f"{ADDED} {line.text}", Role.CREATE)
    if line.sign is Sign.REMOVED:
        return style.paint(f"{REMOVED} {line.text}", Role.DELETE)
    return style.paint(line.text, Role.FAINT) if line.sign is Sign.SAME else line.text


def _notes(plan: Plan, style: Style) -> Iterator[str]:
    if plan.not_compared:
        told = [style.paint("Not compared", Role.STRONG)]
        told += [
            f"  {each.kind}.{each.field}: {visible(each.reason)} ({count(each.count, 'declaration')})"
            for each in plan.not_compared
        ]
        yield "\n".join(told) + "\n"
    if plan.unmanaged:
        label = style.paint("Not managed, left alone", Role.STRONG)
        told = [f"{label}: {unmanaged(plan)} (kinds that nobody declares were not read)"]
        told += [f"  {visible(f'{kind}/{key}')}" for kind, keys in plan.unmanaged_keys.items() for key in keys]
        yield "\n".join(told) + "\n"
