from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise, permutations

import pytest

from reconciler.cli.exits import Exit, gravest
from reconciler.errors import (
    AccessDenied,
    ApplyIncomplete,
    ConnectionFailed,
    ManifestError,
    PlanRefused,
    ReconcilerError,
    UsageError,
)
from reconciler.model.report import ChangeEnded, Outcome, Report
from tests.cli.conftest import Runner
from tests.render import samples


@pytest.mark.parametrize(
    ("failure", "code", "told"),
    [
        (ManifestError(samples.FINDINGS), 3, "error[manifest-unknown-field]"),
        (ConnectionFailed("no answer", id="connection-refused"), 4, "error[connection-refused]"),
        (AccessDenied("wrong key", id="api-key-refused"), 4, "error[api-key-refused]"),
        (PlanRefused("another server", id="plan-other-server"), 5, "error[plan-other-server]"),
        (ApplyIncomplete("some failed", id="apply-incomplete"), 6, "error[apply-incomplete]"),
        (UsageError("impossible", id="impossible"), 64, "error[impossible]"),
        (FileNotFoundError(2, "No such file or directory", "ca.pem"), 64, "cannot use ca.pem: No such file"),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (ReconcilerError("odd", id="odd"), 1, "error[odd]"),
        (RuntimeError("surprise"), 1, "RuntimeError: surprise"),
        (RuntimeError("can't start new thread"), 64, "error[threads-exhausted]"),
        (MemoryError(), 64, "error[memory-exhausted]"),
        (RecursionError("maximum recursion depth exceeded"), 4, "error[api-too-deep]"),
        (OSError("no file in it"), 1, "error[bug]: this is a bug: OSError"),
    ],
)
def test_every_way_to_fail_has_its_code_and_is_told_on_stderr(
    run: Runner, failure: BaseException, code: int, told: str
) -> None:
    run.pipeline.failure = failure
    ended = run("plan", "mail")
    assert ended.code == code
    assert told in ended.err
    assert ended.out == ""


def test_a_traceback_is_shown_for_a_bug_alone(run: Runner) -> None:
    run.pipeline.failure = RuntimeError("surprise")
    assert "Traceback" in run("plan", "mail").err
    run.pipeline.failure = ManifestError(samples.FINDINGS)
    assert "Traceback" not in run("plan", "mail").err


def test_who_asks_for_json_gets_failures_as_json_too(run: Runner) -> None:
    run.pipeline.failure = ManifestError(samples.FINDINGS)
    document = json.loads(run("plan", "mail", "--format", "json").out)
    assert document["error"]["exit_code"] == 3
    assert len(document["diagnostics"]) == len(samples.FINDINGS)
    (line,) = run("apply", "mail", "--format", "json", "--auto-approve").out.splitlines()
    assert json.loads(line)["type"] == "error"


@pytest.mark.parametrize(
    "typed",
    [
        (),
        ("unknown",),
        ("--unknown",),
        ("plan", "--unknown"),
        ("plan", "mail", "--format", "yaml"),
        ("plan", "mail", "--parallelism", "0"),
        ("plan", "mail", "--parallelism", "many"),
        ("plan",),
        ("plan", "mail", "--env", "staging"),
        ("plan", "mail", "--project", "nowhere.yaml", "--url"),
        ("validate",),
        ("export",),
        ("schema", "unknown"),
        ("simulate", "--version", "2019-01"),
        ("simulate", "--fault", "explode"),
        ("simulate", "--load", "nowhere.json"),
        ("apply", "mail"),
    ],
)
def test_wrong_usage_is_64_and_never_asks_the_pipeline(
    run: Runner, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...]
) -> None:
    ended = run(*typed)
    assert ended.code == 64
    assert run.pipeline.asked == []
    assert "hint: " in ended.err or "Usage: " in capsys.readouterr().err


def test_a_usage_error_says_what_was_meant_and_where_help_is(run: Runner) -> None:
    ended = run("plan", "--show-call")
    assert "--show-calls" in ended.err
    assert "hint: see `reconciler plan --help`" in ended.err


def test_a_missing_project_file_that_was_named_is_a_wrong_file(run: Runner) -> None:
    ended = run("plan", "mail", "--project", "nowhere.yaml")
    assert ended.code == 3
    assert "nowhere.yaml" in ended.err


@pytest.mark.parametrize("order", list(permutations((0, 2, 6))))
def test_of_several_codes_the_gravest_wins_in_any_order(order: tuple[int, ...]) -> None:
    assert gravest(*order) == 6


def test_the_ranking_is_as_documented() -> None:
    documented = [130, 1, 3, 4, 5, 6, 2, 0]
    for graver, milder in pairwise(documented):
        assert gravest(milder, graver) == graver
    assert gravest(0, 77) == Exit.BUG
    assert gravest() == Exit.DONE


def test_changes_have_a_code_of_their_own_only_when_asked(run: Runner) -> None:
    assert run("plan", "mail").code == 0
    assert run("plan", "mail", "--detailed-exitcode").code == 2
    run.pipeline.plan_made = samples.EMPTY
    assert run("plan", "mail", "--detailed-exitcode").code == 0


def test_a_refused_plan_is_shown_and_has_its_code(run: Runner) -> None:
    run.pipeline.plan_made = samples.PLAN
    ended = run("plan", "mail", "--detailed-exitcode")
    assert ended.code == 5
    assert "refused[delete-protected]" in ended.out
    assert ended.out.endswith("42 unchanged\n")


def test_a_refused_plan_is_not_applied(run: Runner) -> None:
    run.pipeline.plan_made = samples.PLAN
    assert run("apply", "mail", "--auto-approve").code == 5
    assert [asked[0] for asked in run.pipeline.asked] == ["plan"]


_DONE = Report((ChangeEnded(samples.ANNA, Outcome.DONE),), calls=1, converged=True)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (_DONE, 0),
        (replace(_DONE, converged=False), 6),
        (replace(_DONE, converged=None), 6),
        (replace(_DONE, interrupted=True), 130),
        (replace(_DONE, interrupted=True, converged=None), 130),
        *((replace(_DONE, changes=(ChangeEnded(samples.ANNA, each),)), 6) for each in Outcome if each != "done"),
    ],
)
def test_an_apply_is_done_only_when_reading_again_proved_it(run: Runner, report: Report, code: int) -> None:
    run.pipeline.report = report
    assert run("apply", "mail", "--auto-approve").code == code


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (_DONE, 0),
        (replace(_DONE, left=3), 2),
        (replace(_DONE, left=3, converged=False), 6),
        (replace(_DONE, left=3, interrupted=True), 130),
    ],
)
def test_what_an_apply_leaves_for_another_has_a_code_of_its_own_only_when_asked(
    run: Runner, report: Report, code: int
) -> None:
    run.pipeline.report = report
    assert run("apply", "mail", "--auto-approve", "--detailed-exitcode").code == code
    assert run("apply", "mail", "--auto-approve").code == (0 if code == 2 else code)


@pytest.mark.parametrize(
    ("word", "meant"), [("pln", "plan"), ("aply", "apply"), ("diff", "plan"), ("sync", "apply"), ("dump", "export")]
)
def test_a_command_there_is_not_is_told_with_the_one_it_may_be(run: Runner, word: str, meant: str) -> None:
    ended = run(word, "mail")
    assert ended.code == Exit.USAGE
    assert f"Did you mean '{meant}'?" in ended.err


def test_a_command_that_is_like_none_is_told_with_where_they_are_listed(run: Runner) -> None:
    ended = run("zzz")
    assert (ended.code, "Did you mean" in ended.err, "reconciler --help" in ended.err) == (Exit.USAGE, False, True)
