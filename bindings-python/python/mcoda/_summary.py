"""The rows of a summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from . import _mcoda
from ._records import TokenUsageSummaryRow
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

    __slots__ = ("_group_by",)

    _group_by: tuple[str, ...]

    def __init__(self, rows: Iterable[TokenUsageSummaryRow], group_by: Sequence[str] = ()) -> None:
        self._columns = _mcoda.Columns.from_json(_CALL, [row._json() for row in rows])
        self._row, self._call, self._group_by = TokenUsageSummaryRow, _CALL, tuple(group_by)

    @classmethod
    def _grouped(cls, columns: _mcoda.Columns, group_by: Sequence[str]) -> TokenUsageSummary:
        summary = cls._of(columns, TokenUsageSummaryRow, _CALL)
        summary._group_by = tuple(group_by)
        return summary

    def _with(self, columns: _mcoda.Columns) -> TokenUsageSummary:
        return self._grouped(columns, self._group_by)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TokenUsageSummary):
            return NotImplemented
        return self._group_by == other._group_by and super().__eq__(other)

    __hash__ = Table.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return TokenUsageSummary, (self.rows, self._group_by)

    def __str__(self) -> str:
        text: str = _mcoda.call("render_tokens_table", self.to_dicts(), list(self._group_by))
        return text
