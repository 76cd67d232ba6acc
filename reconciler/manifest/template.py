"""Templates: `*.yaml.j2` to the text of a manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from jinja2 import TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.environment import Template
from jinja2.exceptions import SecurityError

from reconciler.errors import ManifestError
from reconciler.manifest.sandbox import BUDGET, Exhausted, Sandbox, forbidden
from reconciler.manifest.text import SourceText
from reconciler.model.diagnostic import Diagnostic, Origin, error

__all__ = ["LARGEST_TEMPLATE", "render"]

LARGEST_TEMPLATE: Final = 1024 * 1024
"""Characters; what is larger is text that needs no template."""

_ALONE: Final = "what templates share belongs into the values files, what entries share under `defaults:`"
_SYNTAX: Final = "`{{ name }}` prints a value, `{% for each in list %}` ... `{% endfor %}` repeats"
_HALF: Final = re.compile("[\ud800-\udfff]")
_GUARDS: Final = ("default", "d", "defined", "undefined")


def render(text: SourceText, values: Mapping[str, Any]) -> SourceText:
    """Render a template.

    It sees the values, and nothing else: no file, no environment, no clock, no chance. What is undefined is an error.

    Args:
        text: the template.
        values: what its variables mean.

    Returns:
        The rendered text, under the template's name.

    Raises:
        ManifestError: `template-syntax`, `template-undefined` (each missing variable), `template-forbidden`,
            `template-too-large` or `template-failed`, with the line in the template.
    """
    sandbox = Sandbox()
    if len(text.text) > LARGEST_TEMPLATE:
        summary = f"the template is larger than {LARGEST_TEMPLATE // 1024} KiB"
        raise ManifestError((_error("template-too-large", summary, "what needs no template is a manifest", text.name),))
    try:
        tree = sandbox.parse(text.text, text.name)
        found = tuple(
            _error("template-forbidden", summary, _ALONE, text.name, line) for summary, line in forbidden(tree)
        )
        if found:
            raise ManifestError(found)
        missing = dict(_missing(tree, sandbox, values, text.name))
        code = sandbox.compile(sandbox.metered(tree), text.name, text.name)
    except TemplateSyntaxError as problem:
        summary = problem.message or "this is not a Jinja2 template"
        hint = f"the filters are {', '.join(sandbox.filter_names)}" if "filter" in summary else _SYNTAX
        raise ManifestError((_error("template-syntax", summary, hint, text.name, problem.lineno),)) from problem
    except (RecursionError, MemoryError, SyntaxError) as problem:
        summary = "blocks or brackets stand too deep inside each other"
        raise ManifestError((_error("template-too-large", summary, "make it flatter", text.name),)) from problem
    try:
        parts = list(Template.from_code(sandbox, code, sandbox.make_globals(None)).generate(values))
    except Exception as problem:
        raise ManifestError(tuple(_explain(problem, text.name, missing))) from problem
    rendered = "".join(parts)
    if _HALF.search(rendered):
        hint = "write characters beyond U+FFFF as they are"
        raise ManifestError((_error("template-failed", "it prints one half of a character", hint, text.name),))
    return SourceText(text.name, rendered, rendered=True)


def _missing(
    tree: nodes.Template, sandbox: Sandbox, values: Mapping[str, Any], name: str
) -> Iterator[tuple[str, Diagnostic]]:
    """Find the variables that no value has; told only once one of them was missed, since a branch may not need it."""
    unknown = meta.find_undeclared_variables(tree) - set(values) - set(sandbox.globals)
    for guard in tree.find_all((nodes.Test, nodes.Filter)):
        if guard.name in _GUARDS and isinstance(guard.node, nodes.Name):
            unknown.discard(guard.node.name)
    for node in tree.find_all(nodes.Name):
        if node.name in unknown:
            unknown.remove(node.name)
            summary = f"the variable `{node.name}` has no value"
            yield node.name, _error("template-undefined", summary, _instead(node.name, values), name, node.lineno)


def _explain(problem: Exception, name: str, missing: Mapping[str, Diagnostic]) -> Iterator[Diagnostic]:
    line = _line(problem, name)
    summary = str(problem).partition("\n")[0].rstrip(".")
    match problem:
        case UndefinedError() if any(summary == diagnostic.summary for diagnostic in missing.values()):
            yield from missing.values()
        case UndefinedError():
            hint = "write `NAME | default(...)` if it may be missing"
            yield _error("template-undefined", summary, hint, name, line)
        case SecurityError():
            hint = "templates print values, choose and repeat; they see nothing but the values"
            yield _error("template-forbidden", summary, hint, name, line)
        case Exhausted() | MemoryError() | OverflowError():
            summary = f"the template makes more than {BUDGET // 1024**2} Mi characters of text and rounds of loops"
            yield _error("template-too-large", summary, "look for a loop in a loop", name, line)
        case RecursionError():
            yield _error("template-failed", "macros call each other without end", None, name, line)
        case _:
            yield _error("template-failed", summary or type(problem).__name__, None, name, line)


def _line(problem: Exception, name: str) -> int | None:
    """The innermost line of the template; Jinja2 puts its own lines into the traceback."""
    line = None
    traceback = problem.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == name:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _instead(variable: str, values: Mapping[str, Any]) -> str:
    close = get_close_matches(variable, values, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"give it a value with `--values FILE` or `--set {variable}=...`"


def _error(identifier: str, summary: str, hint: str | None, name: str, line: int | None = None) -> Diagnostic:
    return error(identifier, summary, hint=hint, origin=Origin(name, line))
