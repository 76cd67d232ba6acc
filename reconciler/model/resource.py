"""Resources: a thing's values, as declared and as the server has them.

Both sides speak the same vocabulary, the canonical form of what people write in a manifest (``"5GiB"``, ``True``,
a sorted tuple of names): what is read is normalised where it enters, so that comparing is ``==``. A field that is not
in the mapping is not written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.address import Address
from reconciler.records import field, record

Value = Any
"""A canonical value: str, int, float, bool, a tuple of values, a mapping from str to values, or a `SecretSource`."""

Values = Mapping[str, Value]


class _Nothing(Mapping[str, Value]):
    """The mapping without entries; hashable, so that it can be a default."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Value:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:
        return 0


NOTHING: Values = _Nothing()


@record(frozen=True, slots=True)
class Place:
    """Where an entry stands: a file, and the way to it inside the file. Lines are looked up only for what is shown."""

    file: str
    path: tuple[str | int, ...]


@record(frozen=True, slots=True)
class EntryOptions:
    """What an entry says about how it is to be treated.

    Attributes:
        initial: fields that matter only when the resource is created.
        ignore: declared fields that are not compared.
        additive: list fields whose undeclared elements are left alone.
        prevent_delete: refuse any plan that deletes it.
        template: the server's template a creation starts from.
        nth: which of several that have the same key, counted from 1; None where there is only one.
    """

    initial: Values = NOTHING
    ignore: frozenset[str] = frozenset()
    additive: frozenset[str] = frozenset()
    prevent_delete: bool = False
    template: str | None = None
    nth: int | None = None


PLAIN = EntryOptions()


@record(frozen=True, slots=True)
class Declared:
    """A resource as the manifests want it: what is written, and nothing else."""

    address: Address
    values: Values
    place: Place
    options: EntryOptions = PLAIN


@record(frozen=True, slots=True)
class Observed:
    """A resource as the server has it.

    Attributes:
        values: every field that could be read.
        handle: what the API calls it by (an id, or the key itself).
        kept: values of the server's own that every edit must repeat, under the names edits use.
        measures: what it holds and when it was used last, for guards and for people
            (``bytes``, ``messages``, ``last_login``).
        twins: further rows under the same key; they are interchangeable when their values are equal.
        witnesses: when fields were set last that are never shown, by field.
    """

    address: Address
    values: Values
    handle: str = ""
    kept: Values = NOTHING
    measures: Values = NOTHING
    rows: Values = NOTHING
    twins: tuple[Observed, ...] = field(default=())
    witnesses: Values = NOTHING
