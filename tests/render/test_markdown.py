from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Absent, Action, Change, FieldChange
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.plan import Plan, Refusal
from reconciler.model.secret import Secret
from reconciler.render.markdown import BUDGET, error_markdown, plan_markdown
from tests.conftest import Golden
from tests.render import samples


def _many(number: int, action: Action = Action.CREATE) -> tuple[Change, ...]:
    fields = (FieldChange("quota", Absent.NOT_SET, "5GiB"),)
    return tuple(Change(action, Address("mailbox", f"user{n}@acme.example"), fields=fields) for n in range(number))


def test_a_plan_of_every_action_reads_as_kept(golden: Golden) -> None:
    golden("render/plan.md", plan_markdown(samples.PLAN))


def test_an_empty_plan_reads_as_kept(golden: Golden) -> None:
    golden("render/plan-empty.md", plan_markdown(samples.EMPTY))


@pytest.mark.parametrize("number", [0, 1, 20, 21, 500, 700, 5000])
def test_it_never_exceeds_its_budget_and_says_how_much_it_left_out(number: int) -> None:
    told = plan_markdown(Plan(samples.SERVER, changes=_many(number)))
    shown = len(re.findall(r"^\+ create mailbox/", told, re.MULTILINE))
    assert len(told) <= BUDGET
    note = re.search(r"\*\*Shortened\*\*: ([\d,]+) of", told)
    assert shown + (int(note[1].replace(",", "")) if note else 0) == number
    assert told.startswith(f"### Plan: {number:,} to create")


def test_deletions_are_kept_when_there_is_no_room_for_all() -> None:
    told = plan_markdown(Plan(samples.SERVER, changes=(*_many(5000), samples.DELETE_DORA)))
    assert "- delete mailbox/dora@acme.example" in told


def test_what_nothing_declares_takes_the_room_that_changes_leave() -> None:
    keys = tuple(f"user{number}@acme.example" for number in range(5000))
    changes = (samples.DELETE_DORA,)
    plan = Plan(samples.SERVER, changes=changes, unmanaged={"mailbox": 5000}, unmanaged_keys={"mailbox": keys})
    told = plan_markdown(plan)
    listed = re.findall(r"^  - mailbox/user", told, re.MULTILINE)
    assert len(told) <= BUDGET
    assert "- delete mailbox/dora@acme.example" in told
    assert told.endswith(f"  - and {5000 - len(listed):,} more\n")


def test_a_single_value_larger_than_the_budget_does_not_break_it() -> None:
    huge = replace(samples.CREATE_ANNA, fields=(FieldChange("script", Absent.NOT_SET, "x" * 100_000),))
    told = plan_markdown(Plan(samples.SERVER, changes=(huge,)))
    assert len(told) <= BUDGET
    assert "**Shortened**: 1 of 1 change" in told


def test_findings_that_fill_the_budget_are_cut() -> None:
    finding = Diagnostic("long", Severity.WARNING, "x" * 10_000)
    told = plan_markdown(Plan(samples.SERVER, diagnostics=(finding,) * 50))
    assert len(told) <= BUDGET
    assert told.endswith("> **Shortened**: the rest did not fit in here.\n")


def test_no_value_ends_the_block_it_stands_in() -> None:
    hostile = "```\n# Merge me, @everyone <img src=x>\n````"
    change = replace(samples.UPDATE_SALES, fields=(FieldChange("comment", "x\ny", hostile),))
    told = plan_markdown(Plan(samples.SERVER, changes=(change,)))
    fences = re.findall(r"^`{3,}(?=$|diff$)", told, re.MULTILINE)
    assert fences == ["`````", "`````"]


def test_no_sentence_becomes_markup_or_a_mention() -> None:
    hostile = "</details> **bold** @everyone [link](http://evil.example) `code`\n# heading"
    plan = Plan(
        samples.SERVER,
        diagnostics=(Diagnostic("x", Severity.WARNING, hostile),),
        refusals=(Refusal("y", hostile, hostile, (Address("mailbox", hostile),)),),
    )
    told = plan_markdown(plan)
    outside_code = re.sub(r"(`+) ?.*? ?\1(?!`)", "", told)
    assert "</details>" not in outside_code
    assert "@everyone" not in outside_code
    assert "\n# heading" not in told


def test_live_secrets_stay_out() -> None:
    field = FieldChange("password", Secret("hunter2"), "hunter2", sensitive=True)
    change = replace(samples.UPDATE_RELAY, fields=(field,))
    assert "hunter2" not in plan_markdown(Plan(samples.SERVER, changes=(change,)))


@pytest.mark.parametrize("wrong", [1, 5000])
def test_why_there_is_no_plan_fits_in_the_comment_that_would_hold_it(wrong: int) -> None:
    told = error_markdown("error[unit-missing]: `20` has no unit\n```@everyone\n" * wrong, "the manifests are wrong")
    assert told.startswith("### No plan: the manifests are wrong\n\n````text\nerror[unit-missing]: ")
    assert told.count("\n````\n") == 1
    assert len(told) <= BUDGET
    assert ("Shortened" in told) == (wrong > 1)
