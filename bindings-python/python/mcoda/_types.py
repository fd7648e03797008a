"""The types of arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias, Union

StrPath: TypeAlias = Union[str, "os.PathLike[str]"]
"""The path of a file or folder."""

Time: TypeAlias = Union[str, datetime, date]
"""A moment: text (RFC 3339 with ``Z`` or an offset, or a date), an aware datetime, or a date (midnight UTC)."""

Bound: TypeAlias = Union[str, datetime, date]
"""The beginning or end of a stretch of time: a moment, or a span before now, ``<n>s|m|h|d|w`` (``"7d"``)."""

Fields: TypeAlias = Mapping[str, Any]
"""Fields by their names, in camelCase or snake_case."""


class Model(Protocol):
    """What pydantic's models are, and so the answers of the providers' own packages."""

    def model_dump(self) -> Any:
        """Its fields."""


Body: TypeAlias = Union[str, bytes, bytearray, Mapping[str, Any], Sequence[Any], Model]
"""What a provider or an agent returned: text, UTF-8 bytes, or what their JSON is in Python."""

SqlValue: TypeAlias = Union[None, int, float, str, bytes]
"""A value as SQLite holds it."""

SqlParam: TypeAlias = Union[None, bool, int, float, str, bytes, bytearray, datetime, date]
"""A value that a parameter of a statement can have; a datetime becomes the text in which times are stored."""

NO_FIELDS: Final[Fields] = MappingProxyType({})
"""Nothing but keywords. Not ``None``, so that a None by mistake is refused."""
