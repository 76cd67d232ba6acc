"""What an entry says about how it is to be treated, beside the fields of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.manifest import suggest
from reconciler.manifest.complaints import about_null, complaints, shown
from reconciler.manifest.findings import Complaint, Path
from reconciler.manifest.words import IGNORE, INITIAL, LIFECYCLE, MODE, MODES, NTH, PREVENT_DELETE, TEMPLATE, lists_of
from reconciler.model.resource import NOTHING, PLAIN, EntryOptions, Values
from reconciler.spec.accept_many import DoubtfulError
from reconciler.spec.codec import Scope
from reconciler.spec.kind import Kind
from reconciler.spec.refusal import InvalidError

__all__ = ["both_managed_and_initial", "quick_options", "read_nth", "read_options"]


def quick_options(
    kind: Kind, words: Mapping[str, Any], scope: Scope, *, entry: Mapping[str, Any] | None = None
) -> EntryOptions:
    """Read the words of an entry that are not fields, where they are surely right.

    Args:
        words: as for `read_options`.
        entry: the entry as written, where it is one.

    Raises:
        DoubtfulError: where they may be wrong.
    """
    options, found = read_options(kind, words, scope)
    if found or (entry is not None and both_managed_and_initial(kind, entry)):
        raise DoubtfulError
    return options


def read_options(kind: Kind, words: Mapping[str, Any], scope: Scope) -> tuple[EntryOptions, list[Complaint]]:
    """Read the words of an entry that are not fields.

    Args:
        words: those that are written or inherited, as written.
        scope: what values in them are read relative to.

    Returns:
        The options, and what is wrong with the words.
    """
    if not words:
        return PLAIN, []
    found: list[Complaint] = []
    initial = _initial(kind, words[INITIAL], scope, found) if INITIAL in words else NOTHING
    ignore, prevent_delete = _lifecycle(kind, words[LIFECYCLE], found) if LIFECYCLE in words else (frozenset(), False)
    additive = MODE in words and _one_of(words[MODE], MODE, MODES, found) == MODES[1]
    template = _template(words[TEMPLATE], found) if TEMPLATE in words else None
    options = EntryOptions(
        initial=initial,
        ignore=ignore,
        additive=lists_of(kind) if additive else frozenset(),
        prevent_delete=prevent_delete,
        template=template,
        nth=read_nth(words[NTH], found) if NTH in words else None,
    )
    return options, found


def _initial(kind: Kind, written: Any, scope: Scope, found: list[Complaint]) -> Values:
    if not _is_mapping(written, (INITIAL,), "{password: {generate: true}}", found):
        return NOTHING
    for name in written:
        if name in kind.key:
            hint = "a key is what an entry is known by; write it beside `initial`"
            found.append(Complaint((INITIAL, name), "initial-key", f"`{name}` is a key", hint, at_key=True))
    try:
        values = kind.read_some(written, scope)
    except InvalidError as invalid:
        for details in invalid.errors:
            for each in complaints(kind, details, scope):
                path = (INITIAL, *each.path)
                found.append(Complaint(path, each.id, each.summary, each.hint, at_key=each.at_key))
        return NOTHING
    return values or NOTHING


def _lifecycle(kind: Kind, written: Any, found: list[Complaint]) -> tuple[frozenset[str], bool]:
    if not _is_mapping(written, (LIFECYCLE,), "{prevent_delete: true}", found):
        return frozenset(), False
    for name in written:
        if name not in (IGNORE, PREVENT_DELETE):
            meant = suggest.close_to(str(name), (IGNORE, PREVENT_DELETE))
            hint = f"did you mean `{meant}`?" if meant else f"it has: {IGNORE}, {PREVENT_DELETE}"
            found.append(
                Complaint((LIFECYCLE, name), "field-unknown", f"`{LIFECYCLE}` has no `{name}`", hint, at_key=True)
            )
    prevent_delete = written.get(PREVENT_DELETE, False)
    if not isinstance(prevent_delete, bool):
        summary = f"`{PREVENT_DELETE}` takes `true` or `false`, not {shown(prevent_delete)}"
        found.append(Complaint((LIFECYCLE, PREVENT_DELETE), "boolean-expected", summary, "write `true` or `false`"))
    return _ignored(kind, written.get(IGNORE, []), found), prevent_delete is True


def _ignored(kind: Kind, written: Any, found: list[Complaint]) -> frozenset[str]:
    path: Path = (LIFECYCLE, IGNORE)
    if not isinstance(written, list):
        summary = f"`{IGNORE}` takes a list of fields, not {shown(written)}"
        found.append(Complaint(path, "list-expected", summary, f"write `{IGNORE}: [...]`"))
        return frozenset()
    for index, name in enumerate(written):
        if not isinstance(name, str) or name not in kind.fields:
            summary = f"{shown(name)} is not a field"
            found.append(Complaint((*path, index), "field-unknown", summary, suggest.for_field(kind, str(name))))
        elif name in kind.key:
            hint = "a key is what an entry is known by; remove it here"
            found.append(Complaint((*path, index), "ignored-key", f"`{name}` is a key", hint))
    return frozenset(name for name in written if isinstance(name, str))


def _template(written: Any, found: list[Complaint]) -> str | None:
    if isinstance(written, str) and written:
        return written
    summary = f"`{TEMPLATE}` takes the name of a template, not {shown(written)}"
    found.append(Complaint((TEMPLATE,), "text-expected", summary, "write the name mailcow's pages show"))
    return None


def read_nth(written: Any, found: list[Complaint]) -> int | None:
    """Read which of several with the same key is meant; tells what is wrong in a list."""
    if isinstance(written, int) and not isinstance(written, bool) and written >= 1:
        return written
    summary = f"`{NTH}` takes a whole number from 1 on, not {shown(written)}"
    found.append(Complaint((NTH,), "number-expected", summary, "count those with the same key as the server's ids do"))
    return None


def _one_of(written: Any, name: str, allowed: tuple[str, ...], found: list[Complaint]) -> Any:
    if written not in allowed:
        hint = f"write one of: {', '.join(allowed)}"
        found.append(
            Complaint((name,), "word-unknown", f"{shown(written)} is not one of the words `{name}` takes", hint)
        )
    return written


def _is_mapping(written: Any, path: Path, example: str, found: list[Complaint]) -> bool:
    if isinstance(written, dict):
        return True
    name = str(path[-1])
    if written is None:
        found.append(Complaint(path, *about_null(name, mapping=True)))
    else:
        summary = f"`{name}` takes a mapping, not {shown(written)}"
        found.append(Complaint(path, "mapping-expected", summary, f"write it like `{name}: {example}`"))
    return False


def both_managed_and_initial(kind: Kind, written: Mapping[str, Any]) -> list[Complaint]:
    """Say which fields are written twice in one place: to be managed, and to matter at creation only."""
    initial = written.get(INITIAL)
    if INITIAL in kind.fields or not isinstance(initial, dict):
        return []
    return [
        Complaint(
            (INITIAL, name),
            "initial-and-managed",
            f"`{name}` is written both beside `{INITIAL}` and in it",
            "keep one: beside it to manage the field, in it to set it only when the thing is created",
            at_key=True,
        )
        for name in initial
        if name in written and name not in kind.key
    ]
