import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reconciler.spec.rowform import MISSING, RowForm

pytest.importorskip("msgspec")

FIRST_DECODED_BY_SEVERAL_THREADS = """
import sys, threading
from reconciler.spec.rowform import RowForm

sys.setswitchinterval(1e-6)
body = b'[{"a": 1, "b": {"c": "x", "d": 2}}]'
for _ in range(1500):
    form = RowForm({"a": int, "b.c": str, "b.d": int | str})
    together = threading.Barrier(4)
    threads = [threading.Thread(target=lambda: (together.wait(), form.decode(body))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""

SCALARS: some.SearchStrategy[Any] = (
    some.none() | some.booleans() | some.integers(-(2**70), 2**70) | some.floats(allow_nan=False) | some.text()
)


def _holders(inner: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    holders: list[some.SearchStrategy[Any]] = [some.lists(inner, max_size=2), some.dictionaries(some.text(), inner)]
    return some.one_of(holders)


VALUES = some.recursive(SCALARS, _holders)
ROWS = some.lists(
    some.fixed_dictionaries(
        {},
        optional={
            "on": VALUES | some.sampled_from(["1", "0", 1, 0, True]),
            "left out": VALUES,
            "name": VALUES,
            "in": VALUES | some.fixed_dictionaries({}, optional={"a": VALUES, "b c": VALUES, "left out": VALUES}),
        },
    ),
    max_size=6,
)
PATHS = ("on", "name", "in.a", "in.b c")


def test_threads_may_be_the_first_to_decode_rows_of_a_form() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FIRST_DECODED_BY_SEVERAL_THREADS],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def _sayings(values: list[Any]) -> list[Any]:
    """Values that can be compared with those of other types: 1 is not `True` here, nor 1.0."""
    return [value if value is MISSING else json.dumps(value, sort_keys=True) for value in values]


@given(rows=ROWS, large=some.sets(some.integers(0, 5)))
def test_rows_say_the_same_whether_they_are_mappings_or_records(rows: list[dict[str, Any]], large: set[int]) -> None:
    form = RowForm(dict.fromkeys(PATHS, Any))
    small = {path: _sayings(form.column(rows, path)) for path in PATHS}
    records = [form.decode(json.dumps([row]).encode()) for row in rows]
    assert all(record is None or len(record) == 1 for record in records)
    mixed = [record[0] if record and place in large else rows[place] for place, record in enumerate(records)]
    for path in PATHS:
        assert _sayings(form.column(form.alike(mixed), path)) == small[path]
    for place, row in enumerate(form.alike(mixed)):
        assert [_sayings(form.column([form.mapping(row)], path))[0] for path in PATHS] == [
            small[path][place] for path in PATHS
        ]


def test_truths_are_read_however_they_are_spelled_and_what_is_none_is_no_record() -> None:
    form = RowForm({"on": bool | None, "name": Any})
    found = form.decode(b'[{"on": "1"}, {"on": 0, "x": {}}, {"on": true}, {"on": null, "name": "n"}, {}]')
    assert found is not None
    assert form.column(found, "on") == [True, False, True, None, MISSING]
    assert form.decode(b'[{"on": "perhaps"}]') is None
    assert form.decode(b"[null]") is None
    assert form.decode(b'[{"on": 1}') is None
    assert form.decode(b'{"on": 1}') is None


def test_nothing_at_all_has_empty_columns() -> None:
    assert RowForm({"a": Any, "b.c": Any}).column([], "b.c") == []
