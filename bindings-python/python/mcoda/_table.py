"""The result of a query."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, overload

from ._errors import InvalidInputError
from ._types import SqlValue

_SHOWN_IN_NOTEBOOK = 50

Row = tuple[SqlValue, ...]


class Table(Sequence[Row]):
    """The columns and rows that a query returned: a sequence of tuples.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:") as ws:
    ...     table = ws.query("SELECT 1 AS n, 'a' AS name UNION ALL SELECT 2, NULL")
    >>> table
    <Table of 2 rows: n, name>
    >>> for n, name in table:
    ...     print(n, name)
    1 a
    2 None
    >>> table.to_dicts()
    [{'n': 1, 'name': 'a'}, {'n': 2, 'name': None}]

    It exports itself to Arrow where pyarrow is installed (``pip install 'libmcoda[arrow]'``), so that
    ``polars.DataFrame(table)`` and ``pandas.DataFrame.from_arrow(table)`` work.
    """

    __slots__ = ("_columns", "_rows")

    def __init__(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self._columns = tuple(columns)
        self._rows = tuple(rows)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, each once."""
        return self._columns

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows, each as long as ``columns``. A blob is ``bytes``."""
        return self._rows

    def to_dicts(self) -> list[dict[str, SqlValue]]:
        """A dict for each row."""
        return [dict(zip(self._columns, row)) for row in self._rows]

    def to_arrow(self) -> Any:
        """The table as a ``pyarrow.Table``; needs pyarrow.

        A column gets the type of its values. One with texts, numbers and blobs has no single type, which is
        an ``InvalidInputError``: use ``CAST`` in the query.
        """
        # An optional extra, and one that has no types.
        pyarrow = import_module("pyarrow")

        def array(index: int, name: str) -> Any:
            try:
                return pyarrow.array([row[index] for row in self._rows])
            except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, OverflowError) as error:
                given = "a column whose values have several types"
                message = f"{name}: got {given}; expected one type: CAST it in the query"
                raise InvalidInputError(message, name, str(error)) from error

        arrays = [array(index, name) for index, name in enumerate(self._columns)]
        return pyarrow.Table.from_arrays(arrays, names=list(self._columns))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        stream: object = self.to_arrow().__arrow_c_stream__(requested_schema)
        return stream

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return (self._columns, self._rows) == (other._columns, other._rows)

    def __hash__(self) -> int:
        return hash((self._columns, self._rows))

    def __repr__(self) -> str:
        rows = "1 row" if len(self) == 1 else f"{len(self)} rows"
        return f"<Table of {rows}: {', '.join(self._columns)}>"

    def _repr_html_(self) -> str:
        def line(tag: str, cells: Sequence[Any]) -> str:
            shown = ("" if cell is None else html.escape(str(cell)) for cell in cells)
            return "<tr>" + "".join(f"<{tag}>{text}</{tag}>" for text in shown) + "</tr>"

        body = "".join(line("td", row) for row in self._rows[:_SHOWN_IN_NOTEBOOK])
        more = len(self) - _SHOWN_IN_NOTEBOOK
        rest = f"<p>{more} more rows</p>" if more > 0 else ""
        head = line("th", self._columns)
        return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{rest}"
