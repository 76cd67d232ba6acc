"""Dataclasses that cost next to nothing to define: their methods are made when they are first needed.

`dataclasses.dataclass` writes and compiles five or six methods for every class at import, which takes most of a
millisecond, after importing `inspect` and what that needs, which takes ten; a command defines a hundred classes, makes
a few instances of a third of them, and compares a few. `record` takes the same arguments and makes the same classes,
but leaves the work until somebody asks: the first instances of a class are made field by field, and only what is made
often is worth compiling. What is hardly ever asked of a record, such as its `repr`, the standard decorator still
writes. Type checkers are shown the standard names.
"""

from __future__ import annotations

import operator
import sys
from _thread import RLock
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from dataclasses import dataclass as record
    from dataclasses import field, replace
else:

    def record(cls: type | None = None, /, **options: bool) -> Any:
        """Make a class a dataclass; the arguments are those of the standard decorator."""
        return _promised(cls, options) if cls is not None else lambda given: _promised(given, options)

    def field(**said: Any) -> Any:
        """Say more of a field than its default; the arguments are those of the standard function."""
        return _Said(said)

    def replace(instance: Any, /, **changes: Any) -> Any:
        """Make an instance like another one, but for some fields."""
        given, hidden = vars(type(instance))[_OWN].given
        if not hidden.isdisjoint(changes):
            name = next(name for name in changes if name in hidden)
            wrong = TypeError if sys.version_info >= (3, 13) else ValueError
            raise wrong(f"field {name} is declared with init=False, it cannot be specified with replace()")
        for name in given:
            if name not in changes:
                changes[name] = getattr(instance, name)
        return type(instance)(**changes)


__all__ = ["field", "fields_of", "record", "replace"]

_MAKING: Final = "__init__"
_MATCHING: Final = "__match_args__"
_EQUALITY: Final = "__eq__"
_HASH: Final = "__hash__"
_ORDERING: Final = {"__lt__": operator.lt, "__le__": operator.le, "__gt__": operator.gt, "__ge__": operator.ge}
_TELLING: Final = ("__dataclass_fields__", "__dataclass_params__")
"""What says what is in an instance."""

_REST: Final = ("__repr__", "__getstate__", "__setstate__")
_WRITTEN: Final = frozenset((_MAKING, _MATCHING, _EQUALITY, _HASH, *_ORDERING, *_TELLING, *_REST))
_ABOUT: Final = frozenset(("__annotations__", "__doc__", "__module__", "__post_init__", "__qualname__"))
_OWN: Final = "__record__"
"""Where a class keeps how it is made."""

_FEW: Final = 100
"""So many instances are made field by field sooner than what makes them at once is compiled."""

_KEEPING: Final = RLock()
"""Held while methods are made: of two threads that ask for one at once, the later finds it made."""

_REQUIRED: Final = object()
_LEFT_OUT: Final = object()


def fields_of(instance: object) -> dict[str, Any]:
    """What is in a record, by field."""
    return {name: getattr(instance, name) for name in vars(type(instance))[_OWN].parts}


def _promised(cls: type, options: dict[str, bool]) -> type:
    """Give a class its slots now, and promises of the rest."""
    own = dict(vars(cls))
    writing = _Writing(own, options)
    promised: dict[str, Any] = dict(_promises(frozen=bool(options.get("frozen")), order=bool(options.get("order"))))
    for name in promised.keys() & own.keys():
        if name in _UNLESS_WRITTEN and own[name] is not None:
            del promised[name]
    if _HASH in own and not options.get("frozen"):
        del promised[_HASH]
    promised[_OWN] = writing
    if options.get("slots"):
        cls = _with_slots(cls, own, promised)
    else:
        for name, promise in promised.items():
            setattr(cls, name, promise)
    writing.cls = cls
    return cls


def _with_slots(cls: type, own: dict[str, Any], more: dict[str, Any]) -> type:
    """The class again, with more in it, and with a slot for each field that no base has one for."""
    fields = own.get("__annotations__", {})
    taken = {slot for base in cls.__mro__[1:] for slot in getattr(base, "__slots__", ())}
    body = {
        name: value for name, value in own.items() if name not in fields and name not in ("__dict__", "__weakref__")
    }
    slots = tuple(name for name in fields if name not in taken)
    again = type(cls)(cls.__name__, cls.__bases__, {**body, **more, "__slots__": slots})
    again.__qualname__ = cls.__qualname__
    return again


class _Said:
    """What `field` was told."""

    __slots__ = ("said",)

    def __init__(self, said: dict[str, Any]) -> None:
        self.said = said


class _Part:
    """A field.

    Attributes:
        default: what it is where nothing is given; `_REQUIRED` where something must be.
        made: makes the default anew for each instance.
        by_name: whether it is given by name only.
        given: whether it is given at all.
        compared: whether it tells instances apart.
    """

    __slots__ = ("by_name", "compared", "default", "given", "made")

    def __init__(self, said: Any, *, by_name: bool) -> None:
        more: Mapping[str, Any] = said.said if isinstance(said, _Said) else {"default": said}
        self.default = more.get("default", _REQUIRED)
        self.made: Callable[[], Any] | None = more.get("default_factory")
        self.by_name = by_name
        self.given: bool = more.get("init", True)
        self.compared: bool = more.get("compare", True)


class _Writing:
    """Makes the methods of a class, or has the standard decorator write them and takes over what is wanted of it."""

    __slots__ = ("_given", "_options", "_own", "_parts", "cls")

    def __init__(self, own: dict[str, Any], options: dict[str, bool]) -> None:
        self.cls: type = object
        self._own = own
        self._options = options
        self._parts: dict[str, _Part] | None = None
        self._given: tuple[tuple[str, ...], frozenset[str]] | None = None

    def write(self, name: str) -> None:
        """Make what was promised under a name, and what goes along with it."""
        if name == _MAKING:
            self._begin()
        elif name == _MATCHING:
            self._keep(name, tuple(each for each, part in self.parts.items() if part.given and not part.by_name))
        elif name in (_EQUALITY, _HASH, *_ORDERING):
            self._compare()
        elif name in _TELLING:
            self._take(_TELLING)
        else:
            self._take(_REST)

    @property
    def parts(self) -> dict[str, _Part]:
        """The fields in order, those of the bases first."""
        if self._parts is None:
            found: dict[str, _Part] = {}
            for base in reversed(self.cls.__mro__[1:]):
                if _OWN in vars(base):
                    found.update(vars(base)[_OWN].parts)
            found.update(self._own_parts())
            self._parts = found
        return self._parts

    @property
    def given(self) -> tuple[tuple[str, ...], frozenset[str]]:
        """The fields that are given when an instance is made, and those that are not."""
        if self._given is None:
            given = tuple(name for name, part in self.parts.items() if part.given)
            self._given = given, frozenset(self.parts).difference(given)
        return self._given

    def _own_parts(self) -> Iterator[tuple[str, _Part]]:
        for name in self._own.get("__annotations__", ()):
            yield name, _Part(self._own.get(name, _REQUIRED), by_name=bool(self._options.get("kw_only")))

    def _begin(self) -> None:
        """Prepare the class for instances, the first of which are made field by field."""
        if not self._options.get("slots"):
            self._leave_defaults()
        self._keep(_MAKING, _field_by_field(self))

    def _leave_defaults(self) -> None:
        """Leave the defaults of fields as attributes of the class, where it has no slots in their place."""
        for name, part in self._own_parts():
            if part.default is not _REQUIRED:
                setattr(self.cls, name, part.default)
            elif name in vars(self.cls):
                delattr(self.cls, name)

    def compile(self) -> None:
        """Write and compile what makes an instance."""
        known: dict[str, Any] = {"_left_out": _LEFT_OUT, "_set": object.__setattr__}
        heads: list[str] = []
        heads_by_name: list[str] = []
        lines = []
        for name, part in self.parts.items():
            value = name
            head = name
            if part.made is not None:
                known[f"_make_{name}"] = part.made
                head = f"{name}=_left_out"
                value = f"_make_{name}() if {name} is _left_out else {name}"
            elif part.default is not _REQUIRED:
                known[f"_default_{name}"] = part.default
                head = f"{name}=_default_{name}"
            if part.given:
                (heads_by_name if part.by_name else heads).append(head)
            elif head == name:
                continue
            else:
                value = f"_make_{name}()" if part.made is not None else f"_default_{name}"
            frozen = self._options.get("frozen")
            lines.append(f"    _set(self, {name!r}, {value})" if frozen else f"    self.{name} = {value}")
        if hasattr(self.cls, "__post_init__"):
            lines.append("    self.__post_init__()")
        told = ", ".join(("self", *heads, *(("*", *heads_by_name) if heads_by_name else ())))
        exec(f"def __init__({told}):\n" + ("\n".join(lines) or "    pass"), known)  # noqa: S102  as dataclass does
        self._keep(_MAKING, known[_MAKING])

    def _compare(self) -> None:
        """Make what compares instances, by their fields as tuples."""
        key = _as_tuple(*(name for name, part in self.parts.items() if part.compared))

        def __eq__(self: object, other: object) -> Any:  # noqa: N807  it becomes one
            return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

        def __hash__(self: object) -> int:  # noqa: N807  as above
            return hash(key(self))

        def comparing(compare: Callable[[Any, Any], Any]) -> Callable[[object, object], Any]:
            def compared(self: object, other: object) -> Any:
                return compare(key(self), key(other)) if other.__class__ is self.__class__ else NotImplemented

            return compared

        made = {_EQUALITY: __eq__, _HASH: __hash__, **{name: comparing(each) for name, each in _ORDERING.items()}}
        for name, method in made.items():
            if isinstance(vars(self.cls).get(name), _Promise):
                self._keep(name, method)

    def _take(self, names: tuple[str, ...]) -> None:
        """Take methods over from a standard dataclass of the same fields."""
        import dataclasses  # noqa: PLC0415  takes as long to import as a hundred classes to define

        cls, own = self.cls, self._own
        wanted = {*own.get("__annotations__", ()), *_ABOUT, *_WRITTEN}
        body = {
            name: dataclasses.field(**value.said) if isinstance(value, _Said) else value
            for name, value in own.items()
            if name in wanted
        }
        less = {"init": False, "eq": False, "order": False}
        like = vars(dataclasses.dataclass(**{**self._options, **less})(type(cls)(cls.__name__, cls.__bases__, body)))
        for name in names:
            if name in like and own.get(name) is None:
                setattr(cls, name, like[name])
            elif isinstance(vars(cls).get(name), _Promise):
                delattr(cls, name)

    def _keep(self, name: str, made: Any) -> None:
        """Keep a promise."""
        if callable(made):
            made.__name__ = name
            made.__qualname__ = f"{self.cls.__qualname__}.{name}"
            made.__module__ = self.cls.__module__
        setattr(self.cls, name, made)


def _field_by_field(writing: _Writing) -> Callable[..., None]:
    """What makes the first instances; whatever it cannot make, what is compiled makes, or refuses as Python does."""
    cls, parts = writing.cls, writing.parts
    in_order = [name for name, part in parts.items() if part.given and not part.by_name]
    hidden = frozenset(name for name, part in parts.items() if not part.given)
    makers = {name: part.made for name, part in parts.items() if part.made is not None}
    usual = {name: _LEFT_OUT if name in makers else part.default for name, part in parts.items()}
    usual = {name: value for name, value in usual.items() if name not in hidden or value is not _REQUIRED}
    goes_on = hasattr(cls, "__post_init__")
    keep = object.__setattr__
    left = _FEW

    def filled(self: Any, given: tuple[Any, ...], named: dict[str, Any]) -> bool:
        """Fill an instance, if that is all there is to it."""
        values = usual | dict(zip(in_order, given, strict=False)) | named if given else usual | named
        if len(values) > len(usual) or len(given) > len(in_order) or not hidden.isdisjoint(named):
            return False
        if given and named and not named.keys().isdisjoint(in_order[: len(given)]):
            return False
        for name, value in values.items():
            if value is _REQUIRED:
                return False
            keep(self, name, makers[name]() if value is _LEFT_OUT else value)
        return True

    def __init__(self: Any, /, *given: Any, **named: Any) -> None:  # noqa: N807  it becomes one
        nonlocal left
        left -= 1
        if left < 0 or not filled(self, given, named):
            writing.compile()
            getattr(cls, _MAKING)(self, *given, **named)
        elif goes_on:
            self.__post_init__()

    return __init__


def _as_tuple(*names: str) -> Callable[[object], tuple[Any, ...]]:
    """What gives the values of some fields."""
    if len(names) > 1:
        return cast("Callable[[object], tuple[Any, ...]]", operator.attrgetter(*names))
    return lambda instance: tuple(getattr(instance, name) for name in names)


def _refuse_setting(self: object, name: str, value: object) -> None:
    """Keep an instance of a frozen class as it is; what a class that is derived adds is its own."""
    if _is_kept(self, name):
        from dataclasses import FrozenInstanceError  # noqa: PLC0415  as above

        raise FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _refuse_deleting(self: object, name: str) -> None:
    if _is_kept(self, name):
        from dataclasses import FrozenInstanceError  # noqa: PLC0415  as above

        raise FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _is_kept(instance: object, name: str) -> bool:
    writing: _Writing = getattr(type(instance), _OWN)
    return type(instance) is writing.cls or name in writing.parts


class _Promise:
    """Stands for an attribute of classes until somebody asks for it; there is one of each name for all of them."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        """Keep the promise, unless another thread has meanwhile, and give what was asked for."""
        with _KEEPING:
            own = next((each for each in map(vars, owner.__mro__) if each.get(self.name) is self), None)
            if own is not None:
                own[_OWN].write(self.name)
        return getattr(owner if instance is None else instance, self.name)


_PROMISES: Final = {name: _Promise(name) for name in (_MAKING, _MATCHING, _TELLING[0], _EQUALITY, *_REST)}
_UNLESS_WRITTEN: Final = frozenset((*_PROMISES, _HASH, *_ORDERING)) - {_MAKING}
"""What stays as it is where a class has it."""


@cache
def _promises(*, frozen: bool, order: bool) -> Mapping[str, Any]:
    """What a class is promised: what can change has no hash."""
    more: dict[str, Any] = {name: _Promise(name) for name in _ORDERING} if order else {}
    if frozen:
        more |= {_HASH: _Promise(_HASH), "__setattr__": _refuse_setting, "__delattr__": _refuse_deleting}
    else:
        more[_HASH] = None
    return {**_PROMISES, **more}
