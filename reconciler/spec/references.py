"""References: the values by which one resource names another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from reconciler.model.resource import Declared, Observed, Values
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Kind

__all__ = ["Reference", "meant", "references_of", "short_keys"]


class Reference(NamedTuple):
    """A field that names a resource of another kind, and the key it names."""

    field: str
    kind: str
    key: str


def references_of(kind: Kind, values: Values) -> Iterator[Reference]:
    """List what a resource's values refer to; the word for "none" refers to nothing."""
    for name, each in kind.fields.items():
        if each.mark.refers is None or name not in values:
            continue
        value = values[name]
        for key in (value,) if isinstance(value, str) else value:
            if key != NONE:
                yield Reference(name, each.mark.refers, key)


def short_keys(kind: Kind, resources: Mapping[str, Declared] | Mapping[str, Observed]) -> Mapping[str, tuple[str, ...]]:
    """For a kind known by several fields, the keys that the first of them alone may stand for.

    A relayhost is `acme@smtp.example:587`; where there is only one at `smtp.example:587`, that says enough.
    """
    if len(kind.key) < 2:  # noqa: PLR2004  one field is the key itself
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for key, resource in resources.items():
        short = str(resource.values[kind.key[0]])
        found[short] = (*found.get(short, ()), key)
    return found


def meant(key: str, known: Mapping[str, object], short: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Find the keys a reference may mean: itself when there is such a resource, else what it is short for.

    Args:
        key: as written.
        known: the resources of the kind it refers to, by key.
        short: what `short_keys` made of them.

    Returns:
        One key when it is clear, none when it names nothing known, several when it is ambiguous.
    """
    return (key,) if key in known else short.get(key, ())
