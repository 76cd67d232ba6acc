from typing import Any

from reconciler.manifest.fold import common, without


def entries(*values: Any) -> list[dict[str, Any]]:
    return [{"name": str(number), "x": value} for number, value in enumerate(values)]


def test_what_most_entries_share_is_written_once() -> None:
    assert common(entries(1, 1, 2, 1), above={}, never=["name"]) == {"x": 1}


def test_what_fewer_share_is_not() -> None:
    assert common(entries(1, 1, 2, 3), above={}, never=["name"]) == {}


def test_a_field_that_one_entry_leaves_out_is_never_a_default() -> None:
    assert common([*entries(1, 1, 1), {"name": "3"}], above={}, never=["name"]) == {}


def test_what_an_entry_is_about_is_never_a_default() -> None:
    assert common(entries(1, 1, 1), above={}, never=["name", "x"]) == {}


def test_one_entry_shares_nothing() -> None:
    assert common(entries(1), above={}, never=["name"]) == {}
    assert common([], above={}, never=[]) == {}


def test_a_nearer_default_is_written_only_where_it_saves_lines() -> None:
    assert common(entries(1, 1, 2), above={"x": 1}, never=["name"]) == {}
    assert common(entries(1, 2, 2, 2), above={"x": 1}, never=["name"]) == {"x": 2}


def test_a_truth_is_no_number() -> None:
    assert common(entries(True, 1, True, 1), above={}, never=["name"]) == {}


def test_a_mapping_is_no_list_of_pairs() -> None:
    assert common(entries({"a": "b"}, [["a", "b"]], {"a": "b"}, [["a", "b"]]), above={}, never=["name"]) == {}


def test_an_entry_leaves_out_what_it_inherits() -> None:
    assert without({"name": "a", "x": [1], "y": ""}, {"x": [1], "y": "-"}) == {"name": "a", "y": ""}
