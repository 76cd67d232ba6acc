"""Digests: what stands for a record or for all declarations, so that it shows when they moved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from reconciler.model.resource import Observed
from reconciler.model.secret import Secret, SecretSource
from reconciler.model.state import DesiredState


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return None
    if isinstance(value, SecretSource):
        return [value.kind.value, value.argument, value.deliver]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a value")


def _digest(value: Any) -> str:
    text = json.dumps(value, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def of_record(observed: Observed) -> str:
    """Stand for a live resource, without its secrets and without what changes by itself (sizes, log-in times)."""
    values = {name: value for name, value in observed.values.items() if not isinstance(value, Secret)}
    return _digest([observed.handle, values])


def of_declarations(desired: DesiredState) -> str:
    """Stand for everything the manifests declare, wherever in the files it stands."""
    entries = [
        [
            str(each.address),
            each.values,
            each.options.initial,
            each.options.ignore,
            each.options.additive,
            each.options.prevent_delete,
            each.options.template,
        ]
        for resources in desired.resources.values()
        for _, each in sorted(resources.items())
    ]
    removals = sorted([str(each.address), each.step, each.delete_after or ""] for each in desired.removals)
    moves = sorted([str(each.source), str(each.target), each.keep_alias] for each in desired.relocations)
    return _digest([sorted(entries, key=lambda entry: str(entry[0])), removals, moves])
