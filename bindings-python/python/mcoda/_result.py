"""How the engine's results become objects."""

from __future__ import annotations

import types
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from . import _mcoda
from ._dataclass import made
from ._errors import InvalidInputError

R = TypeVar("R", bound="Result")
Reader = Callable[[Any], Any]


class Result:
    """The result of a call: a dataclass whose attributes are typed, and the engine's JSON behind it.

    Results are frozen. Two are equal where all attributes are; ``hash()`` leaves out those that hold a dict. They can be
    copied and pickled, also to another process.
    """

    __slots__ = ("_source",)

    _source: dict[str, Any]

    def to_dict(self, names: Literal["json", "snake"] = "json") -> dict[str, Any]:
        """The result by its JSON names, exactly as the engine returned it; a time is text, as it is stored.

        Args:
            names: ``"snake"`` names the fields as the attributes are named (``tokens_prompt``), in this result and in
                those within it. The host's own data, for example metadata, keeps its names.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     job = ws.jobs.create(type="sprint", total_items=12)
        >>> job.to_dict()["totalItems"], job.to_dict(names="snake")["total_items"]
        (12, 12)
        """
        if names not in ("json", "snake"):
            raise InvalidInputError(f'names: got {names!r}; expected "json" or "snake"', "names")
        source = copied(self._json())
        return source if names == "json" else _in_snake_case(type(self), source)

    @classmethod
    def _read(cls: type[R], source: dict[str, Any]) -> R:
        """Makes the object of the engine's JSON."""
        values = []
        for name, camel, read in _readers(cls):
            value = source[name] if name in source else source.get(camel)
            values.append(value if read is None else read(value))
        return _restored(cls, tuple(values), source)

    def _json(self) -> dict[str, Any]:
        try:
            return self._source
        except AttributeError:
            name = type(self).__name__
            raise TypeError(f"this {name} was not returned by a call, so it has no JSON") from None

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles keep the engine's JSON."""
        values = tuple(getattr(self, name) for name in _names(type(self)))
        return _restored, (type(self), values, getattr(self, "_source", None))

    def __repr__(self) -> str:
        """Without the empty fields: most of a row's fields are None."""
        shown = (
            f"{name}={_shown(value)}"
            for name in _names(type(self))
            if (value := getattr(self, name)) not in (None, {}, ())
        )
        return f"{type(self).__name__}({', '.join(shown)})"


class Displayable(Result):
    """A result that the engine can also write as text for people."""

    __slots__ = ()

    _render: ClassVar[str]
    """The call that writes the text."""

    def __str__(self) -> str:
        if not hasattr(self, "_source"):
            return repr(self)
        text: str = _mcoda.call(self._render, self._source)
        return text

    def _repr_html_(self) -> str:
        return _mcoda.in_html(str(self))


def _in_snake_case(cls: type[Result], source: dict[str, Any]) -> dict[str, Any]:
    within = _results_within(cls)

    def value(name: str, given: Any) -> Any:
        inner = within.get(name)
        if inner is None:
            return given
        if isinstance(given, list):
            return [_in_snake_case(inner, one) for one in given]
        return _in_snake_case(inner, given) if isinstance(given, dict) else given

    named = ((_snake_case(name), given) for name, given in source.items())
    return {name: value(name, given) for name, given in named}


def _results_within(cls: type[Result]) -> dict[str, type[Result]]:
    """The class of each field that holds a result, or a tuple of them."""
    found = {}
    for name, hint in get_type_hints(cls).items():
        for part in (hint, *get_args(hint)):
            if isinstance(part, type) and issubclass(part, Result):
                found[name] = part
    return found


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _restored(cls: type[R], values: tuple[Any, ...], source: dict[str, Any] | None) -> R:
    result = made(cls, values)
    if source is not None:
        object.__setattr__(result, "_source", source)
    return result


def _names(cls: type[Result]) -> tuple[str, ...]:
    """The names of the fields: every subclass is a dataclass."""
    names: tuple[str, ...] = cls.__match_args__  # type: ignore[attr-defined]
    return names


def copied(value: Any) -> Any:
    """A copy of JSON that can be changed without changing the original."""
    if isinstance(value, dict):
        return {name: copied(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [copied(inner) for inner in value]
    return value


def _shown(value: object) -> str:
    return repr(value.isoformat()) if isinstance(value, datetime) else repr(value)


_READERS: dict[type[Result], tuple[tuple[str, str, Reader | None], ...]] = {}


def _readers(cls: type[Result]) -> tuple[tuple[str, str, Reader | None], ...]:
    """For each field its name, its JSON name, and what converts its JSON; None where that is the value."""
    readers = _READERS.get(cls)
    if readers is None:
        hints = get_type_hints(cls)
        readers = _READERS[cls] = tuple((name, _camel_case(name), _reader(hints[name])) for name in _names(cls))
    return readers


def _camel_case(name: str) -> str:
    first, *words = name.split("_")
    return first + "".join(word.capitalize() for word in words)


def _reader(hint: Any) -> Reader | None:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        read = _reader(next(one for one in inner if one is not type(None)))
        return None if read is None else _optional(read)
    if origin is tuple:
        read = _reader(inner[0])
        # Null, which is otherwise empty, with `null_as_absent`.
        return _optional(tuple if read is None else _each(read))
    if origin is dict and inner[1] is float:
        return lambda values: {name: float(value) for name, value in values.items()}
    if origin is dict:
        return copied
    if hint is float:
        # Whole numbers come without a fraction.
        return float
    if hint is datetime:
        return _mcoda.read_time
    if isinstance(hint, type) and issubclass(hint, Result):
        return hint._read
    return None


def _optional(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _each(read: Reader) -> Reader:
    return lambda values: tuple(map(read, values))
