"""Plain values as YAML that people like to read: words are quoted only where some reader would take them for more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import yaml

from reconciler.manifest.scalars import scalar

__all__ = ["comment", "emit", "word"]

_WIDTH: Final = 100
"""Columns a mapping or a list may take to be written on one line."""

_INDICATORS: Final = frozenset("-?:,[]{}#&*!|>'\"%@`=<~ ")
_INVISIBLE: Final = "\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
_HIDDEN: Final = re.compile(f"[{_INVISIBLE}]")
_UNSAFE: Final = re.compile(rf": |:$| #|\s$|^\.\.\.|[{_INVISIBLE}]")
_UNSAFE_IN_FLOW: Final = re.compile(r"[,\[\]{}:?]")
_YAML_1_1: Final = yaml.SafeLoader.yaml_implicit_resolvers
_LETTERS: Final = frozenset("yYnN")
"""Truths in YAML 1.1, though PyYAML reads them as text."""

_SURELY_PLAIN: Final = re.compile(r"(?![ynotfYNOTF].{0,4}\Z)[^\W\d_][\w@./+ -]*(?<! )")
"""Words that begin with a letter, hold nothing that means more, and are no truth and no nothing of any version."""

_LINES: Final = re.compile(rf"(?!\s)(?:[^{_INVISIBLE}]|\t|\n)*\n(?:[^{_INVISIBLE}]|\t|\n)*[^\s]\n?")
"""Texts a literal block can hold: several lines, the first one not indented, the last one not empty."""

_NOT_ESCAPED_BY_JSON: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def emit(value: Mapping[str, Any]) -> str:
    """Write a mapping: its keys one a line, and everything deeper on one line where it fits."""
    return "".join(f"{line}\n" for line in _mapping(value, ""))


def comment(text: str) -> str:
    """Write lines of text as a comment, whatever they hold."""
    return "".join(f"# {_HIDDEN.sub('', line)}".rstrip() + "\n" for line in text.splitlines())


def word(text: str, *, flow: bool = False) -> str:
    """Write text, in quotes only if a reader of YAML 1.2 or 1.1 would not take it for that text.

    Args:
        flow: whether it stands inside brackets, where more characters mean something.
    """
    if _SURELY_PLAIN.fullmatch(text) or (_is_plain(text) and not (flow and _UNSAFE_IN_FLOW.search(text))):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _NOT_ESCAPED_BY_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


@lru_cache(maxsize=4096)
def _is_plain(text: str) -> bool:
    if not text or text[0] in _INDICATORS or text in _LETTERS or _UNSAFE.search(text):
        return False
    resolvers = (*_YAML_1_1.get(text[0], ()), *_YAML_1_1.get(None, ()))
    return isinstance(scalar(text), str) and not any(pattern.match(text) for _, pattern in resolvers)


def _mapping(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, each in value.items():
        yield from _labelled(f"{indent}{word(name)}:", each, indent)


def _labelled(label: str, value: Any, indent: str) -> Iterator[str]:
    """Write what follows a key: on its line where that is readable, else on the lines below."""
    if isinstance(value, str):
        yield from _text(label, value, indent)
        return
    is_nested = bool(value) and isinstance(value, list | Mapping)
    if not is_nested or (indent and not _holds_entries(value)):
        line = f"{label} {_flow(value)}"
        if not is_nested or _fits(line):
            yield line
            return
    if isinstance(value, Mapping):
        yield label
        yield from _mapping(value, indent + "  ")
    else:
        yield label
        for each in value:
            yield from _item(each, indent + "  ")


def _text(label: str, value: str, indent: str) -> Iterator[str]:
    """Write a text after its key: several lines as they are, where they can stand so."""
    if not _LINES.fullmatch(value):
        yield f"{label} {word(value)}"
        return
    yield f"{label} |" if value.endswith("\n") else f"{label} |-"
    yield from (f"{indent}  {line}".rstrip(" ") if not line else f"{indent}  {line}" for line in value.splitlines())


def _item(value: Any, indent: str) -> Iterator[str]:
    """Write an element of a list: a mapping with its first key beside the dash, where it takes several lines."""
    line = f"{indent}- {word(value) if isinstance(value, str) else _flow(value)}"
    if not isinstance(value, Mapping) or _fits(line):
        yield line
        return
    first, *others = _mapping(value, indent + "  ")
    yield f"{indent}- {first.lstrip()}"
    yield from others


def _fits(line: str) -> bool:
    """Whether people can read it on one line: it is short, and no text in it has several lines."""
    return len(line) <= _WIDTH and "\\n" not in line


def _holds_entries(value: Any) -> bool:
    """Whether it is a list of mappings, which are clearer one a line."""
    return isinstance(value, list) and any(isinstance(each, Mapping) for each in value)


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return word(value, flow=True)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, dict | Mapping):  # asking whether it is the first is much quicker
        return "{" + ", ".join([f"{word(name, flow=True)}: {_flow(each)}" for name, each in value.items()]) + "}"
    return str(value)
