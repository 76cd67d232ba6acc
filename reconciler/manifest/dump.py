"""A live server as manifests: a file for each domain, one for the rest, and what they all share.

What the manifest language cannot say is left out and told; writing it down would make a manifest that is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from reconciler.manifest.emit import comment, emit
from reconciler.manifest.expressible import EntryWriter
from reconciler.manifest.fold import common, without
from reconciler.manifest.words import DEFAULTS, DOMAIN
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.focus import EVERYTHING, Focus
from reconciler.model.state import LiveState
from reconciler.records import record
from reconciler.spec.kind import Kind
from reconciler.spec.names import readable_domain

__all__ = ["WRITTEN_BY_EXPORT", "Dump", "dump"]

WRITTEN_BY_EXPORT: Final = "Written by `reconciler export`. What is not written is not managed."
"""What stands at the top of each file."""

_SERVER: Final = "server.yaml"
_SHARED: Final = "_defaults.yaml"
_FOLDER: Final = "domains"


@record(frozen=True, slots=True)
class Dump:
    """A server as manifests.

    Attributes:
        files: text by name, relative to the folder they are for.
        diagnostics: what they do not say, and the secrets that must be supplied.
    """

    files: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]


Entry = Mapping[str, Any]
Entries = dict[str, list[dict[str, Any]]]
"""Entries in plain values, by kind."""


def dump(
    live: LiveState, kinds: Mapping[str, Kind], *, title: str, every_field: bool = False, focus: Focus = EVERYTHING
) -> Dump:
    """Write a server down.

    Args:
        live: what was read of it.
        kinds: by name, in the order they are created.
        title: what the files are of, for the comment at their top.
        every_field: also the fields that are usually changed by others than the operator.
        focus: the domains that are written down; what belongs to none only with all.
    """
    writer = EntryWriter(live, every_field=every_field, focus=focus)
    homes = _homes(live, kinds)
    files: dict[str | None, Entries] = {}
    for name, kind in kinds.items():
        for home, entry in writer.entries(kind, live.of(name), homes):
            files.setdefault(home, {}).setdefault(name, []).append(entry)
    shared = _shared_defaults(files.values(), kinds)
    head = comment(f"{title}\n{WRITTEN_BY_EXPORT}") + "\n"
    texts = {}
    if shared:
        layers = {kinds[name].plural: found for name, found in shared.items()}
        texts[_SHARED] = head + emit({DEFAULTS: layers})
    for home, entries in sorted(files.items(), key=lambda pair: pair[0] or ""):
        sections = _sections(home, entries, kinds, shared)
        texts[f"{_FOLDER}/{home}.yaml" if home else _SERVER] = head + "\n".join(map(emit, sections))
    return Dump(texts, tuple(writer.diagnostics))


def _homes(live: LiveState, kinds: Mapping[str, Kind]) -> Mapping[str, str]:
    """Find the domain whose file each domain's things go to: its own, or the one it stands for."""
    domains: dict[str, str] = {}
    targets: dict[str, str] = {}
    for name, kind in kinds.items():
        there = live.of(name)
        for key in (key for key in there if kind.domain_of_key(key) in (None, key)):
            observed = there[key]
            if kind.domain_of(observed.values) != key or not _is_domain(key):
                continue
            domains[key] = key
            for field, each in kind.fields.items():
                refers = each.mark.refers
                if refers is not None and kinds[refers].space == kind.space is not None:
                    targets[key] = str(observed.values.get(field))
    return domains | {key: target for key, target in targets.items() if target in domains}


def _is_domain(text: str) -> bool:
    """Whether a name the server gave may become the name of a file."""
    return readable_domain(text) == text


def _shared_defaults(files: Collection[Entries], kinds: Mapping[str, Kind]) -> dict[str, dict[str, Any]]:
    """Find what the entries of a kind in several files have in common."""
    found = {}
    for name, kind in kinds.items():
        lists = [file[name] for file in files if name in file]
        values = common([entry for each in lists for entry in each], above={}, never=_own(kind))
        if len(lists) > 1 and values:
            found[name] = values
    return found


def _own(kind: Kind) -> frozenset[str]:
    """The fields that are what an entry is about, which no default should say."""
    return frozenset((*kind.key, *(name for name, each in kind.fields.items() if each.required)))


def _sections(
    home: str | None, entries: Entries, kinds: Mapping[str, Kind], shared: Mapping[str, Entry]
) -> Iterator[dict[str, Any]]:
    """Make the parts of a file, which blank lines separate."""
    if home is not None:
        yield {DOMAIN: home}
    local = {
        name: found
        for name, listed in entries.items()
        if (found := common(listed, above=shared.get(name, {}), never=_own(kinds[name])))
    }
    if local:
        yield {DEFAULTS: {kinds[name].plural: found for name, found in local.items()}}
    for name, listed in entries.items():
        inherited = {**shared.get(name, {}), **local.get(name, {})}
        written = [without(entry, inherited) for entry in listed]
        yield {kinds[name].plural: written[0] if kinds[name].singleton else written}
