"""What documents declare, as bytes and back: column by column, each in the form that is quickest to read.

Secrets are never packed: a manifest names where they come from, and the one form that is not a name, the hash of a
password, is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from reconciler.lean import msgspec
from reconciler.manifest.contents import Contents
from reconciler.model.address import Address
from reconciler.model.resource import NOTHING, PLAIN, EntryOptions, Place, Value
from reconciler.model.secret import SecretSource, SourceKind
from reconciler.model.state import Relocation, Removal
from reconciler.model.table import JoinedTexts, Passage, Sheet
from reconciler.records import fields_of

__all__ = ["UnpackableError", "packed", "unpacked"]

_PLAIN: Final = (str, int, float, bool, type(None))
_COMMON: Final = {tuple, *_PLAIN}
_NEVER_EQUAL: Final = {str, tuple, type(None)}
"""Types whose values are never equal to those of another; a truth is equal to a number."""

_FEW: Final = 255
"""How many different values a byte can stand for."""


class UnpackableError(Exception):
    """There is something in it that is not to be kept."""


class _Repeated(msgspec.Struct, array_like=True, tag=0, gc=False):
    """A column of which the same few values come again and again."""

    values: list[Any]
    places: bytes


class _Texts(msgspec.Struct, array_like=True, tag=1, gc=False):
    """A column of plain values."""

    values: list[Any]


class _Sets(msgspec.Struct, array_like=True, tag=2, gc=False):
    """A column of tuples of plain values, but for some plain values among them."""

    values: list[tuple[Any, ...]]
    others: list[tuple[int, Any]]


class _Joined(msgspec.Struct, array_like=True, tag=5, gc=False):
    """A column of sets of texts, each as one text, but for some plain values among them."""

    texts: list[str]
    others: list[tuple[int, Any]]


class _Others(msgspec.Struct, array_like=True, tag=3, gc=False):
    """A column of anything."""

    values: list[Any]


class _Keys(msgspec.Struct, array_like=True, tag=4, gc=False):
    """The keys, where they are a column."""

    column: int


_Column = _Repeated | _Texts | _Joined | _Sets | _Others


class _Passage(msgspec.Struct, array_like=True, gc=False):
    """Entries of one file; `indexes` is empty where they follow each other from the first one."""

    start: int
    file: int
    place: list[str | int]
    first: int | None
    indexes: list[int]


class _Sheet(msgspec.Struct, array_like=True, gc=False):
    names: tuple[str, ...]
    keys: _Texts | _Keys
    columns: list[_Column]
    options: _Column
    passages: list[_Passage]


class _Contents(msgspec.Struct, array_like=True, gc=False):
    files: list[str]
    sections: dict[str, list[_Sheet]]
    removals: list[Any]
    relocations: list[Any]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Contents).decode


def packed(contents: Contents) -> bytes:
    """Pack what documents declare.

    Raises:
        UnpackableError: there is the hash of a password in it, or something that has no such form.
    """
    sheets = (sheet for section in contents.sections.values() for sheet in section.values())
    files = list(dict.fromkeys(passage.file for sheet in sheets for passage in sheet.passages))
    numbers = {file: number for number, file in enumerate(files)}
    sections = {
        name: [_packed_sheet(sheet, numbers) for sheet in section.values()]
        for name, section in contents.sections.items()
    }
    try:
        return _encode(_Contents(files, sections, _tagged_all(contents.removals), _tagged_all(contents.relocations)))
    except (TypeError, ValueError, OverflowError) as cause:
        raise UnpackableError from cause


def unpacked(content: bytes | memoryview) -> Contents:
    """Unpack what was packed.

    Raises:
        msgspec.DecodeError: it was not packed by this version.
    """
    found = _decode(content)
    sections = {
        name: {sheet.names: _unpacked_sheet(sheet, found.files) for sheet in sheets}
        for name, sheets in found.sections.items()
    }
    return Contents(sections, _meant_all(found.removals), _meant_all(found.relocations))


def _packed_sheet(sheet: Sheet, files: Mapping[str, int]) -> _Sheet:
    column = next((number for number, values in enumerate(sheet.columns) if values == sheet.keys), None)
    ends = [*(passage.start for passage in sheet.passages[1:]), len(sheet.keys)]
    return _Sheet(
        names=sheet.names,
        keys=_Texts(list(sheet.keys)) if column is None else _Keys(column),
        columns=[_packed_column(values) for values in sheet.columns],
        options=_packed_column(sheet.options),
        passages=[
            _packed_passage(passage, end - passage.start, files)
            for passage, end in zip(sheet.passages, ends, strict=True)
        ],
    )


def _packed_passage(passage: Passage, size: int, files: Mapping[str, int]) -> _Passage:
    indexes = [] if passage.indexes is None else list(passage.indexes)
    first = indexes[0] if indexes else None
    in_a_row = first is not None and indexes == list(range(first, first + size))
    return _Passage(passage.start, files[passage.file], list(passage.place), first, [] if in_a_row else indexes)


def _unpacked_sheet(sheet: _Sheet, files: Sequence[str]) -> Sheet:
    columns = [_unpacked_column(column) for column in sheet.columns]
    keys = list(sheet.keys.values if isinstance(sheet.keys, _Texts) else columns[sheet.keys.column])
    ends = [*(passage.start for passage in sheet.passages[1:]), len(keys)]
    passages = [
        Passage(each.start, files[each.file], tuple(each.place), _indexes(each, end - each.start))
        for each, end in zip(sheet.passages, ends, strict=True)
    ]
    return Sheet(sheet.names, keys, columns, list(_unpacked_column(sheet.options)), passages)


def _indexes(passage: _Passage, size: int) -> Sequence[int] | None:
    if passage.first is None:
        return None
    return passage.indexes or range(passage.first, passage.first + size)


def _packed_column(values: Sequence[Value]) -> _Column:
    types = set(map(type, values))
    if types.isdisjoint(_COMMON):
        return _packed_objects(values)
    tuples = values if types == {tuple} else [value for value in values if type(value) is tuple]
    inner = set(map(type, chain.from_iterable(tuples)))
    if len(types | inner) == 1 or types | inner <= _NEVER_EQUAL:
        numbers = _numbers(values)
        if numbers and len(numbers) <= min(_FEW, 1 + len(values) // 2):
            return _Repeated(_tagged_all(numbers), bytes(map(numbers.__getitem__, values)))
    if types <= set(_PLAIN):
        return _Texts(list(values))
    if types <= _COMMON and inner <= set(_PLAIN):
        sets = [value if type(value) is tuple else () for value in values]
        others = [(place, value) for place, value in enumerate(values) if type(value) is not tuple]
        texts = _joined(sets, len(others)) if inner == {str} else None
        return _Sets(sets, others) if texts is None else _Joined(texts, others)
    return _Others(_tagged_all(values))


def _packed_objects(values: Sequence[Value]) -> _Column:
    """A column of objects, of which few are different; what they are packed as tells them apart."""
    places: dict[int, int] = {}
    known: dict[bytes, int] = {}
    different: list[Any] = []
    for identity, value in dict(zip(map(id, values), values, strict=True)).items():
        tagged = _tagged(value)
        place = places[identity] = known.setdefault(_encode(tagged), len(different))
        if place == len(different):
            different.append(tagged)
    if len(different) > _FEW:
        return _Others(_tagged_all(values))
    return _Repeated(different, bytes(map(places.__getitem__, map(id, values))))


def _joined(sets: Sequence[tuple[str, ...]], others: int) -> list[str] | None:
    """Sets of texts as one text each; None where one has no element, or a comma in one."""
    texts = list(map(",".join, sets))
    elements = sum(map(len, sets))
    if "".join(texts).count(",") != elements - (len(sets) - others) or sum(map(bool, sets)) + others < len(sets):
        return None
    return texts


def _numbers(values: Sequence[Value]) -> dict[Value, int]:
    """The different values, each with a number; none where one of them has no hash."""
    try:
        return {value: number for number, value in enumerate(dict.fromkeys(values))}
    except TypeError:
        return {}


def _unpacked_column(column: _Column) -> Sequence[Value]:
    if isinstance(column, _Joined):
        return JoinedTexts(column.texts, dict(column.others))
    if isinstance(column, _Repeated):
        values = _meant_all(column.values)
        return values * len(column.places) if len(values) == 1 else list(map(values.__getitem__, column.places))
    if isinstance(column, _Others):
        return _meant_all(column.values)
    values = list(column.values)
    for place, value in column.others if isinstance(column, _Sets) else ():
        values[place] = value
    return values


def _tagged_all(values: Iterable[Value]) -> list[Any]:
    return list(map(_tagged, values))


def _tagged(value: Value) -> Any:
    """A value as plain data that tells what it is."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, SecretSource) and value.kind is SourceKind.HASH:
        raise UnpackableError
    if isinstance(value, Mapping):
        return [_MAPPING, *([name, _tagged(each)] for name, each in value.items())]
    name = type(value).__name__
    if name not in _FORMS:
        raise UnpackableError
    return [name, *_tagged_all(_FORMS[name][0](value))]


def _meant_all(values: Iterable[Any]) -> list[Value]:
    return list(map(_meant, values))


def _meant(tagged: Any) -> Value:
    """The value that was tagged."""
    if type(tagged) is not list:
        return tagged
    name, *parts = tagged
    if name == _MAPPING:
        return {key: _meant(value) for key, value in parts} or NOTHING
    return _FORMS[name][1](*_meant_all(parts))


def _attributes(value: Any) -> list[Value]:
    return list(fields_of(value).values())


def _options(*parts: Any) -> EntryOptions:
    options = EntryOptions(*parts)
    return PLAIN if options == PLAIN else options


_MAPPING: Final = "mapping"
_FORMS: Final[dict[str, tuple[Callable[[Any], Iterable[Value]], Callable[..., Value]]]] = {
    "Address": (tuple, Address),
    "EntryOptions": (_attributes, _options),
    "Place": (_attributes, Place),
    "Relocation": (_attributes, Relocation),
    "Removal": (_attributes, Removal),
    "SecretSource": (_attributes, SecretSource),
    "SourceKind": (lambda kind: (kind.value,), SourceKind),
    "frozenset": (sorted, lambda *parts: frozenset(parts)),
    "tuple": (tuple, lambda *parts: parts),
}
"""What is more than plain data: by the name of its type, its parts, and what is made of them."""
