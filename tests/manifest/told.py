"""What a wrong manifest was told, in a form that compares well."""

from collections.abc import Callable, Iterable

import pytest

from reconciler.errors import ManifestError
from reconciler.model.diagnostic import Diagnostic, Origin


def told(wrong: Callable[[], object]) -> tuple[Diagnostic, ...]:
    """What is told when something is done that must not go well."""
    with pytest.raises(ManifestError) as raised:
        wrong()
    return raised.value.diagnostics


def origin(diagnostic: Diagnostic) -> Origin:
    assert diagnostic.origin is not None
    return diagnostic.origin


def ids(diagnostics: Iterable[Diagnostic]) -> list[str]:
    return [diagnostic.id for diagnostic in diagnostics]


def files(diagnostics: Iterable[Diagnostic]) -> list[tuple[str, str]]:
    return [(diagnostic.id, origin(diagnostic).file) for diagnostic in diagnostics]


def places(diagnostics: Iterable[Diagnostic]) -> list[tuple[str, int | None, int | None]]:
    return [(each.id, origin(each).line, origin(each).column) for each in diagnostics]
