"""The README is true: its manifests are right, its sessions print what it shows, its commands and names exist."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.http import serving
from tests.acceptance.person import EXAMPLES, Person
from tests.readme import README, Block, agrees, blocks
from tests.test_pipelines import check_command, commands_in

ROOT = README.parent
TEXT = README.read_text(encoding="utf-8")
BLOCKS = blocks()
SECTIONS = sorted({each.section for each in BLOCKS if each.language in ("yaml", "jinja", "console")})

SHOWN_URL = "https://mail.acme.example"
WRITE_KEY, READ_KEY = "READ-WRITE-KEY", "READ-ONLY-KEY"
SEEDED = {
    "A first server in five steps": "small-office",
    "The manifest by example": "small-office",
    "What is safe, and why": "small-office",
}
"""Sections that start from a server somebody has used already."""

CONVERGING = {"The manifest by example"}
"""Sections whose manifests are all applied together in the end."""

WRONG = "wrong"
"""What the name of a file begins with that is shown because it is wrong."""

SECRET = "Correct.Horse.7"
IDENTITY = {
    "GIT_AUTHOR_NAME": "Anna",
    "GIT_AUTHOR_EMAIL": "anna@acme.example",
    "GIT_COMMITTER_NAME": "Anna",
    "GIT_COMMITTER_EMAIL": "anna@acme.example",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass
class Reader:
    """Somebody who does what a section says, in a folder and with a server of their own."""

    person: Person
    section: str
    key: str = WRITE_KEY
    written: list[str] = field(default_factory=list)

    def does(self, block: Block) -> None:
        """Write the file, or type the commands."""
        if block.language == "console":
            for typed, shown in block.exchanges:
                self._types(block, typed, shown)
        else:
            self.person.writes(block.file, block.text)
            self.written.append(block.file)

    def _types(self, block: Block, typed: str, shown: str) -> None:
        command, _, note = typed.partition("  # ")
        program, *words = shlex.split(command)
        expected = int(found[1]) if (found := re.search(r"exit code (\d+)", note)) else 0
        where = f"README.md, near line {block.line}: {command}"
        if program == "export":
            for assignment in words:
                name, _, value = assignment.partition("=")
                if name == "MAILCOW_API_KEY":
                    self.key = value
                elif name != "MAILCOW_URL":
                    self.person.environ[name] = value
            return
        if program == "git":
            subprocess.run([program, *words], cwd=self.person.folder, env={**os.environ, **IDENTITY}, check=True)
            return
        assert program == "reconciler", where
        ended = self.person.types(*words, key=self.key)
        printed = (ended.out + ended.err).replace(self.person.url, SHOWN_URL)
        assert ended.code == expected, f"{where}\n{printed}"
        assert agrees(shown, printed), f"{where}\n{printed}"


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Reader]:
    with ExitStack() as stack:
        simulator = Simulator("2026-07a", api_key=WRITE_KEY, read_only_key=READ_KEY, random=Random(1))
        url = stack.enter_context(serving(simulator))
        folder = tmp_path / "mail"
        folder.mkdir()
        variables = dict.fromkeys(re.findall(r"\{env: (?!MAILCOW_)(\w+)\}", TEXT), SECRET)
        yield Reader(Person(simulator, url, folder, environ=variables), "")


def _seed(reader: Reader, example: str, folder: Path) -> None:
    office = Person(
        reader.person.simulator,
        reader.person.url,
        Path(shutil.copytree(EXAMPLES / example, folder / example)),
    )
    assert office.types("apply", "--auto-approve", key=WRITE_KEY).code == 0


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_does_what_it_shows(read: Reader, section: str, tmp_path: Path) -> None:
    if section in SEEDED:
        _seed(read, SEEDED[section], tmp_path)

    for block in BLOCKS:
        if block.section == section and block.language in ("yaml", "jinja", "console"):
            read.does(block)

    if section in CONVERGING:
        applied = read.person.types("apply", "--auto-approve", key=WRITE_KEY)
        again = read.person.types("plan", "--detailed-exitcode", key=READ_KEY)
        assert (applied.code, again.code) == (0, 0), applied.out + applied.err + again.out + again.err

    right = [name for name in read.written if not Path(name).name.startswith(WRONG)]
    for name in right:
        if name.startswith("mail/") and not Path(name).name.startswith("_"):
            checked = read.person.types("validate", name, "--no-cache")
            assert checked.code == 0 or name.endswith(".j2"), checked.err


def test_every_command_of_a_shell_block_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    lines = [line for each in BLOCKS if each.language == "sh" for line in each.text.splitlines()]

    for line in lines:
        if line.startswith("make "):
            assert line.split()[1] in targets, line
    for words in commands_in(lines):
        check_command(words)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\]\((?!https?:|#)([^)]+)\)", TEXT))))
def test_a_link_leads_to_something_that_is_there(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([^)]+)\)", TEXT))))
def test_a_link_inside_leads_to_a_title(anchor: str) -> None:
    titles = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    assert anchor in titles


def test_every_path_of_the_house_exists() -> None:
    named = {
        name
        for name in re.findall(r"`((?:reconciler|tests|examples|schemas|\.ci)/[\w./-]*)`", TEXT)
        if "NAME" not in name
    }

    assert named
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_every_option_that_is_named_exists() -> None:
    known = set(
        re.findall(r"--[a-z][a-z-]+", (re.search(r"<!-- generated: commands -->.*", TEXT, re.DOTALL) or [""])[0])
    )
    prose = re.sub(
        r"^```.*?^```$", "", TEXT.partition("<!-- generated: commands -->")[0], flags=re.MULTILINE | re.DOTALL
    )
    named = set(re.findall(r"`(?:[^`]* )?(--[a-z][a-z-]+)", prose))

    assert named
    assert named - known - {"--unshallow", "--prune", "--update-golden"} == set()


def test_every_error_id_that_is_named_is_one_the_code_has() -> None:
    table = re.search(r"^\| Id \|.*?(?=\n\n)", TEXT, re.MULTILINE | re.DOTALL)
    assert table is not None
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "reconciler").rglob("*.py"))

    for identifier in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", table[0]):
        last = identifier.removeprefix("api-")
        assert f'"{identifier}"' in code or f'"{last}"' in code, identifier


def test_the_embedded_server_is_a_function() -> None:
    simulator = Simulator("2026-07a", api_key="secret")
    answer = simulator.handle("GET", "/api/v1/get/status/version", {"X-API-Key": "secret"}, b"")

    assert json.loads(answer.body) == {"version": "2026-07a"}


@pytest.mark.parametrize("block", [each for each in BLOCKS if each.language == "python"], ids=lambda block: block.line)
def test_code_that_is_shown_is_code_there_is(block: Block) -> None:
    file, _, shown = block.text.partition("\n")

    assert shown in (ROOT / file.removeprefix("# ")).read_text(encoding="utf-8")


def test_a_file_that_names_none_is_told() -> None:
    with pytest.raises(ValueError, match="does not name a file"):
        Block("yaml", "a: 1\n", "", 7).file  # noqa: B018  the property raises


def test_what_is_shown_may_leave_lines_out_but_not_say_otherwise() -> None:
    assert agrees("a\n...\nd\n", "a\nb\nc\nd\n")
    assert agrees("...\nd\n", "d\n")
    assert agrees("", "")
    assert not agrees("a\n", "b\n")
    assert not agrees("", "a\n")
    assert not agrees("a\n...\nd\n", "a\nb\n")
