"""The rows of a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from . import _mcoda
from ._records import TokenUsageSummaryRow, UsageRange
from ._table import Table

_CALL = "token_usage_summary"


class TokenUsageSummary(Table[TokenUsageSummaryRow]):
    """The rows of a summary. ``str()`` of it is a table; a notebook shows that too.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:") as ws:
    ...     recorded = ws.record_token_usage(agent_id="claude", tokens_prompt=1200, tokens_completion=300)
    ...     summary = ws.token_usage_summary(group_by=["agent"])
    >>> summary[0].agent_id, summary[0].tokens_total
    ('claude', 1500)
    """

    __slots__ = ("_count_outside", "_group_by", "_range")

    _group_by: tuple[str, ...]
    _range: UsageRange | None
    _count_outside: Callable[[], int] | None

    def __init__(
        self,
        rows: Iterable[TokenUsageSummaryRow],
        group_by: Sequence[str] = (),
        range: UsageRange | None = None,
    ) -> None:
        self._columns = _mcoda.Columns.from_json(_CALL, [row._json() for row in rows])
        self._row, self._call, self._group_by = TokenUsageSummaryRow, _CALL, tuple(group_by)
        self._range, self._count_outside = range, None

    @classmethod
    def _grouped(
        cls,
        columns: _mcoda.Columns,
        group_by: Sequence[str],
        range: UsageRange | None,
        count_outside: Callable[[], int] | None,
    ) -> TokenUsageSummary:
        summary = cls._of(columns, TokenUsageSummaryRow, _CALL)
        summary._group_by = tuple(group_by)
        summary._range, summary._count_outside = range, count_outside
        return summary

    def _with(self, columns: _mcoda.Columns) -> TokenUsageSummary:
        return self._grouped(columns, self._group_by, self._range, self._count_outside)

    @property
    def since(self) -> datetime | None:
        """The first time that is included; None without a limit."""
        return None if self._range is None else self._range.since

    @property
    def until(self) -> datetime | None:
        """The last time that is included; None without a limit."""
        return None if self._range is None else self._range.until

    @property
    def calls_outside(self) -> int:
        """How many calls the summary leaves out because of its time range: calls before and after it, and those with an
        invalid time. They are counted when this is read, each time anew, so the database must be open.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     recorded = ws.record_token_usage(timestamp="2026-01-01", tokens_prompt=5)
        ...     ws.token_usage_summary().calls_outside
        1
        """
        if self._count_outside is None:
            raise TypeError("this summary was copied or not returned by a call, so it cannot count: query again")
        return self._count_outside()

    def __reduce__(self) -> tuple[Any, ...]:
        return TokenUsageSummary, (self.rows, self._group_by, self._range)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TokenUsageSummary):
            return NotImplemented
        return self._group_by == other._group_by and super().__eq__(other)

    __hash__ = Table.__hash__

    def __str__(self) -> str:
        text: str = _mcoda.call("render_tokens_table", self.to_dicts(), list(self._group_by))
        return text
