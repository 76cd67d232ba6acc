"""Diagnostics and errors for people: what, where, why, what to do, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from reconciler.errors import ManifestError, ReconcilerError
from reconciler.model.diagnostic import Diagnostic, Origin, Severity
from reconciler.model.plan import Refusal
from reconciler.render.phrases import listed, permit
from reconciler.render.style import SEVERITY_ROLES, Role, Style
from reconciler.render.words import count, visible

MOST_ALIKE: Final = 50
"""How many findings of one sort people are shown."""


def diagnostics_text(diagnostics: Iterable[Diagnostic], style: Style, *, conclusion: str = "") -> str:
    """Every finding, those of one file together and in the order of its lines, and how many there are.

    Args:
        diagnostics: the findings, in any order.
        style: the palette.
        conclusion: what they mean together, for the last line.

    Returns:
        Text that ends with a newline; nothing when there is nothing to tell.
    """
    ordered = sorted(diagnostics, key=_place)
    if not ordered:
        return ""
    total = _total(ordered, style) + (f": {visible(conclusion)}" if conclusion else "")
    shown, more = _first_of_each(ordered)
    return (
        "\n".join([*(finding(each, style) for each in shown), *(finding(each, style) for each in more), total]) + "\n"
    )


def _first_of_each(diagnostics: Sequence[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The first findings with each id, and one that stands for the rest: among thousands alike nobody sees another."""
    alike: dict[tuple[Severity, str], list[Diagnostic]] = {}
    for each in diagnostics:
        alike.setdefault((each.severity, each.id), []).append(each)
    hidden = {id(each) for found in alike.values() for each in found[MOST_ALIKE:]}
    more = [
        Diagnostic(name, severity, f"{left:,} more like these", hint="`--format json` has them all")
        for (severity, name), found in alike.items()
        if (left := len(found) - MOST_ALIKE) > 0
    ]
    return [each for each in diagnostics if id(each) not in hidden], more


def _place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    origin = diagnostic.origin
    return ("", 0, 0) if origin is None else (origin.file, origin.line or 0, origin.column or 0)


def finding(diagnostic: Diagnostic, style: Style) -> str:
    """One finding; ends with a newline."""
    label = style.paint(f"{diagnostic.severity.value}[{diagnostic.id}]", SEVERITY_ROLES[diagnostic.severity])
    told = [f"{label}: {visible(diagnostic.summary)}"]
    about = f"({visible(str(diagnostic.address))})" if diagnostic.address else ""
    if diagnostic.origin is not None:
        arrow = style.paint("  -->", Role.FAINT)
        told.append(f"{arrow} {visible(str(diagnostic.origin))}" + (f" {about}" if about else ""))
        told += _excerpt(diagnostic.origin, style)
    elif about:
        told.append(f"  {about}")
    told += [f"  also: {visible(str(place))}" for place in diagnostic.related]
    if diagnostic.detail:
        told += [f"  {visible(line)}" for line in diagnostic.detail.splitlines()]
    if diagnostic.hint:
        told.append(_hint(diagnostic.hint, style))
    return "\n".join(told) + "\n"


def _excerpt(origin: Origin, style: Style) -> list[str]:
    if origin.excerpt is None:
        return []
    number = "" if origin.line is None else str(origin.line)
    bar = style.paint("|", Role.FAINT)
    told = [f"   {number} {bar} {_spaced(origin.excerpt.rstrip())}"]
    if origin.column is not None:
        indent = " " * len(_spaced(origin.excerpt[: origin.column - 1]))
        told.append(f"   {' ' * len(number)} {bar} {indent}{style.paint('^', Role.ERROR)}")
    return told


def _spaced(text: str) -> str:
    return visible(text).expandtabs(4)


def _hint(hint: str, style: Style) -> str:
    return f"{style.paint('hint:', Role.STRONG)} {visible(hint)}"


def _total(diagnostics: Sequence[Diagnostic], style: Style) -> str:
    parts = []
    for severity in Severity:
        number = sum(each.severity is severity for each in diagnostics)
        if number:
            parts.append(style.paint(count(number, severity.value), SEVERITY_ROLES[severity]))
    files = {each.origin.file for each in diagnostics if each.origin is not None}
    return ", ".join(parts) + (f" in {count(len(files), 'file')}" if files else "")


def refusal_text(refusal: Refusal, style: Style) -> str:
    """A guard's objection; ends with a newline."""
    told = [f"{style.paint(f'refused[{refusal.id}]', Role.ERROR)}: {visible(refusal.summary)}"]
    if refusal.addresses:
        told.append(f"  {listed(refusal.addresses)}")
    if refusal.permit:
        told.append(_hint(permit(refusal), style))
    return "\n".join(told) + "\n"


def error_text(error: ReconcilerError, style: Style) -> str:
    """An error that ended the run: its findings where it holds some, or its sentence, what is known, and a hint."""
    if isinstance(error, ManifestError) and error.diagnostics:
        told_all = diagnostics_text(error.diagnostics, style, conclusion=error.summary)
        return told_all + (_hint(error.hint, style) + "\n" if error.hint else "")
    told = [f"{style.paint(f'error[{error.id}]', Role.ERROR)}: {visible(error.summary)}"]
    told += [f"  {name.replace('_', ' ')}: {_known(value)}" for name, value in error.details.items() if _says(value)]
    if error.hint:
        told.append(_hint(error.hint, style))
    return "\n".join(told) + "\n"


def _says(value: Any) -> bool:
    return value is not None and value not in ("", (), [])


def _known(value: Any) -> str:
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(_known(each) for each in value)
    return visible(str(value))
