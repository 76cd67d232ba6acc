"""A command line that is read plainly means what click says it means; whatever else is left to click."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.commands import COMMANDS, Said
from reconciler.cli.group import read_with_click
from reconciler.cli.session import Session
from reconciler.cli.surroundings import Surroundings
from reconciler.cli.typed import read_plainly
from reconciler.cli.words import Argument, Numbers, Option
from tests.cli.conftest import CLOCK, Runner

if TYPE_CHECKING:
    from reconciler.cli.words import Word, Words

TEXTS = [
    "mail",
    "a b",
    "",
    "-",
    "--",
    "--json",
    "x=y",
    "json",
    "text",
    "0",
    "7",
    "64",
    "65",
    "007",
    "-1",
    "1_0",
    "٣",
    "5%",
]


def words_of(command: str) -> Words:
    words: Words = importlib.import_module(f"reconciler.cli.{command}").WORDS
    return words


def by_click(command: str, typed: list[str]) -> Said | int | None:
    """What click makes of a command line; None where it refuses it."""
    try:
        return read_with_click([command, *typed], session())
    except click.ClickException:
        return None


def session() -> Session:
    return Session(Surroundings(TextIOWrapper(BytesIO()), StringIO(), StringIO(), Path(), {}, CLOCK))


def values_of(word: Word) -> list[str]:
    takes = word.takes if isinstance(word, Option) else None
    return [*TEXTS, *(takes if isinstance(takes, tuple) else ())]


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A command, and what may be typed behind it: mostly right, now and then not."""
    command = draw(st.sampled_from(list(COMMANDS)))
    words = words_of(command)
    typed: list[str] = []
    for word in draw(st.lists(st.sampled_from([*words, *(each for each in words if isinstance(each, Argument))]))):
        value = draw(st.sampled_from(values_of(word)))
        if isinstance(word, Argument):
            typed.append(value)
            continue
        written = draw(st.sampled_from(word.flags))
        behind = draw(st.sampled_from(["apart", "apart", "equals", "missing"]))
        if word.is_flag:
            typed.append(f"{written}={value}" if behind == "missing" else written)
        else:
            typed += {"apart": [written, value], "equals": [f"{written}={value}"], "missing": [written]}[behind]
    typed += draw(st.lists(st.sampled_from(["--help", "-h", "-vq", "--no-such", "--verb", "--"]), max_size=1))
    return command, typed


@given(lines())
def test_what_is_read_plainly_click_reads_alike(line: tuple[str, list[str]]) -> None:
    command, typed = line
    plainly = read_plainly(words_of(command), typed)

    if plainly is not None:
        assert by_click(command, typed) == Said(command, plainly)


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("validate", ["mail"]),
        ("validate", ["-", "-q", "--set", "a=b=c", "--set=d=", "--format", "json"]),
        ("plan", ["mail", "more", "--url=https://mail.acme.example", "--parallelism", "64", "--out", "plan.json"]),
        ("plan", ["--detailed-exitcode", "--show-calls", "-v", "--domain", "a.example", "--domain", "b.example"]),
        ("apply", ["plan.json", "mail", "--auto-approve", "--max-failures=5%", "--allow-deletes", "007"]),
        ("show", ["plan.json", "--format=markdown"]),
        ("schema", []),
        ("explain", ["mailbox.quota"]),
        ("simulate", ["--port", "0", "--seed", "3"]),
    ],
)
def test_what_people_usually_type_is_read_plainly(command: str, typed: list[str]) -> None:
    plainly = read_plainly(words_of(command), typed)

    assert plainly is not None
    assert by_click(command, typed) == Said(command, plainly)


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("plan", ["--help"]),
        ("plan", ["--", "-mail"]),
        ("plan", ["-vq"]),
        ("plan", ["--parallelism", "65"]),
        ("plan", ["--parallelism", "four"]),
        ("plan", ["--parallelism"]),
        ("plan", ["--show-calls=yes"]),
        ("plan", ["--formt", "json"]),
        ("plan", ["--format", "yaml"]),
        ("plan", ["--out", "--profile"]),
        ("plan", ["--policy-from", ""]),
        ("plan", [""]),
        ("show", []),
        ("show", ["one", "two"]),
        ("export", []),
    ],
)
def test_whatever_is_not_plain_is_left_to_click(command: str, typed: list[str]) -> None:
    assert read_plainly(words_of(command), typed) is None


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_empty_is_never_taken_for_nothing_said(command: str) -> None:
    """`--policy-from "$TRUSTED"` without that variable would be a plan without any policy."""
    words = words_of(command)
    needed = [part for word in words if isinstance(word, Option) and word.required for part in (word.flags[0], "x")]
    for word in words:
        if isinstance(word, Option) and not word.is_flag:
            assert by_click(command, [*needed, f"{word.flags[-1]}="]) is None
        elif isinstance(word, Argument):
            assert by_click(command, [*needed, ""]) is None


def test_each_word_of_a_command_has_a_name_and_flags_of_its_own() -> None:
    for command in COMMANDS:
        words = words_of(command)
        names = [word.name for word in words]
        flags = [flag for word in words if isinstance(word, Option) for flag in word.flags]
        assert len(set(names)) == len(names)
        assert len(set(flags)) == len(flags)


def test_bounds_are_those_that_are_declared() -> None:
    words = (Option(("--n",), "n", "", takes=Numbers(1, 3)),)

    read: list[Mapping[str, Any] | None] = [read_plainly(words, ["--n", each]) for each in "0123"]
    assert read == [None, {"n": 1}, {"n": 2}, {"n": 3}]


@pytest.mark.parametrize("typed", [("plan", "mail"), ("plan", "--", "mail")])
def test_both_ways_lead_to_the_same_request(run: Runner, typed: tuple[str, ...]) -> None:
    assert run(*typed).code == 0

    ((name, request),) = run.pipeline.asked
    assert (name, request.inputs.paths) == ("plan", ("mail",))


@pytest.mark.parametrize("typed", [("--policy-from", ""), ("--live=",), ("--prune", ""), ("",)])
def test_a_variable_that_is_not_set_ends_the_run(run: Runner, typed: tuple[str, ...]) -> None:
    ended = run("plan", "mail", *typed)

    assert (ended.code, run.pipeline.asked) == (64, [])
    assert "it is empty; is the variable set that should hold it?" in ended.err


def test_an_error_is_told_as_json_where_that_was_asked_for_before_it(run: Runner) -> None:
    ended = run("plan", "mail", "--format", "json", "--parallelism", "65")

    assert ended.code == 64
    assert '"id": "usage"' in ended.out
