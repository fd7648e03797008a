"""The base of the generated classes of calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, Union

from . import _mcoda
from ._errors import InvalidInputError
from ._records import CallsOutside, TokenUsageRow, UsageRange
from ._result import Result
from ._summary import TokenUsageSummary
from ._types import Fields

_ROWS_AT_ONCE = 256

R = TypeVar("R", bound=Result)

OrJson: TypeAlias = Union[R, Mapping[str, Any]]
"""A result, or its JSON: what ``to_dict()`` returns, from any language."""


class Caller:
    """The base of everything that has calls: an open database, or a transaction."""

    __slots__ = ()

    _native: _mcoda.Handle

    def _rows(self, cursor: _mcoda.Cursor, timeout: float | None) -> Iterator[TokenUsageRow]:
        # As long as rows are left, this keeps the handle open, which otherwise closes when nothing refers to it.
        while rows := cursor.next_rows(_ROWS_AT_ONCE, timeout):
            yield from map(TokenUsageRow._read, rows)

    def _summary(
        self, query: Fields, keywords: dict[str, Any], group_by: tuple[str, ...], timeout: float | None
    ) -> TokenUsageSummary:
        # The time is fixed, so that what is counted later is what this summary leaves out.
        query = dict(query) if isinstance(query, Mapping) else query
        within = UsageRange._read(self._native.call("token_usage_range", (query, keywords), timeout=timeout))
        if query.get("now") is None:
            keywords = {**keywords, "now": within.now}
        columns = self._native.columns("token_usage_summary", (query, keywords), timeout=timeout)

        def count_outside() -> int:
            outside = self._native.call("calls_outside", (query, keywords), timeout=timeout)
            return CallsOutside._read(outside).calls

        return TokenUsageSummary._grouped(columns, group_by, within, count_outside)


class Repository:
    """A table of an open workspace, or of a transaction."""

    __slots__ = ("_native",)

    def __init__(self, native: _mcoda.Handle) -> None:
        self._native = native


def as_list(values: Iterable[Fields]) -> object:
    """The elements of an iterable; anything else unchanged, for the engine to refuse.

    A single mapping is an iterable too, of its names, but it is a mistake here. So is a data frame, of its columns.
    """
    if hasattr(values, "columns") and hasattr(values, "__arrow_c_stream__"):
        given = type(values).__name__
        expected = "mappings, one for each record: to_dict('records') of pandas, to_dicts() of polars"
        raise InvalidInputError(f"records: got a {given}; expected {expected}", "records")
    return list(values) if isinstance(values, Iterable) and not isinstance(values, Mapping) else values


def as_json(value: object) -> object:
    """The JSON of a result, or of many; anything else unchanged, for the engine to refuse."""
    if isinstance(value, Result):
        return value._json()
    if isinstance(value, Iterable) and not isinstance(value, (Mapping, str)):
        return [as_json(one) for one in value]
    return value


def list_argument(fields: Fields, name: str, json_name: str, keyword: str | Sequence[Any] | None) -> tuple[Any, ...]:
    """The list that a call got, as a keyword or in the mapping. Empty if it is no list, for the engine to refuse."""
    values = keyword if keyword is not None else fields.get(json_name) or fields.get(name)
    if isinstance(values, str):
        return (values,)
    return tuple(values) if isinstance(values, Iterable) else ()
