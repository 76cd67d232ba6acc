"""What a codec says to a value it does not accept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["InvalidError", "Refusal", "for_pydantic", "in_quotes", "not_text", "refuse"]


class InvalidError(ValueError):
    """Entries, or parts of one, are wrong.

    Attributes:
        errors: what is wrong and where, as pydantic's core tells it.
    """

    def __init__(self, errors: Sequence[ErrorDetails]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


class Refusal(ValueError):  # noqa: N818  what a codec answers, and what callers tell people
    """A value was not accepted.

    Attributes:
        id: stable and kebab-case.
        text: what is wrong, with the value in backticks.
        hint: what to write instead.
    """

    def __init__(self, identifier: str, text: str, hint: str) -> None:
        super().__init__(text)
        self.id = identifier
        self.text = text
        self.hint = hint


def refuse(identifier: str, message: str, *, hint: str) -> Refusal:
    """Make the error a codec raises for a value it does not accept.

    Args:
        identifier: stable and kebab-case.
        message: what is wrong, with the value in backticks.
        hint: what to write instead.
    """
    return Refusal(identifier, message, hint)


def in_quotes(value: Any) -> str:
    """What to do where YAML took a text for something else; how a number stood there is not known any more."""
    if isinstance(value, bool):
        return f'put it in quotes: `"{str(value).lower()}"`'
    if isinstance(value, int):
        return f'put it in quotes as it stands there, zeros at its front too: `"{value}"`'
    return 'put it in quotes, as it was meant, such as `"3.10"`' if isinstance(value, float) else "write a text"


def not_text(value: Any) -> str:
    """What something is that is no text."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else f"`{value}`"


def for_pydantic(refusal: Refusal) -> Exception:
    """A refusal in the form pydantic's core takes."""
    from pydantic_core import PydanticCustomError  # noqa: PLC0415  slow to import, and here already when it is needed

    told = {"id": refusal.id, "text": refusal.text, "hint": refusal.hint}
    return PydanticCustomError("value_refused", "{text}", told)
