"""The rows of a summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, overload

from . import _mcoda
from ._records import TokenUsageSummaryRow, UsageRange
from ._result import preformatted


class TokenUsageSummary(Sequence[TokenUsageSummaryRow]):
    """The rows of a summary. ``str()`` of it is a table; a notebook shows that too.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:") as ws:
    ...     recorded = ws.record_token_usage(agent_id="claude", tokens_prompt=1200, tokens_completion=300)
    ...     summary = ws.token_usage_summary(group_by=["agent"])
    >>> summary
    <TokenUsageSummary of 1 row>
    >>> summary[0].agent_id, summary[0].tokens_total
    ('claude', 1500)
    """

    __slots__ = ("_count_outside", "_group_by", "_range", "_rows")

    def __init__(
        self,
        rows: Iterable[TokenUsageSummaryRow],
        group_by: Sequence[str] = (),
        range: UsageRange | None = None,
        count_outside: Callable[[], int] | None = None,
    ) -> None:
        self._rows = tuple(rows)
        self._group_by = tuple(group_by)
        self._range = range
        self._count_outside = count_outside

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
        return TokenUsageSummary, (self._rows, self._group_by, self._range)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows by their JSON names."""
        return [row.to_dict() for row in self._rows]

    @overload
    def __getitem__(self, index: int) -> TokenUsageSummaryRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TokenUsageSummaryRow]: ...
    def __getitem__(self, index: int | slice) -> TokenUsageSummaryRow | Sequence[TokenUsageSummaryRow]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[TokenUsageSummaryRow]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TokenUsageSummary):
            return NotImplemented
        return (self._rows, self._group_by) == (other._rows, other._group_by)

    def __hash__(self) -> int:
        return hash((self._rows, self._group_by))

    def __str__(self) -> str:
        rows = [row._json() for row in self._rows]
        text: str = _mcoda.call("render_tokens_table", rows, list(self._group_by))
        return text

    def __repr__(self) -> str:
        return f"<TokenUsageSummary of {len(self)} {'row' if len(self) == 1 else 'rows'}>"

    def _repr_html_(self) -> str:
        return preformatted(str(self))
