"""The password policy."""

from typing import TypedDict

from reconciler.model.version import Version
from reconciler.spec.codecs import Flag, number
from reconciler.spec.kind import Kind, Routes, Source
from reconciler.spec.language import Annotated
from reconciler.spec.mark import MAIN, field


class PasswordPolicy(TypedDict, total=False):
    """What a password must have that users choose. It can be read since 2023-01."""

    length: Annotated[int, number(least=3), field("The fewest characters.", "length")]
    letters: Annotated[Flag, field("It has letters.", "chars")]
    mixed_case: Annotated[Flag, field("It has letters of both cases.", "lowerupper")]
    digits: Annotated[Flag, field("It has digits.", "numbers")]
    special_characters: Annotated[Flag, field("It has other characters.", "special_chars")]


KIND = Kind(
    name="password_policy",
    plural="password_policy",
    record=PasswordPolicy,
    example={"length": 12, "letters": True, "mixed_case": True, "digits": True, "special_characters": False},
    key=(),
    sources={MAIN: Source(path="passwordpolicy", since=Version(2023, 1))},
    routes=Routes(edit="passwordpolicy", edited=("password_policy_saved",)),
    singleton=True,
)
