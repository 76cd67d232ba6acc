from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

import reconciler.cli
from reconciler import __version__
from reconciler.cli.commands import COMMANDS
from reconciler.cli.group import help_text, root

HELP_FILE = Path(reconciler.cli.__file__).parent / "help.txt"
ROOT = Path(reconciler.cli.__file__).parents[2]


def _imported_by(*typed: str) -> set[str]:
    code = f"import sys; from reconciler.cli import main; main({list(typed)!r}); print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stderr.split())


def _imported_by_python() -> set[str]:
    code = "import sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stdout.split())


@pytest.mark.parametrize("typed", ["--version", "--help", "-h"])
def test_version_and_help_import_next_to_nothing(typed: str) -> None:
    extra = _imported_by(typed) - _imported_by_python()
    assert extra == {"reconciler", "reconciler.cli", "__future__", "gc"}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_imports_another_or_what_only_its_work_needs(name: str) -> None:
    imported = _imported_by(name, "--help")
    others = {f"reconciler.cli.{other}" for other in COMMANDS if other != name}
    assert not imported & others
    needed = {"schema": {"pydantic"}}.get(name, set())
    assert not imported & ({"httpx", "jinja2", "rich", "deepdiff", "pydantic"} - needed)


WITHOUT_WORK = {
    "_ssl",
    "ast",
    "bz2",
    "click",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "hashlib",
    "inspect",
    "jinja2",
    "json",
    "lzma",
    "msgspec",
    "pydantic",
    "pydantic_core",
    "random",
    "shutil",
    "socket",
    "ssl",
    "string",
    "subprocess",
    "tempfile",
    "typing_extensions",
    "unicodedata",
    "yaml",
    "zlib",
}
"""What checking a few correct manifests does not need; each takes as long to import as several files to read."""

MOST_MODULES = {"tiny": 125, "small-office": 140}
"""How many modules a run may import beyond bare Python's, with room for ten more: a small one costs little."""


@pytest.mark.parametrize("manifests", MOST_MODULES)
def test_checking_a_few_manifests_imports_little(manifests: str, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(
        "domains: [{name: acme.example}]\n"
        "mailboxes: [{address: anna@acme.example, name: Anna, quota: 1GiB}]\n"
        "aliases: [{address: sales@acme.example, to: [anna@acme.example]}]\n"
    )
    path = tmp_path / "tiny.yaml" if manifests == "tiny" else ROOT / "examples" / manifests
    imported = _imported_by("validate", str(path))
    assert sorted(imported & WITHOUT_WORK) == []
    elsewhere = (
        "reconciler.api",
        "reconciler.engine",
        "reconciler.history",
        "reconciler.planning",
        "reconciler.remote",
    )
    assert [name for name in imported if name.startswith(elsewhere)] == []
    assert len(imported - _imported_by_python()) <= MOST_MODULES[manifests]


def test_the_process_ends_with_the_code_of_its_command_and_loses_no_word(tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("domains: [{name: 7}]\n")
    for typed, code in ((["validate", "wrong.yaml"], 3), (["no-such-command"], 64), (["kinds"], 0)):
        ran = subprocess.run(
            [sys.executable, "-m", "reconciler", *typed],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == code
        assert (ran.stdout if code == 0 else ran.stderr).endswith("\n")


def test_the_kept_help_is_fresh(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        HELP_FILE.write_text(help_text(), encoding="utf-8")
    assert help_text() == HELP_FILE.read_text(encoding="utf-8"), "run with --update-golden"


def test_the_group_says_of_each_command_what_it_says_itself() -> None:
    context = click.Context(root)
    for name, words in COMMANDS.items():
        command = root.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert (command.help or "").startswith(words)


def test_every_option_of_every_command_is_explained() -> None:
    context = click.Context(root)
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"


def test_it_runs_as_a_module_and_says_its_version() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == f"reconciler {__version__}\n"


def test_the_version_is_known_beside_other_words_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert reconciler.cli.main(["--version", "plan"]) == 0
    assert capsys.readouterr().out == f"reconciler {__version__}\n"


def test_nothing_typed_shows_help_as_talk(capsys: pytest.CaptureFixture[str]) -> None:
    assert reconciler.cli.main([]) == 64
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == help_text()
