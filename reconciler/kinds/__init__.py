"""The kinds: one file each, found by looking into this folder; nothing else knows their names.

To add one, read `bcc_map.py` (a plain one) or `mailbox.py` (a rich one), write a file beside it that defines ``KIND``,
and add the server's answer it was written from to ``tests/kinds/payloads/``.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter

from reconciler.spec.kind import Kind


@cache
def registry() -> Mapping[str, Kind]:
    """Every kind by name, in the order they are created on a server.

    Raises:
        TypeError: when two files define the same kind, or a declaration is unsound.
    """
    found: dict[str, Kind] = {}
    defined_in: dict[str, str] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(__path__)):
        kind: Kind = importlib.import_module(f"{__name__}.{module}").KIND
        if kind.name in found:
            raise TypeError(f"{module}.py defines {kind.name}, which {defined_in[kind.name]}.py has defined")
        found[kind.name] = kind
        defined_in[kind.name] = module
    problems = [f"{defined_in[name]}.py: {problem}" for name, kind in found.items() for problem in kind.problems(found)]
    if problems:
        raise TypeError("; ".join(problems))
    order = TopologicalSorter({name: sorted({*kind.after, *kind.within}) for name, kind in found.items()})
    return {name: found[name] for name in order.static_order()}


@cache
def by_plural() -> Mapping[str, Kind]:
    """Every kind by the key manifests use."""
    return {kind.plural: kind for kind in registry().values()}
