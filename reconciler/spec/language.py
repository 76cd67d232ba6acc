"""The word kinds are declared with: `Annotated`, made lighter than the standard one, which type checkers are shown.

A field is `Annotated[type, codec, mark]`. What `typing` makes of that can also be called, pickled and substituted, and
takes twenty microseconds to make; a plan declares two hundred of them before it reads anything. Here it holds what was
written, and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

__all__ = ["Annotated"]

if TYPE_CHECKING:
    from typing import Annotated
else:

    class Annotated:
        """A type with what else is to be known of it, by the standard names."""

        __slots__ = ("__metadata__", "__origin__")

        def __class_getitem__(cls, written: tuple[Any, ...]) -> Self:
            """Put a type and what is said of it together; what was said of the type before comes first."""
            origin, *said = written
            made = cls()
            nested = isinstance(origin, cls)
            made.__origin__ = origin.__origin__ if nested else origin
            made.__metadata__ = (*(origin.__metadata__ if nested else ()), *said)
            return made
