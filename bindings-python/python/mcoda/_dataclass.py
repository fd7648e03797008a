"""Frozen dataclasses with slots that cost little to define.

The standard library compiles five functions for each dataclass, and imports ``inspect``: for the results of this package
that took 60 ms of every program that uses it. These classes get the functions that need no compiler at once, and become
dataclasses of the standard library when somebody asks for their fields or calls them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

_LATER = ("__init__", "__dataclass_fields__", "__dataclass_params__")
"""What the standard library makes, when it is first used."""


class _Options(dict[str, Any]):
    """The options of a field."""


def field(**options: Any) -> Any:
    """As ``dataclasses.field``."""
    return _Options(options)


def dataclass(*, frozen: bool, repr: bool, slots: bool = False) -> Callable[[type[T]], type[T]]:
    """As ``dataclasses.dataclass``, with annotations that are texts."""
    assert frozen and not repr
    return _defined if slots else _with_functions


def made(cls: type[T], values: tuple[Any, ...]) -> T:
    """An object with the values of all fields."""
    result = object.__new__(cls)
    for name, value in zip(cls.__match_args__, values, strict=True):  # type: ignore[attr-defined]
        object.__setattr__(result, name, value)
    return result


def _defined(cls: type[T]) -> type[T]:
    """The class again, with a slot for each of its fields: slots cannot be added to a class."""
    namespace = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    names = _own_fields(cls)
    options = {name: _options_of(namespace.pop(name)) for name in names if name in namespace}
    options = getattr(cls, "_options", {}) | options
    namespace |= {"__slots__": names, "__annotations__": cls.__annotations__, "_options": options}
    kind: Callable[[str, tuple[type, ...], dict[str, Any]], type[T]] = type(cls)
    again = kind(cls.__name__, cls.__bases__, namespace)
    return _with_functions(again)


def _options_of(value: object) -> dict[str, Any]:
    return value if isinstance(value, _Options) else {"default": value}


def _own_fields(cls: type) -> tuple[str, ...]:
    return tuple(name for name, hint in cls.__annotations__.items() if not hint.startswith("ClassVar["))


def _with_functions(cls: type[T]) -> type[T]:
    names: dict[str, None] = {}
    for base in reversed(cls.__mro__[1:]):
        names |= dict.fromkeys(vars(base).get("__match_args__", ()))
    own: dict[str, Any] = {"__match_args__": (*(names | dict.fromkeys(_own_fields(cls))),)}
    own |= {"__eq__": _eq, "__hash__": _hash, "__setattr__": _set, "__delattr__": _delete}
    if sys.version_info >= (3, 13):
        own["__replace__"] = _replace
    own |= {name: _Later(cls, name) for name in _LATER}
    for name, value in own.items():
        setattr(cls, name, value)
    return cls


class _Later:
    """An attribute that the standard library's dataclass has."""

    def __init__(self, cls: type, name: str) -> None:
        self.cls, self.name = cls, name

    def __get__(self, instance: object, owner: type) -> Any:
        from dataclasses import field, make_dataclass

        cls: Any = self.cls
        hints: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            hints |= getattr(base, "__annotations__", {})
        fields = [(name, hints[name], field(**cls._options.get(name, {}))) for name in cls.__match_args__]
        twin = make_dataclass(cls.__name__, fields, frozen=True, repr=False)
        for name in _LATER:
            setattr(cls, name, vars(twin)[name])
        value = vars(cls)[self.name]
        return value.__get__(instance, owner) if hasattr(value, "__get__") else value


def _values(result: Any) -> tuple[Any, ...]:
    return tuple(getattr(result, name) for name in result.__match_args__)


def _eq(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if self.__class__ is other.__class__ else NotImplemented


def _hash(self: Any) -> int:
    options = self._options
    return hash(tuple(getattr(self, name) for name in self.__match_args__ if options.get(name, {}).get("hash", True)))


def _set(self: object, name: str, value: object) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _replace(self: Any, /, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(self, **changes)
