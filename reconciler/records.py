"""Dataclasses that cost next to nothing to define: their methods are written when they are first needed.

`dataclasses.dataclass` writes and compiles five or six methods for every class at import, which takes most of a
millisecond; a command defines two hundred classes, makes instances of a third of them, and compares a few. `record`
takes the same arguments and makes the same classes, but leaves that work until somebody asks. Type checkers are shown
the standard decorator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(cls: type | None = None, /, **options: bool) -> Any:
        """Make a class a dataclass; the arguments are those of the standard decorator."""
        return _promised(cls, options) if cls is not None else lambda given: _promised(given, options)


__all__ = ["record"]

_MAKING: Final = ("__init__", "__dataclass_fields__", "__dataclass_params__", "__match_args__")
"""What it takes to make an instance, and to say what is in one."""

_GUARDING: Final = ("__setattr__", "__delattr__")
"""What keeps an instance as it is; written along with `__init__`, which goes around it."""

_COMPARING: Final = ("__eq__", "__repr__", "__getstate__", "__setstate__")
_HASHING: Final = ("__hash__",)
_ORDERING: Final = ("__lt__", "__le__", "__gt__", "__ge__")
"""What many classes are never asked for."""

_WRITTEN: Final = frozenset((*_MAKING, *_GUARDING, *_COMPARING, *_HASHING, *_ORDERING))
_ABOUT: Final = frozenset(("__annotations__", "__doc__", "__module__", "__post_init__", "__qualname__"))


def _promised(cls: type, options: dict[str, bool]) -> type:
    """Give a class its slots now, and promises of the rest."""
    own = dict(vars(cls))
    cls = _with_slots(cls, own) if options.get("slots") else cls
    later = (*_COMPARING, *(_ORDERING if options.get("order") else ()), *(_HASHING if options.get("frozen") else ()))
    writing = _Writing(cls, own, options)
    for name in (*_MAKING[:2], _MAKING[-1]):
        setattr(cls, name, _Promise(name, writing))
    for name in later:
        if own.get(name) is None:
            setattr(cls, name, _Promise(name, writing))
    if not options.get("frozen") and "__hash__" not in own:
        cls.__hash__ = None  # type: ignore[assignment]  # what can change has no hash
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


class _Writing:
    """Has the standard decorator write a class like one of ours, and takes over what is wanted of it."""

    __slots__ = ("_cls", "_options", "_own")

    def __init__(self, cls: type, own: dict[str, Any], options: dict[str, bool]) -> None:
        self._cls = cls
        self._own = own
        self._options = options

    def write(self, name: str) -> None:
        """Write what was promised under a name, and what goes along with it."""
        if name in _MAKING:
            self._take((*_MAKING, *_GUARDING), eq=False, repr=False, order=False)
            if not self._options.get("slots"):
                self._take(tuple(self._own.get("__annotations__", ())), eq=False, repr=False, order=False)
        else:
            self._take((*_COMPARING, *_HASHING, *_ORDERING))

    def _take(self, names: tuple[str, ...], **less: bool) -> None:
        from dataclasses import dataclass  # noqa: PLC0415  takes as long to import as many classes to define

        cls, own = self._cls, self._own
        wanted = {*own.get("__annotations__", ()), *_ABOUT, *_WRITTEN}
        body = {name: value for name, value in own.items() if name in wanted}
        like = vars(dataclass(**{**self._options, **less})(type(cls)(cls.__name__, cls.__bases__, body)))
        for name in names:
            if name in like and (name not in _WRITTEN or own.get(name) is None):
                setattr(cls, name, like[name])
            elif isinstance(vars(cls).get(name), _Promise) or (name not in _WRITTEN and name in vars(cls)):
                delattr(cls, name)


class _Promise:
    """Stands for an attribute of a class until somebody asks for it."""

    __slots__ = ("name", "writing")

    def __init__(self, name: str, writing: _Writing) -> None:
        self.name = name
        self.writing = writing

    def __get__(self, instance: object, owner: type) -> Any:
        """Keep the promise, and give what was asked for."""
        self.writing.write(self.name)
        return getattr(owner, self.name) if instance is None else getattr(owner, self.name).__get__(instance, owner)
