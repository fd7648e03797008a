"""Tables in polars, pandas, DuckDB and pyarrow."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime, timezone
from typing import Any

import duckdb
import pandas
import polars
import pyarrow
import pytest

import mcoda
from conftest import Shop

TABLES: dict[str, Callable[[mcoda.Workspace], Any]] = {
    "token_usage": lambda ws: ws.token_usage(),
    "token_usage_summary": lambda ws: ws.token_usage_summary(since="all", group_by=["agent", "day"]),
    "status_events": lambda ws: ws.status_events(),
    "tasks": lambda ws: ws.tasks.list(),
    "lane_visits": lambda ws: ws.lane_visits(),
    "cumulative_flow": lambda ws: ws.cumulative_flow(now="2026-03-22"),
    "throughput": lambda ws: ws.throughput(now="2026-03-22"),
    "economics": lambda ws: ws.economics(group_by=["agent", "week"]),
    "query": lambda ws: ws.query("SELECT id, tokens_total AS total, cost_estimate, x'00' AS blob FROM token_usage"),
}
"""The questions that return rows."""


@pytest.fixture
def worked(shop: Shop) -> mcoda.Workspace:
    """A workspace with a few calls and a task that went through all lanes."""
    ws = shop.ws
    for hour, status in enumerate(["in_progress", "ready_to_code_review", "in_progress", "ready_to_qa", "completed"]):
        ws.record_status_transition("P-1", status, agent_id="claude", timestamp=f"2026-03-20T{hour + 8:02}:00:00Z")
    for number in range(5):
        ws.record_token_usage(
            task_id=shop.task.id if number % 2 else None,
            agent_id="claude" if number else None,
            tokens_total=100 * number if number != 3 else None,
            cost_estimate=0.25 * number,
            currency="USD",
            started_at=f"2026-03-20T08:{number:02}:00.250Z",
            metadata={"n": [number]} if number else None,
            timestamp=f"2026-03-2{number}T08:30:00Z",
        )
    return ws


def plain(value: Any) -> Any:
    """The same value, whichever library it comes from: missing ones are None, times and days are text."""
    if value is None or value is pandas.NaT or value is pandas.NA or value != value:
        return None
    if isinstance(value, (datetime, pandas.Timestamp)):
        at_midnight = value.tzinfo is None and (value.hour, value.minute) == (0, 0)
        return value.date().isoformat() if at_midnight else value.astimezone(timezone.utc).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if hasattr(value, "item"):
        return value.item()
    return value


def as_rows(names: list[str], columns: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*([plain(value) for value in columns[name]] for name in names)))


def parsed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """JSON is an object in a row, and its text in Arrow; None stands for an empty one."""
    is_json = [isinstance(value, str) and value.startswith("{") for value in row]
    return tuple((json.loads(value) if own else value) or None for value, own in zip(row, is_json))


@pytest.mark.parametrize("name", TABLES)
def test_four_libraries_see_the_same_table(name: str, worked: mcoda.Workspace) -> None:
    t = TABLES[name](worked)
    arrow = pyarrow.table(t)
    names, rows = arrow.column_names, as_rows(arrow.column_names, arrow.to_pydict())
    assert len(rows) == len(t) > 0
    # polars would read a sequence row by row.
    assert not isinstance(t, Sequence)

    frame = polars.DataFrame(t)
    assert (frame.columns, frame.shape) == (names, (len(rows), len(names)))
    assert as_rows(names, frame.to_dict(as_series=False)) == rows

    relation = duckdb.sql("FROM t")
    assert relation is not None
    duck = relation.to_arrow_table()
    assert duck.column_names == names and as_rows(names, duck.to_pydict()) == rows

    typed = t.to_pandas()
    assert (list(typed.columns), typed.shape) == (names, (len(rows), len(names)))
    assert as_rows(names, {name: list(typed[name]) for name in names}) == rows

    made = pandas.DataFrame(t)
    assert (list(made.columns), made.shape) == (names, (len(rows), len(names)))
    by_row = as_rows(names, {name: list(made[name]) for name in names})
    assert list(map(parsed, by_row)) == list(map(parsed, rows))

    assert t.to_arrow().equals(arrow) and t.to_polars().equals(frame)


def test_columns_are_typed_by_what_they_mean(worked: mcoda.Workspace) -> None:
    usage = worked.token_usage()
    arrow = {field.name: str(field.type) for field in usage.to_arrow().schema}
    assert arrow["id"] == arrow["metadata"] == "string"
    assert arrow["tokens_total"] == "int64" and arrow["cost_estimate"] == "double"
    assert arrow["timestamp"] == arrow["finished_at"] == "timestamp[ms, tz=UTC]"
    assert str(worked.throughput().to_arrow().schema.field("day").type) == "date32[day]"
    assert str(worked.lane_visits().to_polars().schema["entered_at"]) == "Datetime(time_unit='ms', time_zone='UTC')"

    frame = usage.to_pandas()
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert kinds["tokens_total"] == kinds["tokens_prompt"] == "Int64" and kinds["cost_estimate"] == "float64"
    assert kinds["timestamp"] == kinds["finished_at"] == "datetime64[ms, UTC]"
    assert kinds["agent_id"] == ("object" if pandas.__version__.startswith("2.") else "str")
    assert frame["tokens_total"].sum() == 700 and frame["timestamp"].max() == pandas.Timestamp("2026-03-24T08:30Z")
    days = worked.throughput(now="2026-03-22").to_pandas()
    assert str(days["day"].dtype).startswith("datetime64[") and days["day"].dt.day_name()[0] == "Friday"


def test_a_table_without_rows_has_its_columns(ws: mcoda.Workspace) -> None:
    for empty in (ws.token_usage(), ws.tasks.list(), ws.economics(), ws.query("SELECT id, 1 AS n FROM tasks")):
        frame = polars.DataFrame(empty)
        assert frame.shape == (0, len(frame.columns)) and frame.columns
        assert list(empty.to_pandas().columns) == empty.to_arrow().column_names == frame.columns


def test_rows_that_another_program_wrote_are_as_before(worked: mcoda.Workspace) -> None:
    with sqlite3.connect(worked.database_path) as host:
        host.execute("UPDATE token_usage SET timestamp = 'soon', metadata_json = '[1]' WHERE rowid = 1")
        host.execute("UPDATE token_usage SET started_at = '2026-03-20T09:00:00+01:00', tokens_total = 'x' WHERE rowid = 2")
    host.close()
    usage = worked.token_usage()
    assert usage[-1].timestamp is None and usage[-1].to_dict()["timestamp"] == "soon" and usage[-1].metadata == {}
    assert usage[0].to_dict()["started_at"] == "2026-03-20T09:00:00+01:00"
    assert usage[0].started_at == datetime(2026, 3, 20, 8, tzinfo=timezone.utc) and usage[0].tokens_total is None
    assert [row.to_dict() for row in usage] == usage.to_dicts() == [row.to_dict() for row in worked.iter_token_usage()]


def test_slices_are_tables(worked: mcoda.Workspace) -> None:
    usage = worked.token_usage()
    rows = list(usage)
    for part in (slice(1, 3), slice(None), slice(-2, None), slice(3, 1), slice(None, None, -1), slice(0, 5, 2)):
        table = usage[part]
        assert isinstance(table, mcoda.Table) and table == rows[part] and list(table) == rows[part]
        assert table.to_polars().shape[0] == len(rows[part])
    assert usage[1:4][1:] == rows[2:4] and usage[-1] == rows[-1]
    for beyond in (5, -6):
        with pytest.raises(IndexError):
            usage[beyond]
    economics, backtest = worked.economics(group_by="agent"), worked.backtest()
    assert isinstance(economics[:1], mcoda.Table) and economics[:1] == [economics[0]] == list(economics.rows[:1])
    assert economics[:1].columns == economics.table.columns and backtest[-2:] == list(backtest.rows[-2:])
    summary = worked.token_usage_summary(since="all", group_by=["day"])
    assert isinstance(summary[1:], mcoda.TokenUsageSummary) and str(summary[1:]).startswith("DAY")


def test_arrow_columns_outlive_their_table_and_their_workspace(shop: Shop) -> None:
    shop.ws.record_token_usage(id="1", tokens_total=7)
    arrow, capsule = shop.ws.token_usage().to_arrow(), shop.ws.token_usage().__arrow_c_stream__()
    shop.ws.close()
    assert arrow.column("id").to_pylist() == ["1"]
    assert "arrow_array_stream" in repr(capsule)
    del capsule  # a stream that nobody took is released


def test_a_missing_library_is_named(ws: mcoda.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    table = ws.query("SELECT 1 AS n")
    for module, method, extra in (
        ("pandas", table.to_pandas, "pandas"),
        ("polars", table.to_polars, "polars"),
        ("pyarrow", table.to_arrow, "arrow"),
    ):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, module, None)
            with pytest.raises(ModuleNotFoundError, match=rf"needs {module}: pip install 'libmcoda\[{extra}\]'"):
                method()
