"""Rows that a call returned, held as columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any, ClassVar, Generic, TypeVar, cast, overload

from . import _mcoda
from ._result import Displayable, Result

R = TypeVar("R")
T = TypeVar("T", bound="Table[Any]")

_ROWS_AT_ONCE = 1024


class Table(Generic[R]):
    """Rows that a call returned: typed objects, or tuples in the case of ``query``.

    The rows are held as columns of Arrow, and each row is made when it is asked for. A table can be indexed, sliced
    and iterated over, and is equal to a list of the same rows. polars, DuckDB, pyarrow and everything else that reads
    Arrow take it as it is: ``polars.DataFrame(table)``, ``duckdb.sql("FROM table")``.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:") as ws:
    ...     table = ws.query("SELECT 1 AS n, 'a' AS name UNION ALL SELECT 2, NULL")
    >>> for n, name in table:
    ...     print(n, name)
    1 a
    2 None
    >>> table.to_dicts()
    [{'n': 1, 'name': 'a'}, {'n': 2, 'name': None}]
    """

    __slots__ = ("_call", "_columns", "_row")

    _columns: _mcoda.Columns
    _row: type[Any]
    """The class of the rows."""
    _call: str | None
    """The call that returned them; None in the case of ``query``."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A table of the values that SQLite has, as ``query`` returns it."""
        self._columns = _mcoda.Columns.from_values(columns, rows, None)
        self._row, self._call = _row_of(self._columns.names), None

    @classmethod
    def _of(cls: type[T], columns: _mcoda.Columns, row: type[Any] | None = None, call: str | None = None) -> T:
        table = cls.__new__(cls)
        table._columns = columns
        table._row, table._call = row or _row_of(columns.names), call
        return table

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, each once: those of the rows' attributes."""
        return tuple(self._columns.names)

    @property
    def rows(self) -> tuple[R, ...]:
        """All rows. In the case of ``query`` each is a tuple as long as ``columns``, and a blob is ``bytes``."""
        return tuple(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dict for each row, as its ``to_dict()``; in the case of ``query``, by the names of the columns."""
        rows = self._columns.rows(0, len(self))
        return rows if self._call else [dict(zip(self.columns, row)) for row in rows]

    def to_pandas(self) -> Any:
        """The table as a ``pandas.DataFrame``; needs pandas and pyarrow.

        Times are ``datetime64`` in UTC, days ``datetime64`` without a zone, counts ``Int64``, amounts ``float64`` and
        texts ``str``. Faster than ``pandas.DataFrame(table)``, which makes an object for each row.

        Raises:
            InvalidInputError: A column of a query whose values have several types: use ``CAST`` in the query.
            ModuleNotFoundError: pandas or pyarrow is not installed.
        """
        pandas, arrow = _needed("pandas", "to_pandas"), self.to_arrow()
        pyarrow = import_module("pyarrow")
        types = {pyarrow.int64(): pandas.Int64Dtype(), pyarrow.bool_(): pandas.BooleanDtype()}
        # The columns that pandas has to copy go one after the other.
        options = {"types_mapper": types.get, "date_as_object": False, "split_blocks": True, "self_destruct": True}
        return arrow.to_pandas(**options)

    def to_polars(self) -> Any:
        """The table as a ``polars.DataFrame``; needs polars.

        Raises:
            InvalidInputError: A column of a query whose values have several types: use ``CAST`` in the query.
            ModuleNotFoundError: polars is not installed.
        """
        return _needed("polars", "to_polars").DataFrame(self)

    def to_arrow(self) -> Any:
        """The table as a ``pyarrow.Table``; needs pyarrow. No values are copied.

        Times are ``timestamp[ms, tz=UTC]``, days ``date32``, counts ``int64``, amounts ``double``, texts ``string``, a
        record within a row a ``struct``, and other JSON, such as metadata, its text. A column of a query has the type
        of its values.

        Raises:
            InvalidInputError: A column of a query whose values have several types: use ``CAST`` in the query.
            ModuleNotFoundError: pyarrow is not installed.
        """
        return _needed("pyarrow", "to_arrow").table(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The table for programs that read Arrow's C stream interface. They cast to another schema themselves."""
        return self._columns.stream()

    @overload
    def __getitem__(self: T, index: slice) -> T: ...
    @overload
    def __getitem__(self, index: int) -> R: ...
    def __getitem__(self, index: int | slice) -> Any:
        if not isinstance(index, slice):
            place = self._place(index)
            return self._rows(place, place + 1)[0]
        start, stop, step = index.indices(len(self))
        if step == 1:
            return self._with(self._columns.slice(start, max(start, stop)))
        every = self._columns.rows(0, len(self))[index]
        return self._with(self._made(every))

    def __len__(self) -> int:
        return len(self._columns)

    def __iter__(self) -> Iterator[R]:
        for start in range(0, len(self), _ROWS_AT_ONCE):
            yield from self._rows(start, start + _ROWS_AT_ONCE)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Table):
            return self.columns == other.columns and self.rows == other.rows
        if isinstance(other, (list, tuple)):
            return len(self) == len(other) and self.rows == tuple(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.rows)

    def __repr__(self) -> str:
        """A text table, as wide as a terminal: of many rows the first and the last."""
        return self._columns.text(None).removesuffix("\n")

    def _repr_html_(self) -> str:
        return self._columns.html(None)

    def __reduce__(self) -> tuple[Any, ...]:
        rows = self._columns.rows(0, len(self))
        row = self._row if self._call else None
        return _restored, (type(self), self._call, row, self.columns, rows, self._columns.types)

    def _place(self, index: int) -> int:
        """The number of a row, which may be counted from the end."""
        try:
            return range(len(self))[index]
        except IndexError:
            raise IndexError(f"row {index} of a table with {len(self)} rows") from None
        except TypeError:
            given = type(index).__name__
            message = f"a table is indexed by the number of a row, not by {given}: to_pandas()[name] is a column"
            raise TypeError(message) from None

    def _rows(self, start: int, stop: int) -> list[R]:
        read = self._row._read if self._call else self._row
        return [read(row) for row in self._columns.rows(start, stop)]

    def _with(self: T, columns: _mcoda.Columns) -> T:
        """The same kind of table, with other rows."""
        return type(self)._of(columns, self._row, self._call)

    def _made(self, rows: list[Any]) -> _mcoda.Columns:
        return _columns(self._call, self.columns, rows, self._columns.types)


class Tabular(Generic[R]):
    """A result that has rows beside other fields: it can be used as the table of its rows."""

    __slots__ = ()

    _call: ClassVar[str]
    _row: ClassVar[type[Result]]

    @property
    def table(self) -> Table[R]:
        """The rows as a table."""
        return Table._of(self._json_columns("rows"), self._row, self._call)

    def _json_columns(self, field: str) -> _mcoda.Columns:
        rows = cast(Result, self)._json().get(field, [])
        return _mcoda.Columns.from_json(self._call, rows if isinstance(rows, list) else [rows])

    def __repr__(self) -> str:
        """The rows as the text table that a ``Table`` of them is, unless the result has a text for people."""
        if isinstance(self, Displayable) or not hasattr(self, "_source"):
            # The latter is one that a program made.
            return super().__repr__()
        return repr(self.table)

    def _repr_html_(self) -> str:
        if not hasattr(self, "_source"):
            return _mcoda.in_html(repr(self))
        total = self._json_columns("total")
        return self._json_columns("rows").html(total if len(total) else None)

    def to_pandas(self) -> Any:
        """The rows as a ``pandas.DataFrame``; needs pandas and pyarrow."""
        return self.table.to_pandas()

    def to_polars(self) -> Any:
        """The rows as a ``polars.DataFrame``; needs polars."""
        return self.table.to_polars()

    def to_arrow(self) -> Any:
        """The rows as a ``pyarrow.Table``; needs pyarrow."""
        return self.table.to_arrow()

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dict for each row, as its ``to_dict()``."""
        return self.table.to_dicts()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows for programs that read Arrow's C stream interface."""
        return self.table.__arrow_c_stream__(requested_schema)

    @overload
    def __getitem__(self, index: slice) -> Table[R]: ...
    @overload
    def __getitem__(self, index: int) -> R: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.table[index]

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[R]:
        return iter(self.table)


def _columns(
    call: str | None, names: Sequence[str], rows: list[Any], types: Sequence[str] | None
) -> _mcoda.Columns:
    return _mcoda.Columns.from_json(call, rows) if call else _mcoda.Columns.from_values(names, rows, types)


def _restored(
    cls: type[T],
    call: str | None,
    row: type[Any] | None,
    names: Sequence[str],
    rows: list[Any],
    types: Sequence[str] | None = None,
) -> T:
    return cls._of(_columns(call, names, rows, types), row, call)


def _row_of(names: Sequence[str]) -> type[tuple[Any, ...]]:
    """The class of a query's rows: tuples that know their names, as pandas asks for them."""

    def __reduce__(self: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple, (tuple(self),)

    members = {"__slots__": (), "_fields": tuple(names), "__reduce__": __reduce__, "__doc__": "A row of a query."}
    return type("Row", (tuple,), members)


def _needed(module: str, method: str) -> Any:
    """An optional package, which has types of its own or none."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        extra = "arrow" if module == "pyarrow" else module
        message = f"{method}() needs {error.name}: pip install 'libmcoda[{extra}]'"
        raise ModuleNotFoundError(message, name=error.name) from error
