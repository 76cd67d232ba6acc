"""What a resource cannot be without: what it refers to, what it is made from, and what it is within."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.address import Address
from reconciler.model.resource import Values
from reconciler.spec.codecs import NONE
from reconciler.spec.kind import Kind
from reconciler.spec.mark import TEMPLATE

__all__ = ["homes", "named"]


def named(kind: Kind, values: Values) -> Iterator[tuple[str, Address]]:
    """What the reference fields among some values name, and their template, with the field's name."""
    for name, value in values.items():
        if name == TEMPLATE and kind.template is not None:
            yield name, Address(kind.template, str(value))
        refers = kind.fields[name].mark.refers if name in kind.fields else None
        if refers is not None and value != NONE:
            for each in value if isinstance(value, tuple) else (value,):
                yield name, Address(refers, str(each))


def homes(kind: Kind, values: Values) -> tuple[Address, ...]:
    """What a resource with these values is within: any one of these."""
    domain = kind.domain_of(values) if kind.within else None
    return () if domain is None else tuple(Address(name, domain) for name in kind.within)
