from __future__ import annotations

import pytest

from reconciler.model.report import ChangeEnded, Outcome, Report
from tests.cli.conftest import Runner
from tests.render import samples

_ESCAPE = "\x1b["


def test_a_terminal_gets_colour(run: Runner) -> None:
    run.on_terminal = True
    assert _ESCAPE in run("plan", "mail").out
    assert _ESCAPE in run("plan").err


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colour_gets_none(run: Runner, variable: tuple[str, str]) -> None:
    run.on_terminal = True
    run.environ = {**run.environ, "MAILCOW_API_KEY": "AAAA", **dict([variable])}
    assert _ESCAPE not in run("plan", "mail").out
    assert _ESCAPE not in run("plan").err


def test_an_empty_no_color_means_nothing(run: Runner) -> None:
    run.on_terminal = True
    run.environ["NO_COLOR"] = ""
    assert _ESCAPE in run("plan", "mail").out


def test_a_pipe_gets_the_same_words_without_colour(run: Runner) -> None:
    assert _ESCAPE not in run("plan", "mail").out


def test_json_and_markdown_have_no_colour_even_on_a_terminal(run: Runner) -> None:
    run.on_terminal = True
    assert _ESCAPE not in run("plan", "mail", "--format", "json").out
    assert _ESCAPE not in run("plan", "mail", "--format", "markdown", "--show-calls").out


_FAILED = Report(
    (ChangeEnded(samples.ANNA, Outcome.DONE), ChangeEnded(samples.SALES, Outcome.FAILED, ("[red]goto_invalid",))),
    calls=2,
    converged=False,
)


def test_a_terminal_gets_a_bar_and_only_what_went_wrong(run: Runner) -> None:
    run.on_terminal = True
    run.environ["TERM"] = "xterm"
    run.pipeline.report = _FAILED
    ended = run("apply", "mail", "--auto-approve")
    assert "applying" in ended.err
    assert "[red]goto_invalid" in ended.err
    assert "mailbox/anna@acme.example" not in ended.err


@pytest.mark.parametrize("variable", [("CI", "true"), ("TERM", "dumb")])
def test_a_log_gets_a_line_a_change(run: Runner, variable: tuple[str, str]) -> None:
    run.on_terminal = True
    run.environ = {**run.environ, **dict([variable])}
    run.pipeline.report = _FAILED
    ended = run("apply", "mail", "--auto-approve")
    assert "applying" not in ended.err
    assert len(ended.err.splitlines()) == 2


def test_quiet_shows_no_progress(run: Runner) -> None:
    assert run("apply", "mail", "--auto-approve", "-q").err == ""
