from __future__ import annotations

import json
from dataclasses import replace

from reconciler.model.report import ChangeEnded, OperationEnded, OperationStarted, Outcome, Report
from reconciler.model.secret import Secret
from reconciler.render.apply_text import change_line, report_text
from reconciler.render.calls import call_document, calls_text
from reconciler.render.events_json import event_line, report_line
from reconciler.render.style import plain
from tests.conftest import Golden
from tests.render import samples


def test_a_report_names_what_was_not_done_and_what_did_not_take(golden: Golden) -> None:
    golden("render/report.txt", report_text(samples.REPORT, plain()))


def test_what_was_not_done_is_not_called_converged_because_nobody_can_see_it() -> None:
    report = Report((ChangeEnded(samples.ANNA, Outcome.PARTIAL),), calls=1, converged=True, seconds=0.21)
    told = report_text(report, plain())
    assert "Not converged: all that the server shows is as declared, but not all was done.\n" in told


def test_a_converged_report_is_short() -> None:
    report = Report((ChangeEnded(samples.ANNA, Outcome.DONE),), calls=1, converged=True, seconds=0.21)
    assert report_text(report, plain()) == (
        "Converged: reading again found the server as declared.\nApply: 1 done; 1 call in 0.2 s\n"
    )


def test_a_report_of_a_part_calls_nothing_converged_but_that_part() -> None:
    report = Report((ChangeEnded(samples.ANNA, Outcome.DONE),), calls=1, converged=True, seconds=0.21, left=1200)
    assert report_text(report, plain()) == (
        "Converged so far: reading again found what was carried out as declared.\n"
        "Apply: 1 done; 1 call in 0.2 s; 1,200 changes left\n"
    )
    assert json.loads(report_line(report))["left"] == 1200


def test_an_interrupted_report_says_how_to_go_on() -> None:
    told = report_text(replace(samples.REPORT, interrupted=True, converged=None), plain())
    assert "Running again continues." in told
    assert "Not verified: the server was not read again." in told


def test_the_servers_words_are_told_only_where_something_went_wrong() -> None:
    assert (
        change_line(ChangeEnded(samples.ANNA, Outcome.DONE, ("mailbox_added",)), plain()) == f"done    {samples.ANNA}"
    )
    line = change_line(ChangeEnded(samples.ANNA, Outcome.UNKNOWN, ("\x1b[2J", "b")), plain())
    assert line == f"unknown {samples.ANNA}: \\x1b[2J; b"


def test_calls_are_shown_in_the_order_of_their_phases_without_secrets(golden: Golden) -> None:
    golden("render/calls.txt", calls_text(samples.OPERATIONS, plain()))


def test_no_calls_are_said_to_be_none() -> None:
    assert calls_text((), plain()) == "No calls.\n"


def test_calls_as_documents_are_plain_and_without_secrets() -> None:
    operation = replace(samples.OPERATIONS[0], attributes={"password": Secret("hunter2"), "goto": ("a", "b")})
    document = json.loads(json.dumps([call_document(each) for each in (operation, samples.OPERATIONS[2])]))
    assert document[0]["attributes"] == {"password": "********", "goto": ["a", "b"]}
    assert document[1]["items"] == ["<id of alias/sales@acme.example>", "12"]


def test_every_event_is_one_json_line_with_its_type() -> None:
    operation = samples.OPERATIONS[0]
    lines = [
        event_line(OperationStarted(operation, 1)),
        event_line(OperationEnded(operation, 1, Outcome.FAILED, ("two\nlines",), 0.12345)),
        event_line(ChangeEnded(samples.SALES, Outcome.FAILED, ("no",))),
        report_line(samples.REPORT),
    ]
    documents = [json.loads(line) for line in lines]
    assert all(line.count("\n") == 1 and line.endswith("\n") for line in lines)
    assert [document["type"] for document in documents] == ["call_started", "call_ended", "change_ended", "report"]
    assert documents[0]["call"]["attributes"] == {"password": "(file secrets/smtp)"}
    assert documents[1]["seconds"] == 0.1235
    assert documents[3]["converged"] is False
