"""What kinds are, for people at a terminal: `kinds` and `explain`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent, wrap
from typing import Final

from reconciler.model.reference import FieldReference, KindReference
from reconciler.render.reference_phrases import (
    DELETED,
    DELETED_NOTE,
    OPERATOR,
    default,
    deletion,
    example_line,
    since,
    traits,
    versions,
)
from reconciler.render.style import Role, Style

__all__ = ["field_text", "kind_text", "kinds_text"]

_WIDTH: Final = 100
_NEVER_SHOWN: Final = "never: it is taken for being there, and written when its declaration changes, or with `--resend`"


def kinds_text(kinds: Iterable[KindReference], style: Style) -> str:
    """All kinds as a table; ends with a newline."""
    rows = [(each.section, DELETED[each.deletion], since(each.since), each.about) for each in kinds]
    head = ("section", "deleted", "since", "what it is")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(3)]
    told = [style.paint(_row(head, widths), Role.FAINT)]
    told += [_row(row, widths).replace(row[0], style.paint(row[0], Role.STRONG), 1) for row in rows]
    return "\n".join([*told, "", style.paint(DELETED_NOTE, Role.FAINT), ""])


def _row(cells: tuple[str, str, str, str], widths: list[int]) -> str:
    return "  ".join([*(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False)), cells[3]])


def kind_text(kind: KindReference, style: Style) -> str:
    """One kind and all its fields; ends with a newline."""
    facts = {
        "known by": ", ".join(kind.key) or "nothing: there is always exactly one",
        "belongs to": ", ".join(kind.within),
        "deleted": deletion(kind),
        "renamed": _renamed(kind),
        "mailcow": versions(kind.since),
        "shown": "" if kind.readable else _NEVER_SHOWN,
        "API": ", ".join(f"{each.verb}/{each.path}" for each in kind.api),
    }
    parts = [
        style.paint(f"{kind.section}", Role.STRONG) + f" (one is a `{kind.name}`)\n" + _paragraphs(kind),
        _facts(facts, style),
        style.paint("Fields", Role.STRONG) + "\n" + "".join(_listed(kind, style)),
        style.paint("Example", Role.STRONG) + "\n" + indent(kind.example, "  "),
    ]
    return "\n".join(parts)


def _paragraphs(kind: KindReference) -> str:
    return "".join(_wrapped(text, "  ") for text in (kind.about, kind.more) if text)


def _renamed(kind: KindReference) -> str:
    if not kind.moves:
        return ""
    return f"by `moved:`, {versions(kind.moves_since)}"


def _listed(kind: KindReference, style: Style) -> Iterator[str]:
    for field in kind.fields:
        first, *others = _lines(f"{field.name}: {field.form}", "  ")
        yield "\n".join([first.replace(field.name, style.paint(field.name, Role.STRONG), 1), *others, ""])
        yield _wrapped(field.about, "      ")
        if notes := "; ".join(traits(kind, field)):
            yield "".join(style.paint(line, Role.FAINT) + "\n" for line in _lines(f"({notes})", "      "))
    for word, meant in kind.sugar.items():
        yield f"  {style.paint(word, Role.STRONG)}: another way to write `{meant}`\n"


def field_text(kind: KindReference, field: FieldReference, style: Style) -> str:
    """One field and everything that is known of it; ends with a newline."""
    owner = field.owner if field.owner == OPERATOR else f"{field.owner}: `export` leaves it out unless asked"
    facts = {
        "takes": field.form,
        "names": f"one of `{field.refers}`" if field.refers is not None else "",
        "needed": "in every entry" if field.required else "to create it" if field.needed else "",
        "default": default(kind, field),
        "changed": "never: it is set once" if field.immutable else "",
        "owner": owner,
        "mailcow": versions(field.since, field.until),
        "shown": _shown(field),
    }
    parts = [
        style.paint(f"{kind.section}: {field.name}", Role.STRONG) + "\n" + _wrapped(field.about, "  "),
        _facts(facts, style),
        _facts({f"{use.verb}/{use.path}": ", ".join(use.names) or "(the whole of it)" for use in field.api}, style),
        style.paint("Example", Role.STRONG) + f"\n  {example_line(field)}\n" if field.example is not None else "",
    ]
    return "\n".join(part for part in parts if part)


def _shown(field: FieldReference) -> str:
    if not field.api:
        return "never, nor sent: it says how the others are treated"
    if not field.readable:
        return "never: it is sent when it is created, when its declaration changes, or with `--resend`"
    return versions(field.readable_since)


def _facts(facts: Mapping[str, str], style: Style) -> str:
    """Pairs in two columns, without those of which there is nothing to say."""
    told = {label: text for label, text in facts.items() if text}
    width = max(map(len, told), default=0)
    lines = []
    for label, text in told.items():
        first, *others = wrap(text, _WIDTH - width - 4) or [""]
        lines.append(f"  {style.paint(f'{label:<{width}}', Role.FAINT)}  {first}")
        lines += [f"  {' ' * width}  {line}" for line in others]
    return "".join(f"{line}\n" for line in lines)


def _wrapped(text: str, margin: str) -> str:
    return "".join(f"{line}\n" for line in _lines(text, margin))


def _lines(text: str, margin: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False)
