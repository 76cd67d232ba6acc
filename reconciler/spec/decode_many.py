"""Many values at once, as the server answers them: what a codec decodes one by one, for whole columns.

Every function here gives just what decoding one by one would, or raises. Values of a large list are looked at as seldom
as can be: most of what a pass over a hundred thousand of them takes is waiting for memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Any, Final

from reconciler.model.resource import Value

__all__ = [
    "Canonical",
    "DecodeMany",
    "Types",
    "are_plain_addresses",
    "canonical_sets",
    "decode_addresses",
    "decode_flags",
    "decode_remembering",
    "decode_sets",
    "decode_texts",
]

Types = frozenset[type] | set[type]
"""The types of many values."""

DecodeMany = Callable[[Sequence[Any], Types], Sequence[Value]]
"""(wire values, their types) -> canonical values; raises where one of them might be unreadable."""

Canonical = Callable[[list[str]], tuple[str, ...]]
"""(texts) -> the same, each once and in order; plain words in lower case are just sorted."""

_TEXTS: Final = {str}
_TRUTHS: Final = {bool}
_SIMPLE: Final = ({str}, {int}, {str, type(None)}, {int, type(None)})
"""The types among which equal values have equal meanings; `True` and 1 are equal, and do not."""

_MOST_REMEMBERED: Final = 1 << 14

_SEPARATORS: Final = ";\t\n\r\v\f\x1c\x1d\x1e\x1f"
"""What may stand between the elements of a text besides commas, in ASCII."""


def decode_texts(values: Sequence[Any], types: Types) -> Sequence[Value]:
    """Decode texts; null is the empty one."""
    if types == _TEXTS:
        return values
    return [value if value.__class__ is str else "" if value is None else str(value) for value in values]


def decode_flags(one_by_one: Callable[[Any], Value]) -> DecodeMany:
    """Decode truths, of which most are read as such already."""

    def decode_many(values: Sequence[Any], types: Types) -> Sequence[Value]:
        return values if types == _TRUTHS else list(map(one_by_one, values))

    return decode_many


def decode_remembering(one_by_one: Callable[[Any], Value]) -> DecodeMany:
    """Decode values of which the same few come again and again, each once."""
    remembered = _Remembered(one_by_one)

    def decode_many(values: Sequence[Any], types: Types) -> Sequence[Value]:
        if types not in _SIMPLE:
            return list(map(one_by_one, values))
        if len(remembered) > _MOST_REMEMBERED:
            remembered.clear()
        return list(map(remembered.__getitem__, values))

    return decode_many


class _Remembered(dict[Any, Value]):
    """Canonical values by wire values, of types that cannot be mixed up."""

    def __init__(self, decode: Callable[[Any], Value]) -> None:
        super().__init__()
        self._decode = decode

    def __missing__(self, wire: Any) -> Value:
        value = self[wire] = self._decode(wire)
        return value


def decode_addresses(one_by_one: Callable[[Any], Value]) -> DecodeMany:
    """Decode addresses."""

    def decode_many(values: Sequence[Any], types: Types) -> Sequence[Value]:
        if types != _TEXTS:
            return list(map(one_by_one, values))
        if are_plain_addresses("\n".join(values)):
            return values
        return [value if are_plain_addresses(value) else one_by_one(value) for value in values]

    return decode_many


def are_plain_addresses(text: str) -> bool:
    """Whether addresses are canonical as they stand in a text: in lower case, and without punycode."""
    return text == text.lower() and "xn--" not in text


def decode_sets(one_by_one: Callable[[Any], Value], are_plain: Callable[[str], bool]) -> DecodeMany:
    """Decode lists, or texts with commas, whose order means nothing.

    Args:
        one_by_one: decodes a list, or a text in which other things than commas may stand between elements.
        are_plain: whether elements are canonical as they stand in a text, whatever is between them.
    """

    def listed_plainly(text: str) -> bool:
        odd = not text or ",," in text or text[0] == "," or text[-1] == ","
        return not odd and _sorts_as_it_is(text) and not any(map(text.__contains__, _SEPARATORS)) and are_plain(text)

    def from_text(text: str) -> Value:
        return tuple(sorted(set(text.split(",")))) if "," in text else (text,)

    def decode_many(values: Sequence[Any], types: Types) -> Sequence[Value]:
        if types == _TEXTS:
            if listed_plainly(",".join(values)):
                return [tuple(sorted(set(text.split(",")))) if "," in text else (text,) for text in values]
            return [from_text(text) if listed_plainly(text) else one_by_one(text) for text in values]
        joined = "".join(chain.from_iterable(values)) if types == {list} else " "
        if not (_sorts_as_it_is(joined) and are_plain(joined)):
            return list(map(one_by_one, values))
        return [tuple(sorted(set(value))) if len(value) > 1 else tuple(value) for value in values]

    return decode_many


def canonical_sets(elements: Sequence[Any], sizes: Sequence[int], canonical: Canonical) -> list[Value]:
    """Make canonical sets, one of each size, of elements that stand behind each other."""
    source = iter(elements)
    if _sorts_as_it_is("".join(elements)):
        return [(next(source),) if size == 1 else tuple(sorted({*islice(source, size)})) for size in sizes]
    return [(next(source),) if size == 1 else canonical([*islice(source, size)]) for size in sizes]


def _sorts_as_it_is(joined: str) -> bool:
    """Whether no two different texts among some mean the same, whatever decides that."""
    return joined.isascii() and joined == joined.lower() and " " not in joined
