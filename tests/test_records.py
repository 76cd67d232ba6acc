"""Records are dataclasses: what the standard decorator makes of a class, ours makes too, later."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from types import FunctionType
from typing import Any

import pytest

from reconciler.records import record

Decorator = Callable[..., Callable[[type], type]]


def _classes(decorator: Decorator) -> dict[str, type[Any]]:
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

    return {each.__name__: each for each in (Base, Derived, Open, Loose, Ordered, Hashed, Hidden)}


def _told(action: Callable[[], Any]) -> str:
    """What an action gives, or how it fails, as text."""
    try:
        return str(action()).replace("_classes.<locals>.", "")
    except Exception as error:  # noqa: BLE001  whatever it is, it must be the same
        return f"{type(error).__name__}: {error}".replace("_classes.<locals>.", "")


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
    lambda each: replace(each["Derived"](1), number=9),
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
    assert _told(lambda: use(_classes(record))) == _told(lambda: use(_classes(dataclass)))


def test_a_frozen_record_stays_as_it_is() -> None:
    instance = _classes(record)["Base"](1)
    with pytest.raises(FrozenInstanceError):
        instance.number = 2
    with pytest.raises(FrozenInstanceError):
        del instance.number


def test_a_record_is_matched_by_position() -> None:
    base = _classes(record)["Base"]
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


def test_each_method_is_written_when_it_is_needed() -> None:
    loose = _classes(record)["Loose"]

    def written() -> set[str]:
        return {name for name in ("__init__", "__eq__", "__repr__") if isinstance(vars(loose)[name], FunctionType)}

    assert written() == set()
    instance = loose()
    assert written() == {"__init__"}
    assert instance == loose()
    assert written() == {"__init__", "__eq__", "__repr__"}
