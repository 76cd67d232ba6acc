"""What pydantic refuses, in a mail administrator's words, with what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from reconciler.manifest import suggest
from reconciler.manifest.findings import Complaint, Path
from reconciler.spec.amounts import UNLIMITED
from reconciler.spec.codec import Refusal, Scope
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Field, Kind
from reconciler.spec.refusal import InvalidError, in_quotes

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["about_null", "by_entry", "called", "complaints", "shown"]

_LONGEST: Final = 300
_LONGEST_SHOWN: Final = 60
"""Characters, of a sentence and of a value in it; somebody may put a whole file where a number belongs."""

_MEANT: Final = {
    **dict.fromkeys(("yes", "y", "on", "true", "1", "enabled"), "true"),
    **dict.fromkeys(("no", "n", "off", "false", "0", "disabled"), "false"),
}


Sentence = tuple[str, str, str | None]
"""An id, a summary and a hint."""


def by_entry(invalid: InvalidError) -> dict[int, list[ErrorDetails]]:
    """Sort what is wrong with a list of entries by the entry's index."""
    found: dict[int, list[ErrorDetails]] = {}
    for details in invalid.errors:
        index = details["loc"][0]
        assert isinstance(index, int)
        found.setdefault(index, []).append({**details, "loc": details["loc"][1:]})
    return found


def complaints(kind: Kind, details: ErrorDetails, scope: Scope) -> list[Complaint]:
    """Say what is wrong with one entry.

    Args:
        details: one error, its ``loc`` counted from the entry.
        scope: what its values were read relative to.
    """
    path: Path = details["loc"]
    what = details["type"]
    if what in ("extra_forbidden", "invalid_key"):
        word = str(path[-1])
        if word in kind.sugar:
            summary = f"`{word}` and `{kind.sugar[word]}` say the same of {called(kind)}"
            return [Complaint(path, "fields-conflict", summary, "write one of them", at_key=True)]
        summary = f"{called(kind)} has no field `{word}`"
        return [Complaint(path, "field-unknown", summary, suggest.for_field(kind, word), at_key=True)]
    if what == "missing":
        name = str(path[-1])
        field = kind.fields.get(name)
        return [Complaint(path[:-1], "field-missing", f"`{name}` is missing", field.mark.about if field else None)]
    field = kind.fields.get(str(path[0])) if path else None
    if details["input"] is None:
        return [Complaint(path, *about_null(str(path[-1]) if path else kind.name, field))]
    if field is not None and field.codec.elements and len(path) == 1 and isinstance(details["input"], list):
        elements = _by_element(field, details["input"], scope)
        if elements:
            return elements
    sensitive = field is not None and field.codec.sensitive
    name = ".".join(map(str, path)) or kind.name
    return [Complaint(path, *_sentence(what, name, details, hidden=sensitive))]


def about_null(name: str, field: Field | None = None, *, section: bool = False, mapping: bool = False) -> Sentence:
    """Say what to write instead of nothing.

    Args:
        section: it is a list of entries.
        mapping: it is one whose parts stand on the lines below.
    """
    hints = ["leave it out to leave it alone"]
    if section:
        hints.append("for no entries write `[]`")
    if mapping:
        hints = ["indent what belongs to it, on the lines below, or remove it"]
    if field is not None:
        if field.codec.elements:
            hints.append("for an empty list write `[]`")
        if UNLIMITED in str(field.codec.schema.get("pattern", "")):
            hints.append(f"for no limit write `{UNLIMITED}`")
        if field.mark.refers is not None:
            hints.append(f"for none write `{NONE}`")
    return "value-null", f"`{name}` has no value", "; ".join(hints)


def shown(value: Any) -> str:
    """Show a value as it would be written, when it is short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return f"`{text}`" if len(text) <= _LONGEST_SHOWN else f"`{text[:_LONGEST_SHOWN]}…`"


def _by_element(field: Field, elements: list[Any], scope: Scope) -> list[Complaint]:
    """Find which elements of a refused list are wrong, by reading each alone."""
    found = []
    for index, element in enumerate(elements):
        try:
            field.codec.accept([element], scope)
        except Refusal as refusal:
            if element is None:
                sentence: Sentence = ("value-null", f"an element of `{field.name}` has no value", "remove it")
            else:
                sentence = _refusal(vars(refusal))
            found.append(Complaint((field.name, index), *sentence))
    return found


def _sentence(what: str, name: str, details: ErrorDetails, *, hidden: bool) -> Sentence:
    context = details.get("ctx") or {}
    if what == "value_refused":
        return _refusal(context)
    explain = _EXPLAINED.get(what)
    if explain is None:
        return "value-wrong", f"`{name}` is wrong: {details['msg']}", None
    return explain(name, "a secret" if hidden else details["input"], context)


def _refusal(context: Mapping[str, Any]) -> Sentence:
    """What a codec said, cut where it repeats a value of absurd length."""
    text = context["text"]
    return context["id"], text if len(text) <= _LONGEST else text[:_LONGEST] + "…", context["hint"]


def _boolean(name: str, value: Any, _context: Mapping[str, Any]) -> Sentence:
    meant = _MEANT.get(str(value).lower())
    if isinstance(value, str) and value.lower() == meant:
        return "boolean-expected", f"`{name}` takes `true` or `false`, not text", f"remove the quotes: `{meant}`"
    hint = f"write `{meant}`" if meant else "write `true` or `false`"
    return "boolean-expected", f"`{name}` takes `true` or `false`, not {shown(value)}", hint


def _number(name: str, value: Any, _context: Mapping[str, Any]) -> Sentence:
    if isinstance(value, str) and value.strip().isdigit():
        return "number-expected", f"`{name}` takes a number, not text", f"remove the quotes: `{value.strip()}`"
    return "number-expected", f"`{name}` takes a whole number, not {shown(value)}", "write it like `20`"


def _range(name: str, value: Any, context: Mapping[str, Any]) -> Sentence:
    least, most = context.get("ge"), context.get("le")
    ends = f"at least {least}" if least is not None else f"at most {most}"
    return "number-out-of-range", f"`{name}` is {shown(value)}, which is out of range", f"write {ends}"


def _text(name: str, value: Any, _context: Mapping[str, Any]) -> Sentence:
    summary = f"`{name}` takes text, not {shown(value)}"
    if isinstance(value, Mapping | list):
        return "text-expected", summary, f"write `{name}: ...` with one text"
    return "text-expected", summary, in_quotes(value)


def _long(name: str, value: Any, context: Mapping[str, Any]) -> Sentence:
    most = context["max_length"]
    summary = f"`{name}` is {len(value)} characters long, and mailcow keeps {most}"
    return "text-too-long", summary, f"shorten it to {most} characters"


def _short(name: str, value: Any, context: Mapping[str, Any]) -> Sentence:
    if value == "":
        return "text-empty", f"`{name}` is empty", "leave it out to leave it alone"
    least = context["min_length"]
    return "text-too-short", f"`{name}` is too short", f"write at least {least} characters"


def _pattern(name: str, value: Any, context: Mapping[str, Any]) -> Sentence:
    if isinstance(value, str) and "\n" in value:
        return "text-malformed", f"`{name}` has a line break", "write it on one line"
    if value == "0":
        return "text-malformed", f"`0` is nothing to mailcow, and `{name}` must be something", "write another text"
    if isinstance(value, str) and value != value.strip() and "\\s" in context["pattern"]:
        return "text-malformed", f"`{name}` begins or ends with a blank, which mailcow cuts off", "remove it"
    return "text-malformed", f"{shown(value)} is not what `{name}` takes", f"it must match `{context['pattern']}`"


def _list(name: str, value: Any, _context: Mapping[str, Any]) -> Sentence:
    return "list-expected", f"`{name}` takes a list, not {shown(value)}", f"write `{name}: [...]`"


def _mapping(name: str, value: Any, _context: Mapping[str, Any]) -> Sentence:
    return "mapping-expected", f"`{name}` takes a mapping, not {shown(value)}", f"write `{name}: {{...}}`"


_EXPLAINED: Final[Mapping[str, Callable[[str, Any, Mapping[str, Any]], Sentence]]] = {
    "bool_type": _boolean,
    "int_type": _number,
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "string_type": _text,
    "string_too_long": _long,
    "string_too_short": _short,
    "string_pattern_mismatch": _pattern,
    "list_type": _list,
    "dict_type": _mapping,
}


def called(kind: Kind) -> str:
    """The kind with its article, as text."""
    name = kind.name.replace("_", " ")
    return f"an {name}" if name[0] in "aeio" else f"a {name}"
