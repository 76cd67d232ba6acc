"""An apply for a person: a line as each change ends, and what came of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.model.address import Address
from reconciler.model.report import GONE, STILL_THERE, THERE_TWICE, ChangeEnded, OperationEnded, Outcome, Report
from reconciler.render.diagnostic_text import finding
from reconciler.render.style import Role, Style
from reconciler.render.words import count, visible

_ROLES: Final[Mapping[Outcome, Role]] = {
    Outcome.DONE: Role.GOOD,
    Outcome.PARTIAL: Role.WARNING,
    Outcome.FAILED: Role.ERROR,
    Outcome.BLOCKED: Role.WARNING,
    Outcome.UNKNOWN: Role.WARNING,
}
_WHOLE: Final = {GONE, STILL_THERE, THERE_TWICE}
"""What is said of a whole resource, not of a field."""


def change_line(ended: ChangeEnded, style: Style) -> str:
    """One line, without a newline: how a change ended, and the server's words where it is not done."""
    told = f"{_word(ended.outcome, style)} {visible(str(ended.address))}"
    if ended.outcome is not Outcome.DONE and ended.messages:
        told += ": " + "; ".join(visible(message) for message in ended.messages)
    return told


def call_line(ended: OperationEnded, style: Style) -> str:
    """One line, without a newline: how a call ended, and what the server said."""
    call = ended.operation
    told = f"{_word(ended.outcome, style)} call {ended.number} {call.verb.value}/{visible(call.route)}"
    said = "; ".join(visible(message) for message in ended.messages)
    return f"{told} in {ended.seconds:.3f} s" + (f": {said}" if said else "")


def _word(outcome: Outcome, style: Style) -> str:
    return style.paint(f"{outcome.value:<7}", _ROLES[outcome])


def report_text(report: Report, style: Style) -> str:
    """What was not done, what did not take, and the last line; ends with a newline."""
    told = [change_line(each, style) for each in report.changes if each.outcome is not Outcome.DONE]
    told += _verdict(report, style)
    if report.interrupted:
        told.append("Interrupted: calls in flight were finished, the rest was not tried. Running again continues.")
    elif report.stopped is not None:
        told.append(style.paint("Stopped", Role.ERROR) + f" [{report.stopped.id}]: {visible(report.stopped.summary)}")
        told += [f"hint: {visible(report.stopped.hint)}"] if report.stopped.hint else []
    told += [finding(each, style) for each in report.notes]
    told.append(style.paint(_summary(report), Role.STRONG))
    return "\n".join(told) + "\n"


def _verdict(report: Report, style: Style) -> Iterator[str]:
    if report.converged and report.count(Outcome.DONE) < len(report.changes):
        yield (
            style.paint("Not converged", Role.ERROR)
            + ": all that the server shows is as declared, but not all was done."
        )
    elif report.converged and report.left:
        yield style.paint("Converged so far", Role.GOOD) + ": reading again found what was carried out as declared."
    elif report.converged:
        yield style.paint("Converged", Role.GOOD) + ": reading again found the server as declared."
    elif report.converged is None:
        yield style.paint("Not verified", Role.WARNING) + ": the server was not read again."
    else:
        yield style.paint("Not converged", Role.ERROR) + ": reading again found"
        fields: dict[Address, list[str]] = {}
        for leftover in report.leftovers:
            fields.setdefault(leftover.address, []).append(leftover.field)
        for address, names in fields.items():
            told = ", ".join(map(visible, names))
            yield f"  {visible(str(address))}: {told if {*names} <= _WHOLE else f'{told} not as declared'}"


def _summary(report: Report) -> str:
    counts = [f"{number:,} {outcome.value}" for outcome in Outcome if (number := report.count(outcome))]
    told = ", ".join(counts) or "nothing to do"
    left = f"; {count(report.left, 'change')} left" if report.left else ""
    return f"Apply: {told}; {count(report.calls, 'call')} in {report.seconds:.1f} s{left}"
