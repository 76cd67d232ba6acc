"""A plan for a merge request: what matters first, short enough to be accepted as a comment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from reconciler.model.change import Action, Change, FieldChange
from reconciler.model.plan import Plan
from reconciler.render.phrases import because, listed, price, server, summary, unmanaged
from reconciler.render.style import ADDED, REMOVED
from reconciler.render.values import Sign, lines, shown, shown_secret
from reconciler.render.words import count, visible

BUDGET: Final = 60_000
"""Characters. GitHub refuses a comment of more than 65,536; others allow more."""

_NOTE_ROOM: Final = 200
_ORDER: Final = (Action.DELETE, Action.MOVE, Action.UPDATE, Action.CREATE)
"""What loses most when it is overlooked comes first, and is cut last."""

_HEADINGS: Final = {Action.DELETE: "Delete", Action.MOVE: "Move", Action.UPDATE: "Update", Action.CREATE: "Create"}
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>#!|~@&])")
_OPEN: Final = 20
"""A section of more changes than this is folded."""


def plan_markdown(plan: Plan, *, calls: str = "", budget: int = BUDGET, fingerprint: str = "") -> str:
    """The plan as GitHub's and GitLab's Markdown; ends with a newline.

    Args:
        plan: what to tell.
        calls: the calls it comes down to, as text, for the end.
        budget: characters that are not exceeded, whatever must be left out.
        fingerprint: of the file that keeps it.
    """
    head = _head(plan, fingerprint)
    tail = _tail(plan)
    room = budget - len(head) - len(tail) - _NOTE_ROOM
    body, left_out = _sections(plan.changes, room)
    if left_out:
        body += (
            f"\n> **Shortened**: {left_out:,} of {count(len(plan.changes), 'change')} did not fit in here. "
            "The job's own log, or the plan as JSON, has them all.\n"
        )
    told = head + body + tail
    told += _unmanaged_keys(plan, budget - len(told) - _NOTE_ROOM)
    if calls:
        told += _calls(calls, budget - len(told) - _NOTE_ROOM)
    return _cut(told, budget)


def error_markdown(told: str, summary: str) -> str:
    """Why there is no plan, for the same place; ends with a newline.

    Args:
        told: everything that is wrong, as text without colours.
        summary: what it comes down to.
    """
    head, fence = f"### No plan: {_plain(summary)}\n\n", _fence([told])
    room = BUDGET - len(head) - 2 * len(fence) - _NOTE_ROOM
    cut = told if len(told) <= room else told[:room] + "\n"
    rest = "" if cut == told else "\n> **Shortened**: the job's own log has them all.\n"
    return f"{head}{fence}text\n{cut}{fence}\n{rest}"


def _calls(calls: str, room: int) -> str:
    fence = _fence([calls])
    folded = f"\n<details><summary><b>Calls</b></summary>\n\n{fence}\n{calls}{fence}\n\n</details>\n"
    return folded if len(folded) <= room else "\n> **Shortened**: the calls did not fit in here.\n"


def _head(plan: Plan, fingerprint: str) -> str:
    told = [f"### {_plain(summary(plan))}", "", f"For {_plain(server(plan))}", ""]
    if fingerprint:
        told += [f"Fingerprint {_code(fingerprint)}", ""]
    for refusal in plan.refusals:
        told.append(f"> **Refused** ({_code(refusal.id)}): {_plain(refusal.summary)}")
        if refusal.addresses:
            told.append(f"> {_code(listed(refusal.addresses))}")
        named = _code(refusal.permit) if refusal.permit.startswith("-") else _plain(refusal.permit)
        told += [f"> {named} would allow exactly this", ""]
    if plan.is_empty:
        told += ["Nothing to do: what is declared and can be compared is as declared.", ""]
    return "\n".join(told)


def _tail(plan: Plan) -> str:
    told: list[str] = []
    for each in plan.diagnostics[:_OPEN]:
        place = f" at {_code(str(each.origin))}" if each.origin else ""
        told.append(f"- **{each.severity.value}** {_code(each.id)}{place}: {_plain(each.summary)}")
        if each.hint:
            told.append(f"  - {_plain(each.hint)}")
    if len(plan.diagnostics) > _OPEN:
        told.append(f"- and {len(plan.diagnostics) - _OPEN:,} more findings")
    for gap in plan.not_compared:
        field = _code(f"{gap.kind}.{gap.field}")
        told.append(f"- Not compared: {field}, {_plain(gap.reason)} ({count(gap.count, 'declaration')})")
    if plan.unmanaged:
        told.append(f"- Not managed, left alone: {_plain(unmanaged(plan))} (kinds that nobody declares were not read)")
    return "\n" + "\n".join(told) + "\n" if told else ""


def _unmanaged_keys(plan: Plan, room: int) -> str:
    """What nothing declares, below the line that counts it, as far as the changes leave room."""
    told = [f"  - {_plain(f'{kind}/{key}')}\n" for kind, keys in plan.unmanaged_keys.items() for key in keys]
    fitting = _fitting(told, room)
    rest = f"  - and {len(told) - len(fitting):,} more\n" if len(fitting) < len(told) else ""
    return "".join(fitting) + rest


def _sections(changes: Sequence[Change], room: int) -> tuple[str, int]:
    """The changes by action, as many as there is room for, and how many there was none for."""
    told, left_out = "", 0
    ranked = sorted(changes, key=lambda change: _ORDER.index(change.action))
    for action, group in groupby(ranked, key=lambda change: change.action):
        blocks = [_block(change) for change in group]
        fence = _fence(blocks)
        opened, closed = _frame(action, len(blocks), fence)
        space = room - len(told) - len(opened) - len(closed)
        fitting = _fitting(blocks, space)
        left_out += len(blocks) - len(fitting)
        if fitting:
            told += opened + "".join(fitting) + closed
    return told, left_out


def _fitting(blocks: Sequence[str], space: int) -> list[str]:
    fitting = []
    for block in blocks:
        space -= len(block)
        if space < 0:
            break
        fitting.append(block)
    return fitting


def _frame(action: Action, number: int, fence: str) -> tuple[str, str]:
    heading = f"{_HEADINGS[action]} {number:,}"
    if number > _OPEN:
        return f"\n<details><summary><b>{heading}</b></summary>\n\n{fence}diff\n", f"{fence}\n\n</details>\n"
    return f"\n**{heading}**\n\n{fence}diff\n", f"{fence}\n"


def _fence(blocks: Iterable[str]) -> str:
    """More backticks in a row than any of the blocks has: nothing inside can end the block."""
    longest = max((len(run) for block in blocks for run in re.findall(r"`{3,}", block)), default=2)
    return "`" * (longest + 1)


_MARKS: Final = {Action.CREATE: "+", Action.DELETE: "-", Action.UPDATE: "!", Action.MOVE: "!"}


def _block(change: Change) -> str:
    mark = _MARKS[change.action]
    moved = f" from {change.moved_from}" if change.moved_from else ""
    told = [f"{mark} {change.action.value} {visible(f'{change.address}{moved}')}", f"    {because(change)}"]
    for field in change.fields:
        told += _field(field, change.action)
    if cost := price(change):
        told.append(f"-   destroys: {cost}")
    told += [f"    besides: {visible(effect)}" for effect in change.effects]
    return "\n".join(told) + "\n"


def _field(field: FieldChange, action: Action) -> list[str]:
    name = f"{visible(field.name)}:"
    told = lines(field, action)
    if len(told) > 1:
        signs = {Sign.ADDED: ADDED, Sign.REMOVED: REMOVED}
        return [f"      {name}", *(f"{signs.get(line.sign, ' ')}       {line.text}" for line in told)]
    if action is Action.CREATE:
        return [f"+     {name} {told[0].text}"]
    show = shown_secret if field.sensitive else shown
    return [f"-     {name} {show(field.before)}", f"+     {name} {show(field.after)}"]


def _code(text: str) -> str:
    """Text as a code span; a longer run of backticks than it holds surrounds it."""
    shown_text = visible(text)
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", shown_text)), default=0) + 1)
    pad = " " if shown_text.startswith("`") or shown_text.endswith("`") else ""
    return f"{ticks}{pad}{shown_text}{pad}{ticks}"


def _plain(text: str) -> str:
    """Text that stays text: no links, no mentions, no markup."""
    return _SPECIAL.sub(r"\\\1", visible(text)).replace("\\@", "@\u2060")


def _cut(text: str, budget: int) -> str:
    if len(text) <= budget:
        return text
    note = "\n\n> **Shortened**: the rest did not fit in here.\n"
    return text[: budget - len(note)] + note
