"""The pipelines people copy: they are YAML, and every command in them is one we have."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from reconciler.cli.commands import PROGRAM
from reconciler.cli.group import root
from reconciler.cli.session import Session
from reconciler.cli.surroundings import of_this_process

FOLDER = Path(__file__).parent.parent / "examples" / "pipelines"
PIPELINES = sorted(FOLDER.iterdir())


def commands_in(lines: list[str]) -> Iterator[list[str]]:
    """Our own commands among lines of a shell, as words."""
    for line in lines:
        if line.strip().startswith(f"{PROGRAM} "):
            command = line.strip().partition(" || ")[0].partition(" >")[0]
            yield shlex.split(command, comments=True)[1:]


def check_command(words: list[str]) -> None:
    """Parse a command line as it would be, without running it."""
    context = click.Context(root, info_name=PROGRAM, obj=Session(of_this_process()))
    command = root.get_command(context, words[0])
    assert command is not None, f"there is no command {words[0]}"
    command.make_context(words[0], words[1:], parent=context)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.splitlines()
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(each)


@pytest.mark.parametrize("file", PIPELINES, ids=lambda file: file.name)
def test_a_pipeline_is_yaml_and_runs_commands_there_are(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)

    commands = list(commands_in(list(_texts(jobs))))
    for words in commands:
        check_command(words)

    assert {words[0] for words in commands} == {"plan", "apply"}
    assert max(map(len, text.splitlines())) <= 125


@pytest.mark.parametrize("file", PIPELINES, ids=lambda file: file.name)
def test_the_plan_of_a_change_is_never_given_the_key_that_writes(file: Path) -> None:
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))
    plan, apply = (list(_texts(job)) for job in ((jobs.get("jobs") or jobs)[name] for name in ("plan", "apply")))

    assert any("MAILCOW_READ_ONLY_KEY" in line for line in plan)
    assert not any("MAILCOW_READ_WRITE_KEY" in line for line in plan)
    assert any("MAILCOW_READ_WRITE_KEY" in line for line in apply)


@pytest.mark.parametrize("file", PIPELINES, ids=lambda file: file.name)
def test_what_was_applied_is_fetched_before_and_pushed_afterwards(file: Path) -> None:
    lines = list(_texts(yaml.safe_load(file.read_text(encoding="utf-8"))))
    refs = [line for line in lines if "refs/reconciler/*" in line]

    assert any(line.startswith("git fetch") for line in refs)
    assert any(line.startswith("git push --prune") for line in refs)
