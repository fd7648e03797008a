"""The types of arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias, Union

StrPath: TypeAlias = Union[str, "os.PathLike[str]"]
"""The path of a file or folder."""

Time: TypeAlias = Union[str, datetime, date]
"""A time: text (RFC 3339 with ``Z`` or an offset, or a date), an aware datetime, or a date (midnight UTC)."""

Bound: TypeAlias = Union[str, datetime, date, timedelta]
"""The beginning or end of a range: a time; a day of the query's time zone (``date``, ``"2026-03-20"``, ``"today"``,
``"yesterday"``, ``"this-week"``), which is included as a whole; a span before now (``timedelta``, or text
``<n>ms|s|m|h|d|w|mo``, ``"7d"``); or ``"all"``."""

Fields: TypeAlias = Mapping[str, Any]
"""Fields by their names, in camelCase or snake_case."""


class Model(Protocol):
    """A model of pydantic, as the providers' own packages return them."""

    def model_dump(self) -> Any:
        """Its fields."""


Body: TypeAlias = Union[str, bytes, bytearray, Mapping[str, Any], Sequence[Any], Model]
"""What a provider or an agent returned: text, UTF-8 bytes, or their JSON as Python values."""

SqlValue: TypeAlias = Union[None, int, float, str, bytes]
"""A value that SQLite stores."""

SqlParam: TypeAlias = Union[None, bool, int, float, str, bytes, bytearray, datetime, date]
"""A value of a parameter of a statement; a datetime becomes the text form in which times are stored."""

NO_FIELDS: Final[Fields] = MappingProxyType({})
"""No mapping: keywords only. Not ``None``, so that a None by mistake is refused."""
