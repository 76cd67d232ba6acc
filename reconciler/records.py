"""Dataclasses that cost next to nothing to define: their methods are written when the first instance is made.

`dataclasses.dataclass` writes and compiles five or six methods for every class at import, which takes most of a
millisecond; a command defines two hundred classes and makes instances of a third of them. `record` takes the same
arguments and makes the same classes, but leaves that work until it is needed. Type checkers are shown the standard
decorator.
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

_ASKED_FIRST: Final = ("__init__", "__setstate__", "__dataclass_fields__", "__match_args__")
"""What is asked of a class before it has any instance."""

_WRITTEN: Final = (
    *_ASKED_FIRST,
    "__dataclass_params__",
    "__delattr__",
    "__eq__",
    "__ge__",
    "__getstate__",
    "__gt__",
    "__hash__",
    "__le__",
    "__lt__",
    "__repr__",
    "__setattr__",
)
"""What the standard decorator may write."""

_ABOUT: Final = ("__annotations__", "__doc__", "__module__", "__post_init__", "__qualname__")


def _promised(cls: type, options: dict[str, bool]) -> type:
    """Give a class its slots now, and a promise of the rest."""
    own = dict(vars(cls))
    cls = _with_slots(cls, own) if options.get("slots") else cls
    for name in _ASKED_FIRST:
        if name not in own:
            setattr(cls, name, _Promise(name, cls, own, options))
    return cls


def _with_slots(cls: type, own: dict[str, Any]) -> type:
    """The class again, with a slot for each field that no base has one for."""
    fields = own.get("__annotations__", {})
    taken = {slot for base in cls.__mro__[1:] for slot in getattr(base, "__slots__", ())}
    body = {
        name: value for name, value in own.items() if name not in fields and name not in ("__dict__", "__weakref__")
    }
    again = type(cls)(
        cls.__name__, cls.__bases__, {**body, "__slots__": tuple(each for each in fields if each not in taken)}
    )
    again.__qualname__ = cls.__qualname__
    return again


class _Promise:
    """Stands for an attribute of a class until somebody asks for it, which has all of them written."""

    __slots__ = ("cls", "name", "options", "own")

    def __init__(self, name: str, cls: type, own: dict[str, Any], options: dict[str, bool]) -> None:
        self.name = name
        self.cls = cls
        self.own = own
        self.options = options

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Keep the promise, and give what was asked for."""
        self._keep()
        found = vars(self.cls).get(self.name, getattr(super(self.cls, owner or self.cls), self.name, None))
        return found.__get__(instance, owner) if hasattr(found, "__get__") else found

    def _keep(self) -> None:
        """Have the standard decorator write a class like this one, and take over what it wrote."""
        from dataclasses import dataclass  # noqa: PLC0415  takes as long to import as many classes to define

        names = {*self.own.get("__annotations__", ()), *_ABOUT, *_WRITTEN}
        body = {name: value for name, value in self.own.items() if name in names}
        like = vars(dataclass(**self.options)(type(self.cls)(self.cls.__name__, self.cls.__bases__, body)))
        slots = self.options.get("slots", False)
        for name in (*_WRITTEN, *(() if slots else self.own.get("__annotations__", ()))):
            if name in like and (name not in self.own or name not in _WRITTEN):
                setattr(self.cls, name, like[name])
            elif isinstance(vars(self.cls).get(name), _Promise) or (name in self.own and name not in like):
                delattr(self.cls, name)
