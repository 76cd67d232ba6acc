import pytest

from reconciler.errors import UsageError
from reconciler.manifest.files import Source
from reconciler.manifest.values import Assignment, merged, read_values
from tests.manifest.told import files, told


def _file(text: str, name: str = "values.yaml") -> Source:
    return Source(name, None, text.encode())


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("a=b", ("a",), "b"),
        ("a.b.c=1", ("a", "b", "c"), 1),
        ("a=true", ("a",), True),
        ("a=no", ("a",), "no"),
        ("a=", ("a",), None),
        ("a='1'", ("a",), "1"),
        ('a="null"', ("a",), "null"),
        ("a=b=c", ("a",), "b=c"),
        (r"a\.b.c=x.y", ("a.b", "c"), "x.y"),
        ("a=5GiB", ("a",), "5GiB"),
    ],
)
def test_an_assignment_means_what_it_would_in_yaml(text: str, path: tuple[str, ...], value: object) -> None:
    assert Assignment.read(text) == Assignment(path, value)


@pytest.mark.parametrize("value", ["1", "true", "", "'x'"])
def test_an_assignment_of_text_is_text(value: object) -> None:
    assert Assignment.read(f"a={value}", as_text=True) == Assignment(("a",), value)


@pytest.mark.parametrize("text", ["a", "=b", "a..b=c", ".a=b", ""])
@pytest.mark.parametrize(("as_text", "option"), [(False, "--set"), (True, "--set-string")])
def test_what_is_no_assignment_is_refused_by_the_name_of_its_option(text: str, as_text: bool, option: str) -> None:
    with pytest.raises(UsageError) as raised:
        Assignment.read(text, as_text=as_text)
    assert raised.value.id == "set-malformed"
    assert f"`{option} " in raised.value.summary
    assert f"`{option} name=value`" in (raised.value.hint or "")


def test_what_is_set_may_be_as_deep_as_what_files_say() -> None:
    assert Assignment.read(f"{'a.' * 31}a=1").value == 1
    with pytest.raises(UsageError) as raised:
        Assignment.read(f"{'a.' * 3000}a=1")
    assert raised.value.id == "set-malformed"
    assert raised.value.summary == f"`--set {'a.' * 20}…` names 3001 mappings inside each other"


def test_the_later_file_wins_and_mappings_merge() -> None:
    files = [_file("a: 1\nb: {x: 1, y: [1, 2]}\n"), _file("b: {y: [3], z: {w: 1}}\n"), _file("b: {z: {v: 2}}\n")]
    assert read_values(files) == {"a": 1, "b": {"x": 1, "y": [3], "z": {"w": 1, "v": 2}}}


def test_merging_changes_neither_side() -> None:
    under, over = {"a": {"b": 1}}, {"a": {"c": 2}}
    assert merged(under, over) == {"a": {"b": 1, "c": 2}}
    assert (under, over) == ({"a": {"b": 1}}, {"a": {"c": 2}})
    assert merged({"a": {"b": 1}}, {"a": 1}) == {"a": 1}
    assert merged({"a": 1}, {"a": None}) == {"a": None}


def test_assignments_come_after_all_files() -> None:
    assignments = [
        Assignment(("a", "b"), 1),
        Assignment(("a", "c"), 2),
        Assignment(("a", "b"), 3),
        Assignment(("n", "m"), 4),
    ]
    assert read_values([_file("a: {b: 0, d: 5}\n")], assignments) == {"a": {"b": 3, "c": 2, "d": 5}, "n": {"m": 4}}


def test_nothing_is_set_inside_what_is_no_mapping() -> None:
    with pytest.raises(UsageError) as raised:
        read_values([_file("a: {b: 1}\n")], [Assignment(("a", "b", "c"), 1)])
    assert raised.value.id == "set-conflict"
    assert "a.b.c" in raised.value.summary


def test_everything_wrong_in_all_values_files_is_told_at_once() -> None:
    wrong = [_file("- a\n", "one.yaml"), _file("", "two.yaml"), _file("a: 1\na: 2\n", "three.yaml")]
    assert files(told(lambda: read_values(wrong))) == [
        ("values-not-a-mapping", "one.yaml"),
        ("values-empty", "two.yaml"),
        ("yaml-duplicate-key", "three.yaml"),
    ]
