"""The kinds: one file each, found by looking into this folder; nothing else knows their names.

To add one, read `bcc_map.py` (a plain one) or `mailbox.py` (a rich one), write a file beside it that defines ``KIND``,
and add the server's answer it was written from to ``tests/kinds/payloads/``. `make generated` notes it in `_index.py`,
so that a run imports only the kinds it is about.
"""

import importlib
import os
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from reconciler.kinds._index import INDEX, ROUTES
from reconciler.spec.kind import Kind

__all__ = ["Kinds", "by_plural", "discovered", "registry", "routes"]


class Kinds(Mapping[str, Kind]):
    """Kinds, each imported when somebody looks at it.

    Attributes:
        names: their names, by the keys they are found by here; in the order they are created on a server.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        """Know kinds by their names, or by another key."""
        self.names = names
        self._known: dict[str, Kind] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, key: object) -> bool:
        return key in self.names

    def __getitem__(self, key: str) -> Kind:
        kind = self._known.get(key)
        if kind is None:
            kind = self._known[key] = importlib.import_module(f"{__name__}.{self.names[key]}").KIND
        return kind


@cache
def registry() -> Mapping[str, Kind]:
    """Every kind by name, in the order they are created on a server.

    Raises:
        TypeError: when a file was added that is not in the index, and a declaration is unsound.
    """
    return Kinds({name: name for name in INDEX}) if set(INDEX) == set(_files()) else discovered()


@cache
def by_plural() -> Mapping[str, Kind]:
    """Every kind by the key manifests use."""
    if isinstance(registry(), Kinds):
        return Kinds({plural: name for name, plural in INDEX.items()})
    return {kind.plural: kind for kind in registry().values()}


def routes() -> frozenset[str] | None:
    """The collections all kinds are read from, where that is known without importing them."""
    return ROUTES if isinstance(registry(), Kinds) else None


def discovered() -> Mapping[str, Kind]:
    """Every kind, looked for in this folder and checked.

    Raises:
        TypeError: when a kind is not named like its file, or a declaration is unsound.
    """
    from graphlib import TopologicalSorter  # noqa: PLC0415  the index has the order already

    found: dict[str, Kind] = {name: importlib.import_module(f"{__name__}.{name}").KIND for name in sorted(_files())}
    problems = [f"{name}.py defines {kind.name}" for name, kind in found.items() if kind.name != name]
    problems += [f"{name}.py: {problem}" for name, kind in found.items() for problem in kind.problems(found)]
    if problems:
        raise TypeError("; ".join(problems))
    order = TopologicalSorter({name: sorted({*kind.after, *kind.within}) for name, kind in found.items()})
    return MappingProxyType({name: found[name] for name in order.static_order()})


def _files() -> list[str]:
    """The names of the files that define kinds."""
    with os.scandir(__path__[0]) as found:
        return [each.name.removesuffix(".py") for each in found if each.name.endswith(".py") and each.name[0] != "_"]
