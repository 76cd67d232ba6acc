"""Many values at once, as people write them: what a codec accepts one by one, for whole columns much faster.

Every function here gives just what reading one by one would, or raises. Whoever reads many takes any exception for
"one of these may be wrong", and reads them one by one, which decides and explains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

from reconciler.model.resource import Value
from reconciler.spec.decode_many import Canonical, canonical_sets
from reconciler.spec.names import LONGEST_ADDRESS, LONGEST_LOCAL_PART, domain_for_wire, mail_host
from reconciler.spec.scope import Scope

__all__ = [
    "AcceptMany",
    "DoubtfulError",
    "accept_addresses",
    "accept_flags",
    "accept_numbers",
    "accept_sets",
    "accept_texts",
    "accept_words",
]

AcceptMany = Callable[[Sequence[Any], Scope], Sequence[Value]]
"""(what people wrote, the scope) -> canonical values; raises where one of them might be wrong."""

_LOCAL_PART = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~-.\n"


class DoubtfulError(Exception):
    """One of many values may be wrong."""


def accept_words(accept: Callable[[Any, Scope], Value]) -> AcceptMany:
    """Read texts of which the same few come again and again, each once."""

    def accept_many(values: Sequence[Any], scope: Scope) -> Sequence[Value]:
        _only(str, values)
        canonical = {value: accept(value, scope) for value in set(values)}
        return list(map(canonical.__getitem__, values))

    return accept_many


def accept_texts(*, least: int, most: int | None, pattern: str | None, most_bytes: int | None = None) -> AcceptMany:
    """Read texts that stay as they are, of so many characters or bytes, that match a pattern as a whole."""

    def accept_many(values: Sequence[Any], _scope: Scope) -> Sequence[Value]:
        _only(str, values)
        "".join(values).encode()  # raises for half a character
        if most is not None and max(map(len, values)) > most:
            raise DoubtfulError
        if most_bytes is not None and max(map(len, map(str.encode, values))) > most_bytes:
            raise DoubtfulError
        if least and min(map(len, values)) < least:
            raise DoubtfulError
        if pattern is not None and not all(map(re.compile(pattern).fullmatch, values)):
            raise DoubtfulError
        return values

    return accept_many


def accept_flags(values: Sequence[Any], _scope: Scope) -> Sequence[Value]:
    """Read truths."""
    _only(bool, values)
    return values


def accept_numbers(*, least: int, most: int | None) -> AcceptMany:
    """Read whole numbers within bounds."""

    def accept_many(values: Sequence[Any], _scope: Scope) -> Sequence[Value]:
        _only(int, values)
        if min(values) < least or (most is not None and max(values) > most):
            raise DoubtfulError
        return values

    return accept_many


def accept_addresses(one_by_one: Callable[[Any, Scope], Value], *, lower: bool = False) -> AcceptMany:
    """Read mail addresses, bare local parts among them.

    Args:
        one_by_one: reads an address without a local part.
        lower: local parts are in lower case.
    """

    def accept_many(values: Sequence[Any], scope: Scope) -> Sequence[Value]:
        parts = [value.rpartition("@") for value in values]
        hosts = {host: _domain(host) for host in {host for _, at, host in parts if at}}
        here = _domain(scope.domain) if any(not at for _, at, _ in parts) else ""
        _are_local_parts([local if at else host for local, at, host in parts if local or not at])
        found = [
            f"{local}@{hosts[host]}" if local else f"{host}@{here}" if not at else one_by_one(f"@{host}", scope)
            for local, at, host in parts
        ]
        return list(map(str.lower, found)) if lower else found

    return accept_many


def accept_sets(
    elements: AcceptMany,
    canonical: Canonical,
    *,
    least: int,
    most: int | None,
    few: int | None = None,
    has_room: Callable[[Any], None] | None = None,
) -> AcceptMany:
    """Read lists whose order means nothing, and in which nothing stands twice.

    Args:
        elements: reads the elements of all lists.
        canonical: brings the elements of one list into their order.
        least: how many elements there must be; at most `most`.
        has_room: raises for a set that takes up too much room, as only one of more than ``few`` elements can.
    """

    def accept_many(values: Sequence[Any], scope: Scope) -> Sequence[Value]:
        _only(list, values)
        sizes = list(map(len, values))
        largest = max(sizes)
        if min(sizes) < least or (most is not None and largest > most):
            raise DoubtfulError
        found = canonical_sets(elements(list(chain.from_iterable(values)), scope) if largest else (), sizes, canonical)
        if has_room is not None and few is not None and largest > few:
            for size, each in zip(sizes, found, strict=True):
                if size > few:
                    has_room(each)
        return found

    return accept_many


def _only(wanted: type, values: Iterable[Any]) -> None:
    if set(map(type, values)) - {wanted}:
        raise DoubtfulError


def _domain(written: str | None) -> str:
    domain = mail_host(written or "")
    if domain is None or len(domain_for_wire(domain)) >= LONGEST_ADDRESS - LONGEST_LOCAL_PART:
        raise DoubtfulError
    return domain


def _are_local_parts(words: Sequence[str]) -> None:
    """Raise unless all are what may stand before an ``@``: known characters, in words between single dots."""
    if max(map(len, words), default=0) > LONGEST_LOCAL_PART:
        raise DoubtfulError
    joined = "".join([f".{word}.\n" for word in words]).encode("ascii")
    if joined.translate(None, _LOCAL_PART) or joined.count(b"\n") != len(words) or b".." in joined:
        raise DoubtfulError
