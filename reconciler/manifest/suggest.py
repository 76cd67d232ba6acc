"""What someone probably meant by a word that means nothing here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.manifest.words import WORDS, entry_words
from reconciler.spec.kind import Kind

__all__ = ["close_to", "for_field", "for_section"]

_LIKENESS: Final = 0.7
"""Of two words, from 0 to 1; lower, and unrelated short words would be suggested."""


def close_to(word: str, candidates: Iterable[str]) -> str | None:
    """Find the candidate a word looks like, whatever its case and its dashes; None when there is none."""
    return _closest(word, {_plain(candidate): candidate for candidate in candidates})


def for_field(kind: Kind, word: str) -> str:
    """Say what to write instead of a field that a kind does not have."""
    if not word.isascii() and (odd := next((each for each in word if each.isspace()), None)) is not None:
        return f"there is a blank in it that is none to YAML (U+{ord(odd):04X}); write a plain one"
    name, colon, value = word.partition(":")
    if colon and name in kind.fields:
        return f"write a blank after the colon: `{name}: {value}`"
    server = {_plain(name): (name, ours) for name, ours in kind.server_names().items()}
    if _plain(word) in server:
        name, ours = server[_plain(word)]
        return f"mailcow calls it `{name}`; write `{ours}`"
    known = (*kind.fields, *kind.sugar, *entry_words(kind))
    meant = close_to(word, known) or close_to(word, [name for name, _ in server.values()])
    if meant is None and "@" in word:
        return f"values of a list go in brackets: `[a, b]`; what an entry is known by is written `{kind.key[0]}: ...`"
    if meant is None:
        return f"it has: {', '.join(known)}"
    return f"did you mean `{kind.server_names().get(meant, meant)}`?"


def for_section(word: str, kinds: Mapping[str, Kind], *, words: tuple[str, ...] = WORDS) -> str:
    """Say what to write instead of a key that no kind has in the plural.

    Args:
        words: what else may stand there.
    """
    names = {_plain(each): each for each in (*(kind.plural for kind in kinds.values()), *words)}
    singular = [(kind.name, kind.plural) for kind in kinds.values()]
    routes = [(route, kind.plural) for kind in kinds.values() for route in _routes(kind)]
    for name, plural in (*singular, *routes):
        names.setdefault(_plain(name), plural)
        names.setdefault(_plain(name) + "s", plural)
    found = _closest(word, names)
    if found is not None:
        return f"did you mean `{found}`?"
    return f"known are: {', '.join(sorted(set(names.values())))}"


def _closest(word: str, known: Mapping[str, str]) -> str | None:
    """What stands behind the plain word that a word looks like most."""
    from difflib import get_close_matches  # noqa: PLC0415  most manifests have no word that means nothing

    found = get_close_matches(_plain(word), known, n=1, cutoff=_LIKENESS)
    return known[found[0]] if found else None


def _routes(kind: Kind) -> Iterable[str]:
    """The words of the API for a kind."""
    paths = (kind.routes.add, kind.routes.edit, *(source.path for source in kind.sources.values()))
    return (path.partition("/")[0] for path in paths if path)


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "").replace(" ", "")
