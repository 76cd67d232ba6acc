"""The JSON Schema of a value, in words for people, and a value that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["allowed_words", "described", "example_of"]

Schema = Mapping[str, Any]

_PLAIN: Final = {"boolean": "`true` or `false`", "number": "a number"}


def described(schema: Schema, *, secret: bool = False) -> str:
    """Say what may be written, in a few words.

    Args:
        secret: it is the source of a secret, of which only the forms are told.
    """
    if secret:
        return f"a secret, by its source: {', '.join(map(_source, _alternatives(schema)))}"
    if "description" in schema:
        return str(schema["description"])
    if "const" in schema or "enum" in schema:
        words = allowed_words(schema)
        return f"`{words[0]}`" if len(words) == 1 else f"one of {_quoted(words)}"
    if several := _alternatives(schema):
        return ", or ".join(map(described, several))
    of_type = {"string": _text, "integer": _number, "array": _list, "object": _mapping}.get(str(schema.get("type")))
    return of_type(schema) if of_type is not None else _PLAIN.get(str(schema.get("type")), "a value")


def _text(schema: Schema) -> str:
    if examples := schema.get("examples"):
        return f"text such as {' or '.join(f'`{each}`' for each in examples)}"
    return f"text of up to {schema['maxLength']} characters" if "maxLength" in schema else "text"


def _number(schema: Schema) -> str:
    least, most = schema.get("minimum", 0), schema.get("maximum")
    return f"a whole number from {least} " + (f"to {most}" if most is not None else "on")


def _list(schema: Schema) -> str:
    return f"a list, each {described(schema['items'])}"


def _mapping(schema: Schema) -> str:
    if properties := schema.get("properties"):
        return f"a mapping of {_quoted(tuple(properties))}"
    return "texts by name"


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _source(schema: Schema) -> str:
    return f"`{{{next(iter(schema['properties']))}: ...}}`"


def _alternatives(schema: Schema) -> tuple[Schema, ...]:
    return tuple(schema.get("oneOf") or schema.get("anyOf") or ())


def allowed_words(schema: Schema) -> tuple[str, ...]:
    """The words a value may be, where some of what it takes are words."""
    if "const" in schema:
        return (str(schema["const"]),)
    if "enum" in schema:
        return tuple(map(str, schema["enum"]))
    return tuple(word for each in _alternatives(schema) for word in allowed_words(each))


def example_of(schema: Schema) -> Any:
    """Find a telling value that the schema takes; None where there is none: text that may be anything."""
    if examples := schema.get("examples"):
        return examples[0]
    if words := allowed_words(schema):
        return words[0]
    if schema.get("type") == "array":
        element = example_of(schema["items"])
        return None if element is None else [element]
    return True if schema.get("type") == "boolean" else schema.get("minimum")
