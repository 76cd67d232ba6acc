"""What an entry may say besides its fields, and what may be said of it once it goes: drawn onto plain manifests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import by_plural, registry
from reconciler.manifest.words import DELETE, lists_of, steps_of
from tests.properties.wishes import LOCAL_PARTS, Entry, Manifest, by_plural_of

PAST, FUTURE = "2026-01-01", "2099-12-31"
NEW_NAMES = (*LOCAL_PARTS, "new", "anna.alt")


@st.composite
def with_terms(draw: st.DrawFn, manifest: Manifest) -> Manifest:
    """Say of some fields that they matter at creation only or not afterwards, of some lists that they only grow."""
    return {
        plural: [draw(_with_terms(plural, entry)) for entry in entries] if isinstance(entries, list) else entries
        for plural, entries in manifest.items()
    }


@st.composite
def _with_terms(draw: st.DrawFn, plural: str, entry: Entry) -> Entry:
    kind = by_plural()[plural]
    if not draw(st.booleans()):
        return entry
    free = [name for name in entry if name in kind.fields and not kind.fields[name].required and name not in kind.key]
    places = draw(st.lists(st.sampled_from(("managed", "initial", "ignored")), min_size=len(free), max_size=len(free)))
    where = dict(zip(free, places, strict=True))
    made: dict[str, Any] = {name: value for name, value in entry.items() if where.get(name) != "initial"}
    initial = {name: value for name, value in entry.items() if where.get(name) == "initial"}
    ignored = [name for name in free if where[name] == "ignored"]
    made |= {"initial": {**initial, **entry.get("initial", {})}} if initial or "initial" in entry else {}
    made |= {"lifecycle": {"ignore": ignored}} if ignored else {}
    additive = bool(lists_of(kind)) and draw(st.booleans())
    return made | ({"mode": "additive"} if additive else {})


@st.composite
def farewells(draw: st.DrawFn, removals: list[Entry]) -> list[Entry]:
    """Let some of what goes go by another step than deletion, or at another time."""
    return [draw(_farewell(each)) for each in removals]


@st.composite
def _farewell(draw: st.DrawFn, removal: Entry) -> Entry:
    (name,) = removal
    steps = steps_of(by_plural_of(name))
    step = draw(st.sampled_from((DELETE, *(each for each in steps if each != DELETE))))
    if step == DELETE:
        return removal
    after = draw(st.sampled_from((None, FUTURE, PAST)))
    return {**removal, "step": step, **({"delete_after": after} if after is not None else {})}


@st.composite
def renamings(draw: st.DrawFn, manifest: Manifest, version: str) -> tuple[Manifest, list[Entry]]:
    """Rename some mailboxes and aliases: the manifest with new names everywhere, and what `moved:` says.

    Args:
        version: an old one renames no mailboxes.
    """
    movable = ["aliases"]
    if _knows(version, registry()["mailbox"].moves_since):
        movable.append("mailboxes")
    taken = {
        each["address"].lower()
        for plural in ("aliases", "mailboxes")
        for each in manifest.get(plural, ())
        if "address" in each
    }
    names: dict[str, str] = {}
    moved: list[Entry] = []
    for plural in movable:
        for entry in manifest.get(plural, ()):
            old = entry.get("address", "")
            local, _, domain = old.partition("@")
            free = [name for name in NEW_NAMES if f"{name}@{domain}" not in taken]
            if not (local and free and draw(st.booleans())):
                continue
            new = f"{draw(st.sampled_from(free))}@{domain}"
            taken.add(new)
            names[old] = new
            moved.append({by_plural()[plural].name: {"from": old, "to": new}})
    return _renamed(manifest, names), moved


def _knows(version: str, since: Any) -> bool:
    return since is None or version >= str(since)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value
