"""Live resources with a few of them otherwise, and what is looked for among many."""

from reconciler.model.address import Address
from reconciler.model.amended import Amended, Gathered, handles_of, naming, overlaid, those_naming, value_of, values_of
from reconciler.model.resource import Observed, Value
from reconciler.model.table import UNKNOWN
from reconciler.records import replace


def _alias(key: str, **values: Value) -> Observed:
    return Observed(Address("alias", key), {"address": key, **values})


BELOW = {key: _alias(key, to=to) for key, to in (("a", ("x", "Y")), ("b", "x"), ("c", ("z",)))}


def _names(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ()


def _amended() -> Amended:
    amended = Amended(BELOW)
    amended.remove("a")
    amended.put(_alias("b", to=("y",)))
    amended.put(_alias("d", to="x"))
    return amended


def test_what_is_amended_hides_what_is_below_and_leaves_it_as_it_was() -> None:
    amended = _amended()
    expected = {"c": BELOW["c"], "b": _alias("b", to=("y",)), "d": _alias("d", to="x")}
    assert dict(amended) == expected
    assert len(amended) == 3
    assert "a" not in amended
    assert amended.get("a") is None
    assert set(BELOW) == {"a", "b", "c"}


def test_what_is_amended_again_leaves_the_first_amendment_alone() -> None:
    first = _amended()
    second = Amended(first)
    second.put(_alias("a", to="back"))
    second.remove("d")
    assert "a" not in first
    assert "d" in first
    assert set(second) == {"a", "b", "c"}
    assert second.below is BELOW


def test_values_come_from_below_and_from_what_is_otherwise() -> None:
    amended = _amended()
    amended.put(_alias("e"))
    assert dict(values_of(amended, "address", "to")) == {
        "b": ("b", ("y",)),
        "c": ("c", ("z",)),
        "d": ("d", "x"),
        "e": ("e", UNKNOWN),
    }


def test_what_names_something_is_found_whatever_the_case_and_not_where_it_is_gone() -> None:
    assert set(naming(BELOW, "to", _names, frozenset({"y"}))) == {("a", "y")}
    assert set(naming(_amended(), "to", _names, frozenset({"x", "y"}))) == {("b", "y"), ("d", "x")}
    assert set(naming(_amended(), "to", _names, None)) == {("b", "y"), ("c", "z"), ("d", "x")}


def test_what_names_one_thing_is_found_in_order_and_anew_after_each_amendment() -> None:
    amended = _amended()
    assert those_naming(BELOW, "to", _names, "x") == ["a", "b"]
    assert those_naming(amended, "to", _names, "x") == ["d"]
    amended.put(_alias("c", to=("x",)))
    assert those_naming(amended, "to", _names, "x") == ["c", "d"]
    amended.remove("d")
    assert those_naming(amended, "to", _names, "x") == ["c"]
    assert those_naming(amended, "to", _names, "z") == []


def test_however_often_it_is_asked_what_names_something_all_are_looked_through_once() -> None:
    looked_at = []

    def names(value: Value) -> tuple[str, ...]:
        looked_at.append(value)
        return _names(value)

    gathered = Gathered(BELOW.items())
    amended = Amended(gathered)
    amended.put(_alias("b", to=("y",)))
    for sought in ("x", "Y", "y", "z"):
        those_naming(gathered, "to", names, sought)
        those_naming(amended, "to", names, sought)
    assert len(looked_at) == len(BELOW) + len(amended.otherwise)


def test_one_value_is_that_of_what_is_otherwise_where_there_is_such() -> None:
    amended = _amended()
    assert [value_of(amended, key, "to") for key in ("b", "c")] == [("y",), ("z",)]
    assert value_of(amended, "b", "state") is UNKNOWN


def test_the_handles_of_what_is_amended_are_those_of_what_stands_there_by_now() -> None:
    amended = Amended({key: replace(each, handle=f"id of {key}") for key, each in BELOW.items()})
    amended.remove("a")
    amended.put(replace(_alias("b"), handle="new"))
    amended.put(replace(_alias("d"), handle="4"))
    assert handles_of(amended) == {"c": "id of c", "b": "new", "d": "4"}
    assert handles_of(amended) == {key: each.handle for key, each in amended.items()}


def test_what_lies_above_others_hides_those_with_its_keys_and_copies_none() -> None:
    above = {"b": _alias("b", to=("y",)), "d": _alias("d", to="x")}
    assert dict(overlaid(BELOW, above)) == {**BELOW, **above}
    assert overlaid(BELOW, {}) is BELOW
