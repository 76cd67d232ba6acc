"""The benchmark itself, on sizes at which its figures mean nothing: that it measures what it says."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bench.changes import many_changes
from tests.bench.findings import Findings, Row
from tests.bench.mixed_writes import mixed_changes
from tests.bench.plans import plans
from tests.bench.plot import plot
from tests.bench.servers import bulk_calls, creations, full_read
from tests.bench.starting import starts


@pytest.fixture
def findings() -> Findings:
    return Findings(say=lambda _: None)


def test_plans_are_measured_beside_the_limit_with_stages_and_requests(findings: Findings, tmp_path: Path) -> None:
    plans(findings, tmp_path, (200,), {200: 1})
    assert [row.what.split(", ", 2)[2] for row in findings.rows if row.unit == "x"] == [
        "warm, against the limit",
        "warm, against reading bytes only",
        "cold, against the limit",
        "cold, against reading bytes only",
        "a commit later, against warm",
    ]
    assert {"reading server", "comparing"} <= findings.figures["stages"][200]["warm"].keys()
    assert findings.figures["requests"][200]["get/mailbox/reduced"] == 1
    assert all(row.value is not None and row.value > 0 for row in findings.rows)


def test_plans_of_many_changes_are_measured_beside_those_without(findings: Findings, tmp_path: Path) -> None:
    many_changes(findings, tmp_path, {400: 1})
    assert [row.unit for row in findings.rows] == ["x", "x", "x", "x", "x", "ms", "MB"]
    assert findings.figures["many changes"][400]["changes"] > 40
    assert all(row.value is not None and row.value > 0 for row in findings.rows)


def test_a_full_read_is_measured_beside_schedules_by_hand(findings: Findings, tmp_path: Path) -> None:
    full_read(findings, tmp_path, mailboxes=24, domains=4, runs=1)
    assert len(findings.rows) == 4
    assert findings.figures["full read requests"]["get/mailbox/reduced"] == 4


def test_creations_are_counted_by_the_server(findings: Findings, tmp_path: Path) -> None:
    creations(findings, tmp_path / "adds", mailboxes=64, domains=8, runs=1)
    share, by_hand, against, over_tls = (row.value for row in findings.rows)
    assert share is not None
    assert by_hand is not None
    assert 0 < share <= 100
    assert 0 < by_hand <= 100
    assert against
    assert over_tls


def test_equal_edits_and_deletions_take_a_call_for_each_chunk(findings: Findings, tmp_path: Path) -> None:
    bulk_calls(findings, tmp_path / "bulk", objects=120)
    assert [(row.value, row.note) for row in findings.rows] == [
        (1, "edit/mailbox: 2 calls for 120"),
        (1, "delete/alias: 2 calls for 120"),
    ]


def test_changes_that_are_alike_come_out_the_same_by_hand(findings: Findings, tmp_path: Path) -> None:
    mixed_changes(findings, tmp_path / "alike", domains=2, runs=1, alike=True)
    assert findings.rows[0].what == "apply of 146 calls of many sorts, its edits alike, against by hand"
    assert findings.rows[0].value


def test_changes_of_many_sorts_come_out_the_same_by_hand(findings: Findings, tmp_path: Path) -> None:
    mixed_changes(findings, tmp_path / "mixed", domains=1, runs=1)
    assert findings.rows[0].what == "apply of 91 calls of many sorts, against by hand"
    assert findings.rows[0].value


def test_starts_are_measured_beside_a_python_that_does_nothing(findings: Findings, tmp_path: Path) -> None:
    starts(findings, tmp_path / "starts", runs=1)
    assert [row.goal for row in findings.rows] == [1.3, 2.0, 4.5]


def test_a_goal_is_an_upper_or_a_lower_bound_and_what_cannot_be_measured_misses_none(tmp_path: Path) -> None:
    found = Findings(say=lambda _: None)
    found.rows += [
        Row("slow", 3.1, goal=3),
        Row("fast", 3.0, goal=3),
        Row("much", 85.0, unit="%", goal=85, most=False),
        Row("absent", None, goal=1),
        Row("shown", 7.0),
    ]
    found.write(tmp_path / "bench.json")
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    verdicts = ["missed", "reached", "reached", "not on this machine", ""]
    assert [row["verdict"] for row in written["rows"]] == verdicts
    assert "at least 85%" in found.table()


def test_a_plot_is_well_formed_and_has_a_line_for_each_way() -> None:
    drawn = ET.fromstring(plot("<plans>", {"warm": [(10, 0.1), (1000, 3)], "cold": [(10, 1)]}, across="n", up="s"))
    texts = [each.text for each in drawn.iter() if each.tag.endswith("text")]
    assert {"<plans>", "warm", "cold", "1,000"} <= set(texts)
    assert len([each for each in drawn.iter() if each.tag.endswith("circle")]) == 3
