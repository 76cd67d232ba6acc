"""What a value looks like to people, to us, and to the server.

A codec is the one place where a value changes its form. `accept` reads what people write into the canonical form,
`decode` reads what the server answers into the same form, `encode` makes of it what the server takes. Canonical values
are compared with ``==``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reconciler.model.resource import Value


@dataclass(frozen=True, slots=True)
class Scope:
    """What a value may be read relative to.

    Attributes:
        domain: the domain a bare local part belongs to, from the file's ``domain:`` line.
    """

    domain: str | None = None


NO_SCOPE = Scope()


def refuse(identifier: str, message: str, *, hint: str) -> PydanticCustomError:
    """Make the error a codec raises for a value it does not accept.

    Args:
        identifier: stable and kebab-case.
        message: what is wrong, with the value in backticks.
        hint: what to write instead.
    """
    return PydanticCustomError("value_refused", "{text}", {"id": identifier, "text": message, "hint": hint})


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """The three forms of one type of value.

    Attributes:
        accept: (what a person wrote, the scope) -> canonical value; raises what `refuse` makes.
        decode: the wire values, one for each of the field's read names -> canonical value.
        encode: canonical value -> the wire value, or as many as the field has write names.
        schema: JSON Schema of what a person may write.
        fold: canonical value -> what decides whether two values mean the same, where that is less than ``==``.
        magnitude: canonical value -> a number, for values that limit or use something up.
        core: a pydantic schema that does the work of ``accept`` where no code of ours is needed; it is faster.
        sensitive: the value is a secret.
        elements: the value is a tuple whose elements mean something on their own, so that it can be additive.
    """

    accept: Callable[[Any, Scope], Value]
    decode: Callable[..., Value] = _same
    encode: Callable[[Value], Any] = _same
    schema: Mapping[str, Any] = field(default_factory=dict)
    fold: Callable[[Value], Any] | None = None
    magnitude: Callable[[Value], int] | None = None
    core: CoreSchema | None = None
    sensitive: bool = False
    elements: bool = False

    def same(self, one: Value, other: Value) -> bool:
        """Whether two canonical values mean the same to the server."""
        return bool(one == other or (self.fold is not None and self.fold(one) == self.fold(other)))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic validate with this codec."""
        if self.core is not None:
            return self.core
        accept = self.accept

        def validate(value: Any, info: core_schema.ValidationInfo) -> Value:
            return accept(value, info.context or NO_SCOPE)

        return core_schema.with_info_plain_validator_function(validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Let pydantic describe it in a JSON Schema."""
        return dict(self.schema)

    def __hash__(self) -> int:
        return id(self)
