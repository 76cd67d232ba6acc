"""The house rules that no linter knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.kinds import registry

PACKAGE = Path(__file__).parent.parent / "reconciler"
EDGES = {"cli", "simulator", "__main__.py"}
"""What meets the machine: the command line, and the embedded server, which is a program of its own."""
BELOW_CLI = sorted(file for file in PACKAGE.rglob("*.py") if file.relative_to(PACKAGE).parts[0] not in EDGES)
OUTSIDE_KINDS = sorted(file for file in PACKAGE.rglob("*.py") if not {"kinds", "simulator"} & set(file.parts))

PLACES_OF_WORDS = {
    "render/plan_json.py": {"domains"},
    "render/plan_reading.py": {"domains"},
    "manifest/words.py": {"domain"},
    "manifest/dump.py": {"domains"},
    "manifest/project_reading.py": {"domain", "domains"},
    "history/policy.py": {"domains"},
    "spec/rights.py": {"tls_policy"},
    "remote/snapshot.py": {"domain"},
    "cli": {"domain", "domains", "resource", "resources"},
}
"""Where a kind's name is also a word of something else: of manifests' own syntax, a folder, a column, or an option."""

NEVER_CALLED = {
    "print": "prints",
    "input": "asks",
    "exit": "exits",
    "quit": "exits",
    "breakpoint": "stops",
}
NEVER_READ = {
    ("os", "environ"): "reads the environment",
    ("os", "getenv"): "reads the environment",
    ("os", "getpid"): "reads the process table",
    ("sys", "argv"): "reads the command line",
    ("sys", "exit"): "exits",
    ("sys", "stdout"): "prints",
    ("sys", "stderr"): "prints",
    ("time", "time"): "reads the clock",
    ("time", "monotonic"): "reads the clock",
    ("datetime", "now"): "reads the clock",
    ("datetime", "today"): "reads the clock",
    ("date", "today"): "reads the clock",
}


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _effects(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NEVER_CALLED:
            yield f"line {node.lineno} {NEVER_CALLED[node.func.id]}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            effect = NEVER_READ.get((node.value.id, node.attr))
            if effect is not None:
                yield f"line {node.lineno} {effect}"


def _strings(tree: ast.AST) -> Iterator[ast.Constant]:
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node


@pytest.mark.parametrize("file", BELOW_CLI, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nothing_below_the_command_line_prints_exits_or_reads_its_surroundings(file: Path) -> None:
    assert list(_effects(_tree(file))) == []


@pytest.mark.parametrize("file", OUTSIDE_KINDS, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_kind_is_named_outside_the_kinds(file: Path) -> None:
    place = file.relative_to(PACKAGE)
    names = set(registry()) | {kind.plural for kind in registry().values()}
    allowed = PLACES_OF_WORDS.get(str(place), set()) | PLACES_OF_WORDS.get(place.parts[0], set())

    found = [f"line {node.lineno}: {node.value!r}" for node in _strings(_tree(file)) if node.value in names - allowed]

    assert found == []


def test_every_kind_is_one_file_named_after_it() -> None:
    files = {file.stem for file in (PACKAGE / "kinds").glob("[!_]*.py")}

    assert set(registry()) == files


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_file_fits_in_a_head(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())

    assert lines <= 460, "a file tells one story: part it"
