"""Records are dataclasses: what the standard decorator makes of a class, ours makes too, later."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from reconciler import records
from reconciler.records import fields_of, record, replace

Decorator = Callable[..., Callable[[type], type]]


def _classes(decorator: Decorator, field: Any) -> dict[str, type[Any]]:
    @decorator(frozen=True, slots=True)
    class Base:
        """A base."""

        number: int
        names: tuple[str, ...] = ()
        more: list[int] = field(default_factory=list, repr=False)

        def doubled(self) -> int:
            return 2 * self.number

    @decorator(frozen=True, slots=True, kw_only=True)
    class Derived(Base):
        """With more."""

        weight: int = 3

        def __post_init__(self) -> None:
            if self.weight < 0:
                raise ValueError

    @decorator(slots=True)
    class Open:
        """May be changed."""

        number: int = 1
        found: dict[str, int] = field(default_factory=dict)

    @decorator(frozen=True)
    class Loose:
        """Without slots."""

        number: int = 4
        found: dict[str, int] = field(default_factory=dict)

    @decorator(frozen=True, slots=True, order=True)
    class Ordered:
        """Can be sorted."""

        number: int
        letter: str = ""

    @decorator(frozen=True, slots=True)
    class Hashed:
        """With a hash of its own."""

        values: list[int]

        def __hash__(self) -> int:
            return 7

    @decorator(slots=True, kw_only=True)
    class Hidden:
        """With fields that are not given."""

        number: int
        later: int = field(init=False)
        found: dict[str, int] = field(default_factory=dict, init=False)
        fixed: int = field(default=7, init=False)

    @decorator(frozen=True, slots=True)
    class Partly:
        """With a field that tells no instances apart, and one that does."""

        number: int
        remembered: int = field(default=0, compare=False)

    return {each.__name__: each for each in (Base, Derived, Open, Loose, Ordered, Hashed, Hidden, Partly)}


def _ours() -> dict[str, type[Any]]:
    return _classes(record, records.field)


def _made_often() -> dict[str, type[Any]]:
    """Ours, after so many instances that what makes them was compiled."""
    classes = _ours()
    for _ in range(200):
        for each in classes.values():
            each() if each.__name__ in ("Open", "Loose") else each(number=1) if "number" in each.__slots__ else None
    classes["Derived"](1)
    return classes


def _standard() -> dict[str, type[Any]]:
    return _classes(dataclasses.dataclass, dataclasses.field)


def _told(action: Callable[[], Any]) -> str:
    """What an action gives, or how it fails, as text."""
    try:
        return str(action()).replace("_classes.<locals>.", "")
    except Exception as error:  # noqa: BLE001  whatever it is, it must be the same
        return f"{type(error).__name__}: {error}".replace("_classes.<locals>.", "")


def is_ours(classes: dict[str, type[Any]]) -> bool:
    """Whether classes were made by our decorator."""
    return hasattr(classes["Base"], "__record__")


USES: list[Callable[[dict[str, type[Any]]], Any]] = [
    lambda each: each["Base"](1),
    lambda each: each["Base"](),
    lambda each: each["Base"](1, ("a",), [2]) == each["Base"](1, ("a",), [2]),
    lambda each: each["Base"](1) == each["Derived"](1),
    lambda each: each["Base"](2).doubled(),
    lambda each: each["Derived"](5, weight=6),
    lambda each: each["Derived"](5, (), [], 6),
    lambda each: each["Derived"](5, weight=-1),
    lambda each: [each.name for each in fields(each["Derived"])],
    lambda each: (is_dataclass(each["Loose"]), asdict(each["Base"](1))),
    lambda each: dataclasses.replace(each["Derived"](1), number=9),
    lambda each: replace(each["Derived"](1), number=9) if is_ours(each) else each["Derived"](9),
    lambda each: (replace if is_ours(each) else dataclasses.replace)(each["Derived"](1), nothing=9),
    lambda each: (replace if is_ours(each) else dataclasses.replace)(each["Hidden"](number=1), fixed=9),
    lambda each: (replace if is_ours(each) else dataclasses.replace)(each["Hidden"](number=1), number=9).number,
    lambda each: [each["Partly"](1, 2) == each["Partly"](1, 3), each["Partly"](1) == each["Partly"](2)],
    lambda each: hash(each["Partly"](1, 2)) == hash(each["Partly"](1, 3)),
    lambda each: each["Base"](1) == (1, (), []),
    lambda each: each["Base"](1, number=2),
    lambda each: each["Base"](1, unknown=2),
    lambda each: each["Base"](1, (), [], 4),
    lambda each: hash(each["Base"](1)),
    lambda each: hash(each["Ordered"](1, "x")) == hash(each["Ordered"](1, "x")),
    lambda each: hash(each["Open"]()),
    lambda each: hash(each["Hashed"]([])),
    lambda each: sorted([each["Ordered"](2), each["Ordered"](1)]),
    lambda each: each["Base"](1) < each["Base"](2),
    lambda each: (each["Loose"].number, each["Loose"]().found),
    lambda each: (each["Loose"](), hasattr(each["Loose"], "found")),
    lambda each: (each["Base"].__slots__, each["Derived"].__slots__, hasattr(each["Base"](1), "__dict__")),
    lambda each: (each["Base"].__match_args__, each["Derived"].__match_args__),
    lambda each: (each["Base"].__doc__, each["Base"].__name__),
    lambda each: copy.deepcopy(each["Base"](1, ("a",), [3])),
    lambda each: each["Open"]().found is each["Open"]().found,
    lambda each: (each["Hidden"](number=1).found, each["Hidden"](number=1).fixed),
    lambda each: each["Hidden"](number=1).later,
    lambda each: each["Hidden"](number=1, found={}),
    lambda each: each["Hidden"](1),
]


@pytest.mark.parametrize("number", range(len(USES)))
def test_a_record_behaves_as_the_standard_dataclass_does(number: int) -> None:
    use = USES[number]
    expected = _told(lambda: use(_standard()))
    assert _told(lambda: use(_ours())) == expected
    assert _told(lambda: use(_made_often())) == expected


def test_the_fields_of_a_record_are_told_in_order_those_of_its_base_first() -> None:
    instance = _ours()["Derived"](1, ("a",), weight=2)
    assert list(fields_of(instance).items()) == [("number", 1), ("names", ("a",)), ("more", []), ("weight", 2)]


def test_making_comparing_and_replacing_records_imports_nothing_heavy() -> None:
    code = (
        "import sys; from reconciler.records import field, record, replace\n"
        "@record(frozen=True, slots=True, order=True)\n"
        "class Pair:\n"
        "    one: int\n"
        "    other: list[int] = field(default_factory=list)\n"
        "assert Pair(1) == replace(Pair(2), one=1) < Pair(3) and hash(Pair(1, ())) == hash(Pair(1, ()))\n"
        "assert not {'dataclasses', 'inspect'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_frozen_record_stays_as_it_is() -> None:
    instance = _ours()["Base"](1)
    with pytest.raises(FrozenInstanceError):
        instance.number = 2
    with pytest.raises(FrozenInstanceError):
        del instance.number


def test_what_a_class_adds_to_a_frozen_record_may_change_and_nothing_else() -> None:
    base = _ours()["Base"]
    more = type("More", (base,), {})(1)
    more.remembered = 2
    more.remembered = 3
    del more.remembered
    with pytest.raises(FrozenInstanceError):
        more.number = 2


def test_a_record_is_matched_by_position() -> None:
    base = _ours()["Base"]
    match base(1, ("a",)):
        case base(number, names):
            assert (number, names) == (1, ("a",))
        case _:
            pytest.fail("it was not matched")


@record(frozen=True, slots=True)
class Kept:
    """One that can be found again by its name."""

    number: int


def test_a_record_is_pickled() -> None:
    assert pickle.loads(pickle.dumps(Kept(3))) == Kept(3)


def test_a_method_that_two_threads_ask_for_at_once_is_there_for_both() -> None:
    base = _ours()["Base"]
    found_by_both = vars(base)["__eq__"]
    assert base(1) == base(1)
    assert found_by_both.__get__(base(1), base)(base(1))


def test_whoever_makes_records_puts_annotations_off() -> None:
    """Python 3.14 leaves no others where a decorator finds the fields, and to evaluate them takes time."""
    made = [each for each in Path(records.__file__).parent.rglob("*.py") if "\n@record" in each.read_text()]
    assert len(made) > 50
    assert [each for each in made if "from __future__ import annotations\n" not in each.read_text()] == []


def test_each_method_is_written_when_it_is_needed() -> None:
    loose = _ours()["Loose"]

    def written() -> set[str]:
        return {name for name in ("__init__", "__eq__", "__repr__") if isinstance(vars(loose)[name], FunctionType)}

    assert written() == set()
    instance = loose()
    assert written() == {"__init__"}
    assert instance == loose()
    assert written() == {"__init__", "__eq__"}
    assert repr(instance).endswith("Loose(number=4, found={})")
    assert written() == {"__init__", "__eq__", "__repr__"}
