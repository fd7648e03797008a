"""How the engine's answers become objects."""

from __future__ import annotations

import dataclasses
import html
import types
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

from . import _mcoda
from ._errors import InvalidInputError

R = TypeVar("R", bound="Result")
Reader = Callable[[Any], Any]


class Result:
    """An answer: what the engine gave, and its fields as attributes. Each kind is a dataclass."""

    __slots__ = ("_source",)

    _source: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The answer by its JSON names, exactly as the engine gave it: numbers, texts, lists and dicts."""
        return copied(self._given())  # type: ignore[no-any-return]

    @classmethod
    def _read(cls: type[R], source: dict[str, Any]) -> R:
        """Makes the object of what the engine returned."""
        values = []
        for name, camel, read in _readers(cls):
            value = source[name] if name in source else source.get(camel)
            values.append(value if read is None else read(value))
        answer = cls(*values)
        object.__setattr__(answer, "_source", source)
        return answer

    def _given(self) -> dict[str, Any]:
        try:
            return self._source
        except AttributeError:
            name = type(self).__name__
            raise TypeError(f"this {name} is no answer of the engine, so it has no JSON names") from None

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles have what the engine gave, too."""
        return type(self)._read, (self._given(),)

    def __repr__(self) -> str:
        """The fields that hold something: most of a row's fields are None."""
        shown = (
            f"{field.name}={_shown(value)}"
            for field in _fields(self)
            if (value := getattr(self, field.name)) not in (None, {}, ())
        )
        return f"{type(self).__name__}({', '.join(shown)})"


class ForPeople(Result):
    """A result that the engine also has a text for."""

    __slots__ = ()

    _render: ClassVar[str]
    """The call that writes the text."""

    def __str__(self) -> str:
        if not hasattr(self, "_source"):
            return repr(self)
        text: str = _mcoda.call(self._render, self._source)
        return text

    def _repr_html_(self) -> str:
        return preformatted(str(self))


def preformatted(text: str) -> str:
    """Text as a notebook shows it."""
    return f"<pre>{html.escape(text)}</pre>"


def _fields(answer: Result | type[Result]) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(answer)  # type: ignore[arg-type]  # every kind of answer is a dataclass


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
    """For each field its name, its JSON name, and what makes its value of the JSON, where that is not it."""
    readers = _READERS.get(cls)
    if readers is None:
        hints = get_type_hints(cls)
        names = [field.name for field in _fields(cls)]
        readers = _READERS[cls] = tuple((name, _camel_case(name), _reader(hints[name])) for name in names)
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
        return tuple if read is None else _each(read)
    if origin is dict and inner[1] is float:
        return lambda values: {name: float(value) for name, value in values.items()}
    if origin is dict:
        return copied
    if hint is float:
        # Whole numbers come without a fraction.
        return float
    if hint is datetime:
        return _moment
    if isinstance(hint, type) and issubclass(hint, Result):
        return hint._read
    return None


def _optional(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _each(read: Reader) -> Reader:
    return lambda values: tuple(map(read, values))


def _moment(text: str) -> datetime:
    # Python 3.10 does not know the letter.
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        message = f"now: got {text}; expected a time in the years that datetime has, 1 to 9999"
        raise InvalidInputError(message, "now") from None
