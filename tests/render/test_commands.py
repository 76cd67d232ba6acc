from __future__ import annotations

import json

import pytest

from reconciler.render.commands import without_commands


def _obeyed(output: str) -> list[str]:
    """What runners would obey: as GitHub's, Azure's and TeamCity's read their logs, line by line."""
    lines = output.splitlines()
    marks = ("##[", "##vso[", "##teamcity[")
    return [line for line in lines if line.strip().startswith("::") or any(mark in line for mark in marks)]


COMMANDS = (
    "::set-output name=plan::empty",
    "   ::add-mask::a",
    "\u3000::stop-commands::x",
    "::::x",
    "name: ##[set-env name=PATH]/tmp",
    "x ##vso[task.setvariable variable=key]x ###[error]",
    "##teamcity[buildStatus status='SUCCESS']",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_a_runner_would_obey_is_only_shown(command: str) -> None:
    assert _obeyed(command) != []
    assert _obeyed(without_commands(f"a\n{command}\nb\n")) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_document_stays_the_same(command: str) -> None:
    text = json.dumps({command: [command]}, ensure_ascii=False, indent=2)
    written = without_commands(text, is_json=True)
    assert json.loads(written) == json.loads(text)
    assert _obeyed(written) == []


@pytest.mark.parametrize("text", ["a: b\n", "2001:db8::1 is an address\n", "### Plan: 1 to create\n", "## x [y]\n", ""])
def test_what_is_no_command_stays_as_it_is(text: str) -> None:
    assert without_commands(text) == text
