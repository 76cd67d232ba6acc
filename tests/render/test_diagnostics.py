from __future__ import annotations

import json

from reconciler.errors import AccessDenied, ManifestError, PlanRefused
from reconciler.model.diagnostic import Origin, Severity, error
from reconciler.render.diagnostic_json import error_document, findings_document
from reconciler.render.diagnostic_text import MOST_ALIKE, diagnostics_text, error_text
from reconciler.render.style import plain
from tests.conftest import Golden
from tests.render import samples


def test_all_findings_are_told_at_once_by_file_and_line(golden: Golden) -> None:
    golden("render/findings.txt", diagnostics_text(samples.FINDINGS, plain()))


def test_nothing_is_told_of_nothing() -> None:
    assert diagnostics_text((), plain()) == ""


def test_among_thousands_of_one_sort_another_is_still_seen() -> None:
    many = [error("field-needed", f"mailbox {number}", origin=Origin("a.yaml", number)) for number in range(1, 3001)]
    other = error("change-refused", "another", origin=Origin("b.yaml", 1))
    told = diagnostics_text([*many, other], plain())
    assert told.count("error[field-needed]: mailbox") == MOST_ALIKE
    assert "error[change-refused]: another" in told
    assert f"error[field-needed]: {3000 - MOST_ALIKE:,} more like these\n" in told
    assert told.endswith("3,001 errors in 2 files\n")
    few = diagnostics_text(many[:MOST_ALIKE], plain())
    assert (few.count("error[field-needed]"), "more like these" in few) == (MOST_ALIKE, False)


def test_the_caret_stands_under_its_column_even_after_tabs_and_escapes() -> None:
    finding = error("x", "wrong", origin=Origin("a.yaml", 7, 4, "\t\x1bx!"))
    line, caret = diagnostics_text([finding], plain()).splitlines()[2:4]
    assert line[caret.index("^")] == "!"


def test_a_wrong_manifest_is_told_by_its_findings_and_what_they_mean() -> None:
    told = error_text(ManifestError(samples.FINDINGS), plain())
    findings = diagnostics_text(samples.FINDINGS, plain()).removesuffix("\n")
    assert told == f"{findings}: the manifests are wrong\n"


def test_an_error_tells_what_is_known_and_what_to_do() -> None:
    problem = AccessDenied(
        "the server refuses this key",
        id="api-key-refused",
        hint="check MAILCOW_API_KEY",
        origin="https://m",
        codes=(1, 2),
        empty="",
    )
    assert error_text(problem, plain()) == (
        "error[api-key-refused]: the server refuses this key\n"
        "  origin: https://m\n"
        "  codes: 1, 2\n"
        "hint: check MAILCOW_API_KEY\n"
    )


def test_findings_as_a_document_say_whether_any_stops_a_run() -> None:
    warnings = [each for each in samples.FINDINGS if each.severity is Severity.WARNING]
    assert findings_document(samples.FINDINGS)["valid"] is False
    assert findings_document(warnings)["valid"] is True
    assert findings_document(warnings)["diagnostics"][0]["id"] == "domain-without-postmaster"


def test_errors_as_a_document_hold_their_exit_code_and_findings() -> None:
    document = error_document(ManifestError(samples.FINDINGS))
    assert document["error"]["exit_code"] == 3
    assert len(document["diagnostics"]) == len(samples.FINDINGS)
    refused = error_document(PlanRefused("stale", id="plan-stale", addresses=(samples.ANNA,), when=None))
    assert json.loads(json.dumps(refused))["error"]["details"] == {
        "addresses": [["mailbox", "anna@acme.example"]],
        "when": None,
    }
