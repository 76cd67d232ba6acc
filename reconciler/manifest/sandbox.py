"""Where templates run: Jinja2's sandbox, with neither files nor environment, and with a bound on what one may cost.

Jinja2's own sandbox keeps a template from Python's insides, not from memory: `"x" * 10**9`, three nested loops, or a
text joined with itself thirty times. Here every loop, every range and every text that grows is paid from one budget,
and what cannot be paid in advance (formats with a width, padding, numbers raised to powers) is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from types import BuiltinMethodType
from typing import Any, Final, NoReturn

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing, object_type_repr

__all__ = ["BUDGET", "Exhausted", "Sandbox", "forbidden"]

BUDGET: Final = 64 * 1024 * 1024
"""Characters written, texts made and rounds of loops that one rendering may take together."""

_ROUND: Final = 64
"""What a round of a loop costs before it does anything: two million of them take a second."""

_LARGEST_NUMBER: Final = 1 << 64

_SHOWN: Final = 60
"""Of a value that is wrong, in characters."""

_FILTERS: Final = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "items", "last"),
    *(
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "select",
        "selectattr",
        "sort",
    ),
    *("string", "sum", "title", "trim", "unique", "upper", "urlencode", "wordcount"),
)
"""Jinja2's filters that give about as much as they take and always give the same."""

_METHODS: Final = frozenset(
    (
        *(
            "capitalize",
            "casefold",
            "count",
            "endswith",
            "find",
            "get",
            "index",
            "isalnum",
            "isalpha",
            "isdigit",
            "items",
        ),
        *("join", "keys", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind"),
        *("rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper", "values"),
    )
)
"""What may be called on a text, a list or a mapping."""

_TAG: Final = re.compile(r"\{%.*?%\}|\{#.*?#\}")
_TAG_AT_END: Final = re.compile(r"(?m)(?<![-+])([%#]\})$")
_PLAIN: Final = (str, bytes, bool, int, float, list, tuple, dict, range)
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_ELSEWHERE: Final = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class Exhausted(Exception):  # noqa: N818  named for what happened
    """The template asked for more than its budget."""


class Missing(StrictUndefined):
    """What is not there; any use of it but a test says so."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name = self._undefined_name
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return f"the variable `{name}` has no value"
        if isinstance(self._undefined_obj, Mapping):
            return f"there is no `{name}` here, only: {', '.join(map(str, self._undefined_obj)) or 'nothing at all'}"
        return f"{object_type_repr(self._undefined_obj)} has no `{name}`"


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one rendering."""

    intercepted_binops = frozenset(("+", "*", "%", "**"))

    def __init__(self) -> None:
        super().__init__(
            undefined=Missing,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            optimized=False,
            finalize=self._print,
            cache_size=0,
        )
        self._left = BUDGET
        for name in ("lipsum", "range"):
            del self.globals[name]
        self.globals["range"] = self._range
        self.filters = {name: self._paid(FILTERS[name]) for name in _FILTERS}
        self.filters |= {
            "join": self._join,
            "replace": self._replace,
            "indent": self._indent,
            "tojson": self._yaml,
            "yaml": self._yaml,
            "_rounds": self._rounds,
        }

    @property
    def filter_names(self) -> list[str]:
        """The filters a template may use."""
        return sorted(name for name in self.filters if not name.startswith("_"))

    def spend(self, amount: int) -> None:
        """Pay for something before it is made.

        Raises:
            Exhausted: when the budget does not suffice.
        """
        self._left -= amount
        if self._left < 0:
            raise Exhausted

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """Let a tag swallow the end of its line only where it has the line for itself.

        Jinja2 swallows it always, so that `a: {% if x %}1{% endif %}` would join the line below.
        """
        lines = super().preprocess(source, name, filename).split("\n")
        return "\n".join(_TAG_AT_END.sub(r"+\1", line) if _TAG.sub("", line).strip() else line for line in lines)

    def metered(self, template: nodes.Template) -> nodes.Template:
        """Make the loops of a template pay for each round, and `~` for the text it makes."""
        for loop in template.find_all(nodes.For):
            weight = _ROUND + sum(len(text.data) for text in loop.find_all(nodes.TemplateData))
            loop.iter = self._call("_rounds", loop.iter, nodes.Const(weight))
        self._join_concatenated(template)
        return template

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may use an attribute: of plain values, only the harmless methods."""
        if isinstance(obj, _PLAIN) and attr not in _METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Formats with a width cannot be bounded, so there are none."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute `left operator right`, paid in advance."""
        if operator in ("*", "**") and isinstance(left, int) and isinstance(right, int):
            if operator == "**" or max(abs(left), abs(right)) > _LARGEST_NUMBER:
                raise SecurityError("powers and numbers of more than 64 bits are not available in templates")
        elif operator == "%" and not isinstance(left, int | float):
            raise SecurityError("formats are not available in templates; join the parts with `~`")
        elif operator == "*":
            self.spend(_size(left) * _count(right) + _size(right) * _count(left))
        elif operator == "+":
            self.spend(_size(left) + _size(right))
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call something, and pay for what it gives."""
        owner = obj.__self__ if isinstance(obj, BuiltinMethodType) else None
        if isinstance(owner, str) and obj.__name__ == "join":
            (values,) = args
            return self._join(values, owner)
        if isinstance(owner, str) and obj.__name__ == "replace":
            return self._replace(owner, *args)
        result = super().call(context, obj, *args, **kwargs)
        if isinstance(obj, BuiltinMethodType | Macro):
            self.spend(_ROUND + _size(result))
        return result

    def _paid(self, filter_: Callable[..., Any]) -> Callable[..., Any]:
        place = 1 if hasattr(filter_, "jinja_pass_arg") else 0

        @wraps(filter_)
        def pay(*arguments: Any, **options: Any) -> Any:
            self.spend(_size(arguments[place]))
            return filter_(*arguments, **options)

        return pay

    def _call(self, name: str, value: Any, *arguments: nodes.Expr) -> nodes.Filter:
        return nodes.Filter(value, name, list(arguments), [], None, None, lineno=value.lineno)

    def _join_concatenated(self, node: Any) -> Any:
        for name, value in node.iter_fields():
            if isinstance(value, nodes.Node):
                setattr(node, name, self._join_concatenated(value))
            elif isinstance(value, list):
                replaced = [self._join_concatenated(each) if isinstance(each, nodes.Node) else each for each in value]
                setattr(node, name, replaced)
        if isinstance(node, nodes.Concat):
            return self._call("join", nodes.List(node.nodes, lineno=node.lineno))
        return node

    def _rounds(self, values: Iterable[Any], weight: int) -> Iterator[Any]:
        for value in values:
            self.spend(weight)
            yield value

    def _range(self, *bounds: Any) -> range:
        for each in bounds:
            if isinstance(each, str):
                raise TypeError(f"`range` counts with numbers, and `{each[:_SHOWN]}` is text")
            if isinstance(each, Missing):
                str(each)  # says which
        numbers = range(*bounds)
        self.spend(len(numbers))
        return numbers

    def _join(self, values: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
        if attribute is not None:
            values = [self.getitem(value, attribute) for value in values]
        parts = [self._text(value) for value in values]
        self.spend(sum(map(len, parts)) + len(separator) * len(parts))
        return separator.join(parts)

    def _replace(self, value: Any, old: str, new: str, count: int = -1) -> str:
        text = self._text(value)
        found = text.count(old) if count < 0 else min(count, text.count(old))
        self.spend(len(text) + found * len(new))
        return text.replace(old, new, count)

    def _indent(self, text: str, width: int = 4, first: bool = False) -> str:  # noqa: FBT001, FBT002  Jinja2's form
        lines = text.split("\n")
        self.spend(len(text) + len(lines) * max(width, 0))
        head = " " * width if first else ""
        return head + "\n".join([lines[0], *(" " * width + line if line else line for line in lines[1:])])

    def _yaml(self, value: Any) -> str:
        """Write any value on one line, so that it means the same in YAML."""
        text: str = json.dumps(value, ensure_ascii=False, default=_not_plain)
        self.spend(len(text))
        return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

    def _text(self, value: Any) -> str:
        return value if isinstance(value, str) else str(value)

    def _print(self, value: Any) -> Any:
        """Print a value as YAML would write it, and pay for it."""
        if value is None or isinstance(value, bool | list | dict | tuple):
            return self._yaml(value)
        if callable(value) and not isinstance(value, Missing):
            raise TypeError("a function is printed here; call it with `()`, or write `['name']` for a key of that name")
        text = str(value)
        self.spend(len(text))
        return text


def forbidden(template: nodes.Template) -> Iterator[tuple[str, int]]:
    """Find what templates cannot do here: (what, line).

    Args:
        template: as parsed.
    """
    for node in template.find_all(_ELSEWHERE):
        yield "a template stands alone: it cannot include, import or extend another", node.lineno
    for loop in template.find_all(nodes.For):
        if loop.recursive:
            yield "recursive loops are not available", loop.lineno


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | list | dict | tuple | range) else 0


def _count(value: Any) -> int:
    return max(value, 0) if isinstance(value, int) else 0


def _not_plain(value: Any) -> NoReturn:
    raise TypeError(f"a value of type {type(value).__name__} has no form in YAML")
