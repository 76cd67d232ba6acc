"""Dataclasses that cost next to nothing to define: their methods are written when they are first needed.

`dataclasses.dataclass` writes and compiles five or six methods for every class at import, which takes most of a
millisecond; a command defines two hundred classes, makes instances of a third of them, and compares a few. `record`
takes the same arguments and makes the same classes, but leaves that work until somebody asks, and writes what makes an
instance itself, because that is asked for most: the standard decorator would write all the rest along with it. Type
checkers are shown the standard decorator.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(cls: type | None = None, /, **options: bool) -> Any:
        """Make a class a dataclass; the arguments are those of the standard decorator."""
        return _promised(cls, options) if cls is not None else lambda given: _promised(given, options)


__all__ = ["record"]

_MAKING: Final = "__init__"
_TELLING: Final = ("__dataclass_fields__", "__dataclass_params__", "__match_args__")
"""What says what is in an instance."""

_COMPARING: Final = ("__eq__", "__repr__", "__getstate__", "__setstate__")
_HASHING: Final = ("__hash__",)
_ORDERING: Final = ("__lt__", "__le__", "__gt__", "__ge__")
"""What many classes are never asked for."""

_WRITTEN: Final = frozenset((_MAKING, *_TELLING, *_COMPARING, *_HASHING, *_ORDERING))
_ABOUT: Final = frozenset(("__annotations__", "__doc__", "__module__", "__post_init__", "__qualname__"))
_OWN: Final = "__record__"
"""Where a class keeps how it is written."""


def _promised(cls: type, options: dict[str, bool]) -> type:
    """Give a class its slots now, and promises of the rest."""
    own = dict(vars(cls))
    cls = _with_slots(cls, own) if options.get("slots") else cls
    later = (*_COMPARING, *(_ORDERING if options.get("order") else ()), *(_HASHING if options.get("frozen") else ()))
    writing = _Writing(cls, own, options)
    for name in (_MAKING, _TELLING[0], _TELLING[-1]):
        setattr(cls, name, _Promise(name, writing))
    for name in later:
        if own.get(name) is None:
            setattr(cls, name, _Promise(name, writing))
    if not options.get("frozen") and "__hash__" not in own:
        cls.__hash__ = None  # type: ignore[assignment]  # what can change has no hash
    setattr(cls, _OWN, writing)
    return cls


def _with_slots(cls: type, own: dict[str, Any]) -> type:
    """The class again, with a slot for each field that no base has one for."""
    fields = own.get("__annotations__", {})
    taken = {slot for base in cls.__mro__[1:] for slot in getattr(base, "__slots__", ())}
    body = {
        name: value for name, value in own.items() if name not in fields and name not in ("__dict__", "__weakref__")
    }
    slots = tuple(name for name in fields if name not in taken)
    again = type(cls)(cls.__name__, cls.__bases__, {**body, "__slots__": slots})
    again.__qualname__ = cls.__qualname__
    return again


class _Part(NamedTuple):
    """A field, as far as making an instance needs it.

    Attributes:
        default: what it is where nothing is given; `_REQUIRED` where something must be.
        made: makes the default anew for each instance.
        by_name: whether it is given by name only.
        given: whether it is given at all.
    """

    default: Any
    made: Callable[[], Any] | None
    by_name: bool
    given: bool = True


class _Writing:
    """Writes a class like one of ours, or has the standard decorator do so and takes over what is wanted of it."""

    __slots__ = ("_cls", "_options", "_own", "_parts")

    def __init__(self, cls: type, own: dict[str, Any], options: dict[str, bool]) -> None:
        self._cls = cls
        self._own = own
        self._options = options
        self._parts: dict[str, _Part] | None = None

    def write(self, name: str) -> None:
        """Write what was promised under a name, and what goes along with it."""
        if name == _MAKING:
            self._make()
        elif name in _TELLING:
            self._take(_TELLING, eq=False, repr=False, order=False, init=False)
        else:
            self._take((*_COMPARING, *_HASHING, *_ORDERING), init=False)

    @property
    def parts(self) -> dict[str, _Part]:
        """The fields in order, those of the bases first."""
        if self._parts is None:
            self._parts = {}
            for base in reversed(self._cls.__mro__[1:]):
                if _OWN in vars(base):
                    self._parts.update(vars(base)[_OWN].parts)
            self._parts.update(self._own_parts())
        return self._parts

    def _own_parts(self) -> Iterator[tuple[str, _Part]]:
        standard = sys.modules.get("dataclasses")
        for name in self._own.get("__annotations__", ()):
            said = self._own.get(name, _REQUIRED)
            made, given = None, True
            if standard is not None and isinstance(said, standard.Field):
                made = None if said.default_factory is standard.MISSING else said.default_factory
                given = said.init
                said = _REQUIRED if said.default is standard.MISSING else said.default
            yield name, _Part(said, made, bool(self._options.get("kw_only")), given)

    def _make(self) -> None:
        """Write `__init__`, and what keeps an instance of a frozen class as it is."""
        cls, frozen = self._cls, self._options.get("frozen")
        parts = self.parts
        known: dict[str, Any] = {"_left_out": _LEFT_OUT, "_set": object.__setattr__}
        heads: list[str] = []
        heads_by_name: list[str] = []
        lines = []
        for name, part in parts.items():
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
            lines.append(f"    _set(self, {name!r}, {value})" if frozen else f"    self.{name} = {value}")
        if hasattr(cls, "__post_init__"):
            lines.append("    self.__post_init__()")
        told = ", ".join(("self", *heads, *(("*", *heads_by_name) if heads_by_name else ())))
        exec(f"def __init__({told}):\n" + ("\n".join(lines) or "    pass"), known)  # noqa: S102  as dataclass does
        made = known[_MAKING]
        made.__qualname__ = f"{cls.__qualname__}.{_MAKING}"
        made.__module__ = cls.__module__
        cls.__init__ = made  # type: ignore[misc]
        if frozen:
            _guard(cls, frozenset(parts))
        if not self._options.get("slots"):
            self._leave_defaults()

    def _leave_defaults(self) -> None:
        """Leave the defaults of fields as attributes of the class, where it has no slots in their place."""
        for name, part in self._own_parts():
            if part.default is not _REQUIRED:
                setattr(self._cls, name, part.default)
            elif name in vars(self._cls):
                delattr(self._cls, name)

    def _take(self, names: tuple[str, ...], **less: bool) -> None:
        from dataclasses import dataclass  # noqa: PLC0415  takes as long to import as many classes to define

        cls, own = self._cls, self._own
        wanted = {*own.get("__annotations__", ()), *_ABOUT, *_WRITTEN}
        body = {name: value for name, value in own.items() if name in wanted}
        like = vars(dataclass(**{**self._options, **less})(type(cls)(cls.__name__, cls.__bases__, body)))
        for name in names:
            if name in like and own.get(name) is None:
                setattr(cls, name, like[name])
            elif isinstance(vars(cls).get(name), _Promise):
                delattr(cls, name)


def _guard(cls: type, names: frozenset[str]) -> None:
    """Let nobody change an instance; what a class that is derived adds is its own."""

    def refuse(self: object, name: str) -> bool:
        return type(self) is cls or name in names

    def __setattr__(self: object, name: str, value: object) -> None:  # noqa: N807  it becomes one
        if refuse(self, name):
            from dataclasses import FrozenInstanceError  # noqa: PLC0415  as above

            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)  # type: ignore[arg-type]  # it is a class

    def __delattr__(self: object, name: str) -> None:  # noqa: N807  as above
        if refuse(self, name):
            from dataclasses import FrozenInstanceError  # noqa: PLC0415  as above

            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)  # type: ignore[arg-type]  # as above

    cls.__setattr__ = __setattr__  # type: ignore[method-assign,assignment]
    cls.__delattr__ = __delattr__  # type: ignore[method-assign,assignment]


_REQUIRED: Final = object()
_LEFT_OUT: Final = object()


class _Promise:
    """Stands for an attribute of a class until somebody asks for it."""

    __slots__ = ("name", "writing")

    def __init__(self, name: str, writing: _Writing) -> None:
        self.name = name
        self.writing = writing

    def __get__(self, instance: object, owner: type) -> Any:
        """Keep the promise, and give what was asked for."""
        self.writing.write(self.name)
        return getattr(owner if instance is None else instance, self.name)
