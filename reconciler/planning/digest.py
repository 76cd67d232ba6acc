"""Digests: what stands for a record or for all declarations, so that it shows when they moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.model.resource import PLAIN, EntryOptions, Observed
from reconciler.model.secret import Secret, SecretSource
from reconciler.model.state import DesiredState
from reconciler.spec.kind import Kind
from reconciler.spec.mark import Owner

if TYPE_CHECKING:
    from json import JSONEncoder

_OPERATED = (Owner.OPERATOR, Owner.DOMAIN_ADMIN)


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return None
    if isinstance(value, SecretSource):
        return [value.kind.value, value.argument, value.deliver, value.recipients]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a value")


@cache
def _encoder() -> JSONEncoder:
    from json import JSONEncoder  # noqa: PLC0415  takes long to import, and only changes and kept plans need it

    return JSONEncoder(default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _digest(value: Any) -> str:
    from hashlib import sha256  # noqa: PLC0415  as above

    return sha256(_encoder().encode(value).encode()).hexdigest()[:32]


def of_record(kind: Kind, observed: Observed, touched: Collection[str] = ()) -> str:
    """Stand for all of a live resource that a change leaves as it is, and for when what it sets unseen was set last.

    Secrets are left out, and what changes by itself or by its user's hand; so is what outlives the resource, which is
    read only once it is known to go.

    Args:
        kind: of the resource.
        observed: the resource.
        touched: the fields the change sets; their values stand in the change.
    """
    left_out = {*touched, *kind.outlived_by}
    values = {
        name: value
        for name, value in observed.values.items()
        if name not in left_out and not isinstance(value, Secret) and kind.fields[name].mark.owner in _OPERATED
    }
    witnesses = {name: when for name, when in observed.witnesses.items() if name in touched}
    return _digest([observed.handle, values, witnesses])


def _options(options: EntryOptions) -> list[Any]:
    return [
        options.initial,
        options.ignore,
        options.additive,
        options.prevent_delete,
        options.template,
        options.nth,
    ]


def of_declarations(desired: DesiredState) -> str:
    """Stand for everything the manifests declare, wherever in the files it stands."""
    entries = [
        [str(each.address), each.values, *(() if each.options is PLAIN else _options(each.options))]
        for resources in desired.resources.values()
        for _, each in sorted(resources.items())
    ]
    removals = sorted([str(each.address), each.step, each.delete_after or ""] for each in desired.removals)
    moves = sorted([str(each.source), str(each.target), each.keep_alias] for each in desired.relocations)
    return _digest([sorted(entries, key=lambda entry: str(entry[0])), removals, moves])
