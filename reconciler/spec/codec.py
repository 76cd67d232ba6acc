"""What a value looks like to people, to us, and to the server.

A codec is the one place where a value changes its form. `accept` reads what people write into the canonical form,
`decode` reads what the server answers into the same form, `encode` makes of it what the server takes. Canonical values
are compared with ``==``.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from reconciler.model.resource import Value
from reconciler.records import field, record
from reconciler.spec.accept_many import AcceptMany, DoubtfulError
from reconciler.spec.decode_many import DecodeMany, Types
from reconciler.spec.refusal import Refusal, for_pydantic, refuse
from reconciler.spec.scope import NO_SCOPE, Scope

__all__ = ["NO_SCOPE", "Codec", "Many", "Refusal", "Scope", "for_pydantic", "refuse"]


def _same(value: Any) -> Any:
    return value


_Function = TypeVar("_Function")


@record(frozen=True, slots=True)
class Many(Generic[_Function]):
    """A function for many values, with the function for one value that it stands for."""

    one: Callable[..., Value]
    many: _Function


@record(frozen=True, slots=True, kw_only=True)
class Codec:
    """The three forms of one type of value.

    Attributes:
        accept: (what a person wrote, the scope) -> canonical value; raises what `refuse` makes.
        decode: the wire values, one for each of the field's read names -> canonical value.
        encode: canonical value -> the wire value, or as many as the field has write names.
        schema: JSON Schema of what a person may write.
        fold: canonical value -> what decides whether two values mean the same, where that is less than ``==``.
        magnitude: canonical value -> a number, for values that limit or use something up.
        unit: what that number counts, for people; empty where it counts things.
        core: a schema of pydantic's core that does the work of ``accept`` where no code of ours is needed.
        sensitive: the value is a secret.
        unfit: a secret's text -> (why, hint) where the server does not take it; the text itself stands in neither.
        parts: the codecs of the named parts of a value, where there may be secrets among them.
        elements: the value is a tuple whose elements mean something on their own, so that it can be additive.
        wire_type: the type JSON may be decoded as at once, however the server spells it; ``decode`` takes it too.
        accept_many: ``accept`` for many values at once; raises where one of them may be wrong. Whoever replaces
            ``accept``, or ``decode``, need not think of this or of ``decode_many``: they hold only together.
        shown: many canonical values -> the wire values that most likely stand for them, where decoding takes long.
        are_plain: whether texts, whatever is between them in one text, are canonical on the wire already.
        decode_many: ``decode`` for many single wire values at once; raises where one of them may be unreadable.
    """

    accept: Callable[[Any, Scope], Value]
    decode: Callable[..., Value] = _same
    encode: Callable[[Value], Any] = _same
    schema: Mapping[str, Any] = field(default_factory=dict)
    fold: Callable[[Value], Any] | None = None
    magnitude: Callable[[Value], int] | None = None
    unit: str = ""
    core: Mapping[str, Any] | None = None
    sensitive: bool = False
    unfit: Callable[[str], tuple[str, str] | None] | None = None
    parts: Mapping[str, Codec] | None = None
    elements: bool = False
    wire_type: Any = Any
    accept_many: Many[AcceptMany] | None = None
    shown: Callable[[Sequence[Value]], Sequence[Any]] | None = None
    are_plain: Callable[[str], bool] | None = None
    decode_many: Many[DecodeMany] | None = None

    def same(self, one: Value, other: Value) -> bool:
        """Whether two canonical values mean the same to the server."""
        return bool(one == other or (self.fold is not None and self.fold(one) == self.fold(other)))

    def without(self, elements: Iterable[Value], others: Iterable[Value]) -> tuple[Value, ...]:
        """The elements of such a value that have no equal among others."""
        there = set(map(self._meaning, others))
        return tuple(each for each in elements if self._meaning(each) not in there)

    def _meaning(self, element: Value) -> Hashable:
        """What decides whether two elements mean the same."""
        folded = element if self.fold is None else self.fold((element,))
        return frozenset(folded) if isinstance(folded, set) else folded

    def accept_all(self, values: Sequence[Any], scope: Scope) -> Sequence[Value]:
        """Read many values; raises something where one of them may be wrong."""
        if self.accept_many is not None and self.accept_many.one is self.accept:
            return self.accept_many.many(values, scope) if values else ()
        if self.core is not None:
            raise DoubtfulError
        return [self.accept(value, scope) for value in values]

    def decode_all(self, values: Sequence[Any], types: Types | None = None) -> Sequence[Value]:
        """Decode many single wire values.

        Args:
            types: those of the values, where somebody has looked already.
        """
        if self.decode_many is not None and self.decode_many.one is self.decode and values:
            with suppress(Exception):  # one by one tells what is wrong, and with which
                return self.decode_many.many(values, types if types is not None else set(map(type, values)))
        return list(map(self.decode, values))

    def careful(self) -> Mapping[str, Any]:
        """The schema by which pydantic's core reads values one by one, and says of each what is wrong with it."""
        if self.core is not None:
            return self.core
        accept = self.accept

        def validate(value: Any, info: Any) -> Value:
            try:
                return accept(value, info.context or NO_SCOPE)
            except Refusal as refusal:
                raise for_pydantic(refusal) from None

        return {"type": "function-plain", "function": {"type": "with-info", "function": validate}}

    def __hash__(self) -> int:
        return id(self)
